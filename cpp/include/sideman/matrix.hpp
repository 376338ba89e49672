// A weight matrix packed for the kernels, in f32 or int8, and a batch of vectors to multiply it with.
//
// Only the layouts of kernels.hpp are made here; what is multiplied with what is the transformer's.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <sideman/arena.hpp>
#include <sideman/kernels.hpp>
#include <span>
#include <utility>
#include <vector>

namespace sideman {

constexpr std::size_t round_up(std::size_t n, std::size_t to) { return (n + to - 1) / to * to; }

// A batch of vectors to work in: [batch][stride], the stride filled up with zeros, and the same in int8.
class Rows {
  public:
    Rows() = default;
    Rows(std::size_t most, std::size_t width)
        : stride_(round_up(width, columns_per_group)),
          floats_(most * stride_),
          bytes_(most * stride_),
          scales_(most * stride_ / columns_per_group),
          sums_(scales_.size()) {}
    std::size_t stride() const { return stride_; }
    float* operator[](std::size_t i) { return floats_.data() + i * stride_; }
    const float* operator[](std::size_t i) const { return floats_.data() + i * stride_; }
    // Its first vectors in int8; does not allocate.
    ByteVectors bytes(const Kernels& kernels, std::size_t batch) {
        kernels.quantise(floats_.data(), batch * stride_ / columns_per_group, bytes_.data(), scales_.data(),
                         sums_.data());
        return {bytes_.data(), scales_.data(), sums_.data(), batch};
    }

  private:
    std::size_t stride_ = 0;
    std::vector<float> floats_;
    std::vector<std::int8_t> bytes_;
    std::vector<float> scales_;
    std::vector<std::int32_t> sums_;
};

// Several matrices of as many columns, one below the other; each begins at a multiple of 16 rows.
class Matrix {
  public:
    Matrix() = default;
    Matrix(std::size_t columns, bool bytes)
        : columns_(columns),
          groups_(round_up(columns, columns_per_group) / columns_per_group),
          bytes_(bytes) {}

    // Put float[rows][columns] below what there is.
    void add(std::span<const float> weights) {
        const std::size_t rows = weights.size() / columns_;
        for (std::size_t row = 0; row < rows; row += rows_per_block) {
            const std::size_t here = std::min(rows_per_block, rows - row);
            if (bytes_) {
                add_bytes(weights.subspan(row * columns_, here * columns_));
            } else {
                for (std::size_t k = 0; k < columns_; ++k) {
                    for (std::size_t r = 0; r < rows_per_block; ++r)
                        floats_.push_back(r < here ? weights[(row + r) * columns_ + k] : 0.0F);
                }
            }
            ++blocks_;
        }
    }
    // What is added to each product, one a row of what was put last; such a matrix has that part alone.
    void bias(std::vector<float> rows) { bias_ = std::move(rows); }
    // What it will take of an arena, and the move there, before which it cannot be multiplied with.
    std::size_t room() const {
        return Arena::room(4 * floats_.size()) + Arena::room(packed_.size()) +
               Arena::room(4 * scales_.size());
    }
    void settle(Arena& arena) {
        floats_here_ = moved(floats_, arena);
        packed_here_ = moved(packed_, arena);
        scales_here_ = moved(scales_, arena);
    }
    // y = this times each of the first vectors of x; does not allocate.
    void times(const Kernels& kernels, Rows& x, std::size_t batch, Rows& y) const {
        if (bytes_) {
            kernels.multiply_bytes({packed_here_, scales_here_, blocks_, groups_}, x.bytes(kernels, batch),
                                   y[0], y.stride());
        } else {
            kernels.multiply({floats_here_, blocks_, columns_}, x[0], x.stride(), batch, y[0], y.stride());
        }
        for (std::size_t b = 0; b < batch && !bias_.empty(); ++b) {
            for (std::size_t i = 0; i < bias_.size(); ++i) y[b][i] += bias_[i];
        }
    }

  private:
    template <typename T>
    static const T* moved(std::vector<T>& from, Arena& arena) {
        const std::span<T> to = arena.take<T>(from.size());
        std::ranges::copy(from, to.begin());
        std::vector<T>().swap(from);
        return to.data();
    }
    // Sixteen rows in int8: in each row, the largest magnitude of each group of 32 columns becomes 127.
    void add_bytes(std::span<const float> weights) {
        for (std::size_t g = 0; g < groups_; ++g) {
            const std::size_t at = packed_.size();
            packed_.resize(at + rows_per_block * columns_per_group, 128);
            for (std::size_t r = 0; r < rows_per_block; ++r) {
                const std::size_t begin = g * columns_per_group;
                const std::size_t end = std::min(columns_, begin + columns_per_group);
                float largest = 0.0F;
                const bool there = r * columns_ < weights.size();
                for (std::size_t k = begin; there && k < end; ++k)
                    largest = std::max(largest, std::fabs(weights[r * columns_ + k]));
                const float scale = largest > 1e-30F ? largest / 127.0F : 0.0F;
                scales_.push_back(scale);
                for (std::size_t k = begin; scale > 0.0F && k < end; ++k) {
                    const std::size_t place = (k - begin) / 4 * 4 * rows_per_block + r * 4 + (k - begin) % 4;
                    packed_[at + place] =
                        static_cast<std::uint8_t>(128 + std::lrintf(weights[r * columns_ + k] / scale));
                }
            }
        }
    }

    std::size_t columns_ = 1, groups_ = 1, blocks_ = 0;
    bool bytes_ = false;
    std::vector<float> bias_;
    std::vector<float> floats_;
    std::vector<std::uint8_t> packed_;
    std::vector<float> scales_;
    const float* floats_here_ = nullptr;
    const std::uint8_t* packed_here_ = nullptr;
    const float* scales_here_ = nullptr;
};

}  // namespace sideman
