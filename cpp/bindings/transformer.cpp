// Python bindings of the transformer: arguments are checked here, by name, and nowhere below.
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <memory>
#include <mutex>
#include <sideman/transformer.hpp>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "engine.hpp"

namespace py = pybind11;
using namespace sideman;

namespace {

using Tokens = py::array_t<std::int32_t, py::array::c_style>;
using Logits = py::array_t<float, py::array::c_style>;

std::vector<std::string> kernel_names() {
    std::vector<std::string> names;
    for (const Kernels* const* one = runnable_kernels(); *one != nullptr; ++one)
        names.emplace_back((*one)->name);
    return names;
}

const Kernels& kernels_called(const std::string& name) {
    const Kernels* const* one = runnable_kernels();
    if (name == "auto") return **one;
    std::string known = "auto";
    for (; *one != nullptr; ++one) {
        if (name == (*one)->name) return **one;
        known += std::string(", ") + (*one)->name;
    }
    throw py::value_error("kernel must be one of " + known + ", not " + name);
}

std::size_t size_of(std::int64_t n, const char* name) {
    if (n < 0) throw py::value_error(std::string(name) + " must not be negative");
    return static_cast<std::size_t>(n);
}

std::unique_ptr<PyTransformer> load(const py::buffer& weights, std::int64_t vocab_size,
                                    std::int64_t hidden_size, std::int64_t intermediate_size,
                                    std::int64_t layers, std::int64_t heads, std::int64_t kv_heads,
                                    std::int64_t head_dim, double eps, double theta, bool tied,
                                    const std::string& format, const std::string& cache,
                                    std::int64_t sequences, std::int64_t window, std::int64_t rollback,
                                    const std::string& kernel, const std::string& type,
                                    std::int64_t positions) {
    if (type != "llama" && type != "gpt2")
        throw py::value_error("model_type must be llama or gpt2, not " + type);
    if (format != "f32" && format != "int8")
        throw py::value_error("weights_as must be f32 or int8, not " + format);
    if (cache != "f32" && cache != "bf16")
        throw py::value_error("cache_as must be f32 or bf16, not " + cache);
    const Config config{type == "gpt2" ? Blocks::gpt2 : Blocks::llama,
                        size_of(positions, "max_position_embeddings"),
                        size_of(vocab_size, "vocab_size"),
                        size_of(hidden_size, "hidden_size"),
                        size_of(intermediate_size, "intermediate_size"),
                        size_of(layers, "num_hidden_layers"),
                        size_of(heads, "num_attention_heads"),
                        size_of(kv_heads, "num_key_value_heads"),
                        size_of(head_dim, "head_dim"),
                        static_cast<float>(eps),
                        theta,
                        tied};
    const Running running{size_of(sequences, "sequences"), size_of(window, "window"),
                          size_of(rollback, "rollback"), format == "int8", cache == "bf16"};
    const Kernels& kernels = kernels_called(kernel);
    const py::buffer_info view = weights.request();
    const auto length = static_cast<std::size_t>(view.size * view.itemsize);
    if (view.ndim != 1 || view.strides[0] != view.itemsize) throw py::value_error("weights must be bytes");
    auto made = std::make_unique<PyTransformer>();
    std::string fault;
    {
        const py::gil_scoped_release others;
        made->model = Transformer::load({static_cast<const std::uint8_t*>(view.ptr), length}, config, running,
                                        kernels, fault);
    }
    if (made->model == nullptr) throw py::value_error(fault);
    return made;
}

void complain(const PyTransformer& self, StepFault fault) {
    switch (fault) {
        case StepFault::sound:
            return;
        case StepFault::no_such_token:
            throw py::value_error("tokens must be from 0 to " +
                                  std::to_string(self.engine().config().vocab_size - 1));
        case StepFault::no_such_sequence:
            throw py::value_error("sequences must be from 0 to " +
                                  std::to_string(self.engine().running().sequences - 1));
        case StepFault::sequence_twice:
            throw py::value_error("sequences must be different ones");
        case StepFault::no_position:
            throw py::value_error("a sequence of this model has at most " +
                                  std::to_string(self.engine().config().max_position_embeddings) + " tokens");
        case StepFault::not_finite:
            break;
    }
    throw py::value_error("the logits are not finite: the weights of this model are too large");
}

Logits step(PyTransformer& self, const Tokens& sequences, const Tokens& tokens) {
    if (sequences.ndim() != 1 || tokens.ndim() != 1 || sequences.size() != tokens.size())
        throw py::value_error("sequences and tokens must be int32[n], one token a sequence");
    const auto batch = static_cast<std::size_t>(tokens.size());
    Logits logits({batch, self.engine().config().vocab_size});
    float* const to = logits.mutable_data();
    StepFault fault = StepFault::sound;
    {
        const py::gil_scoped_release others;
        const std::scoped_lock turn(self.turn);
        fault = self.engine().step({sequences.data(), batch}, {tokens.data(), batch});
        for (std::size_t b = 0; fault == StepFault::sound && b < batch; ++b)
            std::ranges::copy(self.engine().logits_of(b), to + b * self.engine().config().vocab_size);
    }
    complain(self, fault);
    return logits;
}

}  // namespace

