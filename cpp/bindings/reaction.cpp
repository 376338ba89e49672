// Python bindings of how a player that follows reacts: arguments are checked here, and nowhere below.
#include <array>
#include <sideman/reaction.hpp>
#include <tuple>

#include "arguments.hpp"
#include "bindings.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

// What a reaction is picked with, and the room to do it in.
struct PyReaction {
    Reaction reaction;
    std::vector<Traces::Wanted> wanted;
};

Manner manner_of(const std::array<double, Peaks::kinds>& weights, double decay_beats, double phase,
                 double bonus, double tempo, double transposition, double threshold, int lead, int least,
                 int continuity, int taboo, int longest_copy, const std::optional<std::vector<int>>& moves) {
    if (!(decay_beats > 0.0)) throw py::value_error("decay_beats must be above 0");
    if (lead < 0) throw py::value_error("lead must be 0 or more");
    Manner manner{weights, decay_beats, phase,      bonus, tempo,        transposition,      threshold,
                  lead,    least,       continuity, taboo, longest_copy, !moves.has_value(), {}};
    if (moves) manner.moves = *moves;
    std::sort(manner.moves.begin(), manner.moves.end());
    return manner;
}

// Rows of (harmony, how alike, shift).
void take_wanted(const Floats& given, std::vector<Traces::Wanted>& wanted) {
    if (given.ndim() != 2 || given.shape(1) != 3) throw py::value_error("wanted must have shape [n, 3]");
    const auto rows = given.unchecked<2>();
    wanted.clear();
    for (py::ssize_t i = 0; i < rows.shape(0); ++i)
        wanted.push_back({static_cast<int>(rows(i, 0)), rows(i, 1), static_cast<int>(rows(i, 2))});
}

std::optional<Picked> react(PyReaction& own, Reach& reach, const Traces& traces, const Manner& manner,
                            double beat, const std::vector<int>& heard, const Floats& wanted,
                            const Floats& weights, int kept, const Sampler& sampler, std::uint64_t draw,
                            const Pairs& lost) {
    const auto width = static_cast<py::ssize_t>(Traces::pitches);
    if (weights.ndim() != 2 || weights.shape(1) != width)
        throw py::value_error("weights must have shape [k, 128]");
    if (weights.shape(0) > static_cast<py::ssize_t>(Reaction::most_constraints))
        throw py::value_error("weights may be those of 32 constraints at most");
    if (kept < 0) throw py::value_error("kept must be 0 or more");
    take_wanted(wanted, own.wanted);
    const std::vector<Interval> gone = intervals_of(lost, "lost");
    const Bounds bounds{{weights.data(), static_cast<std::size_t>(weights.size())},
                        static_cast<std::size_t>(kept),
                        gone,
                        sampler,
                        draw};
    reach.pass(traces, manner, beat);
    reach.hear(traces, manner, heard, own.wanted, gone);
    std::optional<Picked> picked(std::in_place);
    if (!own.reaction.choose(reach, traces, manner, heard, bounds, *picked)) picked.reset();
    return picked;
}

void go(Reach& reach, const Traces& traces, const Manner& manner, std::int32_t place, int shift, int value,
        double bpm, bool carried, const Pairs& lost) {
    if (place < 0 || place >= static_cast<std::int64_t>(traces.size()))
        throw py::index_error("no such place");
    reach.go(traces, manner, {place, shift, value, bpm, carried}, intervals_of(lost, "lost"));
}

}  // namespace

namespace sideman {

void bind_reaction(py::module_& m) {
    py::class_<Manner>(m, "Manner", "How a player follows: its parameters.")
        .def(py::init(&manner_of), py::arg("weights"), py::arg("decay_beats"), py::arg("phase"),
             py::arg("bonus"), py::arg("tempo"), py::arg("transposition"), py::arg("threshold"),
             py::arg("lead"), py::arg("least") = 1, py::arg("continuity") = 0, py::arg("taboo") = 0,
             py::arg("longest_copy") = 0, py::arg("moves") = py::none())
        .def_readonly("weights", &Manner::weights);

    py::class_<Reach> reach(m, "Reach", "How far a player that follows has come.");
    reach.attr("LIGHTS") = Reach::lights;
    reach.def(py::init<double>(), py::arg("beat") = -std::numeric_limits<double>::infinity())
        .def(
            "copy", [](const Reach& reach) { return Reach(reach); }, "The same, apart from this.")
        .def_readonly("beat", &Reach::beat)
        .def_property_readonly("peaks", [](const Reach& reach) { return reach.peaks.size(); })
        .def_property_readonly("shift", [](const Reach& reach) { return reach.standing.shift; })
        .def("go", &go, py::arg("traces"), py::arg("manner"), py::arg("place"), py::arg("shift"),
             py::arg("value"), py::arg("bpm"), py::arg("carried"), py::arg("lost") = Pairs{},
             "It has played an event: where it stands, and what that lights.");

    py::class_<Picked>(m, "Picked", "What is to be played, and why.")
        .def_readonly("place", &Picked::place)
        .def_readonly("shift", &Picked::shift)
        .def_readonly("value", &Picked::value)
        .def_readonly("heights", &Picked::heights)
        .def_readonly("bpm", &Picked::bpm)
        .def_readonly("probability", &Picked::probability)
        .def_readonly("share", &Picked::share)
        .def_readonly("entropy_bits", &Picked::entropy_bits)
        .def_readonly("rank", &Picked::rank)
        .def_readonly("context", &Picked::context)
        .def_readonly("bound", &Picked::bound)
        .def_readonly("given_up", &Picked::given_up)
        .def_readonly("copy", &Picked::copy);

    py::class_<PyReaction>(m, "Reaction", "Picks one of the places that are lit.")
        .def(py::init<>())
        .def("react", &react, py::arg("reach"), py::arg("traces"), py::arg("manner"), py::arg("beat"),
             py::arg("heard"), py::arg("wanted"), py::arg("weights"), py::arg("kept"), py::arg("sampler"),
             py::arg("draw"), py::arg("lost") = Pairs{},
             "Time goes by up to a beat, what was heard lights places, and one of them is picked.");
}

}  // namespace sideman
