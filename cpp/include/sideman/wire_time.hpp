// Time as the wire has it: CLOCK_MONOTONIC in nanoseconds, the same as Python's time.monotonic_ns.
#pragma once

#include <cstdint>
#include <ctime>

namespace sideman::wire {

using Nanoseconds = std::int64_t;

inline constexpr Nanoseconds second = 1'000'000'000;
// What of a plan is overdue by more is dropped, never rushed out.
inline constexpr Nanoseconds stale_after = 250'000'000;

inline Nanoseconds now_ns() noexcept {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return Nanoseconds{time.tv_sec} * second + time.tv_nsec;
}

inline timespec timespec_of(Nanoseconds time) noexcept {
    timespec result{};
    result.tv_sec = static_cast<decltype(result.tv_sec)>(time / second);
    result.tv_nsec = static_cast<decltype(result.tv_nsec)>(time % second);
    return result;
}

}  // namespace sideman::wire
