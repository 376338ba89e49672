"""Open Sound Control packets as values: decoded, encoded, matched. No sockets, no clock.

Rule: a packet is decoded whole or refused whole, and `Malformed` is all that data can raise.
The codec is C++ (`cpp/include/sideman/osc.hpp`); it knows the limits, not what an address means.
By UDP the server sends the types i f s only: give `encode` no bool, None, bytes or int beyond 32 bits there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sideman._core.osc import build_bundle as encode_bundle
from sideman._core.osc import encode as encode
from sideman._core.osc import is_pattern as is_pattern
from sideman._core.osc import match as match
from sideman._core.osc import parse
from sideman._core.osc import pattern_fault as pattern_fault
from sideman.errors import Refused

if TYPE_CHECKING:
    from sideman._core.osc import Parsed

__all__ = [
    "IMMEDIATELY",
    "Argument",
    "Bundle",
    "Malformed",
    "Message",
    "decode",
    "encode",
    "encode_bundle",
    "is_pattern",
    "match",
    "pattern_fault",
    "time_tag",
    "unix_ns",
]

Argument = int | float | str | bytes | bool | None
"""What a message carries: plain values."""

IMMEDIATELY: Final = 1
"""The time tag that means "on arrival"."""

_ERA_NS: Final = 2**32 * 10**9  # NTP's seconds begin again in February 2036
_UNIX_NS: Final = 2_208_988_800 * 10**9  # from 1900, where NTP begins, to 1970
_HALF_ERA: Final = 2**31


class Malformed(Refused):
    """A packet that is not OSC or beyond the limits; `reason` is one of `_core.osc.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"malformed packet: {reason}", "send OSC 1.0 within the limits of the protocol")
        self.reason = reason


class Message(NamedTuple):
    """One message: `address` begins with '/' and may be a pattern; for `arguments` see `_core.osc.parse`."""

    address: str
    arguments: tuple[Argument, ...]


class Bundle(NamedTuple):
    """Messages and bundles that belong together; `time_tag` is NTP, 64 bits (`unix_ns`), or `IMMEDIATELY`."""

    time_tag: int
    elements: tuple[Message | Bundle, ...]


def decode(packet: bytes) -> Message | Bundle:
    """What a datagram holds. Raises `Malformed`, which says why, and nothing else."""
    parsed = parse(packet)
    if isinstance(parsed, str):
        raise Malformed(parsed)
    return _value(parsed)


def _value(parsed: Parsed) -> Message | Bundle:
    if isinstance(parsed[0], str):
        return tuple.__new__(Message, parsed)  # half the time of Message(*parsed), for each datagram
    return Bundle(parsed[0], tuple(map(_value, parsed[1])))


def time_tag(ns: int) -> int:
    """The NTP time tag nearest to a Unix time in nanoseconds, of whatever era."""
    seconds, rest_ns = divmod((ns + _UNIX_NS) % _ERA_NS, 10**9)
    return seconds << 32 | ((rest_ns << 32) + 5 * 10**8) // 10**9


def unix_ns(tag: int) -> int:
    """The Unix time in nanoseconds nearest to an NTP time tag, taken to lie between 1968 and 2104.

    `unix_ns(time_tag(ns)) == ns` there. `IMMEDIATELY` is no time: look for it first.
    """
    seconds, fraction = tag >> 32, tag & 0xFFFF_FFFF
    era_ns = 0 if seconds >= _HALF_ERA else _ERA_NS
    return era_ns + seconds * 10**9 + (fraction * 10**9 + _HALF_ERA >> 32) - _UNIX_NS
