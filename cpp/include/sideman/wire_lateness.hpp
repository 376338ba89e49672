// How late things were: a histogram with eight steps an octave (so within 12.5 %), and the worst. Nothing
// allocates.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "sideman/wire_time.hpp"

namespace sideman::wire {

class Lateness {
  public:
    void add(Nanoseconds late) noexcept {
        const auto value = static_cast<std::uint64_t>(std::max<Nanoseconds>(late, 0));
        ++counts_[place(value)];
        ++count_;
        most_ = std::max(most_, value);
    }

    std::uint64_t count() const noexcept { return count_; }
    Nanoseconds most() const noexcept { return static_cast<Nanoseconds>(most_); }

    // What a share (0 to 1) of all did not exceed, rounded up to the next step; 0 where there were none.
    Nanoseconds quantile(double share) const noexcept {
        const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t at = 0; at < counts_.size(); ++at) {
            seen += counts_[at];
            if (seen > wanted || (seen == count_ && seen > 0)) {
                return static_cast<Nanoseconds>(std::min(past(at), most_));
            }
        }
        return 0;
    }

  private:
    static std::size_t place(std::uint64_t value) noexcept {
        const auto width = static_cast<std::size_t>(std::bit_width(value));
        const std::size_t shift = width > 4 ? width - 4 : 0;
        return shift * 8 + static_cast<std::size_t>(value >> shift);
    }
    // The first value beyond a step.
    static std::uint64_t past(std::size_t at) noexcept {
        return at < 16 ? at + 1 : std::uint64_t{at % 8 + 9} << (at / 8 - 1);
    }

    std::array<std::uint64_t, 512> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t most_ = 0;
};

}  // namespace sideman::wire
