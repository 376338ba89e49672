// Python bindings of blends: arguments are checked here, by name, and nowhere below.
#include <memory>
#include <optional>
#include <sideman/blend.hpp>

#include "arguments.hpp"
#include "bindings.hpp"
#include "native.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

using Parts = std::vector<std::shared_ptr<NativeModel>>;

constexpr std::size_t most_parts = 16;

struct PyBlendState {
    std::uint64_t owner;
    std::unique_ptr<Standing> standing;
    std::vector<Value> around{};
};

struct PyBlend final : NativeModel {
    PyBlend(Parts given, BlendSettings settings, std::vector<std::string> called)
        : parts(std::move(given)),
          names(std::move(called)),
          blend(models_of(parts), std::move(settings)),
          number(++made) {}

    static std::vector<Model*> models_of(const Parts& parts) {
        std::vector<Model*> models;
        for (const auto& part : parts) models.push_back(&part->model());
        return models;
    }
    Model& model() override { return blend; }
    std::shared_ptr<Alphabet> letters() const override { return parts[0]->letters(); }
    std::unique_ptr<Standing> standing(const py::handle& state) override {
        return own(state.cast<const PyBlendState&>()).standing->copy();
    }
    const PyBlendState& own(const PyBlendState& state) const {
        if (state.owner != number) throw py::value_error("state belongs to another model");
        return state;
    }
    // Put the next question to a state's standing.
    Standing& asked(const PyBlendState& state, const Pairs& exclude, int min_context = 0) const {
        own(state).standing->ask(intervals_of(exclude, "exclude"), min_context);
        return *state.standing;
    }
    // Whoever teaches a part by itself makes its positions mean something else.
    void check_together() const {
        for (const auto& part : parts) {
            if (part->model().size() != blend.size())
                throw py::value_error("the parts of a blend have learned different things");
        }
    }
    void check_positions(const std::vector<Position>& positions) const {
        for (const Position position : positions) {
            if (position < 0 || position >= blend.size())
                throw py::value_error("positions must have been learned");
        }
    }

    static inline std::uint64_t made = 0;
    Parts parts;
    std::vector<std::string> names;
    Blend blend;
    std::uint64_t number;  // by which its states are known
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
    made->check_together();
    return made;
}

Position learn(PyBlend& model, const py::object& symbols, std::int32_t stream,
               const std::optional<Ints>& around, bool weigh) {
    model.check_together();
    const auto ids = ids_of(model.letters().get(), model.blend.components(), symbols);
    if (around && (around->ndim() != 2 || static_cast<std::size_t>(around->shape(0)) != ids.size()))
        throw py::value_error("around must have shape [n, k]");
    const auto width = around ? static_cast<std::size_t>(around->shape(1)) : 0;
    const Value* const near = around ? around->data() : nullptr;
    const Position first = model.blend.size();
    const auto work = [&] {
        for (std::size_t i = 0; i < ids.size(); ++i)
            model.blend.learn(ids[i], stream, {near + i * width, width}, weigh);
    };
    if (static_cast<py::ssize_t>(ids.size()) >= long_learning) {
        const py::gil_scoped_release others;
        work();
    } else {
        work();
    }
    return first;
}

py::tuple pair_of(const Distribution& next) {
    return py::make_tuple(Ints(static_cast<py::ssize_t>(next.values.size()), next.values.data()),
                          Floats(static_cast<py::ssize_t>(next.p.size()), next.p.data()));
}

py::tuple predict(const PyBlend& model, const PyBlendState& state, const std::vector<Value>& prefix,
                  const Pairs& exclude) {
    if (prefix.size() >= model.blend.components()) {
        throw py::value_error("prefix must be shorter than the symbol's " +
                              std::to_string(model.blend.components()) + " components");
    }
    return pair_of(model.asked(state, exclude).predict(prefix));
}

std::vector<Position> sources(const PyBlend& model, const PyBlendState& state, const py::handle& symbol,
                              const Pairs& exclude) {
    const auto values = values_of(model.letters().get(), model.blend.components(), symbol, "symbol");
    std::vector<Vote> found;
    model.asked(state, exclude).sources(values, found);
    std::vector<Position> positions;
    for (const Vote& vote : found) positions.push_back(vote.position);
    return positions;
}

