// What all models of the core are to Python: a model to walk through or to blend, and its states.
#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <sideman/model.hpp>

namespace sideman {

struct NativeModel {
    virtual ~NativeModel() = default;
    virtual Model& model() = 0;
    // The alphabet, shared with Python; null: ids are values.
    virtual std::shared_ptr<Alphabet> letters() const = 0;
    // Where a state of this model stands; throws for another's.
    virtual std::unique_ptr<Standing> standing(const pybind11::handle& state) = 0;
};

}  // namespace sideman
