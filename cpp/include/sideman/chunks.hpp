// An array that grows in chunks: no append ever moves what is there.
//
// Growing allocates one chunk now and then (at most `chunk` elements); reading never allocates or locks.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace sideman {

template <class T>
class Chunks {
  public:
    static constexpr std::size_t shift = 9;
    static constexpr std::size_t chunk = std::size_t{1} << shift;

    void push(const T& value) {
        if ((size_ & (chunk - 1)) == 0 && (size_ >> shift) == chunks_.size()) {
            chunks_.push_back(std::make_unique_for_overwrite<T[]>(chunk));
        }
        chunks_[size_ >> shift][size_ & (chunk - 1)] = value;
        ++size_;
    }

    T& operator[](std::size_t i) { return chunks_[i >> shift][i & (chunk - 1)]; }
    const T& operator[](std::size_t i) const { return chunks_[i >> shift][i & (chunk - 1)]; }
    T& back() { return (*this)[size_ - 1]; }
    const T& back() const { return (*this)[size_ - 1]; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::size_t bytes() const {
        return chunks_.size() * chunk * sizeof(T) + chunks_.capacity() * sizeof(void*);
    }

  private:
    std::vector<std::unique_ptr<T[]>> chunks_;
    std::size_t size_ = 0;
};

}  // namespace sideman
