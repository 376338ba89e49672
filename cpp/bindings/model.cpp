// Python bindings of the prediction core: arguments are checked here, by name, and nowhere below.
#include <memory>
#include <optional>
#include <sideman/walk.hpp>

#include "arguments.hpp"
#include "bindings.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

struct PyOracle {
    explicit PyOracle(std::shared_ptr<Alphabet> letters)
        : alphabet(std::move(letters)), oracle(alphabet.get()), number(++count) {}
    static inline std::uint64_t count = 0;
    std::shared_ptr<Alphabet> alphabet;
    Oracle oracle;
    std::uint64_t number;  // by which its states are known
};

struct PyState {
    std::uint64_t owner;
    Oracle::State state;
};

struct PyWalk {
    std::shared_ptr<PyOracle> model;
    Walk walk;
};

void check_owner(const PyOracle& model, const PyState& state) {
    if (state.owner != model.number) throw py::value_error("state belongs to another model");
}

Position learn(PyOracle& model, const py::object& symbols, std::int32_t stream) {
    const auto ids = ids_of(model.alphabet.get(), model.oracle.components(), symbols);
    const Position first = model.oracle.size();
    const auto work = [&] {
        for (const std::int32_t id : ids) model.oracle.learn(id, stream);
    };
    if (static_cast<py::ssize_t>(ids.size()) >= long_learning) {
        const py::gil_scoped_release others;
        work();
    } else {
        work();
    }
    return first;
}

std::int32_t id_of(const PyOracle& model, const py::handle& symbol, const char* name) {
    return arguments::id_of(model.alphabet.get(), model.oracle.components(), symbol, name);
}

std::vector<Value> values_of(const PyOracle& model, const py::handle& symbol, const char* name) {
    return arguments::values_of(model.alphabet.get(), model.oracle.components(), symbol, name);
}

void advance(const PyOracle& model, PyState& state, const py::handle& symbol, std::optional<Position> at) {
    check_owner(model, state);
    if (at && (*at < 0 || *at >= model.oracle.size()))
        throw py::value_error("at must be a position that was learned");
    model.oracle.advance(state.state, id_of(model, symbol, "symbol"), at.value_or(-1));
}

py::tuple predict(const PyOracle& model, const PyState& state, const std::vector<Value>& prefix,
                  const std::vector<std::pair<Position, Position>>& exclude) {
    check_owner(model, state);
    if (prefix.size() >= model.oracle.components()) {
        throw py::value_error("prefix must be shorter than the symbol's " +
                              std::to_string(model.oracle.components()) + " components");
    }
    std::vector<Vote> votes;
    OracleScratch scratch;
    model.oracle.collect(state.state, intervals_of(exclude, "exclude"), 0, votes);
    model.oracle.predict(votes, prefix, scratch);
    Ints values(static_cast<py::ssize_t>(scratch.values.size()), scratch.values.data());
    Floats p(static_cast<py::ssize_t>(scratch.p.size()), scratch.p.data());
    return py::make_tuple(std::move(values), std::move(p));
}

std::vector<Position> sources(const PyOracle& model, const PyState& state, const py::handle& symbol,
                              const std::vector<std::pair<Position, Position>>& exclude) {
    check_owner(model, state);
    const auto values = values_of(model, symbol, "symbol");
    std::vector<Vote> votes;
    std::vector<Vote> found;
    const auto excluded = intervals_of(exclude, "exclude");
    model.oracle.collect(state.state, excluded, 0, votes);
    model.oracle.sources(votes, values, found);
    std::vector<Position> positions;
    for (const Vote& vote : found) positions.push_back(vote.position);
    if (positions.empty()) {
        const Position latest = model.oracle.latest(0, values[0]);
        if (latest >= 0 && !contains(excluded, latest) &&
            model.oracle.agrees(model.oracle.symbol_at(latest), values)) {
            positions.push_back(latest);
        }
    }
    return positions;
}

double probability(const PyOracle& model, const PyState& state, const py::handle& symbol) {
    check_owner(model, state);
    const auto values = values_of(model, symbol, "symbol");
    std::vector<Vote> votes;
    OracleScratch scratch;
    model.oracle.collect(state.state, {}, 0, votes);
    double product = 1.0;
    for (std::size_t c = 0; c < values.size(); ++c) {
        model.oracle.predict(votes, std::span(values).first(c), scratch);
        const auto at = std::lower_bound(scratch.values.begin(), scratch.values.end(), values[c]);
        const bool known = at != scratch.values.end() && *at == values[c];
        product *= scratch.p[known ? static_cast<std::size_t>(at - scratch.values.begin()) : 0];
    }
    return product;
}

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

