// Python bindings of the n-gram: arguments are checked here, by name, and nowhere below.
#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <sideman/standings.hpp>
#include <tuple>

#include "arguments.hpp"
#include "bindings.hpp"
#include "native.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

constexpr int most_order = 16;
constexpr std::size_t most_parts = 64;
constexpr int most_lag = 63;

using GivenFeature = std::tuple<std::string, int, int, int, int>;
using GivenView = std::tuple<int, int, int, bool, std::vector<GivenFeature>>;

constexpr std::array<const char*, 21> looks = {
    "symbol",  "value",     "step",    "chosen",  "chosen_step", "place",  "run",
    "turn",    "turn_step", "folded",  "shape",   "word",        "around", "around_step",
    "classes", "key",       "heading", "stretch", "level",       "again",  "ago"};

struct PyNGram final : NativeModel {
    PyNGram(std::shared_ptr<Alphabet> given, std::size_t components, const std::vector<View>& views,
            Smoothing smoothing, double half_life)
        : alphabet(std::move(given)),
          ngram(alphabet.get(), components, views, smoothing, half_life),
          number(++made) {}
    Model& model() override { return adapter; }
    std::shared_ptr<Alphabet> letters() const override { return alphabet; }
    std::unique_ptr<Standing> standing(const py::handle& state) override;

    static inline std::uint64_t made = 0;
    std::shared_ptr<Alphabet> alphabet;
    NGram ngram;
    NGramScratch scratch;
    NGramModel adapter{ngram, scratch, alphabet.get()};
    std::uint64_t number;  // by which its states are known
};

struct PyNGramState {
    std::uint64_t owner;
    Past past;
    std::vector<Value> around;
};

void check_owner(const PyNGram& model, const PyNGramState& state) {
    if (state.owner != model.number) throw py::value_error("state belongs to another model");
}

std::unique_ptr<Standing> PyNGram::standing(const py::handle& state) {
    const auto& own = state.cast<const PyNGramState&>();
    check_owner(*this, own);
    return std::make_unique<NGramStanding>(ngram, scratch, own.past, own.around);
}

// One view a component: the components chosen before it, nearest first, then whole symbols, as far as a
// context reaches.
std::vector<View> plain(std::size_t components, int order) {
    std::vector<View> views;
    for (std::size_t c = 0; c < components; ++c) {
        View view;
        view.target = static_cast<int>(c);
        for (std::size_t before = c; before-- > 0;)
            view.features.push_back({Look::chosen, static_cast<int>(before)});
        for (int lag = 1; lag < order && view.features.size() < Part::deepest; ++lag)
            view.features.push_back({Look::symbol, 0, lag});
        views.push_back(view);
    }
    return views;
}

View view_of(const GivenView& given, std::size_t components) {
    const auto& [target, relative, modulo, brief, features] = given;
    const auto known = static_cast<int>(components);
    if (target < 0 || target >= known) throw py::value_error("views must have a target that is a component");
    if (relative < 0 || relative > most_lag)
        throw py::value_error("views must be relative to 0 to 63 events ago");
    if (modulo < 0) throw py::value_error("views must have a modulo of 0 or more");
    if (features.size() > Part::deepest) throw py::value_error("views may have at most 24 features");
    View view{target, relative, modulo, brief, {}};
    for (const auto& [look, component, lag, back, circle] : features) {
        const auto* const name = std::find(looks.begin(), looks.end(), look);
        if (name == looks.end()) throw py::value_error("views must look at something known, not " + look);
        const auto what = static_cast<Look>(name - looks.begin());
        const bool chosen = what == Look::chosen || what == Look::chosen_step;
        if (component < 0 || (what != Look::around && what != Look::around_step && component >= known) ||
            (chosen && component >= target)) {
            throw py::value_error("views must look at components that are known: " + look);
        }
        const int least = what == Look::word ? 0 : 1;
        if (lag < least || lag > most_lag || back < 1 || back > 16 || circle < 0) {
            throw py::value_error("views must look 1 to 63 events back: " + look);
        }
        if (what == Look::ago && back > known)
            throw py::value_error("views must look back in time by a component that is known");
        view.features.push_back({what, component, lag, back, circle});
    }
    return view;
}

