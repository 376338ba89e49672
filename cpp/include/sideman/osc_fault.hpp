// The limits of OSC packets (PROTOCOL, ground rules), and the reasons for which one is refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sideman::osc {

inline constexpr std::size_t max_depth = 8;       // bundles in one another, the outermost counted
inline constexpr std::size_t max_elements = 256;  // of one bundle
inline constexpr std::size_t max_arguments = 64;  // of one message
inline constexpr std::size_t max_words = 1024;    // arguments where the last is a string: Pd sends words
inline constexpr std::size_t max_address = 255;   // bytes
inline constexpr std::size_t max_string = 4096;   // bytes, also of a type tag string

// Why a packet is refused; `reasons` has the words, in the same order.
enum class Fault : std::uint8_t {
    none,
    empty,
    ragged,
    no_packet,
    address_open,
    address_long,
    address_text,
    tags_missing,
    tags_open,
    tags_long,
    tag_unknown,
    array_unbalanced,
    arguments_many,
    argument_cut,
    string_open,
    string_long,
    string_text,
    blob_size,
    char_value,
    surplus,
    bundle_cut,
    element_size,
    element_past,
    elements_many,
    too_deep,
};

inline constexpr std::array<const char*, 25> reasons = {
    "",
    "the packet is empty",
    "the packet's size is not a multiple of 4",
    "the packet begins neither with '/' nor with #bundle",
    "the address has no end",
    "the address is longer than 255 bytes",
    "the address is not UTF-8",
    "no type tag string follows the address",
    "the type tag string has no end",
    "the type tag string is longer than 4096 bytes",
    "unknown type tag",
    "the brackets of an array are not balanced",
    "more than 64 arguments (1024 where the last is a string)",
    "an argument is cut short",
    "a string argument has no end",
    "a string argument is longer than 4096 bytes",
    "a string argument is not UTF-8",
    "a blob's size is negative or reaches past the packet",
    "a character argument is no Unicode character",
    "bytes are left after the last argument",
    "the bundle is cut short before its time tag",
    "a bundle element's size is negative, 0 or not a multiple of 4",
    "a bundle element reaches past its bundle",
    "more than 256 elements in a bundle",
    "bundles nested more than 8 deep",
};
static_assert(reasons.size() == static_cast<std::size_t>(Fault::too_deep) + 1);

// The reason in words, one line; never null.
constexpr const char* reason(Fault fault) noexcept { return reasons[static_cast<std::size_t>(fault)]; }

}  // namespace sideman::osc
