// Open Sound Control 1.0 packets: read with every length checked, written into the caller's buffer.
//
// Nothing here throws on data, allocates, locks, or reads outside the packet; a packet that is not valid is
// refused with a reason. Recursion goes no deeper than `Limits::nesting`. Source: Wright, "The Open Sound
// Control 1.0 Specification" (2002), with the common types of 1.1.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace sideman::osc {

struct Limits {
    static constexpr int nesting = 8;             // bundles in bundles
    static constexpr std::size_t elements = 256;  // of one bundle
    static constexpr std::size_t arguments = 64;  // of one message
    static constexpr std::size_t words = 1024;    // of one message whose last argument is a string
    static constexpr std::size_t address_bytes = 255;
    static constexpr std::size_t string_bytes = 4096;
};

enum class Refusal {
    none,
    empty,
    unaligned,
    no_address,
    long_address,
    unended_string,
    long_string,
    not_utf8,
    no_type_tags,
    unknown_type,
    too_many_arguments,
    truncated,
    bad_blob,
    unbalanced_array,
    left_over,
    bad_element,
    too_many_elements,
    too_deep,
};

// One line of plain text for each refusal. Realtime-safe.
constexpr std::string_view reason(Refusal refusal) {
    switch (refusal) {
        case Refusal::none:
            return "valid";
        case Refusal::empty:
            return "the packet is empty";
        case Refusal::unaligned:
            return "the packet's size is not a multiple of 4";
        case Refusal::no_address:
            return "neither an address that begins with / nor a bundle";
        case Refusal::long_address:
            return "the address is longer than 255 bytes";
        case Refusal::unended_string:
            return "a string has no end";
        case Refusal::long_string:
            return "a string is longer than 4096 bytes";
        case Refusal::not_utf8:
            return "a string is not UTF-8";
        case Refusal::no_type_tags:
            return "the type tags do not begin with a comma";
        case Refusal::unknown_type:
            return "a type tag is unknown";
        case Refusal::too_many_arguments:
            return "more than 64 arguments (1024 where the last is a string)";
        case Refusal::truncated:
            return "an argument is cut off";
        case Refusal::bad_blob:
            return "a blob's size is negative or beyond the packet";
        case Refusal::unbalanced_array:
            return "an array is not balanced";
        case Refusal::left_over:
            return "bytes are left over behind the arguments";
        case Refusal::bad_element:
            return "a bundle element's size is negative, 0, unaligned or beyond the packet";
        case Refusal::too_many_elements:
            return "a bundle has more than 256 elements";
        case Refusal::too_deep:
            return "bundles are nested more than 8 deep";
    }
    return "unknown";
}

using Bytes = std::span<const std::uint8_t>;

// Whether a string is UTF-8 without surrogates or overlong forms. O(n), realtime-safe.
inline bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<std::uint8_t>(text[at]);
        std::size_t more = 0;
        std::uint32_t code = lead;
        if (lead < 0x80) {
            ++at;
            continue;
        }
        if (lead >= 0xC2 && lead <= 0xDF) {
            more = 1;
            code = lead & 0x1FU;
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            more = 2;
            code = lead & 0x0FU;
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            more = 3;
            code = lead & 0x07U;
        } else {
            return false;
        }
        if (text.size() - at <= more) return false;
        for (std::size_t i = 1; i <= more; ++i) {
            const auto next = static_cast<std::uint8_t>(text[at + i]);
            if ((next & 0xC0U) != 0x80U) return false;
            code = (code << 6U) | (next & 0x3FU);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) return false;
        if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
        at += more + 1;
    }
    return true;
}

// A place in a packet; every step is checked against its end.
class Cursor {
  public:
    explicit Cursor(Bytes bytes) : bytes_(bytes) {}

    std::size_t left() const { return bytes_.size() - at_; }

    bool u32(std::uint32_t& value) {
        if (left() < 4) return false;
        value = 0;
        for (std::size_t i = 0; i < 4; ++i) value = (value << 8U) | bytes_[at_ + i];
        at_ += 4;
        return true;
    }

    bool u64(std::uint64_t& value) {
        std::uint32_t high = 0;
        std::uint32_t low = 0;
        if (left() < 8 || !u32(high) || !u32(low)) return false;
        value = (static_cast<std::uint64_t>(high) << 32U) | low;
        return true;
    }

