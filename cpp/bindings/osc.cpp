// Python bindings of the OSC codec, straight on the C API: a datagram costs less than one pybind11 dispatch.
//
// Data never raise: `parse` returns the reason. What our own code asks wrongly raises TypeError or
// ValueError.
#include "sideman/osc.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <string_view>

#include "bindings.hpp"

namespace sideman {
namespace {

using osc::Argument;
using osc::Bytes;
using osc::Fault;

Bytes bytes_of(PyObject* packet) {
    return {reinterpret_cast<const std::uint8_t*>(PyBytes_AS_STRING(packet)),
            static_cast<std::size_t>(PyBytes_GET_SIZE(packet))};
}

PyObject* to_str(std::string_view text) {
    return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
}

PyObject* to_bytes(Bytes data) {
    return PyBytes_FromStringAndSize(reinterpret_cast<const char*>(data.data()),
                                     static_cast<Py_ssize_t>(data.size()));
}

PyObject* to_python(const Argument& argument) {
    switch (argument.tag) {
        case 'i':
            return PyLong_FromLong(argument.int32());
        case 'f':
            return PyFloat_FromDouble(static_cast<double>(argument.float32()));
        case 's':
        case 'S':
            return to_str(argument.text());
        case 'h':
            return PyLong_FromLongLong(argument.int64());
        case 'd':
            return PyFloat_FromDouble(argument.float64());
        case 't':
            return PyLong_FromUnsignedLongLong(argument.uint64());
        case 'c':
            return PyUnicode_FromOrdinal(static_cast<int>(argument.uint32()));
        case 'r':
            return PyLong_FromUnsignedLong(argument.uint32());
        case 'T':
        case 'I':
            return Py_NewRef(Py_True);
        case 'F':
            return Py_NewRef(Py_False);
        case 'N':
            return Py_NewRef(Py_None);
        default:  // b m
            return to_bytes(argument.data);
    }
}

// Two new references in a tuple; either may be null, with an exception set.
PyObject* pair(PyObject* first, PyObject* second) {
    PyObject* both = first != nullptr && second != nullptr ? PyTuple_New(2) : nullptr;
    if (both == nullptr) {
        Py_XDECREF(first);
        Py_XDECREF(second);
        return nullptr;
    }
    PyTuple_SET_ITEM(both, 0, first);
    PyTuple_SET_ITEM(both, 1, second);
    return both;
}

PyObject* to_python(const osc::Message& message) {
    PyObject* arguments = PyTuple_New(static_cast<Py_ssize_t>(message.count()));
    if (arguments == nullptr) {
        return nullptr;
    }
    Py_ssize_t at = 0;
    for (const Argument& argument : message) {
        PyObject* value = to_python(argument);
        if (value == nullptr) {
            Py_DECREF(arguments);
            return nullptr;
        }
        PyTuple_SET_ITEM(arguments, at++, value);
    }
    return pair(to_str(message.address()), arguments);
}

// Of a packet that was checked; recursion ends at `osc::max_depth`.
PyObject* to_python(Bytes packet) {
    if (!osc::is_bundle(packet)) {
        osc::Message message;
        osc::read(packet, message);
        return to_python(message);
    }
    const osc::Bundle bundle{packet};
    PyObject* elements = PyList_New(0);
    if (elements == nullptr) {
        return nullptr;
    }
    for (const Bytes element : bundle) {
        PyObject* value = to_python(element);
        const int failed = value == nullptr ? -1 : PyList_Append(elements, value);
        Py_XDECREF(value);
        if (failed != 0) {
            Py_DECREF(elements);
            return nullptr;
        }
    }
    return pair(PyLong_FromUnsignedLongLong(bundle.time_tag()), elements);
}

PyObject* parse(PyObject*, PyObject* packet) {
    if (!PyBytes_Check(packet)) {
        return PyErr_Format(PyExc_TypeError, "packet must be bytes, not %s", Py_TYPE(packet)->tp_name);
    }
    const Bytes bytes = bytes_of(packet);
    if (osc::is_bundle(bytes)) {
        const Fault fault = osc::check(bytes);
        return fault == Fault::none ? to_python(bytes) : PyUnicode_InternFromString(osc::reason(fault));
    }
    osc::Message message;
    const Fault fault = osc::read(bytes, message);
    return fault == Fault::none ? to_python(message) : PyUnicode_InternFromString(osc::reason(fault));
}

// A str as UTF-8 without nulls; data() is null where that fails, with the exception set.
std::string_view text_of(PyObject* text, const char* what, std::size_t longest) {
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text, &size);
    if (data == nullptr) {
        return {};
    }
    const std::string_view view{data, static_cast<std::size_t>(size)};
    if (view.size() > longest) {
        PyErr_Format(PyExc_ValueError, "%s is longer than %zu bytes", what, longest);
        return {};
    }
    if (view.find('\0') != std::string_view::npos) {
        PyErr_Format(PyExc_ValueError, "%s holds a null character", what);
        return {};
    }
    return view;
}

// The tag of a value that we send, its size added to `size`; 0 where there is none, with the exception set.
char measure(PyObject* value, Py_ssize_t index, std::size_t& size) {
    if (PyFloat_Check(value)) {
        const double number = PyFloat_AS_DOUBLE(value);
        if (std::isfinite(number) && std::isinf(static_cast<float>(number))) {
            PyErr_Format(PyExc_ValueError, "argument %zd is too large for a 32-bit float: %R", index, value);
            return 0;
        }
        size += 4;
        return 'f';
    }
    if (PyBool_Check(value)) {
        return value == Py_True ? 'T' : 'F';
    }
    if (PyLong_Check(value)) {
        int overflow = 0;
        const long long number = PyLong_AsLongLongAndOverflow(value, &overflow);
        if (overflow != 0) {
            PyErr_Format(PyExc_ValueError, "argument %zd is too large for a 64-bit integer", index);
            return 0;
        }
        const bool small = number >= std::numeric_limits<std::int32_t>::min() &&
                           number <= std::numeric_limits<std::int32_t>::max();
        size += small ? 4 : 8;
        return small ? 'i' : 'h';
    }
    if (PyUnicode_Check(value)) {
        const std::string_view text = text_of(value, "a string argument", osc::max_string);
        size += osc::padded(text.size() + 1);
        return text.data() != nullptr ? 's' : char{0};
    }
    if (PyBytes_Check(value)) {
        const std::size_t bytes = bytes_of(value).size();
        if (bytes > std::numeric_limits<std::int32_t>::max()) {
            PyErr_Format(PyExc_ValueError, "argument %zd is too large for a blob", index);
            return 0;
        }
        size += 4 + osc::padded(bytes);
        return 'b';
    }
    if (value == Py_None) {
        return 'N';
    }
    PyErr_Format(PyExc_TypeError, "argument %zd must be an int, float, str, bytes, bool or None, not %s",
                 index, Py_TYPE(value)->tp_name);
    return 0;
}

PyObject* build_from(PyObject* address, PyObject* const* arguments, Py_ssize_t count) {
    if (!PyUnicode_Check(address)) {
        return PyErr_Format(PyExc_TypeError, "address must be str, not %s", Py_TYPE(address)->tp_name);
    }
    const std::string_view where = text_of(address, "the address", osc::max_address);
    if (where.data() == nullptr) {
        return nullptr;
    }
    if (where.empty() || where[0] != '/') {
        return PyErr_Format(PyExc_ValueError, "the address must begin with '/': %R", address);
    }
    const bool words = count > 0 && PyUnicode_Check(arguments[count - 1]);
    if (static_cast<std::size_t>(count) > (words ? osc::max_words : osc::max_arguments)) {
        return PyErr_Format(PyExc_ValueError, "%zd are %s", count, osc::reason(Fault::arguments_many));
    }
    std::array<char, osc::max_words> tags;
    const auto number = static_cast<std::size_t>(count);
    std::size_t size = osc::padded(where.size() + 1) + osc::padded(number + 2);
    for (std::size_t i = 0; i < number; ++i) {
        tags[i] = measure(arguments[i], static_cast<Py_ssize_t>(i), size);
        if (tags[i] == 0) {
            return nullptr;
        }
    }
    PyObject* packet = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (packet == nullptr) {
        return nullptr;
    }
    osc::Writer writer{{reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(packet)), size}};
    writer.begin(where, {tags.data(), number});
    for (std::size_t i = 0; i < number; ++i) {
        PyObject* value = arguments[i];
        switch (tags[i]) {
            case 'i':
                writer.int32(static_cast<std::int32_t>(PyLong_AsLong(value)));
                break;
            case 'f':
                writer.float32(static_cast<float>(PyFloat_AS_DOUBLE(value)));
                break;
            case 's': {
                Py_ssize_t bytes = 0;
                const char* text = PyUnicode_AsUTF8AndSize(value, &bytes);
                writer.string({text, static_cast<std::size_t>(bytes)});
                break;
            }
            case 'h':
                writer.int64(PyLong_AsLongLong(value));
                break;
            case 'b':
                writer.blob(bytes_of(value));
                break;
            default:  // T F N have no data
                break;
        }
    }
    return packet;
}

