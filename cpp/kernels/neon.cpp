// The kernels for 64-bit ARM, where every processor has NEON.
#define SIDEMAN_LANES 4
#define SIDEMAN_BYTES "bytes_plain.hpp"
#include "body.hpp"

const Kernels sideman::neon_kernels = {"neon", &multiply, &multiply_bytes, &quantise, &attend, &swiglu};
