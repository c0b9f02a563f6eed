#include "adapt/cpu_kernels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "adapt/cpu_math.h"

namespace koan::train {
namespace {

constexpr std::size_t kSlab = 64;  // rows per task: the same split whatever the threads, so sums have one order

}  // namespace

void to_bf16(const float* in, Bf16* out, std::size_t n) {
#pragma omp parallel for schedule(static) if (n > 65536)
  for (std::size_t i = 0; i < n; ++i) out[i] = narrow(in[i]);
}

void to_float(const Bf16* in, float* out, std::size_t n) {
#pragma omp parallel for schedule(static) if (n > 65536)
  for (std::size_t i = 0; i < n; ++i) out[i] = widen(in[i]);
}

void add_norm_forward(NormShape shape, const float* x, const Bf16* y, const float* weight, float* sum, Bf16* out,
                      float* inverse) {
  const std::size_t d = shape.width;
#pragma omp parallel for schedule(dynamic, kSlab)
  for (std::size_t r = 0; r < shape.rows; ++r) {
    const float* xr = x + r * d;
    float* s = sum + r * d;
    float squares = 0;
    if (y != nullptr) {
      const Bf16* yr = y + r * d;
      for (std::size_t i = 0; i < d; ++i) {
        s[i] = xr[i] + widen(yr[i]);
        squares += s[i] * s[i];
      }
    } else {
      for (std::size_t i = 0; i < d; ++i) {
        s[i] = xr[i];
        squares += s[i] * s[i];
      }
    }
    const float inv = 1.0f / std::sqrt(squares / static_cast<float>(d) + shape.epsilon);
    inverse[r] = inv;
    Bf16* o = out + r * d;
    for (std::size_t i = 0; i < d; ++i) o[i] = narrow(s[i] * inv * weight[i]);
  }
}

void add_norm_backward(NormShape shape, const float* sum, const float* weight, const float* inverse,
                       const Bf16* grad_out, const float* grad_sum, float* grad_x, Bf16* grad_y, float* grad_weight) {
  const std::size_t d = shape.width;
  const std::size_t slabs = (shape.rows + kSlab - 1) / kSlab;
  std::vector<float> partial(slabs * d, 0.0f);
#pragma omp parallel for schedule(dynamic, 1)
  for (std::size_t slab = 0; slab < slabs; ++slab) {
    float* dw = partial.data() + slab * d;
    const std::size_t end = std::min(shape.rows, (slab + 1) * kSlab);
    for (std::size_t r = slab * kSlab; r < end; ++r) {
      const float* s = sum + r * d;
      const Bf16* g = grad_out + r * d;
      const float inv = inverse[r];
      float dot = 0;
      for (std::size_t i = 0; i < d; ++i) {
        const float gi = widen(g[i]);
        dw[i] += gi * s[i] * inv;
        dot += gi * weight[i] * s[i];
      }
      const float scale = dot * inv * inv / static_cast<float>(d);
      float* gx = grad_x + r * d;
      for (std::size_t i = 0; i < d; ++i) gx[i] = inv * (widen(g[i]) * weight[i] - s[i] * scale);
      if (grad_sum != nullptr)
        for (std::size_t i = 0; i < d; ++i) gx[i] += grad_sum[r * d + i];
      if (grad_y != nullptr)
        for (std::size_t i = 0; i < d; ++i) grad_y[r * d + i] = narrow(gx[i]);
    }
  }
  for (std::size_t i = 0; i < d; ++i) grad_weight[i] = 0;
  for (std::size_t slab = 0; slab < slabs; ++slab)
    for (std::size_t i = 0; i < d; ++i) grad_weight[i] += partial[slab * d + i];
}

void swiglu_forward(std::size_t rows, std::size_t width, const Bf16* in, Bf16* out) {
#pragma omp parallel for schedule(dynamic, kSlab)
  for (std::size_t r = 0; r < rows; ++r) {
    const Bf16* gate = in + r * 2 * width;
    const Bf16* up = gate + width;
    Bf16* o = out + r * width;
    for (std::size_t i = 0; i < width; ++i) {
      const float g = widen(gate[i]);
      o[i] = narrow(g / (1.0f + fast_exp(-g)) * widen(up[i]));
    }
  }
}

void swiglu_backward(std::size_t rows, std::size_t width, const Bf16* in, const Bf16* grad_out, Bf16* grad_in) {
#pragma omp parallel for schedule(dynamic, kSlab)
  for (std::size_t r = 0; r < rows; ++r) {
    const Bf16* gate = in + r * 2 * width;
    const Bf16* up = gate + width;
    const Bf16* go = grad_out + r * width;
    Bf16* grad_gate = grad_in + r * 2 * width;
    Bf16* grad_up = grad_gate + width;
    for (std::size_t i = 0; i < width; ++i) {
      const float g = widen(gate[i]);
      const float o = widen(go[i]);
      const float sigmoid = 1.0f / (1.0f + fast_exp(-g));
      grad_up[i] = narrow(o * g * sigmoid);
      grad_gate[i] = narrow(o * widen(up[i]) * sigmoid * (1.0f + g * (1.0f - sigmoid)));
    }
  }
}

void cross_entropy(std::size_t rows, std::size_t classes, Bf16* logits, const std::int64_t* targets, float* loss) {
#pragma omp parallel
  {
    std::vector<float> e(classes);
#pragma omp for schedule(dynamic, 16)
    for (std::size_t r = 0; r < rows; ++r) {
      Bf16* row = logits + r * classes;
      loss[r] = 0;
      if (targets[r] < 0) {
        for (std::size_t i = 0; i < classes; ++i) row[i] = 0;
        continue;
      }
      float top = -1e30f;
      for (std::size_t i = 0; i < classes; ++i) {
        e[i] = widen(row[i]);
        top = e[i] > top ? e[i] : top;
      }
      const float target_logit = e[static_cast<std::size_t>(targets[r])];
      float sum = 0;
      for (std::size_t i = 0; i < classes; ++i) {
        e[i] = fast_exp(e[i] - top);
        sum += e[i];
      }
      loss[r] = std::log(sum) + top - target_logit;
      const float scale = 1.0f / sum;
      e[static_cast<std::size_t>(targets[r])] -= sum;
      for (std::size_t i = 0; i < classes; ++i) row[i] = narrow(e[i] * scale);
    }
  }
}

}  // namespace koan::train
