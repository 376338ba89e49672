// The kernels for x86-64 processors with AVX-512 and its products of bytes (VNNI).
#define SIDEMAN_LANES 16
#define SIDEMAN_BYTES "bytes_vnni.hpp"
#include "body.hpp"

const Kernels sideman::avx512_kernels = {"avx512", &multiply, &multiply_bytes, &quantise, &attend, &swiglu};
