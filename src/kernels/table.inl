// The kernels that the files before this one make, in the order of Kernels. Needs: kName.
namespace koan {
namespace {

constexpr Kernels kTable = {kName,     quantize,    matmul, rms_norm, silu_mul, gelu_mul,  cap_all,  add_to,
                            attention, frequencies, sum,    find,     mix,      mix_learn, int8_peak};

}  // namespace
}  // namespace koan