    // A string up to its zero, at most `most` bytes; the cursor moves behind its padding.
    Refusal string(std::string_view& text, std::size_t most, Refusal too_long) {
        const auto* begin = reinterpret_cast<const char*>(bytes_.data()) + at_;
        const void* zero = left() == 0 ? nullptr : std::memchr(begin, 0, left());
        if (zero == nullptr) return left() > most ? too_long : Refusal::unended_string;
        const auto length = static_cast<std::size_t>(static_cast<const char*>(zero) - begin);
        if (length > most) return too_long;
        const std::size_t padded = (length + 4) & ~std::size_t{3};
        if (padded > left()) return Refusal::unended_string;
        text = {begin, length};
        at_ += padded;
        return Refusal::none;
    }

    bool take(std::size_t count, Bytes& taken) {
        if (count > left()) return false;
        taken = bytes_.subspan(at_, count);
        at_ += count;
        return true;
    }

  private:
    Bytes bytes_;
    std::size_t at_ = 0;
};

namespace detail {

template <class Visitor>
Refusal argument(char type, Cursor& cursor, Visitor& visitor) {
    std::uint32_t word = 0;
    std::uint64_t wide = 0;
    std::string_view text;
    switch (type) {
        case 'i':
            if (!cursor.u32(word)) return Refusal::truncated;
            visitor.integer(static_cast<std::int32_t>(word));
            return Refusal::none;
        case 'f':
            if (!cursor.u32(word)) return Refusal::truncated;
            visitor.real(static_cast<double>(std::bit_cast<float>(word)));
            return Refusal::none;
        case 's':
        case 'S': {
            const Refusal refusal = cursor.string(text, Limits::string_bytes, Refusal::long_string);
            if (refusal != Refusal::none) return refusal;
            if (!is_utf8(text)) return Refusal::not_utf8;
            visitor.text(text);
            return Refusal::none;
        }
        case 'h':
            if (!cursor.u64(wide)) return Refusal::truncated;
            visitor.integer(static_cast<std::int64_t>(wide));
            return Refusal::none;
        case 'd':
            if (!cursor.u64(wide)) return Refusal::truncated;
            visitor.real(std::bit_cast<double>(wide));
            return Refusal::none;
        case 't':
            if (!cursor.u64(wide)) return Refusal::truncated;
            visitor.time_tag(wide);
            return Refusal::none;
        case 'b': {
            if (!cursor.u32(word)) return Refusal::truncated;
            Bytes blob;
            const std::size_t padded = (static_cast<std::size_t>(word) + 3) & ~std::size_t{3};
            if (word > 0x7FFFFFFFU || padded > cursor.left() || !cursor.take(padded, blob))
                return Refusal::bad_blob;
            visitor.blob(blob.first(word));
            return Refusal::none;
        }
        case 'c': {
            if (!cursor.u32(word)) return Refusal::truncated;
            if (word > 0x7FU) return Refusal::not_utf8;
            const char letter = static_cast<char>(word);
            visitor.text({&letter, 1});
            return Refusal::none;
        }
        case 'r':
            if (!cursor.u32(word)) return Refusal::truncated;
            visitor.integer(static_cast<std::int64_t>(word));
            return Refusal::none;
        case 'm': {
            Bytes midi;
            if (!cursor.take(4, midi)) return Refusal::truncated;
            visitor.blob(midi);
            return Refusal::none;
        }
        case 'T':
            visitor.truth(true);
            return Refusal::none;
        case 'F':
            visitor.truth(false);
            return Refusal::none;
        case 'N':
            visitor.nothing();
            return Refusal::none;
        case 'I':
            visitor.impulse();
            return Refusal::none;
        default:
            return Refusal::unknown_type;
    }
}

template <class Visitor>
Refusal message(Cursor cursor, Visitor& visitor) {
    std::string_view address;
    Refusal refusal = cursor.string(address, Limits::address_bytes, Refusal::long_address);
    if (refusal != Refusal::none) return refusal;
    if (!is_utf8(address)) return Refusal::not_utf8;
    visitor.begin_message(address);
    if (cursor.left() == 0) {  // as old senders do that have no arguments
        visitor.end_message();
        return Refusal::none;
    }
    std::string_view tags;
    // Two brackets for each argument at most, as far as any sender would go.
    refusal = cursor.string(tags, 3 * Limits::words + 1, Refusal::too_many_arguments);
    if (refusal != Refusal::none) return refusal;
    if (tags.empty() || tags[0] != ',') return Refusal::no_type_tags;
    tags.remove_prefix(1);
    std::size_t count = 0;
    int depth = 0;
    char last = 0;
    for (const char tag : tags) {
        if (tag == '[') {
            ++depth;
        } else if (tag == ']') {
            if (--depth < 0) return Refusal::unbalanced_array;
        } else {
            ++count;
            last = tag;
        }
    }
    if (depth != 0) return Refusal::unbalanced_array;
    if (count > (last == 's' ? Limits::words : Limits::arguments)) return Refusal::too_many_arguments;
    for (const char tag : tags) {
        if (tag == '[' || tag == ']') continue;  // an array's members are arguments like the others
        refusal = argument(tag, cursor, visitor);
        if (refusal != Refusal::none) return refusal;
    }
    if (cursor.left() != 0) return Refusal::left_over;
    visitor.end_message();
    return Refusal::none;
}

template <class Visitor>
Refusal packet(Bytes bytes, Visitor& visitor, int depth) {
    static constexpr std::string_view bundle{"#bundle\0", 8};
    if (bytes.empty()) return Refusal::empty;
    if (bytes.size() % 4 != 0) return Refusal::unaligned;
    if (bytes[0] == '/') return message(Cursor(bytes), visitor);
    if (bytes.size() < 16 || std::memcmp(bytes.data(), bundle.data(), 8) != 0) return Refusal::no_address;
    if (depth == Limits::nesting) return Refusal::too_deep;
    Cursor cursor(bytes.subspan(8));
    std::uint64_t tag = 0;
    if (!cursor.u64(tag)) return Refusal::truncated;
    visitor.begin_bundle(tag);
    for (std::size_t count = 0; cursor.left() != 0; ++count) {
        if (count == Limits::elements) return Refusal::too_many_elements;
        std::uint32_t size = 0;
        Bytes element;
        if (!cursor.u32(size) || size == 0 || size % 4 != 0 || size > 0x7FFFFFFFU ||
            !cursor.take(size, element)) {
            return Refusal::bad_element;
        }
        const Refusal refusal = packet(element, visitor, depth + 1);
        if (refusal != Refusal::none) return refusal;
    }
    visitor.end_bundle();
    return Refusal::none;
}

}  // namespace detail

