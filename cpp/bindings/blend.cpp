// Python bindings of blends: arguments are checked here, by name, and nowhere below.
#include <memory>
#include <optional>
#include <sideman/blend.hpp>

#include "arguments.hpp"
#include "bindings.hpp"
#include "contract.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;
using namespace sideman::contract;

namespace {

using Parts = std::vector<std::shared_ptr<NativeModel>>;

constexpr std::size_t most_parts = 16;

struct PyBlend final : StandingModel {
    PyBlend(Parts given, BlendSettings settings, std::vector<std::string> called)
        : parts(std::move(given)), names(std::move(called)), blend(models_of(parts), std::move(settings)) {}

    static std::vector<Model*> models_of(const Parts& parts) {
        std::vector<Model*> models;
        for (const auto& part : parts) models.push_back(&part->model());
        return models;
    }
    Model& model() override { return blend; }
    std::shared_ptr<Alphabet> letters() const override { return parts[0]->letters(); }
    // Whoever teaches a part by itself makes its positions mean something else.
    void check() const override {
        for (const auto& part : parts) {
            if (part->model().size() != blend.size())
                throw py::value_error("the parts of a blend have learned different things");
        }
    }

    Parts parts;
    std::vector<std::string> names;
    Blend blend;
};

BlendSettings settings_of(std::size_t parts, const std::string& how, const std::string& weights,
                          const std::optional<std::vector<double>>& shares) {
    BlendSettings settings;
    if (how != "product" && how != "mixture")
        throw py::value_error("how must be product or mixture, not " + how);
    if (weights != "fixed" && weights != "entropy" && weights != "success")
        throw py::value_error("weights must be fixed, entropy or success, not " + weights);
    if (parts < 1 || parts > most_parts) throw py::value_error("a blend has 1 to 16 parts");
    settings.how = how == "product" ? How::product : How::mixture;
    settings.weights = weights == "fixed"     ? Weights::fixed
                       : weights == "entropy" ? Weights::entropy
                                              : Weights::success;
    settings.shares = shares.value_or(std::vector<double>(parts, 1.0));
    if (settings.shares.size() != parts) throw py::value_error("shares must be one a part");
    for (const double share : settings.shares) {
        if (!(share > 0.0 && share <= 1e6)) throw py::value_error("shares must be above 0");
    }
    return settings;
}

std::unique_ptr<PyBlend> make(Parts parts, const std::string& how, const std::string& weights,
                              const std::optional<std::vector<double>>& shares,
                              std::optional<std::vector<std::string>> names) {
    auto settings = settings_of(parts.size(), how, weights, shares);
    if (!names) {
        names.emplace();
        for (std::size_t i = 0; i < parts.size(); ++i) names->push_back(std::to_string(i + 1));
    }
    if (names->size() != parts.size()) throw py::value_error("names must be one a part");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            if (parts[i] == parts[j]) throw py::value_error("parts must be different models");
        }
        if (parts[i]->letters() != parts[0]->letters())
            throw py::value_error("parts must share one alphabet");
    }
    auto made = std::make_unique<PyBlend>(std::move(parts), std::move(settings), std::move(*names));
    made->check();
    return made;
}

struct PyBlending {
    Blending blending;
    BlendScratch scratch;
};

using Said = std::vector<std::pair<std::vector<Value>, std::vector<double>>>;

py::tuple mix(PyBlending& blending, std::size_t component, const Said& said,
              const std::vector<double>& evidence) {
    if (component >= blending.blending.components()) throw py::value_error("component is beyond the last");
    if (said.size() != blending.blending.parts()) throw py::value_error("said must be one a part");
    if (!evidence.empty() && evidence.size() != said.size())
        throw py::value_error("evidence must be one a part");
    std::vector<Distribution> given;
    std::vector<const Distribution*> each;
    for (const auto& [values, p] : said) {
        if (values.empty() || values[0] != 0 || values.size() != p.size())
            throw py::value_error("said must hold values from 0 and their probabilities");
        given.push_back({values, p});
    }
    for (const Distribution& one : given) each.push_back(&one);
    blending.blending.mix(component, each, evidence, blending.scratch);
    return py::make_tuple(
        Ints(static_cast<py::ssize_t>(blending.scratch.next.values.size()),
             blending.scratch.next.values.data()),
        Floats(static_cast<py::ssize_t>(blending.scratch.next.p.size()), blending.scratch.next.p.data()),
        blending.scratch.weights);
}

void bind_blending(py::module_& m) {
    py::class_<PyBlending>(m, "Blending", "How the distributions of several models become one; see `Blend`.")
        .def(py::init([](std::size_t components, std::size_t parts, const std::string& how,
                         const std::string& weights, const std::optional<std::vector<double>>& shares) {
                 if (components < 1 || components > most_components)
                     throw py::value_error("components must be 1 to 16");
                 return std::make_unique<PyBlending>(
                     PyBlending{Blending(components, settings_of(parts, how, weights, shares)), {}});
             }),
             py::arg("components"), py::arg("parts"), py::arg("how") = "product",
             py::arg("weights") = "success", py::arg("shares") = py::none())
        .def_property_readonly(
            "learns", [](const PyBlending& b) { return b.blending.learns(); },
            "Whether it is the better for having seen what came.")
        .def_property_readonly(
            "weighs_prefixes", [](const PyBlending& b) { return b.blending.weighs_prefixes(); },
            "Whether the components chosen before count as evidence.")
        .def("mix", &mix, py::arg("component"), py::arg("said"), py::arg("evidence") = std::vector<double>{},
             "One component of all parts made into one: (values, p, the parts' weights).")
        .def(
            "said",
            [](const PyBlending& b, Value value) {
                std::vector<double> each;
                for (std::size_t i = 0; i < b.blending.parts(); ++i)
                    each.push_back(Blending::said(b.scratch, i, value));
                return each;
            },
            py::arg("value"), "What each part gave a value in the last `mix`.")
        .def(
            "learn",
            [](PyBlending& b, std::size_t component, Value came) {
                b.blending.learn(component, came, b.scratch);
            },
            py::arg("component"), py::arg("came"), "A value came, after `mix` of the same component.");
}

}  // namespace

namespace sideman {

void bind_blend(py::module_& m) {
    bind_blending(m);

    contract::bind_standing(m);

    py::class_<PyBlend, NativeModel, std::shared_ptr<PyBlend>> made(
        m, "Blend",
        "Several models of the core that learn the same symbols and predict as one.\n"
        "`how`: product or mixture; `weights`: fixed, entropy or success; `shares`: where the weights "
        "begin.\n"
        "Sources: Pearce 2005 (entropy); Hinton 2002 (product); Herbster & Warmuth 1998 (success).");
    made.def(py::init(&make), py::arg("parts"), py::arg("how") = "product", py::arg("weights") = "success",
             py::arg("shares") = py::none(), py::arg("names") = py::none())
        .def_property_readonly(
            "parts", [](const PyBlend& model) { return model.parts; }, "The models that it is made of.")
        .def_property_readonly(
            "names", [](const PyBlend& model) { return py::tuple(py::cast(model.names)); },
            "What its parts are called.")
        .def_property_readonly(
            "alphabet", [](const PyBlend& model) { return model.letters(); }, "The alphabet, or None.");
    contract::bind_contract<PyBlend>(made);
}

}  // namespace sideman
