// Products of bytes in AVX-512 VNNI: weights are unsigned there, and what 128 too many add is taken off
// first.
#pragma once

#include <immintrin.h>

namespace {

// Sixteen sums of products, one a row.
class Bytes {
  public:
    explicit Bytes(std::int32_t sum) : sums_(_mm512_set1_epi32(-128 * sum)) {}
    // Sixteen rows of four weights against four numbers.
    void add(const std::uint8_t* w, const std::int8_t* x) {
        std::int32_t four;
        __builtin_memcpy(&four, x, 4);
        sums_ = _mm512_dpbusd_epi32(sums_, _mm512_loadu_si512(w), _mm512_set1_epi32(four));
    }
    Ints part(std::size_t /*p*/) const { return __builtin_bit_cast(Ints, sums_); }

  private:
    __m512i sums_;
};

}  // namespace
