// Python bindings of the prediction core.
#include "bindings.hpp"

namespace sideman {

void bind_model(pybind11::module_& m) { (void)m; }

}  // namespace sideman
