// For kernels_bench alone: the same kernels compiled without the contract of docs/numerics.md, so that the compiler may
// fuse and reorder. What they lack in time is what exactness costs.
#define avx512_kernels loose_avx512_kernels
#include "kernels/isa_avx512.cpp"
