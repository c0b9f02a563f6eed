// For kernels_bench alone: the same kernels compiled without the contract of docs/numerics.md, so that the compiler may
// fuse and reorder. What they lack in time is what exactness costs.
#define amx_kernels loose_amx_kernels
#include "kernels/isa_amx.cpp"
