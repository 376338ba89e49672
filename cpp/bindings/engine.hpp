// The transformer as Python holds it, until a reader takes it over.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <mutex>
#include <sideman/transformer.hpp>
#include <string>

namespace sideman {

// A model, and the lock by which calls from several threads take turns.
struct PyTransformer {
    std::unique_ptr<Transformer> model;
    std::mutex turn;

    Transformer& engine() const {
        if (model == nullptr) throw pybind11::value_error("this transformer is a reader's now");
        return *model;
    }
    std::size_t known(std::int64_t sequence) const {
        if (sequence < 0 || static_cast<std::size_t>(sequence) >= engine().running().sequences)
            throw pybind11::value_error("sequence must be from 0 to " +
                                        std::to_string(engine().running().sequences - 1));
        return static_cast<std::size_t>(sequence);
    }
};

}  // namespace sideman
