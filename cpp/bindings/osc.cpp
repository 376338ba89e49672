// Python bindings of the OSC codec.
#include "bindings.hpp"

namespace sideman {

void bind_osc(pybind11::module_& m) { (void)m; }

}  // namespace sideman
