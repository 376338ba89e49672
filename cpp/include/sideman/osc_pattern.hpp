// OSC 1.0 address patterns, matched without ever going back: * ? [a-c] [!a] {a,b}.
//
// The places in the address that the pattern read so far may have reached are a row of bits, and each sign of
// the pattern moves the whole row at once; the star is the carry of an addition (MatchStar of Parabix:
// Cameron et al., "Bitwise data parallelism in regular expression matching", PACT 2014). So the work is
// bounded by the lengths, however many stars there are; only a bracket looks at places one by one, at each
// once.
//
// `*`, `?` and brackets never match '/'. Alternatives in braces may hold the other signs, but no braces. A
// pattern with an open or stray bracket or brace, braces in braces, or '/' in either is malformed: it matches
// nothing. Signs match bytes (names are ASCII). Nothing here allocates, locks or throws.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "sideman/osc_fault.hpp"

namespace sideman::osc {

inline constexpr std::string_view pattern_signs = "*?[]{}";

inline bool is_pattern(std::string_view address) noexcept {
    return address.find_first_of(pattern_signs) != std::string_view::npos;
}

// What is wrong with a pattern, in words; null if nothing is.
inline const char* pattern_fault(std::string_view pattern) noexcept {
    if (pattern.size() > max_address) {
        return "the pattern is longer than 255 bytes";
    }
    bool bracket = false;
    bool brace = false;
    for (const char sign : pattern) {
        if (sign == '/' && (bracket || brace)) {
            return "'/' within brackets or braces";
        }
        if (bracket) {
            bracket = sign != ']';
        } else if (sign == '[') {
            bracket = true;
        } else if (sign == '{') {
            if (brace) {
                return "braces within braces";
            }
            brace = true;
        } else if (sign == '}' && brace) {
            brace = false;
        } else if (sign == ']' || sign == '}') {
            return "a bracket or brace is closed that was not opened";
        }
    }
    return bracket || brace ? "a bracket or brace is not closed" : nullptr;
}

// Places in an address (0 is before its first byte), or bytes by their value, as the bits of so many words.
template <std::size_t Words>
struct Places {
    std::array<std::uint64_t, Words> bits{};

    void add(std::size_t place) noexcept { bits[place / 64] |= std::uint64_t{1} << (place % 64); }
    void add(std::size_t first, std::size_t last) noexcept {
        for (std::size_t word = first / 64; word <= last / 64; ++word) {
            const std::uint64_t from = ~std::uint64_t{0} << (word == first / 64 ? first % 64 : 0);
            const std::uint64_t to = ~std::uint64_t{0} >> (word == last / 64 ? 63 - last % 64 : 0);
            bits[word] |= from & to;
        }
    }
    bool has(std::size_t place) const noexcept { return (bits[place / 64] >> (place % 64) & 1) != 0; }
    bool none() const noexcept { return bits == std::array<std::uint64_t, Words>{}; }

