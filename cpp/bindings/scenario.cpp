// Python bindings of the scenario: labels come as rows of (family, kind, root), checked here.
#include "scenario.hpp"

#include <algorithm>
#include <sideman/scenario.hpp>
#include <tuple>

#include "arguments.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

using Found = std::vector<std::tuple<std::int32_t, std::int32_t, std::int32_t>>;

BeatLabel label_of(std::int32_t family, std::int32_t kind, std::int32_t root, std::int32_t least) {
    if (family < least) throw py::value_error("a family is at least " + std::to_string(least));
    if (kind < least) throw py::value_error("a kind is at least " + std::to_string(least));
    if (std::max(family, kind) > Scenario::most_names)
        throw py::value_error("there may be 16777215 families and kinds");
    if (root < -1 || root > 11) throw py::value_error("a root is 0 to 11, or -1 for none");
    return {family, kind, static_cast<std::int8_t>(root)};
}

std::vector<BeatLabel> labels_of(const Ints& given) {
    if (given.ndim() != 2 || given.shape(1) != 3) throw py::value_error("asked must have shape [n, 3]");
    const auto rows = given.unchecked<2>();
    std::vector<BeatLabel> labels;
    for (py::ssize_t i = 0; i < rows.shape(0); ++i)
        labels.push_back(label_of(rows(i, 0), rows(i, 1), rows(i, 2), 0));
    return labels;
}

std::uint32_t moves_of(std::uint32_t moves) {
    if (moves > 0xFFF) throw py::value_error("moves are 12 bits");
    return moves;
}

std::int32_t there(const Scenario& scenario, std::int32_t position) {
    if (position < 0 || position >= scenario.size()) throw py::index_error("no beat has that position");
    return position;
}

Found longest(Scenario& scenario, const Ints& asked, std::uint32_t moves, const Pairs& exclude,
              std::int32_t most, std::size_t enough, std::uint64_t salt) {
    if (most < 1) throw py::value_error("most must be at least 1");
    if (enough < 1) throw py::value_error("enough must be at least 1");
    const auto labels = labels_of(asked);
    auto intervals = intervals_of(exclude, "exclude");
    std::sort(intervals.begin(), intervals.end(),
              [](const Interval& a, const Interval& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < intervals.size(); ++i) {
        if (intervals[i].first < intervals[i - 1].past) throw py::value_error("exclude must not overlap");
    }
    std::vector<BeatMatch> matches;
    scenario.longest(labels, {moves_of(moves), intervals, most, enough, salt}, matches);
    Found found;
    for (const BeatMatch& match : matches) found.emplace_back(match.position, match.moved, match.length);
    return found;
}

}  // namespace

namespace sideman {

void bind_scenario(py::module_& m) {
    py::class_<Scenario>(
        m, "Scenario", "A memory of labelled beats, asked for the places that go on longest as a chart asks.")
        .def(py::init())
        .def(
            "append",
            [](Scenario& scenario, std::int32_t stream, std::int32_t family, std::int32_t kind,
               std::int32_t root,
               bool follows) { return scenario.append(stream, label_of(family, kind, root, 1), follows); },
            py::arg("stream"), py::arg("family"), py::arg("kind"), py::arg("root"), py::arg("follows"),
            "The next beat of a stream; its position.")
        .def("longest", &longest, py::arg("asked"), py::arg("moves") = 0xFFF, py::arg("exclude") = Pairs{},
             py::arg("most") = 16, py::arg("enough") = 32, py::arg("salt") = 0,
             "(position, moved, length) of the places that agree longest with int32[n, 3] of family, kind, "
             "root.")
        .def(
            "agreement",
            [](Scenario& scenario, std::int32_t position, const Ints& asked, std::uint32_t moves,
               std::int32_t moved) {
                if (moved < -1 || moved > 11) throw py::value_error("moved must be 0 to 11, or -1");
                const auto match =
                    scenario.agreement(there(scenario, position), labels_of(asked), moves_of(moves), moved);
                return std::pair(match.moved, match.length);
            },
            py::arg("position"), py::arg("asked"), py::arg("moves") = 0xFFF, py::arg("moved") = -1,
            "(moved, length) of one place.")
        .def(
            "drop",
            [](Scenario& scenario, std::int32_t first, std::int32_t past) { scenario.drop(first, past); },
            py::arg("first"), py::arg("past"), "Beats that are gone agree with nothing.")
        .def(
            "next", [](const Scenario& s, std::int32_t position) { return s.next(there(s, position)); },
            py::arg("position"), "The beat that follows in its run; -1: none.")
        .def(
            "before", [](const Scenario& s, std::int32_t position) { return s.before(there(s, position)); },
            py::arg("position"), "The beat that it follows in its run; -1: none.")
        .def(
            "gone", [](const Scenario& s, std::int32_t position) { return s.gone(there(s, position)); },
            py::arg("position"), "Whether a beat is gone.")
        .def_property_readonly("work", &Scenario::work, "How many beats the last question has compared.")
        .def_property_readonly("bytes", &Scenario::bytes, "What it takes.")
        .def("__len__", [](const Scenario& scenario) { return scenario.size(); });
}

}  // namespace sideman