bool has_arguments(const char* name, Py_ssize_t count, Py_ssize_t least, Py_ssize_t most) {
    if (count < least || count > most) {
        PyErr_Format(PyExc_TypeError, "%s takes %zd to %zd arguments, not %zd", name, least, most, count);
        return false;
    }
    return true;
}

PyObject* encode(PyObject*, PyObject* const* args, Py_ssize_t count) {
    if (!has_arguments("encode()", count, 1, PY_SSIZE_T_MAX)) {
        return nullptr;
    }
    return build_from(args[0], args + 1, count - 1);
}

PyObject* build(PyObject*, PyObject* const* args, Py_ssize_t count) {
    if (!has_arguments("build()", count, 1, 2)) {
        return nullptr;
    }
    if (count == 1) {
        return build_from(args[0], nullptr, 0);
    }
    PyObject* arguments = PySequence_Fast(args[1], "arguments must be a sequence");
    if (arguments == nullptr) {
        return nullptr;
    }
    PyObject* packet =
        build_from(args[0], PySequence_Fast_ITEMS(arguments), PySequence_Fast_GET_SIZE(arguments));
    Py_DECREF(arguments);
    return packet;
}

PyObject* build_bundle(PyObject*, PyObject* const* args, Py_ssize_t count) {
    if (!has_arguments("build_bundle()", count, 2, 2)) {
        return nullptr;
    }
    if (!PyLong_Check(args[0])) {
        return PyErr_Format(PyExc_TypeError, "time_tag must be an int, not %s", Py_TYPE(args[0])->tp_name);
    }
    const unsigned long long time_tag = PyLong_AsUnsignedLongLong(args[0]);
    if (PyErr_Occurred() != nullptr) {
        PyErr_Clear();
        return PyErr_Format(PyExc_ValueError, "time_tag must be from 0 to 2**64 - 1, not %R", args[0]);
    }
    PyObject* elements = PySequence_Fast(args[1], "elements must be a sequence");
    if (elements == nullptr) {
        return nullptr;
    }
    PyObject* const* items = PySequence_Fast_ITEMS(elements);
    const Py_ssize_t number = PySequence_Fast_GET_SIZE(elements);
    std::size_t size = osc::bundle_head;
    for (Py_ssize_t i = 0; i < number; ++i) {
        if (!PyBytes_Check(items[i])) {
            PyErr_Format(PyExc_TypeError, "element %zd must be bytes, not %s", i, Py_TYPE(items[i])->tp_name);
            Py_DECREF(elements);
            return nullptr;
        }
        size += 4 + bytes_of(items[i]).size();
    }
    PyObject* packet = PyBytes_FromStringAndSize(nullptr, static_cast<Py_ssize_t>(size));
    if (packet != nullptr) {
        osc::Writer writer{{reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(packet)), size}};
        writer.bundle(time_tag);
        for (Py_ssize_t i = 0; i < number; ++i) {
            writer.element(bytes_of(items[i]));
        }
        if (const Fault fault = osc::check(writer.bytes()); fault != Fault::none) {
            Py_CLEAR(packet);
            PyErr_Format(PyExc_ValueError, "this is no bundle: %s", osc::reason(fault));
        }
    }
    Py_DECREF(elements);
    return packet;
}

