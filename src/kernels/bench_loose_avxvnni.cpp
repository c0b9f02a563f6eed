// For kernels_bench alone: the same kernels compiled without the contract of docs/numerics.md, so that the compiler may
// fuse and reorder. What they lack in time is what exactness costs.
#define avxvnni_kernels loose_avxvnni_kernels
#include "kernels/isa_avxvnni.cpp"
