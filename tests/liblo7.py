"""liblo's C library by ctypes: messages and bundles serialised and read back. For tests; nothing is compiled.

Rule: only valid packets may be given to it in a test that expects an answer; it reads as a C library does.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
from collections.abc import Mapping, Sequence
from ctypes import POINTER, byref, c_char, c_char_p, c_double, c_float, c_int, c_size_t, c_void_p

import pytest

INSTALL = "apt-get install liblo7"

Typed = tuple[str, int | float | str | bytes | None]
"""A type tag and its value: str for s S, bytes for b (not empty) and m (four), a number for i h f d t c."""


class _TimeTag(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_uint32), ("fraction", ctypes.c_uint32)]


_SIGNATURES: Mapping[str, tuple[type | None, Sequence[type]]] = {
    "message_new": (c_void_p, ()),
    "message_free": (None, (c_void_p,)),
    "message_add_int32": (c_int, (c_void_p, ctypes.c_int32)),
    "message_add_int64": (c_int, (c_void_p, ctypes.c_int64)),
    "message_add_float": (c_int, (c_void_p, c_float)),
    "message_add_double": (c_int, (c_void_p, c_double)),
    "message_add_string": (c_int, (c_void_p, c_char_p)),
    "message_add_symbol": (c_int, (c_void_p, c_char_p)),
    "message_add_char": (c_int, (c_void_p, c_char)),
    "message_add_midi": (c_int, (c_void_p, c_char_p)),
    "message_add_timetag": (c_int, (c_void_p, _TimeTag)),
    "message_add_blob": (c_int, (c_void_p, c_void_p)),
    "message_add_true": (c_int, (c_void_p,)),
    "message_add_false": (c_int, (c_void_p,)),
    "message_add_nil": (c_int, (c_void_p,)),
    "message_add_infinitum": (c_int, (c_void_p,)),
    "message_serialise": (c_void_p, (c_void_p, c_char_p, c_void_p, POINTER(c_size_t))),
    "message_deserialise": (c_void_p, (c_char_p, c_size_t, POINTER(c_int))),
    "message_get_types": (c_char_p, (c_void_p,)),
    "message_get_argv": (c_void_p, (c_void_p,)),
    "blob_new": (c_void_p, (ctypes.c_int32, c_char_p)),
    "blob_free": (None, (c_void_p,)),
    "blob_dataptr": (c_void_p, (c_void_p,)),
    "blob_datasize": (ctypes.c_uint32, (c_void_p,)),
    "bundle_new": (c_void_p, (_TimeTag,)),
    "bundle_add_message": (c_int, (c_void_p, c_char_p, c_void_p)),
    "bundle_add_bundle": (c_int, (c_void_p, c_void_p)),
    "bundle_serialise": (c_void_p, (c_void_p, c_void_p, POINTER(c_size_t))),
    "bundle_free_recursive": (None, (c_void_p,)),
    "pattern_match": (c_int, (c_char_p, c_char_p)),
}


class Liblo:
    """The library, with the functions that the tests use."""

    def __init__(self, lo: ctypes.CDLL) -> None:
        self._lo = lo
        for name, (gives, takes) in _SIGNATURES.items():
            function = getattr(lo, f"lo_{name}")
            function.restype, function.argtypes = gives, takes
        self._free = ctypes.CDLL(None).free
        self._free.argtypes = [c_void_p]
        self._paths: list[object] = []  # bundles hold on to them

    def message(self, address: str, arguments: Sequence[Typed]) -> bytes:
        """The packet of one message."""
        handle = self._message(arguments)
        size = c_size_t()
        data = self._lo.lo_message_serialise(handle, address.encode(), None, byref(size))
        packet = ctypes.string_at(data, size.value)
        self._free(data)
        self._lo.lo_message_free(handle)
        return packet

    def bundle(self, time_tag: int, elements: Sequence[tuple[str, Sequence[Typed]]]) -> bytes:
        """The packet of a bundle of messages, with the same messages once more in a bundle within it."""
        outer, inner = (self._bundle(time_tag, elements) for _ in range(2))
        self._lo.lo_bundle_add_bundle(outer, inner)
        size = c_size_t()
        data = self._lo.lo_bundle_serialise(outer, None, byref(size))
        packet = ctypes.string_at(data, size.value)
        self._free(data)
        self._lo.lo_bundle_free_recursive(outer)
        return packet

    def read(self, packet: bytes) -> list[Typed] | None:
        """The arguments of a message, None where liblo refuses it."""
        result = c_int()
        handle = self._lo.lo_message_deserialise(packet, len(packet), byref(result))
        if not handle:
            return None
        tags = self._lo.lo_message_get_types(handle).decode()
        places = ctypes.cast(self._lo.lo_message_get_argv(handle), POINTER(c_void_p))
        found: list[Typed] = [(tag, self._value(tag, places[i])) for i, tag in enumerate(tags)]
        self._lo.lo_message_free(handle)
        return found

    def match(self, pattern: str, address: str) -> bool:
        return bool(self._lo.lo_pattern_match(address.encode(), pattern.encode()))

    def _bundle(self, time_tag: int, elements: Sequence[tuple[str, Sequence[Typed]]]) -> c_void_p:
        handle = c_void_p(self._lo.lo_bundle_new(_TimeTag(time_tag >> 32, time_tag & 0xFFFFFFFF)))
        for address, arguments in elements:
            path = ctypes.create_string_buffer(address.encode())
            self._paths.append(path)
            self._lo.lo_bundle_add_message(handle, path, self._message(arguments))
        return handle

    def _message(self, arguments: Sequence[Typed]) -> c_void_p:
        lo = self._lo
        handle = c_void_p(lo.lo_message_new())
        for tag, value in arguments:
            match tag, value:
                case "i" | "h" | "f" | "d", int() | float():
                    name = {"i": "int32", "h": "int64", "f": "float", "d": "double"}[tag]
                    getattr(lo, f"lo_message_add_{name}")(handle, value)
                case "s" | "S", str():
                    name = "string" if tag == "s" else "symbol"
                    getattr(lo, f"lo_message_add_{name}")(handle, value.encode())
                case "t", int():
                    lo.lo_message_add_timetag(handle, _TimeTag(value >> 32, value & 0xFFFFFFFF))
                case "c", int():
                    lo.lo_message_add_char(handle, value)
                case "m", bytes():
                    lo.lo_message_add_midi(handle, value)
                case "b", bytes():
                    blob = c_void_p(lo.lo_blob_new(len(value), value))
                    lo.lo_message_add_blob(handle, blob)
                    lo.lo_blob_free(blob)
                case _:
                    name = {"T": "true", "F": "false", "N": "nil", "I": "infinitum"}[tag]
                    getattr(lo, f"lo_message_add_{name}")(handle)
        return handle

    def _value(self, tag: str, at: int | None) -> int | float | str | bytes | None:
        if at is None:
            return None
        match tag:
            case "i" | "c":
                return ctypes.c_int32.from_address(at).value
            case "h":
                return ctypes.c_int64.from_address(at).value
            case "t":
                tag_at = _TimeTag.from_address(at)
                return int(tag_at.seconds) << 32 | int(tag_at.fraction)
            case "f":
                return c_float.from_address(at).value
            case "d":
                return c_double.from_address(at).value
            case "s" | "S":
                return ctypes.string_at(at).decode()
            case "m":
                return bytes((ctypes.c_uint8 * 4).from_address(at))
        data, size = self._lo.lo_blob_dataptr(at), self._lo.lo_blob_datasize(at)
        return ctypes.string_at(data, size)


def liblo() -> Liblo:
    """The library; skips the test where it is missing, but in CI fails it."""
    for name in ("liblo.so.7", ctypes.util.find_library("lo")):
        if name:
            try:
                return Liblo(ctypes.CDLL(name))
            except OSError:
                continue
    if os.environ.get("CI") == "true":
        pytest.fail(f"liblo is missing: {INSTALL}")
    pytest.skip(f"liblo is missing: {INSTALL}")
