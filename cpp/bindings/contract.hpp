// The contract for models that are asked through their standings, written once: what Python sees of each.
//
// A class of bindings derives from `StandingModel`, and `bind_contract` gives it the contract's methods.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <sideman/model.hpp>
#include <string>
#include <vector>

#include "arguments.hpp"
#include "native.hpp"

namespace sideman::contract {

namespace py = pybind11;
using namespace arguments;

// Where a player stands in one of these models.
struct PyStanding {
    std::uint64_t owner;
    std::unique_ptr<Standing> standing;
    std::vector<Value> around{};
};

struct StandingModel : NativeModel {
    std::unique_ptr<Standing> standing(const py::handle& state) override {
        return own(state.cast<const PyStanding&>()).standing->copy();
    }
    // Throws where what is to be learned cannot be.
    virtual void check() const {}

    const PyStanding& own(const PyStanding& state) const {
        if (state.owner != number) throw py::value_error("state belongs to another model");
        return state;
    }
    // Put the next question to a state's standing.
    Standing& asked(const PyStanding& state, const Pairs& exclude, int min_context = 0) const {
        own(state).standing->ask(intervals_of(exclude, "exclude"), min_context);
        return *state.standing;
    }
    void check_positions(const std::vector<Position>& positions) {
        for (const Position position : positions) {
            if (position < 0 || position >= model().size())
                throw py::value_error("positions must have been learned");
        }
    }
    std::size_t components() { return model().components(); }

