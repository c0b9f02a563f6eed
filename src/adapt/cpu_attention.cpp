// Attention in tiles of query rows: scores of a tile stay in cache, nothing of size length x length is ever stored.
// The backward pass computes the scores again (Dao et al. 2022).
#include <algorithm>
#include <cmath>
#include <vector>

#include "adapt/cpu_kernels.h"
#include "adapt/cpu_math.h"

namespace koan::train {
namespace {

constexpr std::size_t kTile = 32;
constexpr std::size_t kLanes = 16;
typedef float Lane __attribute__((vector_size(kLanes * sizeof(float)), aligned(4)));

// C[8 x 32] (+)= A[8 x k] B[k x 32], A read with strides so that it may be transposed.
struct Strided {
  const float* data;
  std::size_t row, column;
};
inline void multiply_block(Strided a, const float* b, std::size_t ldb, float* c, std::size_t ldc, std::size_t k,
                           bool add) {
  Lane acc[8][2];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < 8; ++r) {
    acc[r][0] = add ? *reinterpret_cast<const Lane*>(c + r * ldc) : Lane{};
    acc[r][1] = add ? *reinterpret_cast<const Lane*>(c + r * ldc + kLanes) : Lane{};
  }
  for (std::size_t p = 0; p < k; ++p) {
    const Lane b0 = *reinterpret_cast<const Lane*>(b + p * ldb);
    const Lane b1 = *reinterpret_cast<const Lane*>(b + p * ldb + kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < 8; ++r) {
      const float x = a.data[r * a.row + p * a.column];
      acc[r][0] += x * b0;
      acc[r][1] += x * b1;
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < 8; ++r) {
    *reinterpret_cast<Lane*>(c + r * ldc) = acc[r][0];
    *reinterpret_cast<Lane*>(c + r * ldc + kLanes) = acc[r][1];
  }
}

// C[m x n] (+)= A[m x k] B[k x n]; m is a multiple of 8, n of 32.
void multiply(Strided a, const float* b, std::size_t ldb, float* c, std::size_t ldc, std::size_t m, std::size_t n,
              std::size_t k, bool add) {
  for (std::size_t j = 0; j < n; j += 32)
    for (std::size_t i = 0; i < m; i += 8)
      multiply_block({a.data + i * a.row, a.row, a.column}, b + j, ldb, c + i * ldc + j, ldc, k, add);
}

void transpose(const float* in, std::size_t rows, std::size_t columns, float* out) {
  for (std::size_t r = 0; r < rows; ++r)
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = in[r * columns + c];
}

// One head's vectors, normalised and rotated, times `scale`. Row t of `in` starts at in + t*stride.
void norm_rotate(const AttentionShape& s, const Bf16* in, std::size_t stride, const float* weight, float scale,
                 float* out) {
  const std::size_t half = s.dim / 2;
  for (std::size_t t = 0; t < s.length; ++t) {
    const Bf16* x = in + t * stride;
    float* o = out + t * s.dim;
    float squares = 0;
    for (std::size_t i = 0; i < s.dim; ++i) squares += widen(x[i]) * widen(x[i]);
    const float inv = scale / std::sqrt(squares / static_cast<float>(s.dim) + s.epsilon);
    const float* co = s.cosine + t * half;
    const float* si = s.sine + t * half;
    for (std::size_t i = 0; i < half; ++i) {
      const float a = widen(x[i]) * inv * weight[i];
      const float b = widen(x[i + half]) * inv * weight[i + half];
      o[i] = a * co[i] - b * si[i];
      o[i + half] = b * co[i] + a * si[i];
    }
  }
}

// The reverse: `grad` (of the rotated vectors, already times scale) to the gradient of `in`; adds to grad_weight.
void norm_rotate_backward(const AttentionShape& s, const Bf16* in, std::size_t stride, const float* weight,
                          const float* grad, Bf16* grad_in, float* grad_weight) {
  const std::size_t half = s.dim / 2;
  std::vector<float> g(s.dim);
  for (std::size_t t = 0; t < s.length; ++t) {
    const Bf16* x = in + t * stride;
    const float* d = grad + t * s.dim;
    const float* co = s.cosine + t * half;
    const float* si = s.sine + t * half;
    float squares = 0;
    for (std::size_t i = 0; i < s.dim; ++i) squares += widen(x[i]) * widen(x[i]);
    const float inv = 1.0f / std::sqrt(squares / static_cast<float>(s.dim) + s.epsilon);
    for (std::size_t i = 0; i < half; ++i) {
      g[i] = d[i] * co[i] + d[i + half] * si[i];
      g[i + half] = d[i + half] * co[i] - d[i] * si[i];
    }
    float dot = 0;
    for (std::size_t i = 0; i < s.dim; ++i) {
      const float xi = widen(x[i]);
      grad_weight[i] += g[i] * xi * inv;
      dot += g[i] * weight[i] * xi;
    }
    const float scale = dot * inv * inv / static_cast<float>(s.dim);
    Bf16* o = grad_in + t * stride;
    for (std::size_t i = 0; i < s.dim; ++i) o[i] = narrow(inv * (g[i] * weight[i] - widen(x[i]) * scale));
  }
}

void load_head(const Bf16* in, std::size_t stride, std::size_t length, std::size_t dim, float* out) {
  for (std::size_t t = 0; t < length; ++t)
    for (std::size_t i = 0; i < dim; ++i) out[t * dim + i] = widen(in[t * stride + i]);
}

struct Scratch {
  std::vector<float> q, k, kt, v, vt, scores, dscores, tile, dq, dk, dv, go;
  Scratch(const AttentionShape& s, bool backward) {
    const std::size_t n = s.length * s.dim;
    for (auto* m : {&q, &k, &kt, &v}) m->resize(n);
    scores.resize(kTile * s.length);
    tile.resize(kTile * s.dim);
    if (!backward) return;
    for (auto* m : {&vt, &dq, &dk, &dv, &go}) m->resize(n);
    dscores.resize(kTile * s.length);
  }
};

}  // namespace

void attention_forward(const AttentionShape& s, const Bf16* qkv, const float* q_weight, const float* k_weight,
                       Bf16* out, float* log_sum) {
  const std::size_t stride = (s.heads + 2 * s.kv_heads) * s.dim;
  const std::size_t group = s.heads / s.kv_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.dim));
