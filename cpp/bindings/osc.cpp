// Python bindings of the OSC codec: plain Python values in and out, built with the C API because this is the
// hot path.
#include <pybind11/stl.h>

#include <array>
#include <cmath>
#include <limits>
#include <sideman/osc.hpp>
#include <sideman/osc_pattern.hpp>
#include <string>
#include <vector>

#include "bindings.hpp"

namespace py = pybind11;
using namespace sideman::osc;

namespace {

// Collects what a packet holds: a message is (address, arguments), a bundle (time tag, elements).
class Collector {
  public:
    void begin_message(std::string_view address) {
        address_ = text_of(address);
        arguments_.clear();
    }
    void end_message() {
        py::tuple arguments(arguments_.size());
        for (std::size_t i = 0; i < arguments_.size(); ++i) {
            PyTuple_SET_ITEM(arguments.ptr(), static_cast<Py_ssize_t>(i), arguments_[i].release().ptr());
        }
        arguments_.clear();
        place(py::make_tuple(std::move(address_), std::move(arguments)));
    }
    void begin_bundle(std::uint64_t tag) { open_.emplace_back(tag, py::list()); }
    void end_bundle() {
        auto [tag, elements] = std::move(open_.back());
        open_.pop_back();
        place(py::make_tuple(tag, std::move(elements)));
    }
    void integer(std::int64_t value) { add(PyLong_FromLongLong(value)); }
    void real(double value) { add(PyFloat_FromDouble(value)); }
    void text(std::string_view value) { arguments_.push_back(text_of(value)); }
    void blob(Bytes value) {
        add(PyBytes_FromStringAndSize(reinterpret_cast<const char*>(value.data()),
                                      static_cast<Py_ssize_t>(value.size())));
    }
    void truth(bool value) { arguments_.push_back(py::bool_(value)); }
    void nothing() { arguments_.push_back(py::none()); }
    void impulse() { real(std::numeric_limits<double>::infinity()); }
    void time_tag(std::uint64_t value) { add(PyLong_FromUnsignedLongLong(value)); }

    py::object take() { return std::move(whole_); }

  private:
    static py::object text_of(std::string_view value) {
        return py::reinterpret_steal<py::object>(
            PyUnicode_DecodeUTF8(value.data(), static_cast<Py_ssize_t>(value.size()), nullptr));
    }
    void add(PyObject* value) { arguments_.push_back(py::reinterpret_steal<py::object>(value)); }
    void place(py::object value) {
        if (open_.empty()) {
            whole_ = std::move(value);
        } else {
            open_.back().second.append(std::move(value));
        }
    }

    py::object address_;
    std::vector<py::object> arguments_;
    std::vector<std::pair<std::uint64_t, py::list>> open_;
    py::object whole_;
};

py::object parse_packet(const py::bytes& packet) {
    char* data = nullptr;
    Py_ssize_t size = 0;
    PyBytes_AsStringAndSize(packet.ptr(), &data, &size);
    Collector collector;
    const Refusal refusal =
        parse({reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)}, collector);
    if (refusal != Refusal::none) {
        const std::string_view why = reason(refusal);
        return py::str(why.data(), why.size());
    }
    return collector.take();
}

std::string_view utf8(py::handle text) {
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (data == nullptr) throw py::error_already_set();
    return {data, static_cast<std::size_t>(size)};
}

char type_of(py::handle value, std::size_t place) {
    PyObject* object = value.ptr();
    if (PyFloat_Check(object)) return 'f';
    if (PyBool_Check(object)) return object == Py_True ? 'T' : 'F';
    if (PyLong_Check(object)) {
        int overflow = 0;
        const long long number = PyLong_AsLongLongAndOverflow(object, &overflow);
        if (overflow != 0)
            throw py::value_error("argument " + std::to_string(place) + " does not fit in 64 bits");
        return number >= INT32_MIN && number <= INT32_MAX ? 'i' : 'h';
    }
    if (PyUnicode_Check(object)) return 's';
    if (PyBytes_Check(object)) return 'b';
    if (object == Py_None) return 'N';
    throw py::type_error("argument " + std::to_string(place) + " is of type " + Py_TYPE(object)->tp_name +
                         "; OSC has int, float, str, bytes, bool and None");
}

