// The tensors of a file, each given out once, in the shape that is asked for; what nobody asked for is a
// fault.
//
// Names and shapes only: what a tensor is for, its taker knows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <sideman/safetensors.hpp>
#include <string>
#include <vector>

namespace sideman {

class Supply {
  public:
    explicit Supply(const std::vector<Tensor>& tensors) {
        for (const Tensor& tensor : tensors) left_[tensor.name] = &tensor;
    }
    std::vector<float> give(const std::string& name, std::vector<std::uint64_t> shape) {
        std::vector<float> floats;
        if (!fault_.empty()) return floats;
        const auto found = left_.find(name);
        if (found == left_.end()) {
            fault_ = name + ": is not in the file";
        } else if (found->second->shape != shape) {
            fault_ = name + ": has the shape " + text_of(found->second->shape) +
                     ", but the configuration asks for " + text_of(shape);
        } else {
            fault_ = safetensors::floats_of(*found->second, floats);
            left_.erase(found);
        }
        return floats;
    }
    bool has(const std::string& name) const { return left_.contains(name); }
    // What some files hold beside the weights, and nobody needs.
    void leave(const std::string& name) { left_.erase(name); }
    // A matrix that is kept the other way round, float[columns][rows], as float[rows][columns].
    std::vector<float> give_turned(const std::string& name, std::uint64_t rows, std::uint64_t columns) {
        const std::vector<float> turned = give(name, {columns, rows});
        std::vector<float> floats(turned.size());
        for (std::size_t r = 0; r < rows && !turned.empty(); ++r) {
            for (std::size_t c = 0; c < columns; ++c) floats[r * columns + c] = turned[c * rows + r];
        }
        return floats;
    }
    // What was wrong; a tensor that nobody asked for is.
    std::string fault() const {
        if (!fault_.empty() || left_.empty()) return fault_;
        return left_.begin()->first + ": is a tensor that this kind of model does not have";
    }
    bool sound() const { return fault_.empty(); }

  private:
    static std::string text_of(const std::vector<std::uint64_t>& shape) {
        std::string text = "[";
        for (const std::uint64_t length : shape)
            text += (text.size() > 1 ? ", " : "") + std::to_string(length);
        return text + "]";
    }
    std::map<std::string, const Tensor*> left_;
    std::string fault_;
};

}  // namespace sideman
