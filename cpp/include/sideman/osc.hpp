// OSC 1.0 packets, read where they lie: what a packet must be, why one is refused, messages and bundles as
// views.
//
// Rules: data never raise an exception and are never read beyond their end; nothing here allocates, locks or
// recurses, so all of it may be called on a realtime thread. A packet passes `check` (or a message `read`)
// before it is looked into; the views trust that.
//
// Sources: the OSC 1.0 specification (opensoundcontrol.org); the types S c r m [ ] of its appendix, and T F N
// I as in 1.1. Where it is silent we do as liblo and python-osc do if they agree, else as the more patient
// one: the bytes of padding may have any value, and a message may end after its address (no type tag string
// at all, as from old senders, is a message without arguments).
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "sideman/utf8.hpp"

namespace sideman::osc {

using Bytes = std::span<const std::uint8_t>;

inline constexpr std::size_t max_depth = 8;       // bundles in one another, the outermost counted
inline constexpr std::size_t max_elements = 256;  // of one bundle
inline constexpr std::size_t max_arguments = 64;  // of one message
inline constexpr std::size_t max_words = 1024;    // arguments where the last is a string: Pd sends words
inline constexpr std::size_t max_address = 255;   // bytes
inline constexpr std::size_t max_string = 4096;   // bytes, also of a type tag string
inline constexpr std::uint64_t immediately = 1;   // the time tag that means "on arrival"
inline constexpr std::size_t bundle_head = 16;    // bytes: "#bundle", its null, the time tag

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