std::unique_ptr<PyNGram> make(int order, std::shared_ptr<Alphabet> alphabet, const std::string& smoothing,
                              const std::optional<std::vector<GivenView>>& given, double half_life_beats,
                              bool brief) {
    if (!std::isfinite(half_life_beats) || half_life_beats < 0.0) {
        throw py::value_error("half_life_beats must be 0 (nothing ages) or more");
    }
    if (brief && given) throw py::value_error("brief is for a model without views; each view says it itself");
    if (order < 1 || order > most_order) throw py::value_error("order must be 1 to 16");
    if (smoothing != "kneser-ney" && smoothing != "ppm") {
        throw py::value_error("smoothing must be kneser-ney or ppm, not " + smoothing);
    }
    const std::size_t components = alphabet ? alphabet->components() : 1;
    std::vector<View> views;
    if (given) {
        for (const auto& one : *given) views.push_back(view_of(one, components));
        if (views.size() > most_parts) throw py::value_error("views may be at most 64");
        for (std::size_t c = 0; c < components; ++c) {
            const auto first = std::find_if(views.begin(), views.end(),
                                            [c](const View& v) { return v.target == static_cast<int>(c); });
            if (first == views.end() || first->brief || first->relative > 0) {
                throw py::value_error(
                    "views must begin, for each component, with one that is neither relative nor brief");
            }
        }
    } else {
        views = plain(components, order);
        for (View& view : views) view.brief = brief;
    }
    return std::make_unique<PyNGram>(std::move(alphabet), components, views,
                                     smoothing == "ppm" ? Smoothing::ppm : Smoothing::kneser_ney,
                                     half_life_beats);
}

Position learn(PyNGram& model, const py::object& symbols, std::int32_t stream,
               const std::optional<Ints>& around, bool weigh, const std::optional<Floats>& beats) {
    const auto ids = ids_of(model.alphabet.get(), model.ngram.components(), symbols);
    const std::size_t known = model.ngram.around();
    if (around && (around->ndim() != 2 || static_cast<std::size_t>(around->shape(0)) != ids.size() ||
                   static_cast<std::size_t>(around->shape(1)) < known)) {
        throw py::value_error("around must have shape [n, " + std::to_string(known) + "]");
    }
    const auto width = around ? static_cast<std::size_t>(around->shape(1)) : 0;
    const Value* const near = around ? around->data() : nullptr;
    if (beats && (beats->ndim() != 1 || static_cast<std::size_t>(beats->size()) != ids.size())) {
        throw py::value_error("beats must have shape [n], one for each symbol");
    }
    if (beats && !std::all_of(beats->data(), beats->data() + ids.size(),
                              [](double beat) { return std::isfinite(beat); })) {
        throw py::value_error("beats must be finite");
    }
    if (model.ngram.ages() && !beats)
        throw py::value_error("a model with a half-life must be told the beats");
    const double* const at = beats ? beats->data() : nullptr;
    const Position first = model.ngram.size();
    const auto work = [&] {
        for (std::size_t i = 0; i < ids.size(); ++i) {
            model.ngram.learn(ids[i], stream, {near + i * width, width}, model.scratch, weigh,
                              at != nullptr ? at[i] : 0.0);
        }
    };
    if (static_cast<py::ssize_t>(ids.size()) >= long_learning) {
        const py::gil_scoped_release others;
        work();
    } else {
        work();
    }
    return first;
}

py::tuple predict(PyNGram& model, const PyNGramState& state, const std::vector<Value>& prefix,
                  const Pairs& exclude) {
    check_owner(model, state);
    if (prefix.size() >= model.ngram.components()) {
        throw py::value_error("prefix must be shorter than the symbol's " +
                              std::to_string(model.ngram.components()) + " components");
    }
    const auto intervals = intervals_of(exclude, "exclude");
    model.ngram.predict(state.past, state.around, prefix, intervals, model.scratch);
    const Numbers& numbers = model.ngram.numbers(prefix.size());
    const auto ascending = numbers.ascending();
    Ints values(static_cast<py::ssize_t>(ascending.size() + 1));
    Floats p(static_cast<py::ssize_t>(ascending.size() + 1));
    Value* const value = values.mutable_data();
    double* const probability = p.mutable_data();
    value[0] = 0;
    probability[0] = model.scratch.p[numbers.size()];
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        value[i + 1] = numbers.value(ascending[i]);
        probability[i + 1] = model.scratch.p[static_cast<std::size_t>(ascending[i])];
    }
    return py::make_tuple(std::move(values), std::move(p));
}

double probability(PyNGram& model, const PyNGramState& state, const py::handle& symbol) {
    check_owner(model, state);
    const std::size_t components = model.ngram.components();
    if (model.alphabet == nullptr && is_id(symbol)) {
        const Value value = id_of(nullptr, 1, symbol, "symbol");
        return model.ngram.probability(state.past, state.around, {&value, 1}, model.scratch);
    }
    const auto values = values_of(model.alphabet.get(), components, symbol, "symbol");
    return model.ngram.probability(state.past, state.around, values, model.scratch);
}

std::vector<Position> sources(const PyNGram& model, const PyNGramState& state, const py::handle& symbol,
                              const Pairs& exclude) {
    check_owner(model, state);
    const auto values = values_of(model.alphabet.get(), model.ngram.components(), symbol, "symbol");
    std::vector<Vote> found;
    model.ngram.sources(state.past, state.around, values, intervals_of(exclude, "exclude"), found);
    std::vector<Position> positions;
    for (const Vote& vote : found) positions.push_back(vote.position);
    return positions;
}

