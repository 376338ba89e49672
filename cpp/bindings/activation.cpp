// Python bindings of what lights up in a memory: arguments are checked here, and nowhere below.
#include <sideman/activation.hpp>
#include <tuple>

#include "arguments.hpp"
#include "bindings.hpp"

namespace py = pybind11;
using namespace sideman;
using namespace sideman::arguments;

namespace {

using Places = std::vector<std::tuple<std::int32_t, double, int>>;

Places said(const std::vector<Lit>& found) {
    Places places;
    places.reserve(found.size());
    for (const Lit& lit : found) places.emplace_back(lit.place, lit.score, lit.shift);
    return places;
}

std::int32_t place_in(const Traces& traces, std::int32_t place) {
    if (place < 0 || place >= static_cast<std::int64_t>(traces.size()))
        throw py::index_error("no such place");
    return place;
}

std::size_t checked(int most) {
    if (most < 1 || most > 64) throw py::value_error("most must be 1 to 64");
    return static_cast<std::size_t>(most);
}

void append(Traces& traces, std::int64_t stream, int value, int harmony, double onset, double bpm) {
    if (value < 0 || value > INT16_MAX) throw py::value_error("value must be 0 to 32767");
    if (harmony < 0 || harmony >= static_cast<int>(Traces::harmonies))
        throw py::value_error("harmony must be 0 to 127");
    traces.append(stream, value, harmony, onset, bpm);
}

Places melodies(const Traces& traces, const std::vector<int>& played, bool moved, int least, int most,
                const Pairs& lost) {
    std::vector<Lit> found;
    traces.melodies(played, moved, least, checked(most), intervals_of(lost, "lost"), found);
    return said(found);
}

Places places_in(const Traces& traces, const std::vector<std::tuple<int, double, int>>& wanted, int most,
                 const Pairs& lost) {
    std::vector<Traces::Wanted> asked;
    for (const auto& [harmony, score, shift] : wanted) asked.push_back({harmony, score, shift});
    std::vector<Lit> found;
    traces.places_in(asked, checked(most), intervals_of(lost, "lost"), found);
    return said(found);
}

void light(Peaks& peaks, const Traces& traces, int kind, const Places& places) {
    if (kind < 0 || kind >= Peaks::kinds) throw py::value_error("kind must be 0 to 2");
    std::vector<Lit> lit;
    for (const auto& [place, score, shift] : places) {
        if (place < 0 || place >= static_cast<std::int64_t>(traces.size()))
            throw py::value_error("no such place");
        lit.push_back({place, score, shift});
    }
    peaks.light(traces, kind, lit);
}

py::tuple candidates(const Peaks& peaks, const Traces& traces, int lead, const Pairs& lost) {
    std::vector<Candidate> found;
    std::vector<Peaks::Order> order;
    peaks.candidates(traces, lead, intervals_of(lost, "lost"), found, order);
    const auto size = static_cast<py::ssize_t>(found.size());
    Ints places(size);
    Ints shifts(size);
    Ints values(size);
    Floats heights({size, static_cast<py::ssize_t>(Peaks::kinds)});
    Floats onsets(size);
    Floats tempos(size);
    for (py::ssize_t i = 0; i < size; ++i) {
        const Candidate& one = found[static_cast<std::size_t>(i)];
        places.mutable_at(i) = one.place;
        shifts.mutable_at(i) = one.shift;
        values.mutable_at(i) = traces.value(one.place);
        onsets.mutable_at(i) = traces.onset(one.place);
        tempos.mutable_at(i) = traces.bpm(one.place);
        for (py::ssize_t kind = 0; kind < Peaks::kinds; ++kind)
            heights.mutable_at(i, kind) = one.heights[static_cast<std::size_t>(kind)];
    }
    return py::make_tuple(places, shifts, values, heights, onsets, tempos);
}

}  // namespace

namespace sideman {

void bind_activation(py::module_& m) {
    py::class_<Traces>(m, "Traces", "Of each event learned what finds it again: pitches, harmony, onset.")
        .def(py::init<>())
        .def("__len__", &Traces::size)
        .def_property_readonly("bytes", &Traces::bytes, "What it takes.")
        .def("append", &append, py::arg("stream"), py::arg("value"), py::arg("harmony"), py::arg("onset"),
             py::arg("bpm"), "The next event of a stream.")
        .def("end", &Traces::end, py::arg("stream"), "A break in a stream.")
        .def(
            "next",
            [](const Traces& traces, std::int32_t place) { return traces.next(place_in(traces, place)); },
            py::arg("place"), "The place after it in its stream; -1: none.")
        .def(
            "agreement",
            [](const Traces& traces, const std::vector<int>& played, std::int32_t place, int shift) {
                return traces.agreement(played, place_in(traces, place), shift);
            },
            py::arg("played"), py::arg("place"), py::arg("shift") = 0,
            "How many events up to a place, moved, are as the last that were played; 8 at most.")
        .def("melodies", &melodies, py::arg("played"), py::arg("moved"), py::arg("least"), py::arg("most"),
             py::arg("lost") = Pairs{},
             "Places where it was played before: (place, events that agree, shift).")
        .def("places_in", &places_in, py::arg("wanted"), py::arg("most"), py::arg("lost") = Pairs{},
             "Places in harmonies that are wanted as (harmony, score, shift).");

    py::class_<Peaks>(m, "Peaks", "Places that are lit: they move with the beats, and fade.")
        .def(py::init<>())
        .def("__len__", &Peaks::size)
        .def(
            "move",
            [](Peaks& peaks, const Traces& traces, double beats, double decay, double threshold) {
                if (!(beats >= 0.0) || !(decay > 0.0)) throw py::value_error("beats or decay is negative");
                peaks.move(traces, beats, decay, threshold);
            },
            py::arg("traces"), py::arg("beats"), py::arg("decay"), py::arg("threshold"), "Beats go by.")
        .def("light", &light, py::arg("traces"), py::arg("kind"), py::arg("places"),
             "Light (place, height, shift), by an influence: 0 melodic, 1 harmonic, 2 self.")
        .def("candidates", &candidates, py::arg("traces"), py::arg("lead"), py::arg("lost") = Pairs{},
             "What may be played now: places, shifts, values int32[m], heights float64[m, 3], onsets, "
             "tempos.");
}

}  // namespace sideman
