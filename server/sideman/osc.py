"""OSC packets as values: messages and bundles to bytes and back, and time tags.

The work is done by the C++ codec; this module gives its results their names and its refusals their class.
"""

from __future__ import annotations

from typing import Final, NamedTuple, cast

from ._core import osc as _codec
from .errors import Refused

Argument = int | float | str | bytes | bool | None

IMMEDIATELY: Final = 1
_UNIX_S: Final = 2_208_988_800  # from 1900, where NTP begins, to 1970
_SECOND: Final = 1_000_000_000

encode = _codec.encode
encode_bundle = _codec.encode_bundle
is_pattern = _codec.is_pattern
match = _codec.match
match_steps = _codec.match_steps


class Message(NamedTuple):
    """An address and its arguments."""

    address: str
    arguments: tuple[Argument, ...]


class Bundle(NamedTuple):
    """Messages and bundles with an NTP time tag."""

    time_tag: int
    elements: tuple[Message | Bundle, ...]


class Malformed(Refused):
    """A packet that is no valid OSC; `what` is the reason."""


def decode(packet: bytes) -> Message | Bundle:
    """The message or bundle in a packet; raises `Malformed` with the reason."""
    parsed = _codec.parse(packet)
    if isinstance(parsed, str):
        raise Malformed(f"malformed packet: {parsed}", "send OSC 1.0 messages or bundles")
    return _named(parsed)


def _named(parsed: tuple[str, tuple[Argument, ...]] | tuple[int, list[object]]) -> Message | Bundle:
    if isinstance(parsed[0], str):
        return Message._make(cast("tuple[str, tuple[Argument, ...]]", parsed))
    tag, elements = cast("tuple[int, list[tuple[int, list[object]]]]", parsed)
    return Bundle(tag, tuple(_named(element) for element in elements))


def unix_ns(time_tag: int) -> int:
    """An NTP time tag as nanoseconds since 1970."""
    return ((time_tag >> 32) - _UNIX_S) * _SECOND + ((time_tag & 0xFFFFFFFF) * _SECOND >> 32)


def time_tag(unix_ns: int) -> int:
    """Nanoseconds since 1970 as an NTP time tag."""
    seconds, rest = divmod(unix_ns, _SECOND)
    return (seconds + _UNIX_S) << 32 | (rest << 32) // _SECOND
