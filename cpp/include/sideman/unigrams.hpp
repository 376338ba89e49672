// How often each value of one component was learned: the oracle's last resort.
//
// Adding a value that is new allocates; everything else does not.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "alphabet.hpp"

namespace sideman {

class Unigrams {
  public:
    // Count a value (at least 1), and remember where it was learned last. O(log of the number of values).
    void add(Value value, std::int64_t position) {
        const std::size_t at = place(value);
        if (at == values_.size() || values_[at] != value) {
            const auto offset = static_cast<std::ptrdiff_t>(at);
            values_.insert(values_.begin() + offset, value);
            counts_.insert(counts_.begin() + offset, 0.0);
            latest_.insert(latest_.begin() + offset, 0);
        }
        counts_[at] += 1.0;
        latest_[at] = position;
        total_ += 1.0;
    }

    // Take back that a value stood at a position; `find_latest` after the last of them.
    void remove(Value value, std::int64_t position) {
        const std::size_t at = place(value);
        counts_[at] -= 1.0;
        total_ -= 1.0;
        if (latest_[at] == position) latest_[at] = lost;
        if (counts_[at] > 0.5) return;
        const auto offset = static_cast<std::ptrdiff_t>(at);
        values_.erase(values_.begin() + offset);
        counts_.erase(counts_.begin() + offset);
        latest_.erase(latest_.begin() + offset);
    }

    // Look for the newest position of values whose newest one was taken back; `value_at(position)` is 0 where
    // nothing stands.
    template <class ValueAt>
    void find_latest(std::int64_t size, ValueAt&& value_at) {
        auto missing = std::count(latest_.begin(), latest_.end(), lost);
        for (std::int64_t position = size - 1; missing > 0 && position >= 0; --position) {
            const Value value = value_at(position);
            const std::size_t at = place(value);
            if (value == 0 || at == values_.size() || values_[at] != value || latest_[at] != lost) continue;
            latest_[at] = position;
            --missing;
        }
    }

    // The values learned, ascending, without the unseen one.
    std::span<const Value> values() const { return values_; }

    // Probability with one half added to each value, the unseen one (any that was not learned) included.
    double probability(Value value) const {
        const std::size_t at = place(value);
        return at < values_.size() && values_[at] == value ? nth(at) : unseen();
    }
    double nth(std::size_t at) const { return (counts_[at] + 0.5) / mass(); }
    double unseen() const { return 0.5 / mass(); }

    // Where a value was learned last; -1: never.
    std::int64_t latest(Value value) const {
        const std::size_t at = place(value);
        return at < values_.size() && values_[at] == value ? latest_[at] : -1;
    }

    std::size_t bytes() const {
        return sizeof(*this) + values_.capacity() * sizeof(Value) + counts_.capacity() * sizeof(double) +
               latest_.capacity() * sizeof(std::int64_t);
    }

  private:
    static constexpr std::int64_t lost = -2;

    double mass() const { return total_ + 0.5 * static_cast<double>(values_.size() + 1); }
    std::size_t place(Value value) const {
        return static_cast<std::size_t>(std::lower_bound(values_.begin(), values_.end(), value) -
                                        values_.begin());
    }

    std::vector<Value> values_;
    std::vector<double> counts_;
    std::vector<std::int64_t> latest_;
    double total_ = 0.0;
};

}  // namespace sideman
