// Whether a packet says `/panic`, `/stop` or `/player/<p>/stop`, clearly and alone. What is not clear, and
// what stands in a bundle, is left to whoever reads the whole table of addresses.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sideman/osc_message.hpp"
#include "sideman/osc_pattern.hpp"

namespace sideman::wire {

struct Stop {
    enum class Whom : std::uint8_t { nobody, everybody, named };

    Whom whom = Whom::nobody;
    std::string_view pattern;  // of the names; into the packet

    bool reaches(std::string_view name) const noexcept {
        return whom == Whom::everybody || (whom == Whom::named && osc::match(pattern, name));
    }
};

// A button that is pressed: no argument, or one finite number that is not 0.
inline bool pressed(const osc::Message& message) noexcept {
    if (message.count() == 0) {
        return true;
    }
    if (message.count() > 1) {
        return false;
    }
    const osc::Argument argument = *message.begin();
    switch (argument.tag) {
        case 'i':
            return argument.int32() != 0;
        case 'h':
            return argument.int64() != 0;
        case 'f':
            return argument.float32() != 0.0F && std::isfinite(argument.float32());
        case 'd':
            return argument.float64() != 0.0 && std::isfinite(argument.float64());
        case 'T':
            return true;
        default:
            return false;
    }
}

inline constexpr std::size_t longest_stop = 512;

inline Stop stop_in(osc::Bytes packet) noexcept {
    constexpr std::string_view player = "/player/";
    constexpr std::string_view stop = "/stop";
    if (packet.size() < 8 || packet.size() > longest_stop || packet[0] != '/' ||
        (packet[1] != 'p' && packet[1] != 's')) {
        return {};
    }
    osc::Message message;
    if (osc::read(packet, message) != osc::Fault::none || !pressed(message)) {
        return {};
    }
    std::string_view address = message.address();
    if (address == "/panic" || address == stop) {
        return {Stop::Whom::everybody, {}};
    }
    if (!address.starts_with(player) || !address.ends_with(stop) ||
        address.size() <= player.size() + stop.size()) {
        return {};
    }
    address.remove_prefix(player.size());
    address.remove_suffix(stop.size());
    if (address.find('/') != std::string_view::npos || osc::pattern_fault(address) != nullptr) {
        return {};
    }
    return {Stop::Whom::named, address};
}

}  // namespace sideman::wire
