// Python bindings of the prediction core: arguments are checked here, by name, and nowhere below.
#include <memory>
#include <optional>
#include <sideman/chance.hpp>
#include <sideman/standings.hpp>

#include "arguments.hpp"
#include "bindings.hpp"
#include "native.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

struct PyOracle final : NativeModel {
    explicit PyOracle(std::shared_ptr<Alphabet> given)
        : alphabet(std::move(given)), oracle(alphabet.get()), number(++count) {}
    Model& model() override { return adapter; }
    std::shared_ptr<Alphabet> letters() const override { return alphabet; }
    std::unique_ptr<Standing> standing(const py::handle& state) override;

    static inline std::uint64_t count = 0;
    std::shared_ptr<Alphabet> alphabet;
    Oracle oracle;
    OracleModel adapter{oracle, alphabet.get()};
    std::uint64_t number;  // by which its states are known
};

struct PyState {
    std::uint64_t owner;
    Oracle::State state;
};

void check_owner(const PyOracle& model, const PyState& state) {
    if (state.owner != model.number) throw py::value_error("state belongs to another model");
}

std::unique_ptr<Standing> PyOracle::standing(const py::handle& state) {
    const auto& own = state.cast<const PyState&>();
    check_owner(*this, own);
    return std::make_unique<OracleStanding>(oracle, own.state);
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
                  const Pairs& exclude) {
    check_owner(model, state);
    if (prefix.size() >= model.oracle.components()) {
        throw py::value_error("prefix must be shorter than the symbol's " +
                              std::to_string(model.oracle.components()) + " components");
    }
    std::vector<Vote> votes;
    OracleScratch scratch;
    model.oracle.collect(state.state, intervals_of(exclude, "exclude"), 0, votes);
    model.oracle.predict(votes, prefix, scratch);
    Ints values(static_cast<py::ssize_t>(scratch.next.values.size()), scratch.next.values.data());
    Floats p(static_cast<py::ssize_t>(scratch.next.p.size()), scratch.next.p.data());
    return py::make_tuple(std::move(values), std::move(p));
}

std::vector<Position> sources(const PyOracle& model, const PyState& state, const py::handle& symbol,
                              const Pairs& exclude) {
    check_owner(model, state);
    const auto values = values_of(model, symbol, "symbol");
    OracleStanding standing(model.oracle, state.state);
    standing.ask(intervals_of(exclude, "exclude"), 0);
    std::vector<Vote> found;
    standing.sources(values, found);
    std::vector<Position> positions;
    for (const Vote& vote : found) positions.push_back(vote.position);
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
        const auto at = std::lower_bound(scratch.next.values.begin(), scratch.next.values.end(), values[c]);
        const bool known = at != scratch.next.values.end() && *at == values[c];
        product *= scratch.next.p[known ? static_cast<std::size_t>(at - scratch.next.values.begin()) : 0];
    }
    return product;
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
        m, "Alphabet", py::dynamic_attr(),
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

    py::class_<NativeModel, std::shared_ptr<NativeModel>>(
        m, "NativeModel", "Any model of the core: what `Walk` walks through and `Blend` blends.");

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

    py::class_<PyOracle, NativeModel, std::shared_ptr<PyOracle>>(
        m, "Oracle",
        "The factor oracle as a predictor: one automaton a stream, at most eight pooled, component by "
        "component.\n"
        "At most 32 places vote for their successors, those of a longer context first, each context as much "
        "as it\n"
        "was right so far; unigrams have the rest. Without an alphabet symbols have one component, the id "
        "itself.\n"
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
            "unlearn",
            [](PyOracle& model, Position first, Position past) {
                if (first < 0 || past < first || past > model.oracle.size()) {
                    throw py::value_error(
                        "first and past must be an interval of positions that were learned");
                }
                const py::gil_scoped_release others;
                model.oracle.unlearn(first, past);
            },
            py::arg("first"), py::arg("past"),
            "Forget the positions [first, past): as a model that had a break there. Work in proportion to "
            "their streams.")
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
            [](const PyOracle& model, const PyState& state, const Pairs& exclude) {
                check_owner(model, state);
                std::vector<Vote> votes;
                model.oracle.collect(state.state, intervals_of(exclude, "exclude"), 0, votes);
                int longest = 0;
                for (const Vote& vote : votes) longest = std::max(longest, vote.context);
                return longest;
            },
            py::arg("state"), py::arg("exclude") = Pairs{},
            "The longest context of any place that has a word to say about what comes next.")
        .def(
            "speaks",
            [](PyOracle& model, const PyState& state, const Pairs& exclude, int min_context,
               const std::vector<std::optional<Floats>>& masks) {
                check_owner(model, state);
                OracleStanding standing(model.oracle, state.state);
                const GivenMasks held(masks);
                standing.ask(intervals_of(exclude, "exclude"), min_context);
                return standing.speaks(held.spans);
            },
            py::arg("state"), py::arg("exclude") = Pairs{}, py::arg("min_context") = 0,
            py::arg("masks") = std::vector<std::optional<Floats>>{},
            "Whether memory has a word to say under these wishes, or unigrams alone would speak.")
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
             py::arg("exclude") = Pairs{},
             "The next component given those already chosen: (values int32[m] ascending from 0 = unseen, p "
             "float64[m]\n"
             "that sums to 1). `exclude`: at most 64 intervals [first, past) of positions that may not vote.")
        .def("sources", &sources, py::arg("state"), py::arg("symbol"), py::arg("exclude") = Pairs{},
             "At most 16 positions in memory that support a symbol, longest context first, newest first "
             "among equals.")
        .def("probability", &probability, py::arg("state"), py::arg("symbol"),
             "The probability of a symbol (an id or a tuple): the product over its components.")
        .def("__len__", [](const PyOracle& model) { return model.oracle.size(); })
        .def_property("weights", &weights_of<PyOracle>, &set_weights_of<PyOracle>,
                      "How often its votes were right, by kind: float64[k], to keep and to set again.")
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
}

}  // namespace sideman
