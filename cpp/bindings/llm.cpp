// Python bindings of the LLM as a model: arguments are checked here, by name, and nowhere below.
#include <pybind11/stl.h>

#include <sideman/llm.hpp>

#include "bindings.hpp"
#include "contract.hpp"
#include "engine.hpp"

namespace py = pybind11;
using namespace sideman;

namespace {

struct PyLLM final : contract::StandingModel {
    PyLLM(std::shared_ptr<Reader> by, Telling telling, std::shared_ptr<Alphabet> given)
        : reader(std::move(by)),
          alphabet(std::move(given)),
          llm(*reader, std::move(telling), alphabet.get()) {}
    Model& model() override { return llm; }
    std::shared_ptr<Alphabet> letters() const override { return alphabet; }

    std::shared_ptr<Reader> reader;
    std::shared_ptr<Alphabet> alphabet;
    LLM llm;
};

std::unique_ptr<PyLLM> make(std::shared_ptr<Reader> reader, std::vector<std::int32_t> header,
                            const std::vector<std::pair<std::int32_t, std::int32_t>>& spans, std::int32_t end,
                            std::shared_ptr<Alphabet> alphabet, double memory_share, double memory_half) {
    const auto tokens = static_cast<std::int32_t>(reader->engine().config().vocab_size);
    const std::size_t components = alphabet != nullptr ? alphabet->components() : 1;
    if (spans.size() != components) throw py::value_error("spans must be one a component");
    if (header.empty() || header.size() > Context::spare)
        throw py::value_error("header must have 1 to 64 tokens");
    for (const std::int32_t token : header) {
        if (token < 0 || token >= tokens) throw py::value_error("header must hold tokens of the model");
    }
    if (end < -1 || end >= tokens) throw py::value_error("end must be a token of the model, or -1");
    if (!(memory_share >= 0.0 && memory_share <= 1.0) || !(memory_half > 0.0))
        throw py::value_error("memory_share must be 0 to 1, memory_half above 0");
    if (reader->window() < Context::least_most)
        throw py::value_error("the reader's window must be at least 256 tokens");
    Telling telling{std::move(header), {}, end, memory_share, memory_half};
    for (const auto& [first, past] : spans) {
        if (first < 0 || past > tokens || past - first < 2)
            throw py::value_error("spans must be [first, past) of tokens of the model, two at least");
        telling.spans.push_back({first, past});
    }
    return std::make_unique<PyLLM>(std::move(reader), std::move(telling), std::move(alphabet));
}

}  // namespace

namespace sideman {

void bind_llm(py::module_& m) {
    py::class_<Reader, std::shared_ptr<Reader>>(
        m, "Reader", "A transformer that reads for many players, its sequences lent to whoever asks.")
        .def(py::init([](PyTransformer& taken) {
                 taken.engine();
                 return std::make_shared<Reader>(std::move(taken.model));
             }),
             py::arg("transformer"), "Takes a transformer over, which is of no use by itself from then on.")
        .def_property_readonly(
            "work", [](const Reader& reader) { return reader.work(); },
            "How many tokens were run through it so far.")
        .def_property_readonly(
            "kernel", [](const Reader& reader) { return reader.engine().kernels().name; },
            "The kernels that run.")
        .def_property_readonly(
            "bytes", [](const Reader& reader) { return reader.engine().bytes(); },
            "What weights and caches take.")
        .def_property_readonly(
            "vocab_size", [](const Reader& reader) { return reader.engine().config().vocab_size; },
            "How many tokens there are.");

    py::class_<PyLLM, NativeModel, std::shared_ptr<PyLLM>> made(
        m, "LLM",
        "A transformer as a model: symbols are read as tokens, one a component; an oracle remembers the "
        "performer.\n"
        "Source: after Khandelwal et al., Generalization through memorization, ICLR 2020.");
    made.def(py::init(&make), py::arg("reader"), py::arg("header"), py::arg("spans"), py::arg("end") = -1,
             py::arg("alphabet") = nullptr, py::arg("memory_share") = 0.5, py::arg("memory_half") = 4.0,
             "`header`: how each stream begins; `spans`: of each component the tokens [first, past) of its "
             "values from 0,\n"
             "the unknown; `end`: said where a context breaks. Raises ValueError.")
        .def_property_readonly(
            "alphabet", [](const PyLLM& model) { return model.letters(); }, "The alphabet, or None.")
        .def_property_readonly(
            "reader", [](const PyLLM& model) { return model.reader; }, "Whom it asks.")
        .def_property_readonly(
            "bytes", [](const PyLLM& model) { return model.llm.bytes(); },
            "What its memory takes, in bytes; the reader's weights are shared.");
    contract::bind_contract<PyLLM>(made);
}

}  // namespace sideman
