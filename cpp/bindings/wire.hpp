// What wire.cpp gives to module.cpp, on Linux.
#pragma once

#include <pybind11/pybind11.h>

namespace sideman {

void bind_wire(pybind11::module_& m);

}  // namespace sideman
