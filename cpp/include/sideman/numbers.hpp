// Values numbered in order of appearance, from 0; a number is kept for good, but lives only while it is in
// use.
//
// Grows in chunks: no call of `intern`, `count` or `uncount` moves what is there, but for the order of the
// living, which `ascending` brings up to date.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "alphabet.hpp"
#include "buckets.hpp"
#include "chunks.hpp"

namespace sideman {

class Numbers {
  public:
    static constexpr std::int32_t none = -1;

    // How many numbers were given, and how many of them live.
    std::size_t size() const { return entries_.size(); }
    std::size_t living() const { return living_; }
    Value value(std::int32_t number) const { return entry(number).value; }
    bool lives(std::int32_t number) const { return entry(number).uses > 0; }

    // A value's number, or none.
    std::int32_t find(Value value) const {
        for (std::int32_t at = index_.first(hash(value)); at != none; at = entry(at).next) {
            if (entry(at).value == value) return at;
        }
        return none;
    }

    std::int32_t intern(Value value) {
        const std::int32_t there = find(value);
        if (there != none) return there;
        const auto at = static_cast<std::int32_t>(entries_.size());
        entries_.push({value, none, 0});
        index_.insert(
            at, hash(value),
            [this](std::int32_t n) -> std::int32_t& { return entries_[static_cast<std::size_t>(n)].next; },
            [this](std::int32_t n) { return hash(this->value(n)); });
        return at;
    }

    // A number is used once more, or once less.
    void count(std::int32_t number) {
        if (entries_[static_cast<std::size_t>(number)].uses++ > 0) return;
        ++living_;
        if (fresh_count_ < fresh_.size()) fresh_[fresh_count_] = number;
        ++fresh_count_;
    }
    void uncount(std::int32_t number) {
        std::uint32_t& uses = entries_[static_cast<std::size_t>(number)].uses;
        if (uses == 1) {
            ascending();
            ascending_.erase(place(number));
            --living_;
        }
        --uses;
    }

    // The living numbers in ascending order of their values. Allocates where there are new ones.
    std::span<const std::int32_t> ascending() const {
        if (fresh_count_ > fresh_.size()) {
            ascending_.clear();
            for (std::size_t n = 0; n < size(); ++n) {
                if (lives(static_cast<std::int32_t>(n))) ascending_.push_back(static_cast<std::int32_t>(n));
            }
            std::sort(ascending_.begin(), ascending_.end(),
                      [this](std::int32_t a, std::int32_t b) { return value(a) < value(b); });
        } else {
            for (std::size_t i = 0; i < fresh_count_; ++i) ascending_.insert(place(fresh_[i]), fresh_[i]);
        }
        fresh_count_ = 0;
        return ascending_;
    }

    std::size_t bytes() const {
        return entries_.bytes() + index_.bytes() + ascending_.capacity() * sizeof(std::int32_t);
    }

  private:
    struct Entry {
        Value value;
        std::int32_t next;  // in its bucket
        std::uint32_t uses;
    };

    static std::uint64_t hash(Value value) { return spread(static_cast<std::uint32_t>(value)); }
    const Entry& entry(std::int32_t number) const { return entries_[static_cast<std::size_t>(number)]; }
    std::vector<std::int32_t>::iterator place(std::int32_t number) const {
        return std::lower_bound(ascending_.begin(), ascending_.end(), value(number),
                                [this](std::int32_t n, Value v) { return value(n) < v; });
    }

    Chunks<Entry> entries_;
    Buckets index_;
    std::size_t living_ = 0;
    mutable std::vector<std::int32_t> ascending_;
    mutable std::array<std::int32_t, 8> fresh_{};  // alive, and not in their place yet, as far as they fit
    mutable std::size_t fresh_count_ = 0;
};

}  // namespace sideman
