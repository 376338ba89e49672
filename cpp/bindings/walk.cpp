// Python bindings of the sampler and of the loop that chooses: arguments are checked here, and nowhere below.
#include <memory>
#include <optional>
#include <sideman/walk.hpp>

#include "arguments.hpp"
#include "bindings.hpp"
#include "native.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

struct PyWalk {
    std::shared_ptr<NativeModel> model;
    Walk walk;
};

Sampler sampler_of(double temperature, int top_k, double top_p, double min_p) {
    if (!(temperature >= 0.0 && temperature <= 1e6)) throw py::value_error("temperature must be 0 or more");
    if (top_k < 0) throw py::value_error("top_k must be 0 (all) or more");
    if (!(top_p > 0.0 && top_p <= 1.0)) throw py::value_error("top_p must be above 0 and at most 1");
    if (!(min_p >= 0.0 && min_p <= 1.0)) throw py::value_error("min_p must be 0 to 1");
    return {temperature, top_k, top_p, min_p};
}

Floats weigh(const Sampler& sampler, const Floats& p, const std::optional<Floats>& mask) {
    if (p.ndim() != 1 || p.size() == 0) throw py::value_error("p must have shape [m] with m at least 1");
    if (mask && mask->size() != p.size()) throw py::value_error("mask must be as long as p");
    Floats weighed(p.size());
    auto out = weighed.mutable_unchecked<1>();
    for (py::ssize_t i = 0; i < p.size(); ++i) {
        const double weight = mask ? mask->at(i) : 1.0;
        if (!(p.at(i) >= 0.0 && p.at(i) <= 1e300)) throw py::value_error("p must be finite and not negative");
        if (!(weight >= 0.0 && weight <= 1e300))
            throw py::value_error("mask must be finite and not negative");
        out(i) = p.at(i) * weight;
    }
    std::vector<std::size_t> order;
    if (!sampler.weigh({weighed.mutable_data(), static_cast<std::size_t>(weighed.size())}, order)) {
        throw py::value_error("the mask leaves nothing to draw");
    }
    return weighed;
}

// What is wished for, held while the walk looks at it.
struct GivenWishes {
    GivenWishes(PyWalk& walk, const Sampler& sampler, const std::vector<std::optional<Floats>>& given,
                int continuity, int taboo, int min_context, const Pairs& avoid)
        : masks(given), intervals(intervals_of(avoid, "avoid")) {
        if (given.size() > walk.model->model().components())
            throw py::value_error("masks must be one a component at most");
        if (taboo < 0 || taboo > static_cast<int>(Walk::remembered))
            throw py::value_error("taboo must be 0 to 64");
        wishes = {sampler, masks.spans, continuity, taboo, min_context, intervals};
    }
    GivenMasks masks;
    std::vector<Interval> intervals;
    Wishes wishes;
};

std::optional<Choice> choose(PyWalk& walk, const Sampler& sampler, std::uint64_t seed, std::uint32_t player,
                             std::uint64_t ordinal, const std::vector<std::optional<Floats>>& masks,
                             int continuity, int taboo, int min_context, const Pairs& avoid) {
    const GivenWishes given(walk, sampler, masks, continuity, taboo, min_context, avoid);
    std::optional<Choice> choice(std::in_place);
    walk.walk.choose(given.wishes, seed, player, ordinal, *choice);
    if (!choice->made) choice.reset();
    return choice;
}

std::vector<Choice> choose_many(PyWalk& walk, int count, const Sampler& sampler, std::uint64_t seed,
                                std::uint32_t player, std::uint64_t ordinal,
                                const std::vector<std::optional<Floats>>& masks, int continuity, int taboo,
                                int min_context, const Pairs& avoid) {
    const GivenWishes given(walk, sampler, masks, continuity, taboo, min_context, avoid);
    std::vector<Choice> choices;
    const auto work = [&] {
        for (int i = 0; i < count; ++i) {
            Choice choice;
            walk.walk.choose(given.wishes, seed, player, ordinal + static_cast<std::uint64_t>(i), choice);
            if (!choice.made) return;
            choices.push_back(std::move(choice));
        }
    };
    if (count > 8) {
        const py::gil_scoped_release others;
        work();
    } else {
        work();
    }
    return choices;
}

}  // namespace

