// A hash index that grows one bucket at a time: no insertion ever rehashes the whole.
//
// It holds entry numbers only; the owner keeps the entries, their hashes and the link to the next of a
// bucket. Source: Litwin, "Linear hashing: a new tool for file and table addressing", VLDB 1980.
#pragma once

#include <cstddef>
#include <cstdint>

#include "chunks.hpp"

namespace sideman {

class Buckets {
  public:
    static constexpr std::int32_t none = -1;

    Buckets() { heads_.push(none); }

    // The first entry that may have this hash; follow the owner's `next` from there.
    std::int32_t first(std::uint64_t hash) const { return heads_[place(hash)]; }

    // Enter an entry; `next(entry)` gives a reference to its link, `hash_of(entry)` its hash. Constant
    // expected work.
    template <class Next, class Hash>
    void insert(std::int32_t entry, std::uint64_t hash, Next&& next, Hash&& hash_of) {
        const std::size_t at = place(hash);
        next(entry) = heads_[at];
        heads_[at] = entry;
        if (++count_ > heads_.size()) split(next, hash_of);
    }

    std::size_t bytes() const { return heads_.bytes(); }

  private:
    std::size_t place(std::uint64_t hash) const {
        const std::size_t low = hash & (level_ - 1);
        return low < split_ ? hash & (2 * level_ - 1) : low;
    }

    template <class Next, class Hash>
    void split(Next&& next, Hash&& hash_of) {
        std::int32_t entry = heads_[split_];
        heads_[split_] = none;
        heads_.push(none);
        if (++split_ == level_) {
            level_ *= 2;
            split_ = 0;
        }
        while (entry != none) {
            const std::int32_t following = next(entry);
            const std::size_t at = place(hash_of(entry));
            next(entry) = heads_[at];
            heads_[at] = entry;
            entry = following;
        }
    }

    Chunks<std::int32_t> heads_;
    std::size_t level_ = 1;
    std::size_t split_ = 0;
    std::size_t count_ = 0;
};

// Spreads the bits of a key over the whole word.
// Source: Steele, Lea & Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (its finaliser).
constexpr std::uint64_t spread(std::uint64_t key) {
    key = (key ^ (key >> 30U)) * 0xBF58476D1CE4E5B9ULL;
    key = (key ^ (key >> 27U)) * 0x94D049BB133111EBULL;
    return key ^ (key >> 31U);
}

}  // namespace sideman
