// What each binding file gives to module.cpp.
#pragma once

#include <pybind11/pybind11.h>

namespace sideman {

void bind_osc(pybind11::module_& m);
void bind_model(pybind11::module_& m);
void bind_ngram(pybind11::module_& m);
void bind_walk(pybind11::module_& m);
void bind_blend(pybind11::module_& m);
void bind_transformer(pybind11::module_& m);
void bind_llm(pybind11::module_& m);
void bind_activation(pybind11::module_& m);
void bind_reaction(pybind11::module_& m);

}  // namespace sideman
