// One piece of memory for all that a model reads at every step, in large pages where the system has them.
//
// On virtual machines a miss in the table of pages costs more than the memory itself: a million weights are
// read three times as fast from large pages. It is taken whole and given back whole; nothing is freed in
// between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace sideman {

class Arena {
  public:
    static constexpr std::size_t line = 64;
    static constexpr std::size_t page = std::size_t{2} << 20U;
    // What an array of so many bytes takes here.
    static constexpr std::size_t room(std::size_t bytes) { return (bytes + line - 1) / line * line; }

    Arena() = default;
    // Zeros; throws `std::bad_alloc`.
    explicit Arena(std::size_t bytes) : size_((bytes + page - 1) / page * page) {
        begin_ = static_cast<std::byte*>(::operator new (size_, std::align_val_t{page}));
#if defined(__linux__) && defined(MADV_HUGEPAGE)
        // A wish: where it is refused, all is as it would be without.
        static_cast<void>(madvise(begin_, size_, MADV_HUGEPAGE));
#endif
        std::memset(begin_, 0, bytes);
    }
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;
    Arena(Arena&& other) noexcept : begin_(other.begin_), size_(other.size_), used_(other.used_) {
        other.begin_ = nullptr;
    }
    Arena& operator=(Arena&& other) noexcept {
        std::swap(begin_, other.begin_);
        std::swap(size_, other.size_);
        std::swap(used_, other.used_);
        return *this;
    }
    ~Arena() {
        if (begin_ != nullptr) ::operator delete (begin_, std::align_val_t{page});
    }

    // Room for so many, at a multiple of 64 bytes; the caller has asked for no more than there is.
    template <typename T>
    std::span<T> take(std::size_t count) {
        auto* const here = reinterpret_cast<T*>(begin_ + used_);
        used_ += room(count * sizeof(T));
        return {here, count};
    }

  private:
    std::byte* begin_ = nullptr;
    std::size_t size_ = 0, used_ = 0;
};

}  // namespace sideman
