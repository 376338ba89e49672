// The safetensors format: which tensors a file holds, and where. Nothing of the file is believed unchecked.
//
// A file is 8 bytes of the header's length (little-endian), a header in JSON, and the tensors' bytes without
// holes. Only reading the header and turning numbers into floats belongs here; what a tensor is for, does
// not. Source: https://github.com/huggingface/safetensors, "Format".
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sideman {

using Bytes = std::span<const std::uint8_t>;

struct Tensor {
    std::string name;
    std::string type;  // F32, F16 or BF16 where it can be read as floats
    std::vector<std::uint64_t> shape;
    Bytes bytes;
};

namespace safetensors {

constexpr std::uint64_t longest_header = 16U << 20U;
constexpr std::size_t most_dimensions = 8;

// The JSON of a header, read once from left to right. The first fault stays; after it, all reads give
// nothing.
class Header {
  public:
    explicit Header(std::string_view text) : text_(text) {}

    bool sound() const { return fault_.empty(); }
    const std::string& fault() const { return fault_; }
    void refuse(const std::string& why) {
        if (sound()) fault_ = why;
    }

    // Whether the next sign is that one; it is taken if so.
    bool take(char sign) {
        space();
        if (!sound() || at_ == text_.size() || text_[at_] != sign) return false;
        ++at_;
        return true;
    }
    void want(char sign) {
        if (!take(sign))
            refuse(std::string("the header is no JSON of tensors: ") + sign + " is missing at byte " +
                   std::to_string(at_));
    }
    bool ended() {
        space();
        return at_ == text_.size();
    }
    // A string; escapes stay as they are written.
    std::string string() {
        want('"');
        const std::size_t begin = at_;
        while (sound() && at_ < text_.size() && text_[at_] != '"') {
            if (static_cast<unsigned char>(text_[at_]) < 0x20)
                refuse("the header holds a control character in a string");
            at_ += text_[at_] == '\\' ? 2 : 1;
        }
        if (at_ >= text_.size()) refuse("the header ends within a string");
        if (!sound()) return {};
        return std::string(text_.substr(begin, at_++ - begin));
    }
    // A whole number from 0 to 2^63 - 1.
    std::uint64_t number() {
        space();
        std::uint64_t value = 0;
        const std::size_t begin = at_;
        while (sound() && at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
            value = value * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
            if (value > INT64_MAX / 10) refuse("the header holds a number that is too large");
        }
        if (at_ == begin) refuse("the header lacks a whole number at byte " + std::to_string(at_));
        return value;
    }
    std::vector<std::uint64_t> numbers() {
        std::vector<std::uint64_t> found;
        want('[');
        if (take(']')) return found;
        do {
            found.push_back(number());
            if (found.size() > most_dimensions) refuse("the header holds a list that is too long");
        } while (take(','));
        want(']');
        return found;
    }

  private:
    void space() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
            ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string fault_;
};

// Bytes a number takes, 0 for an unknown type.
inline std::uint64_t size_of(std::string_view type) {
    if (type == "F64" || type == "I64" || type == "U64") return 8;
    if (type == "F32" || type == "I32" || type == "U32") return 4;
    if (type == "F16" || type == "BF16" || type == "I16" || type == "U16") return 2;
    return type == "I8" || type == "U8" || type == "BOOL" ? 1 : 0;
}

// One tensor's entry, its bytes cut from `data`.
inline Tensor entry(Header& header, std::string name, Bytes data) {
    Tensor tensor{std::move(name), {}, {}, {}};
    std::vector<std::uint64_t> offsets;
    int seen = 0;
    header.want('{');
    do {
        const std::string key = header.string();
        header.want(':');
        if (key == "dtype") {
            tensor.type = header.string();
            seen |= 1;
        } else if (key == "shape") {
            tensor.shape = header.numbers();
            seen |= 2;
        } else if (key == "data_offsets") {
            offsets = header.numbers();
            seen |= 4;
        } else {
            header.refuse(tensor.name + ": unknown key " + key);
        }
    } while (header.take(','));
    header.want('}');
    if (seen != 7 || offsets.size() != 2)
        header.refuse(tensor.name + ": dtype, shape or data_offsets is missing");
    if (!header.sound()) return tensor;
    std::uint64_t bytes = size_of(tensor.type);
    if (bytes == 0) header.refuse(tensor.name + ": unknown dtype " + tensor.type);
    for (const std::uint64_t length : tensor.shape) {
        if (length != 0 && bytes > data.size() / length) {
            header.refuse(tensor.name + ": its shape asks for more bytes than the file has");
            return tensor;
        }
        bytes *= length;
    }
    if (offsets[0] > offsets[1] || offsets[1] > data.size()) {
        header.refuse(tensor.name + ": its data_offsets reach beyond the file");
    } else if (offsets[1] - offsets[0] != bytes) {
        header.refuse(tensor.name + ": its data_offsets do not fit its shape");
    } else {
        tensor.bytes = data.subspan(offsets[0], bytes);
    }
    return tensor;
}

// The tensors of a file into `tensors`, which look into it; gives what is wrong with it, nothing if it is
// sound.
inline std::string read(Bytes file, std::vector<Tensor>& tensors) {
    tensors.clear();
    if (file.size() < 8) return "the file is too short to be safetensors";
    std::uint64_t length = 0;
    for (std::size_t i = 8; i-- > 0;) length = length << 8U | file[i];
    if (length > longest_header) return "the header is too long, or this is not a safetensors file";
    if (length > file.size() - 8) return "the file ends within its header";
    const Bytes data = file.subspan(8 + length);
    std::string text(length, ' ');
    if (length != 0) std::memcpy(text.data(), file.data() + 8, length);

    Header header(text);
    header.want('{');
    if (!header.take('}')) {
        do {
            std::string name = header.string();
            header.want(':');
            if (name == "__metadata__") {
                header.want('{');
                if (header.take('}')) continue;
                do {
                    header.string();
                    header.want(':');
                    header.string();
                } while (header.take(','));
                header.want('}');
            } else if (header.sound()) {
                tensors.push_back(entry(header, std::move(name), data));
            }
        } while (header.take(','));
        header.want('}');
    }
    if (!header.sound()) return header.fault();
    if (!header.ended()) return "the header goes on behind its end";

    std::vector<const Tensor*> placed;
    for (const Tensor& tensor : tensors) placed.push_back(&tensor);
    std::ranges::sort(placed, {}, [](const Tensor* tensor) { return std::string_view(tensor->name); });
    for (std::size_t i = 1; i < placed.size(); ++i) {
        if (placed[i]->name == placed[i - 1]->name) return placed[i]->name + ": is there twice";
    }
    std::ranges::sort(placed, [](const Tensor* a, const Tensor* b) {
        return a->bytes.data() != b->bytes.data() ? a->bytes.data() < b->bytes.data()
                                                  : a->bytes.size() < b->bytes.size();
    });
    const std::uint8_t* reached = data.data();
    for (const Tensor* tensor : placed) {
        if (tensor->bytes.data() < reached) return tensor->name + ": overlaps another tensor";
        if (tensor->bytes.data() > reached)
            return tensor->name + ": stands behind bytes that belong to no tensor";
        reached += tensor->bytes.size();
    }
    if (reached != data.data() + data.size()) return "the file goes on behind its last tensor";
    return {};
}

inline float float_of_bfloat(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
}

// To the nearest, ties to even; not for NaN.
inline std::uint16_t bfloat_of(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

inline float float_of_half(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000U) << 16U;
    const std::uint32_t exponent = half >> 10U & 31U;
    const std::uint32_t fraction = half & 0x3FFU;
    if (exponent == 0) {
        const float size = static_cast<float>(fraction) * 0x1p-24F;
        return sign != 0 ? -size : size;
    }
    const std::uint32_t moved = exponent == 31 ? 255U : exponent + 112U;
    return std::bit_cast<float>(sign | moved << 23U | fraction << 13U);
}

// A tensor of F32, F16 or BF16 as floats; gives what is wrong, nothing if all are finite.
inline std::string floats_of(const Tensor& tensor, std::vector<float>& floats) {
    const bool wide = tensor.type == "F32";
    if (!wide && tensor.type != "F16" && tensor.type != "BF16")
        return tensor.name + ": is " + tensor.type + ", but must be F32, F16 or BF16";
    floats.resize(tensor.bytes.size() / (wide ? 4 : 2));
    for (std::size_t i = 0; i < floats.size(); ++i) {
        if (wide) {
            std::uint32_t bits = 0;
            for (std::size_t k = 4; k-- > 0;) bits = bits << 8U | tensor.bytes[i * 4 + k];
            floats[i] = std::bit_cast<float>(bits);
        } else {
            const auto bits = static_cast<std::uint16_t>(
                tensor.bytes[i * 2] | static_cast<unsigned>(tensor.bytes[i * 2 + 1]) << 8U);
            floats[i] = tensor.type == "F16" ? float_of_half(bits) : float_of_bfloat(bits);
        }
        if ((std::bit_cast<std::uint32_t>(floats[i]) & 0x7F800000U) == 0x7F800000U)
            return tensor.name + ": holds a number that is not finite";
    }
    return {};
}

}  // namespace safetensors
}  // namespace sideman