// A str argument as UTF-8; data() is null where that fails, with the exception set.
std::string_view str_of(PyObject* text, const char* name) {
    if (!PyUnicode_Check(text)) {
        PyErr_Format(PyExc_TypeError, "%s must be str, not %s", name, Py_TYPE(text)->tp_name);
        return {};
    }
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text, &size);
    return data != nullptr ? std::string_view{data, static_cast<std::size_t>(size)} : std::string_view{};
}

PyObject* is_pattern(PyObject*, PyObject* address) {
    const std::string_view view = str_of(address, "address");
    return view.data() != nullptr ? PyBool_FromLong(osc::is_pattern(view)) : nullptr;
}

PyObject* pattern_fault(PyObject*, PyObject* pattern) {
    const std::string_view view = str_of(pattern, "pattern");
    if (view.data() == nullptr) {
        return nullptr;
    }
    const char* fault = osc::pattern_fault(view);
    return fault != nullptr ? PyUnicode_InternFromString(fault) : Py_NewRef(Py_None);
}

// Matches and counts; false with the exception set where the arguments are wrong.
bool match_pair(const char* name, PyObject* const* args, Py_ssize_t count, bool& matched,
                std::size_t& steps) {
    if (!has_arguments(name, count, 2, 2)) {
        return false;
    }
    const std::string_view pattern = str_of(args[0], "pattern");
    const std::string_view address = pattern.data() != nullptr ? str_of(args[1], "address") : pattern;
    if (address.data() == nullptr) {
        return false;
    }
    matched = osc::match(pattern, address, steps);
    return true;
}