#pragma omp parallel
  {
    Scratch w(s, false);
#pragma omp for schedule(dynamic, 1)
    for (std::size_t item = 0; item < s.batch * s.kv_heads; ++item) {
      const std::size_t b = item / s.kv_heads, kv = item % s.kv_heads;
      const Bf16* base = qkv + b * s.length * stride;
      norm_rotate(s, base + (s.heads + kv) * s.dim, stride, k_weight, 1.0f, w.k.data());
      transpose(w.k.data(), s.length, s.dim, w.kt.data());
      load_head(base + (s.heads + s.kv_heads + kv) * s.dim, stride, s.length, s.dim, w.v.data());
      for (std::size_t h = kv * group; h < (kv + 1) * group; ++h) {
        norm_rotate(s, base + h * s.dim, stride, q_weight, scale, w.q.data());
        for (std::size_t i0 = 0; i0 < s.length; i0 += kTile) {
          const std::size_t n = i0 + kTile;
          multiply({w.q.data() + i0 * s.dim, s.dim, 1}, w.kt.data(), s.length, w.scores.data(), n, kTile, n, s.dim,
                   false);
          float inverse[kTile];
          for (std::size_t i = 0; i < kTile; ++i) {
            float* row = w.scores.data() + i * n;
            const std::size_t live = i0 + i + 1;
            float top = row[0];
            for (std::size_t j = 0; j < live; ++j) top = row[j] > top ? row[j] : top;
            float sum = 0;
            for (std::size_t j = 0; j < live; ++j) {
              row[j] = fast_exp(row[j] - top);
              sum += row[j];
            }
            for (std::size_t j = live; j < n; ++j) row[j] = 0;
            inverse[i] = 1.0f / sum;
            log_sum[(b * s.heads + h) * s.length + i0 + i] = top + std::log(sum);
          }
          multiply({w.scores.data(), n, 1}, w.v.data(), s.dim, w.tile.data(), s.dim, kTile, s.dim, n, false);
          for (std::size_t i = 0; i < kTile; ++i) {
            Bf16* o = out + ((b * s.length + i0 + i) * s.heads + h) * s.dim;
            for (std::size_t c = 0; c < s.dim; ++c) o[c] = narrow(w.tile[i * s.dim + c] * inverse[i]);
          }
        }
      }
    }
  }
}

