// A bare timer thread, the floor: sleeps to absolute times and notes how late it woke, in ns.
#include <cstdint>
#include <ctime>
#include <thread>

namespace {

std::thread timer;

}  // namespace

extern "C" void begin(std::int64_t first_ns, std::int64_t apart_ns, std::int64_t count, std::int64_t* late_ns) {
    timer = std::thread([=] {
        for (std::int64_t number = 0; number < count; ++number) {
            const std::int64_t due = first_ns + number * apart_ns;
            const timespec until{due / 1'000'000'000, due % 1'000'000'000};
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
            timespec now{};
            clock_gettime(CLOCK_MONOTONIC, &now);
            late_ns[number] = now.tv_sec * 1'000'000'000 + now.tv_nsec - due;
        }
    });
}

extern "C" void end() { timer.join(); }