namespace sideman {

void bind_walk(py::module_& m) {
    py::class_<Sampler>(
        m, "Sampler",
        "The one sampler: mask, temperature (0: the most probable), top-k (0: all), min-p, top-p.")
        .def(py::init(&sampler_of), py::arg("temperature") = 1.0, py::arg("top_k") = 0,
             py::arg("top_p") = 1.0, py::arg("min_p") = 0.0)
        .def(
            "weigh", &weigh, py::arg("p"), py::arg("mask") = py::none(),
            "What is drawn from: float64[m] that sums to 1. Raises ValueError where the mask leaves nothing.")
        .def(
            "pick",
            [](const Sampler& sampler, const Floats& p, std::uint64_t draw,
               const std::optional<Floats>& mask) {
                const Floats weighed = weigh(sampler, p, mask);
                return Sampler::pick({weighed.data(), static_cast<std::size_t>(weighed.size())}, draw);
            },
            py::arg("p"), py::arg("draw"), py::arg("mask") = py::none(),
            "The index that 64 uniform bits fall on, the same on every platform.");

    m.attr("GAVE_UP_TABOO") = static_cast<int>(gave_up_taboo);
    m.attr("GAVE_UP_CONTINUITY") = static_cast<int>(gave_up_continuity);
    m.attr("GAVE_UP_MIN_CONTEXT") = static_cast<int>(gave_up_min_context);
    m.attr("GAVE_UP_AVOID") = static_cast<int>(gave_up_avoid);

    py::class_<Choice>(m, "Choice", "What was chosen, from where in memory, and why.")
        .def_property_readonly(
            "values", [](const Choice& c) { return py::tuple(py::cast(c.values)); },
            "The symbol's component values.")
        .def_readonly("position", &Choice::position, "The source in memory; -1: none.")
        .def_readonly("sources", &Choice::sources, "All positions that support it, longest context first.")
        .def_readonly("context", &Choice::context,
                      "How many events before the source agree with what was played.")
        .def_readonly("raw", &Choice::raw, "What the model gave: a product over the components.")
        .def_readonly("probability", &Choice::probability, "The same after masks and sampler.")
        .def_readonly("entropy_bits", &Choice::entropy_bits, "Of the model's distributions, summed.")
        .def_readonly("rank", &Choice::rank,
                      "In the model's own order, 0 the first; the worst over the components.")
        .def_readonly("bound", &Choice::bound,
                      "A bit for each component of which a mask forbade something probable.")
        .def_readonly("given_up", &Choice::given_up, "GAVE_UP_… of the wishes that left nothing.")
        .def_property_readonly(
            "parts",
            [](const Choice& c) {
                std::vector<std::pair<double, double>> parts;
                for (const PartWord& part : c.parts) parts.emplace_back(part.weight, part.probability);
                return parts;
            },
            "Of a blend: each part's weight, and the probability that it gave, a product over the "
            "components.");

    py::class_<PyWalk>(m, "Walk",
                       "A player's way through a model of the core: where it stands and what it took last.")
        .def(py::init([](std::shared_ptr<NativeModel> model, const py::object& state) {
                 auto standing = state.is_none() ? model->model().start() : model->standing(state);
                 Walk walk(model->model(), std::move(standing));
                 return std::make_unique<PyWalk>(PyWalk{std::move(model), std::move(walk)});
             }),
             py::arg("model"), py::arg("state") = py::none())
        .def(
            "copy", [](const PyWalk& walk) { return std::make_unique<PyWalk>(walk); },
            "A walk of its own from here.")
        .def(
            "steer", [](PyWalk& walk, const std::vector<Value>& tokens) { walk.walk.steer(tokens); },
            py::arg("tokens"), "Words before the next event, as tokens of an LLM; for others nothing.")
        .def(
            "word",
            [](PyWalk& walk, Value first, Value past) -> std::optional<std::vector<double>> {
                if (first < 0 || past <= first) throw py::value_error("first and past must be tokens");
                std::vector<double> p;
                if (!walk.walk.word(first, past, p)) return std::nullopt;
                return p;
            },
            py::arg("first"), py::arg("past"),
            "How probable each of the tokens [first, past) is as the next word; None of a model without "
            "words.")
        .def("choose", &choose, py::arg("sampler"), py::arg("seed"), py::arg("player"), py::arg("ordinal"),
             py::arg("masks") = std::vector<std::optional<Floats>>{}, py::arg("continuity") = 8,
             py::arg("taboo") = 0, py::arg("min_context") = 0, py::arg("avoid") = Pairs{},
             "Choose the next event and go on by it; None when the masks leave nothing. Masks are float64 "
             "weights\n"
             "indexed by value, one a component, None where all is free; what lies beyond their end is "
             "forbidden.")
        .def("choose_many", &choose_many, py::arg("count"), py::arg("sampler"), py::arg("seed"),
             py::arg("player"), py::arg("ordinal"), py::arg("masks") = std::vector<std::optional<Floats>>{},
             py::arg("continuity") = 8, py::arg("taboo") = 0, py::arg("min_context") = 0,
             py::arg("avoid") = Pairs{},
             "Choose up to `count` events in one call, others running meanwhile; fewer where the masks leave "
             "nothing.");
}

}  // namespace sideman
