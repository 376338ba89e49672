// What scenario.cpp gives to module.cpp.
#pragma once

#include <pybind11/pybind11.h>

namespace sideman {

void bind_scenario(pybind11::module_& m);

}  // namespace sideman
