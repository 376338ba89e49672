// The Python module sideman._core: one submodule for each part of the C++ library.
#include <pybind11/pybind11.h>

#include "bindings.hpp"
#include "scenario.hpp"
#include "wire.hpp"

namespace py = pybind11;

PYBIND11_MODULE(_core, m) {
    m.doc() =
        "sideman's C++ core: `osc` is the codec, `model` the prediction models and the sampler, "
        "`wire` (Linux) the network on time.";
    auto osc = m.def_submodule("osc", "Open Sound Control packets: parse, build, match patterns.");
    auto model = m.def_submodule("model", "Prediction: alphabets, oracle, keyed chance, sampler.");
    sideman::bind_osc(osc);
    sideman::bind_model(model);
    sideman::bind_ngram(model);
    sideman::bind_blend(model);
    sideman::bind_walk(model);
    sideman::bind_transformer(model);
    sideman::bind_llm(model);
    sideman::bind_activation(model);
    sideman::bind_reaction(model);
    sideman::bind_scenario(model);
#ifdef SIDEMAN_WIRE
    auto wire = m.def_submodule("wire", "The wire: receives UDP, and sends what is due on time.");
    sideman::bind_wire(wire);
#endif
}
