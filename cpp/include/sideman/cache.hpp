// What the attention of several sequences looks back at: keys and values, in float or bfloat16, in rings of
// slots.
//
// A ring holds the window and as many tokens more as may be taken back: so what has slid out of the window is
// there again after a rollback. Only places and numbers belong here; attention is the kernels'.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sideman/arena.hpp>
#include <sideman/matrix.hpp>
#include <sideman/safetensors.hpp>
#include <span>
#include <vector>

namespace sideman {

// Where a sequence stands.
struct Place {
    std::int64_t length = 0;    // tokens it holds, the slid out ones included
    std::int64_t furthest = 0;  // the most it ever held since its start
};

class Cache {
  public:
    Cache() = default;
    Cache(std::size_t sequences, std::size_t layers, std::size_t kv_heads, std::size_t head_dim,
          std::size_t window, std::size_t rollback, bool half)
        : layers_(layers),
          kv_heads_(kv_heads),
          head_dim_(head_dim),
          window_(window),
          rollback_(rollback),
          capacity_(capacity(window, rollback)),
          half_(half),
          numbers_(sequences * layers * kv_heads * capacity_ * head_dim),
          places_(sequences) {}
    // What it will take of an arena, and the move there, before which it cannot be used.
    std::size_t room() const { return 2 * Arena::room(numbers_ * (half_ ? 2 : 4)); }
    void settle(Arena& arena) {
        if (half_) {
            half_keys_ = arena.take<std::uint16_t>(numbers_);
            half_values_ = arena.take<std::uint16_t>(numbers_);
        } else {
            keys_ = arena.take<float>(numbers_);
            values_ = arena.take<float>(numbers_);
        }
    }
    static std::size_t capacity(std::size_t window, std::size_t rollback) {
        return round_up(window + rollback, rows_per_block);
    }

    std::size_t capacity() const { return capacity_; }
    std::int64_t length(std::size_t sequence) const { return places_[sequence].length; }

    // One head of one layer of one sequence.
    struct Ring {
        std::size_t sequence, layer, head;
    };
    // Keep the key and value of the token at a position.
    void put(Ring ring, std::int64_t position, const float* key, const float* value) {
        const std::size_t slot = static_cast<std::size_t>(position) % capacity_;
        const std::size_t begin = at(ring);
        for (std::size_t d = 0; d < head_dim_; ++d) {
            const std::size_t key_at =
                begin + (slot / rows_per_block * head_dim_ + d) * rows_per_block + slot % rows_per_block;
            const std::size_t value_at = begin + slot * head_dim_ + d;
            if (half_) {
                half_keys_[key_at] = safetensors::bfloat_of(key[d]);
                half_values_[value_at] = safetensors::bfloat_of(value[d]);
            } else {
                keys_[key_at] = key[d];
                values_[value_at] = value[d];
            }
        }
    }
    // What the token at a position, already put, looks at; queries and room to work in are the caller's.
    Attention seen(Ring ring, std::int64_t position) const {
        const auto place = static_cast<std::size_t>(position);
        const std::size_t count = std::min(place + 1, window_);
        const std::size_t begin = at(ring);
        Attention a{};
        a.keys = half_ ? static_cast<const void*>(half_keys_.data() + begin) : keys_.data() + begin;
        a.values = half_ ? static_cast<const void*>(half_values_.data() + begin) : values_.data() + begin;
        a.half = half_;
        a.head_dim = head_dim_;
        a.capacity = capacity_;
        a.first = (place + 1 - count) % capacity_;
        a.count = count;
        return a;
    }
    // The next tokens, so many, are whole.
    void advance(std::size_t sequence, std::int64_t tokens) {
        Place& place = places_[sequence];
        place.length += tokens;
        place.furthest = std::max(place.furthest, place.length);
    }
    // How many tokens may be taken back.
    std::int64_t reach(std::size_t sequence) const {
        const Place& place = places_[sequence];
        if (place.furthest <= static_cast<std::int64_t>(capacity_)) return place.length;
        return std::max<std::int64_t>(0,
                                      static_cast<std::int64_t>(rollback_) - (place.furthest - place.length));
    }
    void rollback(std::size_t sequence, std::int64_t n) { places_[sequence].length -= n; }
    void reset(std::size_t sequence) { places_[sequence] = {}; }

  private:
    std::size_t at(Ring ring) const {
        return ((ring.sequence * layers_ + ring.layer) * kv_heads_ + ring.head) * capacity_ * head_dim_;
    }

    std::size_t layers_ = 0, kv_heads_ = 0, head_dim_ = 0, window_ = 0, rollback_ = 0, capacity_ = 0;
    bool half_ = false;
    std::size_t numbers_ = 0;
    std::vector<Place> places_;
    std::span<float> keys_, values_;
    std::span<std::uint16_t> half_keys_, half_values_;
};

}  // namespace sideman
