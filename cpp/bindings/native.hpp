// What all models of the core are to Python: a model to walk through or to blend, and its states.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <memory>
#include <sideman/model.hpp>
#include <string>
#include <vector>

namespace sideman {

struct NativeModel {
    virtual ~NativeModel() = default;
    virtual Model& model() = 0;
    // The alphabet, shared with Python; null: ids are values.
    virtual std::shared_ptr<Alphabet> letters() const = 0;
    // Where a state of this model stands; throws for another's.
    virtual std::unique_ptr<Standing> standing(const pybind11::handle& state) = 0;
};

template <class Native>
pybind11::array_t<double> weights_of(Native& native) {
    std::vector<double> all;
    native.model().tell_weights(all);
    return pybind11::array_t<double>(static_cast<pybind11::ssize_t>(all.size()), all.data());
}

template <class Native>
void set_weights_of(Native& native, const pybind11::array_t<double, pybind11::array::c_style>& given) {
    std::vector<double> all;
    native.model().tell_weights(all);
    if (given.ndim() != 1 || given.size() != static_cast<pybind11::ssize_t>(all.size()))
        throw pybind11::value_error("weights must have shape [" + std::to_string(all.size()) +
                                    "], as this model gave them");
    native.model().set_weights(given.data());
}

}  // namespace sideman