struct Masks {
    explicit Masks(const std::vector<std::optional<Floats>>& given) : kept(given) {
        for (const auto& mask : kept) {
            spans.push_back(
                mask ? std::span<const double>(mask->data(), static_cast<std::size_t>(mask->size()))
                     : std::span<const double>{});
        }
    }
    std::vector<std::optional<Floats>> kept;
    std::vector<std::span<const double>> spans;
};

std::vector<Choice> choose_many(PyWalk& walk, int count, const Sampler& sampler, std::uint64_t seed,
                                std::uint32_t player, std::uint64_t ordinal,
                                const std::vector<std::optional<Floats>>& masks, int continuity, int taboo,
                                int min_context, const std::vector<std::pair<Position, Position>>& avoid) {
    if (masks.size() > walk.model->oracle.components())
        throw py::value_error("masks must be one a component at most");
    if (taboo < 0 || taboo > static_cast<int>(Walk::remembered))
        throw py::value_error("taboo must be 0 to 64");
    const Masks held(masks);
    const auto intervals = intervals_of(avoid, "avoid");
    const Wishes wishes{sampler, held.spans, continuity, taboo, min_context, intervals};
    std::vector<Choice> choices;
    const auto work = [&] {
        for (int i = 0; i < count; ++i) {
            Choice choice;
            walk.walk.choose(wishes, seed, player, ordinal + static_cast<std::uint64_t>(i), choice);
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

void bind_model(py::module_& m) {
    m.def("chance", &chance, py::arg("seed"), py::arg("player"), py::arg("ordinal"), py::arg("purpose"),
          "64 uniform bits for one purpose of one event of one player, the same on every platform.\n"
          "Source: Philox 4x32-10, Salmon et al., SC 2011.");
    m.def(
        "philox",
        [](const std::array<std::uint32_t, 4>& counter, const std::array<std::uint32_t, 2>& key) {
            return philox(counter, key);
        },
        py::arg("counter"), py::arg("key"), "The bare generator: four words from a counter and a key.");

    py::class_<Alphabet, std::shared_ptr<Alphabet>>(
        m, "Alphabet",
        "Symbols as ids from 1 against tuples of component values from 1; it only grows. 0 is unseen.")
        .def(py::init([](std::size_t components) {
                 if (components < 1 || components > most_components) {
                     throw py::value_error("components must be 1 to 16");
                 }
                 return std::make_shared<Alphabet>(components);
             }),
             py::arg("components") = 1)
        .def_property_readonly("components", &Alphabet::components, "How many components a symbol has.")
        .def("__len__", &Alphabet::size)
        .def(
            "intern",
            [](Alphabet& alphabet, const py::object& symbol) {
                const auto values = tuple_of(symbol, alphabet.components(), "symbol");
                for (const Value value : values) {
                    if (value < 1)
                        throw py::value_error("symbol must hold values from 1; 0 is the unseen value");
                }
                return alphabet.intern(values);
            },
            py::arg("symbol"),
            "The id of a tuple, a new one if it has none. Raises ValueError for values below 1.")
        .def(
            "find",
            [](const Alphabet& alphabet, const py::object& symbol) {
                return alphabet.find(tuple_of(symbol, alphabet.components(), "symbol"));
            },
            py::arg("symbol"), "The id of a tuple, or 0.")
        .def(
            "values",
            [](const Alphabet& alphabet, std::int32_t id) {
                if (id < 1 || static_cast<std::size_t>(id) > alphabet.size()) {
                    throw py::value_error("id must be 1 to " + std::to_string(alphabet.size()));
                }
                py::tuple values(alphabet.components());
                for (std::size_t c = 0; c < alphabet.components(); ++c) values[c] = alphabet.value(id, c);
                return values;
            },
            py::arg("id"), "The tuple of an id. Raises ValueError for an id that it does not have.");

    py::class_<PyState>(m, "State", "Where a player stands in one model; small, and the player's own.")
        .def(
            "copy", [](const PyState& state) { return state; }, "A state of its own at the same place.")
        .def(
            "rollback",
            [](PyState& state, int n) {
                if (n < 0 || n > state.state.undoable()) {
                    throw py::value_error("n must be 0 to " + std::to_string(state.state.undoable()));
                }
                Oracle(nullptr).rollback(state.state, n);
            },
            py::arg("n"),
            "Take back the last n advances, at most 64 of them. Raises ValueError beyond what there is.");

    py::class_<PyOracle, std::shared_ptr<PyOracle>>(
        m, "Oracle",
        "The factor oracle as a predictor: one automaton a stream, at most eight pooled, component by "
        "component.\n"
        "The current place and at most 31 suffix links vote for their successors with 2^min(context, 12); "
        "unigrams\n"
        "take the share D/(N+D). Without an alphabet symbols have one component, the id itself.\n"
        "Sources: Allauzen, Crochemore & Raffinot 1999; Lefebvre & Lecroq 2000; Assayag & Dubnov 2004.")
        .def(py::init([](std::shared_ptr<Alphabet> alphabet) {
                 return std::make_shared<PyOracle>(std::move(alphabet));
             }),
             py::arg("alphabet") = nullptr)
        .def_property_readonly(
            "alphabet", [](const PyOracle& model) { return model.alphabet; }, "The alphabet, or None.")
        .def("learn", &learn, py::arg("symbols"), py::arg("stream") = 0,
             "Learn symbols in order: int32[n] of ids, or int32[n, components] of values, from 1. Returns "
             "the position\n"
             "of the first. Bounded work for each. Raises TypeError for another dtype, ValueError for a "
             "value below 1.")
        .def(
            "end", [](PyOracle& model, std::int32_t stream) { model.oracle.end(stream); },
            py::arg("stream") = 0, "A break: the stream's context ends, and nothing is predicted across it.")
        .def(
            "start",
            [](const PyOracle& model) {
                return PyState{model.number, model.oracle.start()};
            },
            "A state that has heard nothing.")
        .def("advance", &advance, py::arg("state"), py::arg("symbol"), py::arg("at") = py::none(),
             "Go on by a symbol (an id or a tuple; 0 breaks the context), at the position that was played if "
             "known.")
        .def(
            "context",
            [](const PyOracle& model, const PyState& state) {
                check_owner(model, state);
                return model.oracle.context(state.state);
            },
            py::arg("state"), "How many of the last events agree with memory, at most 32.")
        .def(
            "symbol_at",
            [](const PyOracle& model, Position position) {
                if (position < 0 || position >= model.oracle.size()) {
                    throw py::value_error("position must have been learned");
                }
                return model.oracle.symbol_at(position);
            },
            py::arg("position"), "The id of the symbol at a position.")
        .def(
            "longest_vote",
            [](const PyOracle& model, const PyState& state,
               const std::vector<std::pair<Position, Position>>& exclude) {
                check_owner(model, state);
                std::vector<Vote> votes;
                model.oracle.collect(state.state, intervals_of(exclude, "exclude"), 0, votes);
                int longest = 0;
                for (const Vote& vote : votes) longest = std::max(longest, vote.context);
                return longest;
            },
            py::arg("state"), py::arg("exclude") = std::vector<std::pair<Position, Position>>{},
            "The longest context of any place that has a word to say about what comes next.")
        .def(
            "contexts",
            [](const PyOracle& model, const PyState& state, const std::vector<Position>& positions) {
                check_owner(model, state);
                std::vector<int> contexts;
                for (const Position position : positions) {
                    if (position < 0 || position >= model.oracle.size()) {
                        throw py::value_error("positions must have been learned");
                    }
                    contexts.push_back(model.oracle.context_before(state.state, position));
                }
                return contexts;
            },
            py::arg("state"), py::arg("positions"),
            "How many events before each position agree with what was played, at most 32.")
        .def("predict", &predict, py::arg("state"), py::arg("prefix") = std::vector<Value>{},
             py::arg("exclude") = std::vector<std::pair<Position, Position>>{},
             "The next component given those already chosen: (values int32[m] ascending from 0 = unseen, p "
             "float64[m]\n"
             "that sums to 1). `exclude`: at most 64 intervals [first, past) of positions that may not vote.")
        .def("sources", &sources, py::arg("state"), py::arg("symbol"),
             py::arg("exclude") = std::vector<std::pair<Position, Position>>{},
             "At most 16 positions in memory that support a symbol, longest context first, newest first "
             "among equals.")
        .def("probability", &probability, py::arg("state"), py::arg("symbol"),
             "The probability of a symbol (an id or a tuple): the product over its components.")
        .def("__len__", [](const PyOracle& model) { return model.oracle.size(); })
        .def_property_readonly(
            "bytes", [](const PyOracle& model) { return model.oracle.bytes(); }, "Memory in use, in bytes.")
        .def(
            "links",
            [](const PyOracle& model, std::size_t stream) {
                if (stream >= model.oracle.streams()) throw py::value_error("stream has learned nothing");
                const Automaton& automaton = model.oracle.automaton(stream);
                const auto n = static_cast<py::ssize_t>(automaton.built()) + 1;
                Ints links(n);
                Ints lrs(n);
                for (py::ssize_t i = 0; i < n; ++i) {
                    links.mutable_at(i) = automaton.suffix_link(static_cast<std::int32_t>(i));
                    lrs.mutable_at(i) = automaton.lrs(static_cast<std::int32_t>(i));
                }
                return py::make_tuple(links, lrs);
            },
            py::arg("stream") = 0,
            "Suffix links and LRS of what is built of the stream that was learned as the n-th: int32[states] "
            "each.")
        .def(
            "reverse_links",
            [](const PyOracle& model, std::int32_t state, std::size_t stream) {
                if (stream >= model.oracle.streams()) throw py::value_error("stream has learned nothing");
                const Automaton& automaton = model.oracle.automaton(stream);
                if (state < 0 || state > automaton.built()) throw py::value_error("state is not built");
                std::vector<std::int32_t> states;
                for (auto s = automaton.first_reverse(state); s != Automaton::none;
                     s = automaton.next_reverse(s)) {
                    states.push_back(s);
                }
                return states;
            },
            py::arg("state"), py::arg("stream") = 0,
            "The states whose suffix link leads to a state, newest first.")
        .def(
            "transition",
            [](const PyOracle& model, std::int32_t state, std::int32_t symbol, std::size_t stream) {
                if (stream >= model.oracle.streams()) throw py::value_error("stream has learned nothing");
                const Automaton& automaton = model.oracle.automaton(stream);
                if (state < 0 || state > automaton.built()) throw py::value_error("state is not built");
                return automaton.transition(state, symbol);
            },
            py::arg("state"), py::arg("symbol"), py::arg("stream") = 0,
            "Where a symbol leads from a state; -1: nowhere.")
        .def(
            "steps",
            [](const PyOracle& model) {
                std::uint64_t steps = 0;
                for (std::size_t i = 0; i < model.oracle.streams(); ++i)
                    steps += model.oracle.automaton(i).steps();
                return steps;
            },
            "How many suffix-link steps all learning has taken: for tests that count work.")
        .def(
            "unbuilt",
            [](const PyOracle& model) {
                std::int64_t behind = 0;
                for (std::size_t i = 0; i < model.oracle.streams(); ++i) {
                    behind += model.oracle.automaton(i).size() - model.oracle.automaton(i).built();
                }
                return behind;
            },
            "How many states wait for the appends to come, because their links took many steps.");

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
        .def_readonly("given_up", &Choice::given_up, "GAVE_UP_… of the wishes that left nothing.");

    py::class_<PyWalk>(m, "Walk", "A player's way through an oracle: where it stands and what it took last.")
        .def(py::init([](std::shared_ptr<PyOracle> model, const std::optional<PyState>& state) {
                 if (state) check_owner(*model, *state);
                 auto from = state ? state->state : model->oracle.start();
                 Walk walk(model->oracle, model->alphabet.get(), from);
                 return std::make_unique<PyWalk>(PyWalk{std::move(model), std::move(walk)});
             }),
             py::arg("model"), py::arg("state") = py::none())
        .def_property_readonly(
            "state",
            [](const PyWalk& walk) {
                return PyState{walk.model->number, walk.walk.state()};
            },
            "A copy of the state.")
        .def(
            "copy", [](const PyWalk& walk) { return std::make_unique<PyWalk>(walk); },
            "A walk of its own from here.")
        .def(
            "choose",
            [](PyWalk& walk, const Sampler& sampler, std::uint64_t seed, std::uint32_t player,
               std::uint64_t ordinal, const std::vector<std::optional<Floats>>& masks, int continuity,
               int taboo, int min_context,
               const std::vector<std::pair<Position, Position>>& avoid) -> std::optional<Choice> {
                auto choices = choose_many(walk, 1, sampler, seed, player, ordinal, masks, continuity, taboo,
                                           min_context, avoid);
                if (choices.empty()) return std::nullopt;
                return std::move(choices[0]);
            },
            py::arg("sampler"), py::arg("seed"), py::arg("player"), py::arg("ordinal"),
            py::arg("masks") = std::vector<std::optional<Floats>>{}, py::arg("continuity") = 8,
            py::arg("taboo") = 0, py::arg("min_context") = 0,
            py::arg("avoid") = std::vector<std::pair<Position, Position>>{},
            "Choose the next event and go on by it; None when the masks leave nothing. Masks are float64 "
            "weights\n"
            "indexed by value, one a component, None where all is free; what lies beyond their end is "
            "forbidden.")
        .def("choose_many", &choose_many, py::arg("count"), py::arg("sampler"), py::arg("seed"),
             py::arg("player"), py::arg("ordinal"), py::arg("masks") = std::vector<std::optional<Floats>>{},
             py::arg("continuity") = 8, py::arg("taboo") = 0, py::arg("min_context") = 0,
             py::arg("avoid") = std::vector<std::pair<Position, Position>>{},
             "Choose up to `count` events in one call, others running meanwhile; fewer where the masks leave "
             "nothing.");
}

}  // namespace sideman
