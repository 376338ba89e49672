// The kernels for any processor: four lanes where the compiler knows of vectors, else one.
#if defined(_MSC_VER) && !defined(__clang__)
#define SIDEMAN_LANES 1
#else
#define SIDEMAN_LANES 4
#endif
#define SIDEMAN_BYTES "bytes_plain.hpp"
#include "body.hpp"

const Kernels sideman::plain_kernels = {"plain", &multiply, &multiply_bytes, &quantise, &attend, &swiglu};
