// OSC messages, read where they lie: `read` checks all of one, the views then trust it.
//
// Types: S c r m [ ] of the specification's appendix and T F N I of OSC 1.1, beside i f s b h d t. Where it
// is silent we do as liblo and python-osc do if they agree, else as the more patient one: the bytes of
// padding may have any value, and a message may end after its address (no type tag string at all, as from old
// senders, is a message without arguments).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "sideman/osc_fault.hpp"
#include "sideman/utf8.hpp"

namespace sideman::osc {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint32_t big_endian_32(const std::uint8_t* from) noexcept {
    return std::uint32_t{from[0]} << 24 | std::uint32_t{from[1]} << 16 | std::uint32_t{from[2]} << 8 |
           from[3];
}

constexpr std::uint64_t big_endian_64(const std::uint8_t* from) noexcept {
    return std::uint64_t{big_endian_32(from)} << 32 | big_endian_32(from + 4);
}

// A size rounded up to whole 4 bytes.
constexpr std::size_t padded(std::size_t size) noexcept { return (size + 3) & ~std::size_t{3}; }

// How many bytes of data a type tag announces, or of which kind the tag is.
inline constexpr int text_follows = -1;
inline constexpr int blob_follows = -2;
inline constexpr int array_opens = -3;
inline constexpr int array_closes = -4;
inline constexpr int not_a_tag = -5;

constexpr int width(char tag) noexcept {
    switch (tag) {
        case 'i':
        case 'f':
        case 'c':
        case 'r':
        case 'm':
            return 4;
        case 'h':
        case 'd':
        case 't':
            return 8;
        case 'T':
        case 'F':
        case 'N':
        case 'I':
            return 0;
        case 's':
        case 'S':
            return text_follows;
        case 'b':
            return blob_follows;
        case '[':
            return array_opens;
        case ']':
            return array_closes;
        default:
            return not_a_tag;
    }
}

// A padded string at the front of some bytes.
struct Text {
    enum class State : std::uint8_t { whole, open, overlong, garbled };

    State state = State::open;
    std::string_view view;

    // How far it reaches, its end and padding counted.
    std::size_t span() const noexcept { return padded(view.size() + 1); }

    // The size of `bytes` is a multiple of 4; at most `longest` and its padding are looked at.
    static Text read(Bytes bytes, std::size_t longest) noexcept {
        const std::size_t window = padded(longest + 1);
        const std::size_t reach = bytes.size() < window ? bytes.size() : window;
        std::uint32_t seen = 0;
        for (std::size_t at = 0; at < reach; at += 4) {
            std::uint32_t word = 0;
            std::memcpy(&word, bytes.data() + at, 4);
            seen |= word;
            if (((word - 0x01010101U) & ~word & 0x80808080U) == 0) {
                continue;  // no null among these four
            }
            std::size_t size = at;
            while (bytes[size] != 0) {
                ++size;
            }
            const std::string_view view{reinterpret_cast<const char*>(bytes.data()), size};
            if (size > longest) {
                return {State::overlong, view};
            }
            const bool ascii = (seen & 0x80808080U) == 0;
            return {ascii || is_utf8(view) ? State::whole : State::garbled, view};
        }
        return {reach < bytes.size() ? State::overlong : State::open, {}};
    }
};

// One argument of a message that was read. Ask only for what its tag is.
struct Argument {
    char tag;
    Bytes data;  // as it lies in the packet: of a string without its end, of a blob without its size

    std::int32_t int32() const noexcept { return static_cast<std::int32_t>(uint32()); }  // i
    std::uint32_t uint32() const noexcept { return big_endian_32(data.data()); }         // c r m
    std::int64_t int64() const noexcept { return static_cast<std::int64_t>(uint64()); }  // h
    std::uint64_t uint64() const noexcept { return big_endian_64(data.data()); }         // t
    float float32() const noexcept { return std::bit_cast<float>(uint32()); }            // f
    double float64() const noexcept { return std::bit_cast<double>(uint64()); }          // d
    std::string_view text() const noexcept {                                             // s S
        return {reinterpret_cast<const char*>(data.data()), data.size()};
    }
};

// A message that was read: views into its packet, which must outlive it. Iterating gives the arguments in
// order, those of arrays among the others: the brackets are left out.
class Message {
  public:
    class Iterator {
      public:
        Iterator(const char* tag, const std::uint8_t* data) noexcept : tag_(tag), data_(data) { settle(); }

        const Argument& operator*() const noexcept { return argument_; }
        Iterator& operator++() noexcept {
            const std::size_t size = argument_.data.size();
            const int kind = width(*tag_);
            data_ += kind == text_follows ? padded(size + 1) : kind == blob_follows ? 4 + padded(size) : size;
            ++tag_;
            settle();
            return *this;
        }
        bool operator!=(const char* end) const noexcept { return tag_ != end; }

