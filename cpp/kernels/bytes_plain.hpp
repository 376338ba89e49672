// Products of bytes, added up one by one: for any processor.
#pragma once

namespace {

// Sixteen sums of products, one a row.
class Bytes {
  public:
    explicit Bytes(std::int32_t /*sum*/) {}
    // Sixteen rows of four weights against four numbers.
    void add(const std::uint8_t* w, const std::int8_t* x) {
        for (std::size_t r = 0; r < rows_per_block; ++r) {
            for (std::size_t j = 0; j < 4; ++j) sums_[r] += (w[r * 4 + j] - 128) * x[j];
        }
    }
    Ints part(std::size_t p) const {
        struct Raw {
            std::int32_t x[lanes];
        } raw;
        for (std::size_t i = 0; i < lanes; ++i) raw.x[i] = sums_[p * lanes + i];
        return __builtin_bit_cast(Ints, raw);
    }

  private:
    std::int32_t sums_[rows_per_block] = {};
};

}  // namespace