namespace sideman {

void bind_transformer(py::module_& m) {
    m.def("transformer_kernels", &kernel_names,
          "The kernels that this processor can run, the best first; all give the same bits.");
    py::class_<PyTransformer>(
        m, "Transformer",
        "A decoder-only transformer of Llama's or GPT-2's blocks, for several sequences at once.")
        .def(py::init(&load), py::arg("weights"), py::kw_only(), py::arg("vocab_size"),
             py::arg("hidden_size"), py::arg("intermediate_size"), py::arg("num_hidden_layers"),
             py::arg("num_attention_heads"), py::arg("num_key_value_heads"), py::arg("head_dim"),
             py::arg("rms_norm_eps") = 1e-5, py::arg("rope_theta") = 10000.0,
             py::arg("tie_word_embeddings") = true, py::arg("weights_as") = "f32",
             py::arg("cache_as") = "bf16", py::arg("sequences") = 16, py::arg("window") = 512,
             py::arg("rollback") = 64, py::arg("kernel") = "auto", py::arg("model_type") = "llama",
             py::arg("max_position_embeddings") = 0,
             "From the bytes of a safetensors file and the fields of its config.json; raises `ValueError` "
             "that names "
             "what\n"
             "is wrong with either.")
        .def(
            "read",
            [](PyTransformer& self, std::int32_t sequence, const Tokens& tokens) {
                if (tokens.ndim() != 1 || tokens.size() < 1)
                    throw py::value_error("tokens must be int32[n] with at least one");
                self.known(sequence);
                Logits logits(static_cast<py::ssize_t>(self.engine().config().vocab_size));
                StepFault fault = StepFault::sound;
                {
                    const py::gil_scoped_release others;
                    const std::scoped_lock turn(self.turn);
                    fault = self.engine().read(sequence,
                                               {tokens.data(), static_cast<std::size_t>(tokens.size())});
                    if (fault == StepFault::sound)
                        std::ranges::copy(self.engine().logits_of(0), logits.mutable_data());
                }
                complain(self, fault);
                return logits;
            },
            py::arg("sequence"), py::arg("tokens"),
            "Many tokens of one sequence, int32[n]: the same logits as one after another, "
            "float32[vocab_size], sooner.")
        .def("step", &step, py::arg("sequences"), py::arg("tokens"),
             "One token each for different sequences, int32[n] both: the logits of what comes next, "
             "float32[n,\n"
             "vocab_size]. Raises `ValueError`, and nothing has moved.")
        .def(
            "rollback",
            [](PyTransformer& self, std::int64_t sequence, std::int64_t n) {
                const std::scoped_lock turn(self.turn);
                const std::size_t which = self.known(sequence);
                const std::int64_t most = self.engine().reach(which);
                if (n < 0 || n > most)
                    throw py::value_error("n must be from 0 to " + std::to_string(most) + ", not " +
                                          std::to_string(n));
                self.engine().rollback(which, n);
            },
            py::arg("sequence"), py::arg("n"), "Take a sequence's last n tokens back.")
        .def(
            "reset",
            [](PyTransformer& self, std::int64_t sequence) {
                const std::scoped_lock turn(self.turn);
                self.engine().reset(self.known(sequence));
            },
            py::arg("sequence"), "Let a sequence begin anew.")
        .def(
            "length",
            [](PyTransformer& self, std::int64_t sequence) {
                const std::scoped_lock turn(self.turn);
                return self.engine().length(self.known(sequence));
            },
            py::arg("sequence"),
            "How many tokens a sequence holds, those that slid out of the window included.")
        .def_property_readonly("kernel",
                               [](const PyTransformer& self) { return self.engine().kernels().name; })
        .def_property_readonly("bytes", [](const PyTransformer& self) { return self.engine().bytes(); });
}

}  // namespace sideman
