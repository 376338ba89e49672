// The symbols of a viewpoint: ids from 1 against tuples of component values, append-only; 0 is unseen.
//
// Interning allocates in chunks; looking up never does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "buckets.hpp"
#include "chunks.hpp"

namespace sideman {

using Value = std::int32_t;

class Alphabet {
  public:
    explicit Alphabet(std::size_t components) : components_(components) {}

    std::size_t components() const { return components_; }
    std::size_t size() const { return next_.size(); }

    // The id of a tuple, a new one if it has none. `values` has `components()` members, each at least 1.
    std::int32_t intern(std::span<const Value> values) {
        const std::int32_t there = find(values);
        if (there != 0) return there;
        for (const Value value : values) values_.push(value);
        next_.push(Buckets::none);
        const auto entry = static_cast<std::int32_t>(next_.size() - 1);
        index_.insert(
            entry, hash(values),
            [this](std::int32_t e) -> std::int32_t& { return next_[static_cast<std::size_t>(e)]; },
            [this](std::int32_t e) {
                std::uint64_t key = 0;
                for (std::size_t c = 0; c < components_; ++c) key = mix(key, value(e + 1, c));
                return key;
            });
        return entry + 1;
    }

    // The id of a tuple, or 0.
    std::int32_t find(std::span<const Value> values) const {
        for (std::int32_t entry = index_.first(hash(values)); entry != Buckets::none;
             entry = next_[static_cast<std::size_t>(entry)]) {
            bool same = true;
            for (std::size_t c = 0; same && c < components_; ++c) same = value(entry + 1, c) == values[c];
            if (same) return entry + 1;
        }
        return 0;
    }

    // A component of a symbol; `id` from 1 to `size()`.
    Value value(std::int32_t id, std::size_t component) const {
        return values_[static_cast<std::size_t>(id - 1) * components_ + component];
    }

    std::size_t bytes() const { return values_.bytes() + next_.bytes() + index_.bytes(); }

  private:
    static std::uint64_t mix(std::uint64_t key, Value value) {
        return spread(key + 0x9E3779B97F4A7C15ULL + static_cast<std::uint32_t>(value));
    }
    static std::uint64_t hash(std::span<const Value> values) {
        std::uint64_t key = 0;
        for (const Value value : values) key = mix(key, value);
        return key;
    }

    std::size_t components_;
    Chunks<Value> values_;
    Chunks<std::int32_t> next_;
    Buckets index_;
};

}  // namespace sideman
