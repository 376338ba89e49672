// Who measures the wire from outside, where no interpreter is in the way: a stop, a crowd that plays, an
// echo. Times are of CLOCK_MONOTONIC in ns; sockets are bound ones of 127.0.0.1, by their descriptors.
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

namespace {

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

sockaddr_in at(int port) {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    place.sin_port = htons(static_cast<std::uint16_t>(port));
    return place;
}

void say(int socket, int port, const char* packet, std::size_t size) {
    const sockaddr_in to = at(port);
    sendto(socket, packet, size, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

// Waits for a datagram until then; its first bytes, empty when none has come.
std::string_view hear(int socket, std::int64_t until, std::array<char, 64>& room) {
    for (;;) {
        const ssize_t size = recv(socket, room.data(), room.size(), MSG_DONTWAIT);
        if (size >= 0) return {room.data(), static_cast<std::size_t>(size)};
        const std::int64_t left = until - now_ns();
        if (left <= 0) return {};
        const timespec limit{left / 1'000'000'000, left % 1'000'000'000};
        pollfd wanted{socket, POLLIN, 0};
        ppoll(&wanted, 1, &limit, nullptr);
    }
}

void drain(int socket) {
    std::array<char, 64> room;
    while (recv(socket, room.data(), room.size(), MSG_DONTWAIT) >= 0) {
    }
}

// While it lives, this thread goes before others, where the system allows: then it measures them, not itself.
class RealTime {
  public:
    RealTime() {
        const sched_param wanted{.sched_priority = 4};
        pthread_setschedparam(pthread_self(), SCHED_RR, &wanted);
    }
    ~RealTime() {
        const sched_param usual{.sched_priority = 0};
        pthread_setschedparam(pthread_self(), SCHED_OTHER, &usual);
    }
    RealTime(const RealTime&) = delete;
    RealTime& operator=(const RealTime&) = delete;
};

std::thread echo;
std::atomic<bool> over;

}  // namespace

// From before a packet is sent until so many that begin with `wanted` were heard; -1: not within two seconds.
extern "C" std::int64_t until_heard(int seat, int ear, int port, const char* packet, int size,
                                    const char* wanted, int count) {
    const RealTime measuring;
    std::array<char, 64> room;
    const std::int64_t begun = now_ns();
    say(seat, port, packet, static_cast<std::size_t>(size));
    while (count > 0) {
        const std::string_view heard = hear(ear, begun + 2'000'000'000, room);
        if (heard.empty()) return -1;
        if (heard.substr(0, std::strlen(wanted)) == wanted) --count;
    }
    return now_ns() - begun;
}

// The floor: what comes to a socket is sent on, `copies` times to each port, in one call where that is
// possible.
extern "C" void echo_begin(int socket, const int* ports, int count, int copies, int real_time) {
    std::vector<sockaddr_in> places;
    for (int copy = 0; copy < copies; ++copy) {
        for (int i = 0; i < count; ++i) places.push_back(at(ports[i]));
    }
    over = false;
    echo = std::thread([=]() mutable {
        std::optional<RealTime> first;
        if (real_time != 0) first.emplace();
        std::array<char, 64> room;
        while (!over) {
            const std::string_view heard = hear(socket, now_ns() + 100'000'000, room);
            if (heard.empty()) continue;
            iovec part{room.data(), heard.size()};
            std::vector<mmsghdr> all(places.size());
            for (std::size_t i = 0; i < places.size(); ++i) {
                all[i].msg_hdr.msg_name = &places[i];
                all[i].msg_hdr.msg_namelen = sizeof places[i];
                all[i].msg_hdr.msg_iov = &part;
                all[i].msg_hdr.msg_iovlen = 1;
            }
            sendmmsg(socket, all.data(), static_cast<unsigned>(all.size()), 0);
        }
    });
}

extern "C" void echo_end() {
    over = true;
    echo.join();
}

// `seats` play in turn, `apart_ns` apart, packet after packet of one size. The last one hears what answers
// the first one's notes (it begins with `wanted`), and between two notes an echo of its own. Into `answered`
// and `echoed`: how long each took; -1: the next note came before it; -2: not asked, as the one before is
// still awaited.
extern "C" void crowd(const int* seats, int count, int port, const char* packets, int size, int notes,
                      std::int64_t apart_ns, const char* wanted, int echo_port, std::int64_t* answered,
                      std::int64_t* echoed) {
    const RealTime measuring;
    std::array<char, 64> room;
    const int ear = seats[count - 1];
    const std::string_view answer(wanted);
    const std::string_view ping("/echo\0\0\0,\0\0\0", 12);
    std::int64_t asked = 0;
    std::int64_t pinged = 0;
    int asking = -1;
    const std::int64_t begin = now_ns() + 10'000'000;
    const auto listen = [&](std::int64_t until) {
        for (;;) {
            const std::string_view heard = hear(ear, until, room);
            if (heard.empty()) return;
            const std::int64_t now = now_ns();
            if (asked != 0 && heard.substr(0, answer.size()) == answer) {
                answered[asking] = now - asked;
                asked = 0;
            } else if (pinged != 0 && heard.substr(0, 6) == ping.substr(0, 6)) {
                echoed[asking] = now - pinged;
                pinged = 0;
            }
            if (now >= until) return;
        }
    };
    for (int note = 0; note < notes; ++note) {
        const int seat = note % count;
        const std::int64_t due = begin + note * apart_ns;
        listen(due);
        if (seat != count - 1) drain(seats[seat]);
        if (seat == 0) {
            const bool late = asked != 0;
            ++asking;
            answered[asking] = late ? -2 : -1;
            echoed[asking] = -1;
            asked = late ? 0 : now_ns();  // what comes now answers the one before
            pinged = 0;
        }
        say(seats[seat], port, packets + static_cast<std::ptrdiff_t>(note) * size,
            static_cast<std::size_t>(size));
        if (seat == count / 2) {  // halfway between two questions
            listen(due + apart_ns / 2);
            pinged = now_ns();
            say(ear, echo_port, ping.data(), ping.size());
        }
    }
    listen(begin + notes * apart_ns);
}
