// What has arrived and nobody has taken yet, in order, in a fixed room of bytes. Nothing allocates once it is
// made; whoever uses it holds the wire's lock.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "sideman/wire_endpoint.hpp"
#include "sideman/wire_time.hpp"

namespace sideman::wire {

struct Arrival {
    Nanoseconds time = 0;
    std::uint64_t cut = 0;  // the number of the cut that the wire made because of it; 0: none
    Endpoint source;
    std::uint32_t size = 0;  // of the packet, which follows
};

class Ring {
  public:
    // `reserve` of its bytes are kept for packets that must not be lost.
    explicit Ring(std::size_t room = 1 << 22, std::size_t reserve = 1 << 18)
        : bytes_(room), reserve_(reserve) {}

    bool empty() const noexcept { return first_ == past_; }

    // Whether there is room for a packet of that size.
    bool fits(std::size_t size, bool urgent) const noexcept {
        const std::size_t room = bytes_.size() - (urgent ? 0 : reserve_);
        return past_ - first_ + sizeof(Arrival) + size <= room;
    }

    void push(const Arrival& arrival, const std::uint8_t* packet) noexcept {
        write(reinterpret_cast<const std::uint8_t*>(&arrival), sizeof arrival);
        write(packet, arrival.size);
    }

    // The oldest, its packet appended to `packets`; there must be one.
    Arrival pop(std::vector<std::uint8_t>& packets) {
        Arrival arrival;
        read(reinterpret_cast<std::uint8_t*>(&arrival), sizeof arrival);
        const std::size_t before = packets.size();
        packets.resize(before + arrival.size);
        read(packets.data() + before, arrival.size);
        return arrival;
    }

  private:
    void write(const std::uint8_t* from, std::size_t size) noexcept {
        const std::size_t at = past_ % bytes_.size();
        const std::size_t part = std::min(size, bytes_.size() - at);
        std::copy_n(from, part, bytes_.begin() + static_cast<std::ptrdiff_t>(at));
        std::copy_n(from + part, size - part, bytes_.begin());
        past_ += size;
    }
    void read(std::uint8_t* into, std::size_t size) noexcept {
        const std::size_t at = first_ % bytes_.size();
        const std::size_t part = std::min(size, bytes_.size() - at);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at), part, into);
        std::copy_n(bytes_.begin(), size - part, into + part);
        first_ += size;
    }

    std::vector<std::uint8_t> bytes_;
    std::size_t reserve_;
    std::size_t first_ = 0;  // these two only rise
    std::size_t past_ = 0;
};

}  // namespace sideman::wire