py::array_t<float> weights(const PyNGram& model) {
    std::vector<float> all;
    for (std::size_t c = 0; c < model.ngram.components(); ++c) {
        const auto own = model.ngram.mixer(c).state();
        all.insert(all.end(), own.begin(), own.end());
    }
    return py::array_t<float>(static_cast<py::ssize_t>(all.size()), all.data());
}

void set_weights(PyNGram& model, const py::array_t<float, py::array::c_style | py::array::forcecast>& given) {
    std::size_t wanted = 0;
    for (std::size_t c = 0; c < model.ngram.components(); ++c) wanted += model.ngram.mixer(c).state().size();
    if (given.ndim() != 1 || static_cast<std::size_t>(given.size()) != wanted) {
        throw py::value_error("weights must have shape [" + std::to_string(wanted) +
                              "], as this model gave them");
    }
    const float* from = given.data();
    for (std::size_t c = 0; c < model.ngram.components(); ++c) {
        const auto own = model.ngram.mixer(c).state();
        std::copy(from, from + own.size(), own.begin());
        from += own.size();
    }
}

}  // namespace

namespace sideman {

void bind_ngram(py::module_& m) {
    py::class_<PyNGramState>(m, "NGramState",
                             "Where a player stands in one n-gram; small, and the player's own.")
        .def(
            "copy", [](const PyNGramState& state) { return state; }, "A state of its own at the same place.")
        .def(
            "rollback",
            [](PyNGramState& state, int n) {
                if (n < 0 || n > state.past.undoable()) {
                    throw py::value_error("n must be 0 to " + std::to_string(state.past.undoable()));
                }
                state.past.rollback(n);
            },
            py::arg("n"),
            "Take back the last n advances, at most 64 of them. Raises ValueError beyond what there is.")
        .def_property(
            "around", [](const PyNGramState& state) { return state.around; },
            [](PyNGramState& state, std::vector<Value> around) { state.around = std::move(around); },
            "What is known of the next event beside its symbol, for views that look around.");

    py::class_<PyNGram, NativeModel, std::shared_ptr<PyNGram>>(
        m, "NGram",
        "A variable-order n-gram, component by component: interpolated modified Kneser-Ney, or PPM with "
        "exclusion.\n"
        "Without `views` each component is predicted from those chosen before it and order - 1 whole "
        "symbols; with\n"
        "them, from several views mixed by how right each has been.\n"
        "Sources: Chen & Goodman 1998; Moffat 1990; Conklin & Witten 1995; Pearce 2005.")
        .def(py::init(&make), py::arg("order") = 5, py::arg("alphabet") = nullptr,
             py::arg("smoothing") = "kneser-ney", py::arg("views") = py::none(),
             py::arg("half_life_beats") = 0.0, py::arg("brief") = false)
        .def_property_readonly(
            "alphabet", [](const PyNGram& model) { return model.alphabet; }, "The alphabet, or None.")
        .def("learn", &learn, py::arg("symbols"), py::arg("stream") = 0, py::arg("around") = py::none(),
             py::arg("weigh") = true, py::arg("beats") = py::none(),
             "Learn symbols in order: int32[n] of ids, or int32[n, components] of values, from 1. Returns "
             "the position\n"
             "of the first. Bounded work for each. `around`: int32[n, k], what is known of each beside its "
             "symbol.\n"
             "`weigh`: learn how far to trust each view, too. `beats`: float64[n], where each began, for a "
             "model with a half-life;\n"
             "one before the last learned counts as that.")
        .def(
            "know",
            [](PyNGram& model, const py::object& symbols) {
                for (const auto id : ids_of(model.alphabet.get(), model.ngram.components(), symbols))
                    model.ngram.know(id);
            },
            py::arg("symbols"), "These belong to the alphabet, though they were not heard yet.")
        .def(
            "end", [](PyNGram& model, std::int32_t stream) { model.ngram.end(stream); },
            py::arg("stream") = 0, "A break: the stream's context ends, and nothing is predicted across it.")
        .def(
            "piece", [](PyNGram& model) { model.ngram.piece(); },
            "A new piece begins: views that know the running piece alone are empty again.")
        .def(
            "unlearn",
            [](PyNGram& model, Position first, Position past) {
                if (first < 0 || past < first || past > model.ngram.size()) {
                    throw py::value_error(
                        "first and past must be an interval of positions that were learned");
                }
                const py::gil_scoped_release others;
                model.ngram.unlearn(first, past, model.scratch);
            },
            py::arg("first"), py::arg("past"),
            "Forget the positions [first, past): the counts are those of a model that had a break there.")
        .def(
            "start",
            [](const PyNGram& model) {
                return PyNGramState{model.number, Past{}, {}};
            },
            "A state that has heard nothing.")
        .def(
            "advance",
            [](const PyNGram& model, PyNGramState& state, const py::handle& symbol,
               std::optional<Position> at) {
                check_owner(model, state);
                if (at && (*at < 0 || *at >= model.ngram.size())) {
                    throw py::value_error("at must be a position that was learned");
                }
                state.past.push(id_of(model.alphabet.get(), model.ngram.components(), symbol, "symbol"));
            },
            py::arg("state"), py::arg("symbol"), py::arg("at") = py::none(),
            "Go on by a symbol (an id or a tuple; 0 breaks the context).")
        .def("predict", &predict, py::arg("state"), py::arg("prefix") = std::vector<Value>{},
             py::arg("exclude") = Pairs{},
             "The next component given those already chosen: (values int32[m] ascending from 0 = unseen, p "
             "float64[m]\n"
             "that sums to 1). `exclude`: at most 64 intervals [first, past) of positions whose counts are "
             "left out.")
        .def("sources", &sources, py::arg("state"), py::arg("symbol"), py::arg("exclude") = Pairs{},
             "At most 16 positions where a symbol followed what was played, longest context first, newest "
             "first among\n"
             "equals.")
        .def(
            "contexts",
            [](const PyNGram& model, const PyNGramState& state, const std::vector<Position>& positions) {
                check_owner(model, state);
                std::vector<int> agreeing;
                for (const Position position : positions) {
                    if (position < 0 || position >= model.ngram.size()) {
                        throw py::value_error("positions must have been learned");
                    }
                    agreeing.push_back(
                        model.ngram.flows().agreement(position, state.past, NGram::most_context));
                }
                return agreeing;
            },
            py::arg("state"), py::arg("positions"),
            "How many events before each position agree with what was played, at most 32.")
        .def(
            "longest_vote",
            [](PyNGram& model, const PyNGramState& state, const Pairs& exclude) {
                check_owner(model, state);
                const auto intervals = intervals_of(exclude, "exclude");
                return model.ngram.longest_vote(state.past, state.around, intervals, model.scratch);
            },
            py::arg("state"), py::arg("exclude") = Pairs{},
            "The longest context, in events, that anything followed which is not excluded; at most order - "
            "1.")
        .def(
            "speaks",
            [](PyNGram& model, const PyNGramState& state, const Pairs& exclude, int min_context,
               const std::vector<std::optional<Floats>>& masks) {
                check_owner(model, state);
                NGramStanding standing(model.ngram, model.scratch, state.past, state.around);
                const GivenMasks held(masks);
                standing.ask(intervals_of(exclude, "exclude"), min_context);
                return standing.speaks(held.spans);
            },
            py::arg("state"), py::arg("exclude") = Pairs{}, py::arg("min_context") = 0,
            py::arg("masks") = std::vector<std::optional<Floats>>{},
            "Whether memory has a word to say under these wishes.")
        .def(
            "context",
            [](PyNGram& model, const PyNGramState& state) {
                check_owner(model, state);
                return model.ngram.longest_vote(state.past, state.around, {}, model.scratch);
            },
            py::arg("state"), "How many of the last events agree with memory, at most order - 1.")
        .def("probability", &probability, py::arg("state"), py::arg("symbol"),
             "The probability of a symbol (an id or a tuple): the product over its components.")
        .def(
            "symbol_at",
            [](const PyNGram& model, Position position) {
                if (position < 0 || position >= model.ngram.size()) {
                    throw py::value_error("position must have been learned");
                }
                return model.ngram.flows().symbol(position);
            },
            py::arg("position"), "The id of the symbol at a position; 0 where it was forgotten.")
        .def("__len__", [](const PyNGram& model) { return model.ngram.size(); })
        .def_property("weights", &weights, &set_weights,
                      "The weights of the views: float32[k], to keep and to set again.")
        .def_property_readonly(
            "parts",
            [](const PyNGram& model) {
                std::vector<std::vector<float>> all;
                for (std::size_t c = 0; c < model.ngram.components(); ++c) {
                    auto& own = all.emplace_back();
                    const Mixer& mixer = model.ngram.mixer(c);
                    for (std::size_t i = 0; i < mixer.parts(); ++i) own.push_back(mixer.weight(i));
                }
                return all;
            },
            "For each component the weight of each of its views.")
        .def_property_readonly(
            "contexts_kept", [](const PyNGram& model) { return model.ngram.contexts(); },
            "How many contexts it keeps.")
        .def_property_readonly(
            "bytes", [](const PyNGram& model) { return model.ngram.bytes(); }, "Memory in use, in bytes.");
}

}  // namespace sideman
