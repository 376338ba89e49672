// OSC packets, written into a buffer that the caller owns: messages, and bundles of them.
//
// What does not fit is counted, not written: `fits` turns false and `size` says how large the buffer should
// have been. Nothing here allocates, locks or throws. Only the form is kept here; that tags and arguments
// agree, strings hold no null and the limits are respected is the caller's part (`check` tells).
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "sideman/osc_bundle.hpp"

namespace sideman::osc {

class Writer {
  public:
    explicit Writer(std::span<std::uint8_t> buffer) noexcept : buffer_(buffer) {}

    bool fits() const noexcept { return size_ <= buffer_.size(); }
    std::size_t size() const noexcept { return size_; }
    Bytes bytes() const noexcept { return fits() ? Bytes{buffer_.data(), size_} : Bytes{}; }

    // A whole message; its tags follow from the C++ types: int32 i, int64 h, float f, double d, bool T or F,
    // nullptr N, string_view s, Bytes b.
    template <class... Arguments>
    void message(std::string_view address, const Arguments&... arguments) noexcept {
        const char tags[] = {tag(arguments)..., 0};
        begin(address, {tags, sizeof...(arguments)});
        (put(arguments), ...);
    }

    // The head of a message whose tags (without the comma) are known only now. Then, for each tag that has
    // data, one of the calls below.
    void begin(std::string_view address, std::string_view tags) noexcept {
        string(address);
        if (std::uint8_t* at = reserve(padded(tags.size() + 2))) {
            std::memset(at + ((tags.size() + 1) & ~std::size_t{3}), 0, 4);
            *at = ',';
            copy(at + 1, tags.data(), tags.size());
        }
    }
    void int32(std::int32_t value) noexcept { uint32(static_cast<std::uint32_t>(value)); }
    void int64(std::int64_t value) noexcept { uint64(static_cast<std::uint64_t>(value)); }
    void float32(float value) noexcept { uint32(std::bit_cast<std::uint32_t>(value)); }
    void float64(double value) noexcept { uint64(std::bit_cast<std::uint64_t>(value)); }
    void uint32(std::uint32_t value) noexcept {  // c r m
        if (std::uint8_t* at = reserve(4)) {
            store(at, value);
        }
    }
    void uint64(std::uint64_t value) noexcept {  // t
        uint32(static_cast<std::uint32_t>(value >> 32));
        uint32(static_cast<std::uint32_t>(value));
    }
    void string(std::string_view text) noexcept {
        if (std::uint8_t* at = reserve(padded(text.size() + 1))) {
            std::memset(at + (text.size() & ~std::size_t{3}), 0, 4);
            copy(at, text.data(), text.size());
        }
    }
    void blob(Bytes value) noexcept {
        uint32(static_cast<std::uint32_t>(value.size()));
        if (std::uint8_t* at = reserve(padded(value.size())); at != nullptr && !value.empty()) {
            std::memset(at + ((value.size() - 1) & ~std::size_t{3}), 0, 4);
            copy(at, value.data(), value.size());
        }
    }

    // The head of a bundle. Then its elements: each is opened, written as a message or bundle, and closed by
    // what `open` gave.
    void bundle(std::uint64_t time_tag) noexcept {
        string("#bundle");
        uint64(time_tag);
    }
    std::size_t open() noexcept {
        uint32(0);
        return size_;
    }
    void close(std::size_t opened) noexcept {
        if (fits()) {
            store(buffer_.data() + opened - 4, static_cast<std::uint32_t>(size_ - opened));
        }
    }
    // An element that is encoded already.
    void element(Bytes packet) noexcept {
        uint32(static_cast<std::uint32_t>(packet.size()));
        if (std::uint8_t* at = reserve(packet.size())) {
            copy(at, packet.data(), packet.size());
        }
    }

  private:
    static constexpr char tag(std::int32_t) noexcept { return 'i'; }
    static constexpr char tag(std::int64_t) noexcept { return 'h'; }
    static constexpr char tag(float) noexcept { return 'f'; }
    static constexpr char tag(double) noexcept { return 'd'; }
    static constexpr char tag(std::same_as<bool> auto value) noexcept { return value ? 'T' : 'F'; }
    static constexpr char tag(std::nullptr_t) noexcept { return 'N'; }
    static constexpr char tag(std::string_view) noexcept { return 's'; }
    static constexpr char tag(Bytes) noexcept { return 'b'; }

    void put(std::int32_t value) noexcept { int32(value); }
    void put(std::int64_t value) noexcept { int64(value); }
    void put(float value) noexcept { float32(value); }
    void put(double value) noexcept { float64(value); }
    void put(std::same_as<bool> auto) noexcept {}
    void put(std::nullptr_t) noexcept {}
    void put(std::string_view value) noexcept { string(value); }
    void put(Bytes value) noexcept { blob(value); }

    // Room for so many bytes, null where they do not fit.
    std::uint8_t* reserve(std::size_t bytes) noexcept {
        const std::size_t at = size_;
        size_ += bytes;
        return fits() ? buffer_.data() + at : nullptr;
    }
    static void store(std::uint8_t* at, std::uint32_t value) noexcept {
        for (int i = 0; i < 4; ++i) {
            at[i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
        }
    }
    static void copy(std::uint8_t* to, const void* from, std::size_t bytes) noexcept {
        if (bytes != 0) {  // memcpy from null is undefined even for nothing
            std::memcpy(to, from, bytes);
        }
    }

    std::span<std::uint8_t> buffer_;
    std::size_t size_ = 0;
};

}  // namespace sideman::osc
