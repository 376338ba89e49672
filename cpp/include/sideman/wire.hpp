// The wire (Linux): one thread that receives UDP and sends what is due, on time, whatever Python is doing.
//
// It stamps what arrives and keeps it until it is taken, and wakes whoever takes it by an eventfd. What is
// scheduled waits in a heap; what is due when it is handed over leaves at once, from the thread that hands it
// over. `/panic`, `/stop` and `/player/<p>/stop` it obeys itself, before anybody has taken them.
//
// No destructor joins a thread: a wire that was not closed tells its thread to end, and lets it go.
#pragma once

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sideman/wire_line.hpp"

namespace sideman::wire {

inline constexpr int real_time_priority = 5;  // low: above all that is not real time, below sound itself

// Gives a thread real-time priority; why not, empty if it has it.
inline std::string make_real_time(pthread_t thread) {
    sched_param wanted{};
    wanted.sched_priority = real_time_priority;
    const int failed = pthread_setschedparam(thread, SCHED_RR, &wanted);
    return failed == 0 ? "" : std::strerror(failed);
}

class Wire {
  public:
    // Binds; throws std::system_error where the port is taken or the host is not ours.
    explicit Wire(const Endpoint& here) : shared_(std::make_shared<Shared>(here)) {}
    ~Wire() {
        shared_->ask_to_end();
        if (thread_.joinable()) {
            thread_.detach();
        }
    }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    Endpoint place() const { return place_of(shared_->line.socket); }
    // An eventfd that is readable while something has arrived.
    int bell() const noexcept { return shared_->bell.number(); }
    Line& line() noexcept { return shared_->line; }

    // Begins to receive and to send; once. Why the thread has no real-time priority, empty if it has.
    std::string start() {
        thread_ = std::thread([shared = shared_] { shared->run(); });
        pthread_setname_np(thread_.native_handle(), "wire");
        return make_real_time(thread_.native_handle());
    }

    // Ends the thread and waits for it; what is not due yet is not sent. Python's lock must not be held.
    void close() {
        shared_->ask_to_end();
        if (thread_.joinable()) {
            thread_.join();
        }
        const std::lock_guard holding(shared_->line.lock);
        shared_->line.socket.close();
    }

    // At most so many of what has arrived, oldest first, their packets one after another in `packets`, and
    // the cuts that the wire made because of some of them. Waits only for the lock, which the caller holds.
    void take(std::size_t most, std::vector<Arrival>& arrivals, std::vector<std::uint8_t>& packets,
              std::vector<Cut>& cuts) {
        Line& line = shared_->line;
        while (arrivals.size() < most && !line.ring.empty()) {
            arrivals.push_back(line.ring.pop(packets));
            if (arrivals.back().cut != 0) {
                cuts.push_back(std::move(line.made.front()));
                line.made.pop_front();
            }
        }
        if (line.ring.empty()) {
            line.told = false;
            std::uint64_t rung = 0;
            [[maybe_unused]] const auto read_bytes = read(shared_->bell.number(), &rung, sizeof rung);
        }
    }

  private:
    struct Shared {
        explicit Shared(const Endpoint& here)
            : line(here),
              bell(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
              end(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
            if (!bell.open() || !end.open()) {
                fail("eventfd");
            }
        }

        void ask_to_end() noexcept { ring(end); }

        static void ring(const Handle& bell) noexcept {
            const std::uint64_t one = 1;
            [[maybe_unused]] const auto written = write(bell.number(), &one, sizeof one);
        }

        void run() {
            enum : std::size_t { ending, due, arriving };
            pollfd wanted[] = {{end.number(), POLLIN, 0},
                               {line.timer.number(), POLLIN, 0},
                               {line.socket.number(), POLLIN, 0}};
            for (;;) {
                poll(wanted, 3, -1);
                if (wanted[ending].revents != 0) {
                    return;
                }
                if (wanted[due].revents != 0) {
                    std::uint64_t rung = 0;
                    [[maybe_unused]] const auto read_bytes = read(line.timer.number(), &rung, sizeof rung);
                    const std::lock_guard holding(line.lock);
                    line.leave(now_ns());
                }
                if (wanted[arriving].revents != 0) {
                    receive();
                }
            }
        }

        // One batch, so that what is due does not wait for a flood.
        void receive() {
            const unsigned came = receiver.receive(line.socket);
            if (came == 0) {
                return;
            }
            bool tell = false;
            {
                const std::lock_guard holding(line.lock);
                // Stamped while the lock is held: whoever then takes what has arrived misses nothing older.
                const Nanoseconds now = now_ns();
                for (unsigned at = 0; at < came; ++at) {
                    line.arrive(receiver.packet(at), receiver.source(at), now);
                }
                tell = !line.ring.empty() && !std::exchange(line.told, true);
            }
            if (tell) {
                ring(bell);
            }
        }

        Line line;
        Handle bell;
        Handle end;
        Receiver receiver;
    };

    std::shared_ptr<Shared> shared_;
    std::thread thread_;
};

}  // namespace sideman::wire
