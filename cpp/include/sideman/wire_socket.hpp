// A UDP socket that receives and sends many datagrams in one call (Linux). Nothing waits: what cannot be sent
// at once is dropped and counted.
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "sideman/osc_message.hpp"
#include "sideman/wire_endpoint.hpp"

namespace sideman::wire {

// A file of the system's; closed with its owner, or before.
class Handle {
  public:
    explicit Handle(int number = -1) noexcept : number_(number) {}
    ~Handle() { close(); }
    Handle(Handle&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Handle& operator=(Handle&&) = delete;

    int number() const noexcept { return number_; }
    bool open() const noexcept { return number_ >= 0; }
    void close() noexcept {
        if (number_ >= 0) {
            ::close(std::exchange(number_, -1));
        }
    }

  private:
    int number_;
};

[[noreturn]] inline void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

inline constexpr int buffer_bytes = 4 << 20;  // asked for; the system may grant less

inline Handle bound(const Endpoint& here) {
    Handle made(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!made.open()) {
        fail("socket");
    }
    setsockopt(made.number(), SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes);
    setsockopt(made.number(), SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    const sockaddr_in where = here.system();
    if (bind(made.number(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0) {
        fail("bind");
    }
    return made;
}

inline Endpoint place_of(const Handle& socket) {
    sockaddr_in where{};
    socklen_t size = sizeof where;
    if (getsockname(socket.number(), reinterpret_cast<sockaddr*>(&where), &size) != 0) {
        fail("getsockname");
    }
    return Endpoint::of(where);
}

// Datagrams on their way: collected, then sent together. What was added must live until `flush`.
class Sender {
  public:
    std::uint64_t sent = 0;
    std::uint64_t dropped = 0;

    void add(const Handle& socket, const std::string& packet, const Endpoint& to) noexcept {
        if (count_ == batch) {
            flush(socket);
        }
        places_[count_] = to.system();
        parts_[count_] = {const_cast<char*>(packet.data()), packet.size()};
        msghdr& header = headers_[count_].msg_hdr;
        header = {};
        header.msg_name = &places_[count_];
        header.msg_namelen = sizeof places_[count_];
        header.msg_iov = &parts_[count_];
        header.msg_iovlen = 1;
        ++count_;
    }

    void flush(const Handle& socket) noexcept {
        unsigned at = 0;
        while (at < count_) {
            const int done = sendmmsg(socket.number(), headers_.data() + at, count_ - at, MSG_DONTWAIT);
            if (done > 0) {
                sent += static_cast<unsigned>(done);
                at += static_cast<unsigned>(done);
            } else if (errno != EINTR) {  // the first of these cannot be sent; the others may
                ++dropped;
                ++at;
            }
        }
        count_ = 0;
    }

  private:
    static constexpr unsigned batch = 64;
    std::array<mmsghdr, batch> headers_{};
    std::array<iovec, batch> parts_{};
    std::array<sockaddr_in, batch> places_{};
    unsigned count_ = 0;
};

// Room for what has come.
class Receiver {
  public:
    // How many datagrams came, none if there are none.
    unsigned receive(const Handle& socket) noexcept {
        for (unsigned at = 0; at < batch; ++at) {
            parts_[at] = {room_.get() + at * largest, largest};
            msghdr& header = headers_[at].msg_hdr;
            header = {};
            header.msg_name = &places_[at];
            header.msg_namelen = sizeof places_[at];
            header.msg_iov = &parts_[at];
            header.msg_iovlen = 1;
        }
        const int came = recvmmsg(socket.number(), headers_.data(), batch, MSG_DONTWAIT, nullptr);
        return came > 0 ? static_cast<unsigned>(came) : 0;
    }
    osc::Bytes packet(unsigned at) const noexcept {
        return {room_.get() + at * largest, headers_[at].msg_len};
    }
    Endpoint source(unsigned at) const noexcept { return Endpoint::of(places_[at]); }

  private:
    static constexpr unsigned batch = 16;
    static constexpr std::size_t largest = 65'536;
    std::unique_ptr<std::uint8_t[]> room_{new std::uint8_t[batch * largest]};
    std::array<mmsghdr, batch> headers_{};
    std::array<iovec, batch> parts_{};
    std::array<sockaddr_in, batch> places_{};
};

}  // namespace sideman::wire