namespace {

// Gradients of one query head: dq is overwritten, dk and dv are added to.
void head_backward(const AttentionShape& s, Scratch& w, const Bf16* out, std::size_t out_stride, const float* log_sum) {
  for (std::size_t i0 = 0; i0 < s.length; i0 += kTile) {
    const std::size_t n = i0 + kTile;
    const float* q = w.q.data() + i0 * s.dim;
    const float* go = w.go.data() + i0 * s.dim;
    multiply({q, s.dim, 1}, w.kt.data(), s.length, w.scores.data(), n, kTile, n, s.dim, false);
    multiply({go, s.dim, 1}, w.vt.data(), s.length, w.dscores.data(), n, kTile, n, s.dim, false);
    for (std::size_t i = 0; i < kTile; ++i) {
      float* p = w.scores.data() + i * n;
      float* dp = w.dscores.data() + i * n;
      const Bf16* o = out + (i0 + i) * out_stride;
      float dot = 0;
      for (std::size_t c = 0; c < s.dim; ++c) dot += go[i * s.dim + c] * widen(o[c]);
      const float shift = log_sum[i0 + i];
      const std::size_t live = i0 + i + 1;
      for (std::size_t j = 0; j < live; ++j) {
        p[j] = fast_exp(p[j] - shift);
        dp[j] = p[j] * (dp[j] - dot);
      }
      for (std::size_t j = live; j < n; ++j) p[j] = dp[j] = 0;
    }
    multiply({w.scores.data(), 1, n}, go, s.dim, w.dv.data(), s.dim, n, s.dim, kTile, true);
    multiply({w.dscores.data(), 1, n}, q, s.dim, w.dk.data(), s.dim, n, s.dim, kTile, true);
    multiply({w.dscores.data(), n, 1}, w.k.data(), s.dim, w.dq.data() + i0 * s.dim, s.dim, kTile, s.dim, n, false);
  }
}

}  // namespace

void attention_backward(const AttentionShape& s, const Bf16* qkv, const float* q_weight, const float* k_weight,
                        const Bf16* out, const float* log_sum, const Bf16* grad_out, Bf16* grad_qkv,
                        float* grad_q_weight, float* grad_k_weight) {
  const std::size_t stride = (s.heads + 2 * s.kv_heads) * s.dim;
  const std::size_t out_stride = s.heads * s.dim;
  const std::size_t group = s.heads / s.kv_heads;
  const std::size_t items = s.batch * s.kv_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.dim));
  std::vector<float> partial(items * 2 * s.dim, 0.0f);  // summed in item order: the same on any number of threads
#pragma omp parallel
  {
    Scratch w(s, true);
#pragma omp for schedule(dynamic, 1)
    for (std::size_t item = 0; item < items; ++item) {
      const std::size_t b = item / s.kv_heads, kv = item % s.kv_heads;
      const Bf16* base = qkv + b * s.length * stride;
      Bf16* grad_base = grad_qkv + b * s.length * stride;
      const std::size_t k_at = (s.heads + kv) * s.dim, v_at = (s.heads + s.kv_heads + kv) * s.dim;
      norm_rotate(s, base + k_at, stride, k_weight, 1.0f, w.k.data());
      transpose(w.k.data(), s.length, s.dim, w.kt.data());
      load_head(base + v_at, stride, s.length, s.dim, w.v.data());
      transpose(w.v.data(), s.length, s.dim, w.vt.data());
      std::fill(w.dk.begin(), w.dk.end(), 0.0f);
      std::fill(w.dv.begin(), w.dv.end(), 0.0f);
      for (std::size_t h = kv * group; h < (kv + 1) * group; ++h) {
        const std::size_t at = b * s.length * out_stride + h * s.dim;
        norm_rotate(s, base + h * s.dim, stride, q_weight, scale, w.q.data());
        load_head(grad_out + at, out_stride, s.length, s.dim, w.go.data());
        head_backward(s, w, out + at, out_stride, log_sum + (b * s.heads + h) * s.length);
        for (float& g : w.dq) g *= scale;
        norm_rotate_backward(s, base + h * s.dim, stride, q_weight, w.dq.data(), grad_base + h * s.dim,
                             partial.data() + item * 2 * s.dim);
      }
      norm_rotate_backward(s, base + k_at, stride, k_weight, w.dk.data(), grad_base + k_at,
                           partial.data() + item * 2 * s.dim + s.dim);
      for (std::size_t t = 0; t < s.length; ++t)
        for (std::size_t c = 0; c < s.dim; ++c) grad_base[t * stride + v_at + c] = narrow(w.dv[t * s.dim + c]);
    }
  }
  for (std::size_t c = 0; c < s.dim; ++c) grad_q_weight[c] = grad_k_weight[c] = 0;
  for (std::size_t item = 0; item < items; ++item)
    for (std::size_t c = 0; c < s.dim; ++c) {
      grad_q_weight[c] += partial[item * 2 * s.dim + c];
      grad_k_weight[c] += partial[item * 2 * s.dim + s.dim + c];
    }
}

}  // namespace koan::train
