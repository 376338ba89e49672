// Arguments from Python, checked by name: symbols, tuples, intervals, arrays.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <optional>
#include <sideman/model.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sideman::arguments {

namespace py = pybind11;

constexpr std::size_t most_components = 16;
constexpr std::size_t most_intervals = 64;
constexpr py::ssize_t long_learning = 256;  // from so many symbols on, others may run meanwhile

using Ints = py::array_t<std::int32_t, py::array::c_style>;
using Floats = py::array_t<double, py::array::c_style>;
using Pairs = std::vector<std::pair<Position, Position>>;

inline long long whole(const py::handle& number) {
    const long long value =
        PyLong_AsLongLong(py::reinterpret_steal<py::object>(PyNumber_Index(number.ptr())).ptr());
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    return value;
}

inline bool is_id(const py::handle& symbol) {
    return PyIndex_Check(symbol.ptr()) && !py::isinstance<py::sequence>(symbol);
}

// A symbol's component values; raises TypeError or ValueError naming the argument.
inline std::vector<Value> tuple_of(const py::handle& symbol, std::size_t components, const char* name) {
    if (!py::isinstance<py::sequence>(symbol) || py::isinstance<py::str>(symbol)) {
        throw py::type_error(std::string(name) + " must be a sequence of " + std::to_string(components) +
                             " ints");
    }
    std::vector<Value> values;
    for (const py::handle item : py::reinterpret_borrow<py::sequence>(symbol)) {
        if (!PyIndex_Check(item.ptr())) throw py::type_error(std::string(name) + " must hold ints");
        const long long value = whole(item);
        if (value < 0 || value > INT32_MAX) {
            throw py::value_error(std::string(name) + " must hold values from 0 to 2147483647");
        }
        values.push_back(static_cast<Value>(value));
    }
    if (values.size() != components) {
        throw py::value_error(std::string(name) + " must have " + std::to_string(components) +
                              " components, " + std::to_string(values.size()) + " came");
    }
    return values;
}

// A symbol given as an id or as a tuple, as its id; 0 is unseen.
inline std::int32_t id_of(const Alphabet* alphabet, std::size_t components, const py::handle& symbol,
                          const char* name) {
    if (is_id(symbol)) {
        const long long id = whole(symbol);
        const long long most = alphabet != nullptr ? static_cast<long long>(alphabet->size()) : INT32_MAX;
        if (id < 0 || id > most) {
            throw py::value_error(std::string(name) + " must be an id from 0 to " + std::to_string(most));
        }
        return static_cast<std::int32_t>(id);
    }
    const auto values = tuple_of(symbol, components, name);
    return alphabet != nullptr ? alphabet->find(values) : values[0];
}

// The same as its component values, zeros where it is unseen.
inline std::vector<Value> values_of(const Alphabet* alphabet, std::size_t components,
                                    const py::handle& symbol, const char* name) {
    if (!is_id(symbol)) return tuple_of(symbol, components, name);
    const std::int32_t id = id_of(alphabet, components, symbol, name);
    std::vector<Value> values(components, 0);
    for (std::size_t c = 0; id != 0 && c < components; ++c)
        values[c] = alphabet != nullptr ? alphabet->value(id, c) : id;
    return values;
}

inline std::vector<Interval> intervals_of(const Pairs& pairs, const char* name) {
    if (pairs.size() > most_intervals)
        throw py::value_error(std::string(name) + " may have at most 64 intervals");
    std::vector<Interval> intervals;
    for (const auto& [first, past] : pairs) intervals.push_back({first, past});
    return intervals;
}

inline void check_symbol(std::int64_t symbol, std::int64_t most) {
    if (symbol < 1) throw py::value_error("symbols must be at least 1; 0 is the unseen symbol");
    if (symbol > most) throw py::value_error("symbols must be at most " + std::to_string(most));
}

// Symbols to learn, int32[n] of ids or int32[n, components] of values, as ids; new tuples are interned.
inline std::vector<std::int32_t> ids_of(Alphabet* alphabet, std::size_t components,
                                        const py::object& symbols) {
    const std::int64_t known = alphabet != nullptr ? static_cast<std::int64_t>(alphabet->size()) : INT32_MAX;
    if (py::isinstance<Ints>(symbols)) {  // as it mostly is: an event's symbol, met before
        const auto ids = py::reinterpret_borrow<Ints>(symbols);
        if (ids.ndim() == 1) {
            for (py::ssize_t i = 0; i < ids.size(); ++i) check_symbol(ids.data()[i], known);
            return {ids.data(), ids.data() + ids.size()};
        }
    }
    const py::array given = py::array::ensure(symbols);
    if (!given || (given.dtype().kind() != 'i' && given.dtype().kind() != 'u')) {
        PyErr_Clear();
        throw py::type_error("symbols must be an array of int32");
    }
    const bool tuples = given.ndim() == 2;
    if (given.ndim() != 1 && !tuples) throw py::value_error("symbols must have shape [n] or [n, components]");
    if (tuples && static_cast<std::size_t>(given.shape(1)) != components) {
        throw py::value_error("symbols must have " + std::to_string(components) + " components");
    }
    const auto wide = py::array_t<std::int64_t, py::array::c_style | py::array::forcecast>::ensure(given);
    const std::int64_t* data = wide.data();
    for (py::ssize_t i = 0; i < wide.size(); ++i) check_symbol(data[i], tuples ? INT32_MAX : known);
    std::vector<std::int32_t> ids(static_cast<std::size_t>(wide.shape(0)));
    std::vector<Value> values(components);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (!tuples) {
            ids[i] = static_cast<std::int32_t>(data[i]);
            continue;
        }
        for (std::size_t c = 0; c < components; ++c) values[c] = static_cast<Value>(data[i * components + c]);
        ids[i] = alphabet != nullptr ? alphabet->intern(values) : values[0];
    }
    return ids;
}

// Masks from Python, held while spans look at them.
struct GivenMasks {
    explicit GivenMasks(const std::vector<std::optional<Floats>>& given) : kept(given) {
        for (const auto& mask : kept) {
            spans.push_back(
                mask ? std::span<const double>(mask->data(), static_cast<std::size_t>(mask->size()))
                     : std::span<const double>{});
        }
    }
    std::vector<std::optional<Floats>> kept;
    std::vector<std::span<const double>> spans;
};

}  // namespace sideman::arguments