void write_value(Writer& writer, char type, py::handle value) {
    switch (type) {
        case 'i':
            writer.u32(static_cast<std::uint32_t>(PyLong_AsLong(value.ptr())));
            break;
        case 'h':
            writer.u64(static_cast<std::uint64_t>(PyLong_AsLongLong(value.ptr())));
            break;
        case 'f':
            writer.real(static_cast<float>(PyFloat_AS_DOUBLE(value.ptr())));
            break;
        case 's':
            writer.string(utf8(value));
            break;
        case 'b':
            writer.blob({reinterpret_cast<const std::uint8_t*>(PyBytes_AS_STRING(value.ptr())),
                         static_cast<std::size_t>(PyBytes_GET_SIZE(value.ptr()))});
            break;
        default:
            break;
    }
}

py::bytes bytes_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

py::bytes encode(const py::str& address, const py::args& arguments) {
    const std::string_view where = utf8(address);
    if (where.empty() || where[0] != '/') throw py::value_error("address must begin with /");
    std::string tags(1, ',');
    std::size_t place = 0;
    for (const py::handle value : arguments) tags.push_back(type_of(value, place++));
    const auto write = [&](Writer& writer) {
        writer.string(where);
        writer.string(tags);
        std::size_t i = 1;
        for (const py::handle value : arguments) write_value(writer, tags[i++], value);
    };
    std::array<std::uint8_t, 1024> room{};
    Writer first(room);
    write(first);
    if (first.fits()) return bytes_of(room.data(), first.size());
    std::vector<std::uint8_t> more(first.size());
    Writer second(more);
    write(second);
    return bytes_of(more.data(), second.size());
}

py::bytes encode_bundle(std::uint64_t time_tag, const std::vector<py::bytes>& elements) {
    std::size_t size = 16;
    for (const py::bytes& element : elements)
        size += 4 + static_cast<std::size_t>(PyBytes_GET_SIZE(element.ptr()));
    std::vector<std::uint8_t> room(size);
    Writer writer(room);
    writer.string("#bundle");
    writer.u64(time_tag);
    for (const py::bytes& element : elements) {
        const auto length = static_cast<std::size_t>(PyBytes_GET_SIZE(element.ptr()));
        writer.u32(static_cast<std::uint32_t>(length));
        writer.raw(PyBytes_AS_STRING(element.ptr()), length);
    }
    return bytes_of(room.data(), writer.size());
}

}  // namespace

namespace sideman {

void bind_osc(py::module_& m) {
    m.def("parse", &parse_packet, py::arg("packet"),
          "A packet as plain values: a message is (address, arguments), a bundle (time tag, list of "
          "elements), and\n"
          "what is no valid packet the reason why, as a string. Never raises on data.\n"
          "Members of an array stand among the arguments. Source: OSC 1.0 specification (Wright 2002).");
    m.def("encode", &encode, py::arg("address"),
          "A message as a packet: int becomes i (h beyond 32 bits), float f, str s, bytes b, bool T or F, "
          "None N.\n"
          "Raises ValueError for an address without a leading / and for an int beyond 64 bits, TypeError for "
          "another\n"
          "type.");
    m.def("encode_bundle", &encode_bundle, py::arg("time_tag"), py::arg("elements"),
          "A bundle of packets with an NTP time tag (1: immediately).");
    m.def(
        "is_pattern", [](const py::str& address) { return is_pattern(utf8(address)); }, py::arg("address"),
        "Whether an address has a character that makes it a pattern.");
    m.def(
        "match",
        [](const py::str& pattern, const py::str& address) {
            return match(utf8(pattern), utf8(address)) == Match::yes;
        },
        py::arg("pattern"), py::arg("address"),
        "Whether a pattern matches an address, in time linear in both; a malformed pattern matches nothing.");
    m.def(
        "match_steps",
        [](const py::str& pattern, const py::str& address) {
            std::size_t steps = 0;
            match(utf8(pattern), utf8(address), &steps);
            return steps;
        },
        py::arg("pattern"), py::arg("address"), "How many states `match` visits: for tests that count work.");
}

}  // namespace sideman
