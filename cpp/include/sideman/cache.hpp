// What the attention of several sequences looks back at: keys and values, in float or bfloat16, in rings of
// slots.
//
// A ring holds the window and as many tokens more as may be taken back: so what has slid out of the window is
// there again after a rollback. Only places and numbers belong here; attention is the kernels'.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <sideman/matrix.hpp>
#include <sideman/safetensors.hpp>
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
          places_(sequences) {
        const std::size_t numbers = sequences * layers * kv_heads * capacity_ * head_dim;
        if (half) {
            half_keys_.resize(numbers);
            half_values_.resize(numbers);
        } else {
            keys_.resize(numbers);
            values_.resize(numbers);
        }
    }
    static std::size_t capacity(std::size_t window, std::size_t rollback) {
        return round_up(window + rollback, rows_per_block);
    }

    std::size_t capacity() const { return capacity_; }
    std::size_t bytes() const {
        return 4 * (keys_.size() + values_.size()) + 2 * (half_keys_.size() + half_values_.size());
    }
    std::int64_t length(std::size_t sequence) const { return places_[sequence].length; }

    // Keep the key and value of the token that comes next in a sequence.
    void put(std::size_t sequence, std::size_t layer, std::size_t head, const float* key,
             const float* value) {
        const std::size_t slot = static_cast<std::size_t>(places_[sequence].length) % capacity_;
        const std::size_t begin = at(sequence, layer, head);
        for (std::size_t d = 0; d < head_dim_; ++d) {
            const std::size_t key_at = begin + d * capacity_ + slot;
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
    // What the next token of a sequence, already put, looks at; queries and room to work in are the caller's.
    Attention seen(std::size_t sequence, std::size_t layer, std::size_t head) const {
        const auto place = static_cast<std::size_t>(places_[sequence].length);
        const std::size_t count = std::min(place + 1, window_);
        const std::size_t begin = at(sequence, layer, head);
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
    // The next token is whole.
    void advance(std::size_t sequence) {
        Place& place = places_[sequence];
        ++place.length;
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
    std::size_t at(std::size_t sequence, std::size_t layer, std::size_t head) const {
        return ((sequence * layers_ + layer) * kv_heads_ + head) * capacity_ * head_dim_;
    }

    std::size_t layers_ = 0, kv_heads_ = 0, head_dim_ = 0, window_ = 0, rollback_ = 0, capacity_ = 0;
    bool half_ = false;
    std::vector<Place> places_;
    std::vector<float> keys_, values_;
    std::vector<std::uint16_t> half_keys_, half_values_;
};

}  // namespace sideman
