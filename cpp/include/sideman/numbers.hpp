// Values numbered in order of appearance, from 0; append-only.
#pragma once

#include <algorithm>
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

    std::size_t size() const { return values_.size(); }
    Value value(std::int32_t number) const { return values_[static_cast<std::size_t>(number)]; }

    // A value's number, or none.
    std::int32_t find(Value value) const {
        for (std::int32_t at = index_.first(hash(value)); at != none;
             at = next_[static_cast<std::size_t>(at)]) {
            if (values_[static_cast<std::size_t>(at)] == value) return at;
        }
        return none;
    }

    std::int32_t intern(Value value) {
        const std::int32_t there = find(value);
        if (there != none) return there;
        const auto at = static_cast<std::int32_t>(values_.size());
        values_.push_back(value);
        next_.push(none);
        index_.insert(
            at, hash(value),
            [this](std::int32_t n) -> std::int32_t& { return next_[static_cast<std::size_t>(n)]; },
            [this](std::int32_t n) { return hash(this->value(n)); });
        const auto place = std::lower_bound(ascending_.begin(), ascending_.end(), value,
                                            [this](std::int32_t n, Value v) { return this->value(n) < v; });
        ascending_.insert(place, at);
        return at;
    }

    // The numbers in ascending order of their values.
    std::span<const std::int32_t> ascending() const { return ascending_; }
    std::span<const Value> values() const { return values_; }

  private:
    static std::uint64_t hash(Value value) { return spread(static_cast<std::uint32_t>(value)); }

    std::vector<Value> values_;
    std::vector<std::int32_t> ascending_;
    Chunks<std::int32_t> next_;
    Buckets index_;
};

}  // namespace sideman