// Read a packet, calling the visitor for what it holds, in order. On a refusal the visitor has seen a part of
// the packet and must forget it. O(size of the packet), realtime-safe as far as the visitor is.
//
// A visitor has: begin_message(string_view) end_message() begin_bundle(uint64_t) end_bundle()
// integer(int64_t) real(double) text(string_view) blob(Bytes) truth(bool) nothing() impulse()
// time_tag(uint64_t).
template <class Visitor>
Refusal parse(Bytes bytes, Visitor& visitor) {
    return detail::packet(bytes, visitor, 0);
}

// Writes one message into a buffer of the caller's. What does not fit is counted, not written: `size()` says
// how much room it would have taken, `fits()` whether it is whole. Realtime-safe.
class Writer {
  public:
    explicit Writer(std::span<std::uint8_t> buffer) : buffer_(buffer) {}

    void u32(std::uint32_t value) {
        for (int shift = 24; shift >= 0; shift -= 8) byte(static_cast<std::uint8_t>(value >> shift));
    }

    void u64(std::uint64_t value) {
        u32(static_cast<std::uint32_t>(value >> 32U));
        u32(static_cast<std::uint32_t>(value));
    }

    void real(float value) { u32(std::bit_cast<std::uint32_t>(value)); }

    void string(std::string_view text) {
        raw(text.data(), text.size());
        byte(0);
        pad();
    }

    void blob(Bytes bytes) {
        u32(static_cast<std::uint32_t>(bytes.size()));
        raw(bytes.data(), bytes.size());
        pad();
    }

    void raw(const void* data, std::size_t count) {
        if (count != 0 && size_ + count <= buffer_.size()) std::memcpy(buffer_.data() + size_, data, count);
        size_ += count;
    }

    std::size_t size() const { return size_; }
    bool fits() const { return size_ <= buffer_.size(); }

  private:
    void byte(std::uint8_t value) {
        if (size_ < buffer_.size()) buffer_[size_] = value;
        ++size_;
    }

    void pad() {
        while (size_ % 4 != 0) byte(0);
    }

    std::span<std::uint8_t> buffer_;
    std::size_t size_ = 0;
};

}  // namespace sideman::osc