    static inline std::uint64_t made = 0;
    std::uint64_t number = ++made;  // by which its states are known
};

inline Position learn(StandingModel& model, const py::object& symbols, std::int32_t stream,
                      const std::optional<Ints>& around, bool weigh) {
    model.check();
    const auto ids = ids_of(model.letters().get(), model.components(), symbols);
    if (around && (around->ndim() != 2 || static_cast<std::size_t>(around->shape(0)) != ids.size()))
        throw py::value_error("around must have shape [n, k]");
    const auto width = around ? static_cast<std::size_t>(around->shape(1)) : 0;
    const Value* const near = around ? around->data() : nullptr;
    const Position first = model.model().size();
    const auto work = [&] {
        for (std::size_t i = 0; i < ids.size(); ++i)
            model.model().learn(ids[i], stream, {near + i * width, width}, weigh);
    };
    if (static_cast<py::ssize_t>(ids.size()) >= long_learning) {
        const py::gil_scoped_release others;
        work();
    } else {
        work();
    }
    return first;
}

inline py::tuple pair_of(const Distribution& next) {
    return py::make_tuple(Ints(static_cast<py::ssize_t>(next.values.size()), next.values.data()),
                          Floats(static_cast<py::ssize_t>(next.p.size()), next.p.data()));
}

inline py::tuple predict(StandingModel& model, const PyStanding& state, const std::vector<Value>& prefix,
                         const Pairs& exclude) {
    if (prefix.size() >= model.components()) {
        throw py::value_error("prefix must be shorter than the symbol's " +
                              std::to_string(model.components()) + " components");
    }
    return pair_of(model.asked(state, exclude).predict(prefix));
}

inline std::vector<Position> sources(StandingModel& model, const PyStanding& state, const py::handle& symbol,
                                     const Pairs& exclude) {
    const auto values = values_of(model.letters().get(), model.components(), symbol, "symbol");
    std::vector<Vote> found;
    model.asked(state, exclude).sources(values, found);
    std::vector<Position> positions;
    for (const Vote& vote : found) positions.push_back(vote.position);
    return positions;
}

inline double probability(StandingModel& model, const PyStanding& state, const py::handle& symbol) {
    const auto values = values_of(model.letters().get(), model.components(), symbol, "symbol");
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

template <class Native, class Class>
void bind_contract(Class& made) {
    made.def(
            "learn",
            [](Native& self, const py::object& symbols, std::int32_t stream,
               const std::optional<Ints>& around,
               bool weigh) { return learn(self, symbols, stream, around, weigh); },
            py::arg("symbols"), py::arg("stream") = 0, py::arg("around") = py::none(),
            py::arg("weigh") = true,
            "Teach all parts the same symbols; the position of the first. `weigh`: weights learn, too.")
        .def(
            "end", [](Native& model, std::int32_t stream) { model.model().end(stream); },
            py::arg("stream") = 0, "A break: the stream's context ends, and nothing is predicted across it.")
        .def(
            "know",
            [](Native& model, const py::object& symbols) {
                for (const auto id : ids_of(model.letters().get(), model.components(), symbols))
                    model.model().know(id);
            },
            py::arg("symbols"), "These belong to the alphabet, though they were not heard yet.")
        .def(
            "piece", [](Native& model) { model.model().piece(); },
            "A new piece begins, for parts that know the running one apart.")
        .def(
            "unlearn",
            [](Native& model, Position first, Position past) {
                if (first < 0 || past < first || past > model.model().size()) {
                    throw py::value_error(
                        "first and past must be an interval of positions that were learned");
                }
                const py::gil_scoped_release others;
                model.model().unlearn(first, past);
            },
            py::arg("first"), py::arg("past"), "All parts forget the positions [first, past).")
        .def(
            "start",
            [](Native& model) {
                return PyStanding{model.number, model.model().start()};
            },
            py::keep_alive<0, 1>(), "A state that has heard nothing.")
        .def(
            "advance",
            [](Native& model, PyStanding& state, const py::handle& symbol, std::optional<Position> at) {
                model.own(state);
                if (at && (*at < 0 || *at >= model.model().size()))
                    throw py::value_error("at must be a position that was learned");
                const auto id = id_of(model.letters().get(), model.components(), symbol, "symbol");
                if (id == 0 && !is_id(symbol)) {
                    const auto values =
                        values_of(model.letters().get(), model.components(), symbol, "symbol");
                    const bool whole =
                        std::all_of(values.begin(), values.end(), [](Value value) { return value > 0; });
                    if (whole) {
                        state.standing->advance(values, 0, at.value_or(-1));
                        return;
                    }
                }
                state.standing->advance(id, at.value_or(-1));
            },
            py::arg("state"), py::arg("symbol"), py::arg("at") = py::none(),
            "Go on by a symbol (an id or a tuple; 0 breaks the context). A tuple that was never learned is "
            "read\n"
            "by models that read values, and breaks the context of the others.")
        .def(
            "predict",
            [](Native& self, const PyStanding& state, const std::vector<Value>& prefix,
               const Pairs& exclude) { return predict(self, state, prefix, exclude); },
            py::arg("state"), py::arg("prefix") = std::vector<Value>{}, py::arg("exclude") = Pairs{},
            "The next component given those already chosen: (values int32[m] ascending from 0 = unseen, p "
            "float64[m]\n"
            "that sums to 1). `exclude`: at most 64 intervals [first, past) of positions left out.")
        .def(
            "sources",
            [](Native& self, const PyStanding& state, const py::handle& symbol, const Pairs& exclude) {
                return sources(self, state, symbol, exclude);
            },
            py::arg("state"), py::arg("symbol"), py::arg("exclude") = Pairs{},
            "At most 16 positions in memory that support a symbol, longest context first.")
        .def(
            "probability",
            [](Native& self, const PyStanding& state, const py::handle& symbol) {
                return probability(self, state, symbol);
            },
            py::arg("state"), py::arg("symbol"),
            "The probability of a symbol (an id or a tuple): the product over its components.")
        .def(
            "longest_vote",
            [](Native& model, const PyStanding& state, const Pairs& exclude) {
                return model.asked(state, exclude).longest();
            },
            py::arg("state"), py::arg("exclude") = Pairs{}, "The longest of its parts' contexts.")
        .def(
            "context",
            [](Native& model, const PyStanding& state) { return model.asked(state, {}).longest(); },
            py::arg("state"), "How many of the last events agree with memory.")
        .def(
            "speaks",
            [](Native& model, const PyStanding& state, const Pairs& exclude, int min_context,
               const std::vector<std::optional<Floats>>& masks) {
                const GivenMasks held(masks);
                return model.asked(state, exclude, min_context).speaks(held.spans);
            },
            py::arg("state"), py::arg("exclude") = Pairs{}, py::arg("min_context") = 0,
            py::arg("masks") = std::vector<std::optional<Floats>>{},
            "Whether any part has a word to say from memory under these wishes.")
        .def(
            "contexts",
            [](Native& model, const PyStanding& state, const std::vector<Position>& positions) {
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
            [](Native& model, Position position) {
                model.check_positions({position});
                return model.model().symbol_at(position);
            },
            py::arg("position"), "The id of the symbol at a position; 0 where it was forgotten.")
        .def_property("weights", &weights_of<Native>, &set_weights_of<Native>,
                      "What it has learned of whom to trust: float64[k], to keep and to set again.")
        .def("__len__", [](Native& model) { return model.model().size(); });
}

inline void bind_standing(py::module_& m) {
    py::class_<PyStanding>(m, "StandingState",
                           "Where a player stands in a blend or an LLM; small, and the player's own.")
        .def(
            "copy",
            [](const PyStanding& state) {
                return PyStanding{state.owner, state.standing->copy(), state.around};
            },
            py::keep_alive<0, 1>(), "A state of its own at the same place.")
        .def(
            "rollback",
            [](PyStanding& state, int n) {
                if (n < 0 || n > state.standing->undoable()) {
                    throw py::value_error("n must be 0 to " + std::to_string(state.standing->undoable()));
                }
                state.standing->rollback(n);
            },
            py::arg("n"),
            "Take back the last n advances, at most 64 of them. Raises ValueError beyond what there is.")
        .def_property(
            "around", [](const PyStanding& state) { return state.around; },
            [](PyStanding& state, std::vector<Value> around) {
                state.around = std::move(around);
                state.standing->beside(state.around);
            },
            "What is known of the next event beside its symbol, for parts that look around.")
        .def(
            "steer",
            [](PyStanding& state, const std::vector<Value>& tokens) { state.standing->steer(tokens); },
            py::arg("tokens"), "Words before the next event, as tokens of an LLM; for others nothing.");
}

}  // namespace sideman::contract
