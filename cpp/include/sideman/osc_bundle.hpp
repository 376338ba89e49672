// OSC bundles, and the check of a whole packet: a message, or a bundle with all that it holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "sideman/osc_message.hpp"

namespace sideman::osc {

inline constexpr std::uint64_t immediately = 1;  // the time tag that means "on arrival"
inline constexpr std::size_t bundle_head = 16;   // bytes: "#bundle", its null, the time tag

inline bool is_bundle(Bytes packet) noexcept {
    return packet.size() >= 8 && std::memcmp(packet.data(), "#bundle", 8) == 0;
}

// A bundle that was checked. Iterating gives its elements, each the bytes of a message or of a bundle.
class Bundle {
  public:
    class Iterator {
      public:
        explicit Iterator(const std::uint8_t* at) noexcept : at_(at) {}
        Bytes operator*() const noexcept { return {at_ + 4, big_endian_32(at_)}; }
        Iterator& operator++() noexcept {
            at_ += 4 + big_endian_32(at_);
            return *this;
        }
        bool operator!=(const std::uint8_t* end) const noexcept { return at_ != end; }

      private:
        const std::uint8_t* at_;
    };

    explicit Bundle(Bytes packet) noexcept : packet_(packet) {}
    std::uint64_t time_tag() const noexcept { return big_endian_64(packet_.data() + 8); }
    Iterator begin() const noexcept { return Iterator{packet_.data() + bundle_head}; }
    const std::uint8_t* end() const noexcept { return packet_.data() + packet_.size(); }

  private:
    Bytes packet_;
};

// Checks a whole packet, a message or a bundle with all that it holds.
inline Fault check(Bytes packet) noexcept {
    struct Level {
        const std::uint8_t* end;
        std::size_t elements;
    };
    std::array<Level, max_depth> levels{};
    std::size_t depth = 0;
    Message message;
    if (packet.size() % 4 != 0) {
        return Fault::ragged;
    }
    for (;;) {
        const std::uint8_t* at = packet.data() + packet.size();
        if (is_bundle(packet)) {
            if (depth == max_depth) {
                return Fault::too_deep;
            }
            if (packet.size() < bundle_head) {
                return Fault::bundle_cut;
            }
            levels[depth++] = {at, 0};
            at = packet.data() + bundle_head;
        } else if (const Fault fault = read(packet, message); fault != Fault::none) {
            return fault;
        }
        while (depth > 0 && at == levels[depth - 1].end) {
            --depth;
        }
        if (depth == 0) {
            return Fault::none;
        }
        Level& level = levels[depth - 1];
        if (++level.elements > max_elements) {
            return Fault::elements_many;
        }
        const std::uint32_t size = big_endian_32(at);  // sizes are whole words, so that one is left to read
        at += 4;
        if (size == 0 || size % 4 != 0 || size > 0x7fffffffU) {
            return Fault::element_size;
        }
        if (size > static_cast<std::size_t>(level.end - at)) {
            return Fault::element_past;
        }
        packet = {at, size};
    }
}

}  // namespace sideman::osc
