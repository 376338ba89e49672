// The kernels for x86-64 processors since 2013.
#define SIDEMAN_LANES 8
#define SIDEMAN_BYTES "bytes_avx2.hpp"
#include "body.hpp"

const Kernels sideman::avx2_kernels = {"avx2", &multiply, &multiply_bytes, &quantise, &attend, &swiglu};