      private:
        // Steps over brackets, then measures the argument there. The tags end with a null.
        void settle() noexcept {
            while (*tag_ == '[' || *tag_ == ']') {
                ++tag_;
            }
            const int kind = width(*tag_);
            if (kind >= 0) {
                argument_ = {*tag_, {data_, static_cast<std::size_t>(kind)}};
            } else if (kind == text_follows) {
                argument_ = {*tag_, {data_, std::strlen(reinterpret_cast<const char*>(data_))}};
            } else if (kind == blob_follows) {
                argument_ = {*tag_, {data_ + 4, big_endian_32(data_)}};
            }
        }
        const char* tag_;
        const std::uint8_t* data_;
        Argument argument_{};
    };

    std::string_view address() const noexcept { return address_; }
    std::string_view tags() const noexcept { return tags_; }  // without the comma, with the brackets
    std::size_t count() const noexcept { return count_; }     // arguments
    Iterator begin() const noexcept { return {tags_.data(), data_}; }
    const char* end() const noexcept { return tags_.data() + tags_.size(); }

  private:
    friend Fault read(Bytes packet, Message& into) noexcept;
    Fault read_arguments(Bytes data) noexcept;

    std::string_view address_;
    std::string_view tags_{""};
    std::size_t count_ = 0;
    const std::uint8_t* data_ = nullptr;
};

// Checks the arguments against their tags and counts them.
inline Fault Message::read_arguments(Bytes data) noexcept {
    data_ = data.data();
    std::size_t arrays = 0;
    bool ends_in_text = false;
    for (const char tag : tags_) {
        const int kind = width(tag);
        if (kind == not_a_tag) {
            return Fault::tag_unknown;
        }
        if (kind == array_opens) {
            ++arrays;
            continue;
        }
        if (kind == array_closes) {
            if (arrays == 0) {
                return Fault::array_unbalanced;
            }
            --arrays;
            continue;
        }
        ++count_;
        ends_in_text = kind == text_follows;
        if (kind >= 0) {
            if (data.size() < static_cast<std::size_t>(kind)) {
                return Fault::argument_cut;
            }
            if (tag == 'c' && !is_character(big_endian_32(data.data()))) {
                return Fault::char_value;
            }
            data = data.subspan(static_cast<std::size_t>(kind));
        } else if (kind == text_follows) {
            const Text text = Text::read(data, max_string);
            if (text.state != Text::State::whole) {
                return text.state == Text::State::open       ? Fault::string_open
                       : text.state == Text::State::overlong ? Fault::string_long
                                                             : Fault::string_text;
            }
            data = data.subspan(text.span());
        } else {
            if (data.size() < 4) {
                return Fault::argument_cut;
            }
            const std::uint32_t size = big_endian_32(data.data());
            data = data.subspan(4);
            if (size > data.size()) {  // as unsigned, a negative size is a very large one
                return Fault::blob_size;
            }
            data = data.subspan(padded(size));
        }
    }
    if (arrays != 0) {
        return Fault::array_unbalanced;
    }
    if (count_ > (ends_in_text ? max_words : max_arguments)) {
        return Fault::arguments_many;
    }
    return data.empty() ? Fault::none : Fault::surplus;
}

// Reads one message. When it returns `Fault::none`, `into` holds it and may be iterated.
inline Fault read(Bytes packet, Message& into) noexcept {
    into = Message{};
    if (packet.empty()) {
        return Fault::empty;
    }
    if (packet.size() % 4 != 0) {
        return Fault::ragged;
    }
    if (packet[0] != '/') {
        return Fault::no_packet;
    }
    const Text address = Text::read(packet, max_address);
    if (address.state != Text::State::whole) {
        return address.state == Text::State::open       ? Fault::address_open
               : address.state == Text::State::overlong ? Fault::address_long
                                                        : Fault::address_text;
    }
    into.address_ = address.view;
    packet = packet.subspan(address.span());
    if (packet.empty()) {
        return Fault::none;
    }
    if (packet[0] != ',') {
        return Fault::tags_missing;
    }
    const Text tags = Text::read(packet, max_string);
    if (tags.state != Text::State::whole) {
        return tags.state == Text::State::open       ? Fault::tags_open
               : tags.state == Text::State::overlong ? Fault::tags_long
                                                     : Fault::tag_unknown;
    }
    into.tags_ = tags.view.substr(1);
    return into.read_arguments(packet.subspan(tags.span()));
}

}  // namespace sideman::osc
