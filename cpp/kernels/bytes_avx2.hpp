// Products of bytes in AVX2: the sign goes from one factor to the other, so that pairs fit into 16 bits.
#pragma once

#include <immintrin.h>

namespace {

// Sixteen sums of products, one a row.
class Bytes {
  public:
    explicit Bytes(std::int32_t /*sum*/) {}
    // Sixteen rows of four weights against four numbers.
    void add(const std::uint8_t* w, const std::int8_t* x) {
        std::int32_t four;
        __builtin_memcpy(&four, x, 4);
        const __m256i numbers = _mm256_set1_epi32(four);
        const __m256i sizes = _mm256_abs_epi8(numbers);
        for (std::size_t p = 0; p < 2; ++p) {
            __m256i weights;
            __builtin_memcpy(&weights, w + 32 * p, 32);
            weights = _mm256_xor_si256(weights, _mm256_set1_epi8(static_cast<char>(-128)));
            const __m256i pairs = _mm256_maddubs_epi16(sizes, _mm256_sign_epi8(weights, numbers));
            sums_[p] = _mm256_add_epi32(sums_[p], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
    }
    Ints part(std::size_t p) const { return __builtin_bit_cast(Ints, sums_[p]); }

  private:
    __m256i sums_[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
};

}  // namespace