    friend Places operator&(Places a, const Places& b) noexcept {
        for (std::size_t i = 0; i < Words; ++i) {
            a.bits[i] &= b.bits[i];
        }
        return a;
    }
    friend Places operator|(Places a, const Places& b) noexcept {
        for (std::size_t i = 0; i < Words; ++i) {
            a.bits[i] |= b.bits[i];
        }
        return a;
    }
    // Each place one further.
    Places next() const noexcept {
        Places further;
        for (std::size_t i = 0; i < Words; ++i) {
            further.bits[i] = bits[i] << 1 | (i > 0 ? bits[i - 1] >> 63 : 0);
        }
        return further;
    }
    // Every place that is reached from these by stepping over none or more of `through`.
    Places spread(const Places& through) const noexcept {
        Places reached;
        std::uint64_t carry = 0;
        for (std::size_t i = 0; i < Words; ++i) {
            const std::uint64_t from = bits[i] & through.bits[i];
            const std::uint64_t part = from + through.bits[i];
            const std::uint64_t sum = part + carry;
            carry = part < from || sum < part ? 1 : 0;
            reached.bits[i] = (sum ^ through.bits[i]) | bits[i];
        }
        return reached;
    }
};

// The bytes that brackets name: `inside` is what stands between them, without a leading '!'.
inline Places<4> bracketed(std::string_view inside) noexcept {
    Places<4> bytes;
    for (std::size_t i = 0; i < inside.size(); ++i) {
        auto first = static_cast<std::uint8_t>(inside[i]);
        auto last = first;
        if (i + 2 < inside.size() && inside[i + 1] == '-') {
            last = static_cast<std::uint8_t>(inside[i + 2]);
            i += 2;
        }
        if (first > last) {
            std::swap(first, last);
        }
        bytes.add(first, last);
    }
    return bytes;
}

// Matches a pattern that has no fault against an address of fewer bytes than there are bits.
template <std::size_t Words>
bool match_in(std::string_view pattern, std::string_view address, std::size_t& steps) noexcept {
    std::array<Places<Words>, 256> where{};  // each byte's places
    Places<Words> named;                     // the places of all but '/'
    for (std::size_t i = 0; i < address.size(); ++i) {
        where[static_cast<std::uint8_t>(address[i])].add(i);
        if (address[i] != '/') {
            named.add(i);
        }
    }
    steps += address.size();

    Places<Words> here;
    Places<Words> entered;  // where the brace began
    Places<Words> left;     // where its alternatives have led
    here.add(0);
    bool brace = false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        steps += Words;
        const char sign = pattern[at];
        if (sign == '*') {
            here = here.spread(named);
        } else if (sign == '?') {
            here = (here & named).next();
        } else if (sign == '[') {
            const bool negated = pattern[at + 1] == '!';
            const std::size_t from = at + (negated ? 2 : 1);
            at = pattern.find(']', from);
            const Places<4> bytes = bracketed(pattern.substr(from, at - from));
            steps += at - from;
            here = here & named;
            Places<Words> kept;
            for (std::size_t word = 0; word < Words; ++word) {
                for (std::uint64_t bits = here.bits[word]; bits != 0; bits &= bits - 1) {
                    const std::size_t place = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
                    ++steps;
                    if (bytes.has(static_cast<std::uint8_t>(address[place])) != negated) {
                        kept.add(place);
                    }
                }
            }
            here = kept.next();
        } else if (sign == '{') {
            brace = true;
            entered = here;
            left = {};
        } else if (brace && (sign == ',' || sign == '}')) {
            left = left | here;
            here = sign == ',' ? entered : left;
            brace = sign == ',';
        } else {
            here = (here & where[static_cast<std::uint8_t>(sign)]).next();
        }
        if (!brace && here.none()) {
            return false;
        }
    }
    return here.has(address.size());
}

// Whether a pattern matches an address, both of at most 255 bytes. `steps` is raised by the work done: at
// most 6 for each byte of the pattern and 1 for each of the address, and that once more for each bracket,
// plus 1.
inline bool match(std::string_view pattern, std::string_view address, std::size_t& steps) noexcept {
    ++steps;
    if (pattern.size() > max_address || address.size() > max_address) {
        return false;
    }
    const std::size_t plain = pattern.find_first_of(pattern_signs);
    if (plain == std::string_view::npos) {
        return pattern == address;
    }
    if (!address.starts_with(pattern.substr(0, plain))) {
        return false;
    }
    steps += pattern.size();
    if (pattern_fault(pattern) != nullptr) {
        return false;
    }
    pattern.remove_prefix(plain);
    address.remove_prefix(plain);
    return address.size() < 64 ? match_in<1>(pattern, address, steps) : match_in<4>(pattern, address, steps);
}

inline bool match(std::string_view pattern, std::string_view address) noexcept {
    std::size_t steps = 0;
    return match(pattern, address, steps);
}

}  // namespace sideman::osc