double probability(const PyBlend& model, const PyBlendState& state, const py::handle& symbol) {
    const auto values = values_of(model.letters().get(), model.blend.components(), symbol, "symbol");
    Standing& standing = model.asked(state, {});
    double product = 1.0;
    for (std::size_t c = 0; c < values.size(); ++c) {
        const Distribution& next = standing.predict(std::span(values).first(c));
        const auto at = std::lower_bound(next.values.begin(), next.values.end(), values[c]);
        const bool known = at != next.values.end() && *at == values[c];
        product *= next.p[known ? static_cast<std::size_t>(at - next.values.begin()) : 0];
    }
    return product;
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

    py::class_<PyBlendState>(m, "BlendState",
                             "Where a player stands in one blend; small, and the player's own.")
        .def(
            "copy",
            [](const PyBlendState& state) {
                return PyBlendState{state.owner, state.standing->copy(), state.around};
            },
            py::keep_alive<0, 1>(), "A state of its own at the same place.")
        .def(
            "rollback",
            [](PyBlendState& state, int n) {
                if (n < 0 || n > state.standing->undoable()) {
                    throw py::value_error("n must be 0 to " + std::to_string(state.standing->undoable()));
                }
                state.standing->rollback(n);
            },
            py::arg("n"),
            "Take back the last n advances, at most 64 of them. Raises ValueError beyond what there is.")
        .def_property(
            "around", [](const PyBlendState& state) { return state.around; },
            [](PyBlendState& state, std::vector<Value> around) {
                state.around = std::move(around);
                state.standing->beside(state.around);
            },
            "What is known of the next event beside its symbol, for parts that look around.");

    py::class_<PyBlend, NativeModel, std::shared_ptr<PyBlend>>(
        m, "Blend",
        "Several models of the core that learn the same symbols and predict as one.\n"
        "`how`: product or mixture; `weights`: fixed, entropy or success; `shares`: where the weights "
        "begin.\n"
        "Sources: Pearce 2005 (entropy); Hinton 2002 (product); Herbster & Warmuth 1998 (success).")
        .def(py::init(&make), py::arg("parts"), py::arg("how") = "product", py::arg("weights") = "success",
             py::arg("shares") = py::none(), py::arg("names") = py::none())
        .def_property_readonly(
            "parts", [](const PyBlend& model) { return model.parts; }, "The models that it is made of.")
        .def_property_readonly(
            "names", [](const PyBlend& model) { return py::tuple(py::cast(model.names)); },
            "What its parts are called.")
        .def_property_readonly(
            "alphabet", [](const PyBlend& model) { return model.letters(); }, "The alphabet, or None.")
        .def("learn", &learn, py::arg("symbols"), py::arg("stream") = 0, py::arg("around") = py::none(),
             py::arg("weigh") = true,
             "Teach all parts the same symbols; the position of the first. `weigh`: weights learn, too.")
        .def(
            "end", [](PyBlend& model, std::int32_t stream) { model.blend.end(stream); },
            py::arg("stream") = 0, "A break: the stream's context ends, and nothing is predicted across it.")
        .def(
            "know",
            [](PyBlend& model, const py::object& symbols) {
                for (const auto id : ids_of(model.letters().get(), model.blend.components(), symbols))
                    model.blend.know(id);
            },
            py::arg("symbols"), "These belong to the alphabet, though they were not heard yet.")
        .def(
            "piece", [](PyBlend& model) { model.blend.piece(); },
            "A new piece begins, for parts that know the running one apart.")
        .def(
            "unlearn",
            [](PyBlend& model, Position first, Position past) {
                if (first < 0 || past < first || past > model.blend.size()) {
                    throw py::value_error(
                        "first and past must be an interval of positions that were learned");
                }
                const py::gil_scoped_release others;
                model.blend.unlearn(first, past);
            },
            py::arg("first"), py::arg("past"), "All parts forget the positions [first, past).")
        .def(
            "start",
            [](PyBlend& model) {
                return PyBlendState{model.number, model.blend.start()};
            },
            py::keep_alive<0, 1>(), "A state that has heard nothing.")
        .def(
            "advance",
            [](const PyBlend& model, PyBlendState& state, const py::handle& symbol,
               std::optional<Position> at) {
                model.own(state);
                if (at && (*at < 0 || *at >= model.blend.size()))
                    throw py::value_error("at must be a position that was learned");
                const auto id = id_of(model.letters().get(), model.blend.components(), symbol, "symbol");
                state.standing->advance(id, at.value_or(-1));
            },
            py::arg("state"), py::arg("symbol"), py::arg("at") = py::none(),
            "Go on by a symbol (an id or a tuple; 0 breaks the context).")
        .def("predict", &predict, py::arg("state"), py::arg("prefix") = std::vector<Value>{},
             py::arg("exclude") = Pairs{},
             "The next component given those already chosen: (values int32[m] ascending from 0 = unseen, p "
             "float64[m]\n"
             "that sums to 1). `exclude`: at most 64 intervals [first, past) of positions left out.")
        .def("sources", &sources, py::arg("state"), py::arg("symbol"), py::arg("exclude") = Pairs{},
             "At most 16 positions in memory that support a symbol, longest context first.")
        .def("probability", &probability, py::arg("state"), py::arg("symbol"),
             "The probability of a symbol (an id or a tuple): the product over its components.")
        .def(
            "longest_vote",
            [](const PyBlend& model, const PyBlendState& state, const Pairs& exclude) {
                return model.asked(state, exclude).longest();
            },
            py::arg("state"), py::arg("exclude") = Pairs{}, "The longest of its parts' contexts.")
        .def(
            "context",
            [](const PyBlend& model, const PyBlendState& state) { return model.asked(state, {}).longest(); },
            py::arg("state"), "How many of the last events agree with memory.")
        .def(
            "speaks",
            [](const PyBlend& model, const PyBlendState& state, const Pairs& exclude, int min_context,
               const std::vector<std::optional<Floats>>& masks) {
                const GivenMasks held(masks);
                return model.asked(state, exclude, min_context).speaks(held.spans);
            },
            py::arg("state"), py::arg("exclude") = Pairs{}, py::arg("min_context") = 0,
            py::arg("masks") = std::vector<std::optional<Floats>>{},
            "Whether any part has a word to say from memory under these wishes.")
        .def(
            "contexts",
            [](const PyBlend& model, const PyBlendState& state, const std::vector<Position>& positions) {
                model.own(state);
                model.check_positions(positions);
                std::vector<int> contexts;
                for (const Position position : positions)
                    contexts.push_back(state.standing->context_before(position));
                return contexts;
            },
            py::arg("state"), py::arg("positions"),
            "How many events before each position agree with what was played, at most 32.")
        .def(
            "symbol_at",
            [](const PyBlend& model, Position position) {
                model.check_positions({position});
                return model.blend.symbol_at(position);
            },
            py::arg("position"), "The id of the symbol at a position; 0 where it was forgotten.")
        .def_property("weights", &weights_of<PyBlend>, &set_weights_of<PyBlend>,
                      "What it and its parts have learned of whom to trust: float64[k], to keep and to set "
                      "again.")
        .def("__len__", [](const PyBlend& model) { return model.blend.size(); });
}

}  // namespace sideman