PyObject* match(PyObject*, PyObject* const* args, Py_ssize_t count) {
    bool matched = false;
    std::size_t steps = 0;
    return match_pair("match()", args, count, matched, steps) ? PyBool_FromLong(matched) : nullptr;
}

PyObject* match_steps(PyObject*, PyObject* const* args, Py_ssize_t count) {
    bool matched = false;
    std::size_t steps = 0;
    return match_pair("match_steps()", args, count, matched, steps) ? PyLong_FromSize_t(steps) : nullptr;
}

// CPython keeps functions of every signature behind one pointer type; the flags say which it is.
PyCFunction as_method(_PyCFunctionFast function) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

PyMethodDef methods[] = {
    {"parse", parse, METH_O,
     "parse($module, packet, /)\n--\n\n"
     "A message as (address, arguments), a bundle as (time tag, elements), a refusal as its reason.\n\n"
     "Arguments: i h r t give int, f d float, s S c str, b m bytes (m: port, status, two data bytes),\n"
     "T F I bool (I, the impulse, is True), N None; those of arrays stand among the others. A message may\n"
     "lack its type tag string: it then has no arguments. Floats may be NaN or infinite.\n"
     "Elements are what `parse` gives for each. Never raises on data. Source: OSC 1.0."},
    {"encode", as_method(encode), METH_FASTCALL,
     "encode($module, address, /, *arguments)\n--\n\n"
     "A message as a packet: int gives i (h beyond 32 bits), float f, str s, bytes b, bool T or F, None "
     "N.\n\n"
     "Raises TypeError or ValueError, naming what is wrong, for what OSC or the limits do not allow."},
    {"build", as_method(build), METH_FASTCALL,
     "build($module, address, arguments=(), /)\n--\n\nAs `encode`, with the arguments in a sequence."},
    {"build_bundle", as_method(build_bundle), METH_FASTCALL,
     "build_bundle($module, time_tag, elements, /)\n--\n\n"
     "A bundle of packets as a packet; `time_tag` is 64-bit NTP, 1 means on arrival.\n\n"
     "Raises TypeError or ValueError, naming what is wrong, if `parse` would refuse it."},
    {"is_pattern", is_pattern, METH_O,
     "is_pattern($module, address, /)\n--\n\nWhether an address holds any of * ? [ ] { }."},
    {"pattern_fault", pattern_fault, METH_O,
     "pattern_fault($module, pattern, /)\n--\n\n"
     "What is wrong with a pattern (it then matches nothing), or None."},
    {"match", as_method(match), METH_FASTCALL,
     "match($module, pattern, address, /)\n--\n\n"
     "Whether an OSC 1.0 pattern matches an address, in bounded work; * ? [a-c] [!a] never match '/'."},
    {"match_steps", as_method(match_steps), METH_FASTCALL,
     "match_steps($module, pattern, address, /)\n--\n\nThe work that `match` does, in steps."},
    {nullptr, nullptr, 0, nullptr},
};

}  // namespace

void bind_osc(pybind11::module_& m) {
    if (PyModule_AddFunctions(m.ptr(), methods) != 0) {
        throw pybind11::error_already_set();
    }
    pybind11::tuple reasons(osc::reasons.size() - 1);
    for (std::size_t i = 1; i < osc::reasons.size(); ++i) {
        reasons[i - 1] = pybind11::str(osc::reasons[i]);
    }
    m.attr("REASONS") = reasons;
}

}  // namespace sideman
