// UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sideman {

// Whether a number is a Unicode character (a scalar value).
constexpr bool is_character(std::uint32_t code) noexcept {
    return code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

// Whether a text is UTF-8, as strict as Python's decoder. Neither allocates nor locks.
constexpr bool is_utf8(std::string_view text) noexcept {
    constexpr std::uint32_t least[] = {0x80, 0x800, 0x10000};  // that needs one, two, three more bytes
    std::size_t at = 0;
    while (at < text.size()) {
        const auto first = static_cast<std::uint8_t>(text[at++]);
        if (first < 0x80) {
            continue;
        }
        const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
        if (first < 0xc0 || first > 0xf4 || text.size() - at < more) {
            return false;
        }
        std::uint32_t code = first & (0x3fU >> more);
        for (std::size_t i = 0; i < more; ++i) {
            const auto next = static_cast<std::uint8_t>(text[at++]);
            if ((next & 0xc0) != 0x80) {
                return false;
            }
            code = code << 6 | (next & 0x3fU);
        }
        if (code < least[more - 1] || !is_character(code)) {
            return false;
        }
    }
    return true;
}

}  // namespace sideman
