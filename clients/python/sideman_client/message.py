"""Messages and packets: what the client sends and receives, as values.

python-osc builds packets and reads single messages; sizes and nesting are checked here first, so that a
hostile datagram can neither stop the client nor make it work for long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pythonosc.osc_message import OscMessage, ParseError
from pythonosc.osc_message_builder import BuildError, OscMessageBuilder

Argument = int | float | str | bool

#: The time tag of what is not in a bundle, and of bundles that say so.
IMMEDIATELY: Final = 1

_BUNDLE: Final = b"#bundle\0"
_HEADER: Final = len(_BUNDLE) + 8
_MAX_DEPTH: Final = 8
_MAX_ARGUMENTS: Final = 1024
_TYPES: Final = frozenset(b"ifshdTF")
_INT32: Final = range(-(2**31), 2**31)


class Malformed(ValueError):
    """A datagram that is not an OSC packet, with the reason."""


@dataclass(frozen=True, slots=True)
class Message:
    """One OSC message.

    `time_tag` is that of its bundle: seconds since 1900 in the upper 32 bits, their fraction in the lower; 1
    means at once. The server sends bundles only to those who asked for `/deliver ahead`.
    """

    address: str
    arguments: tuple[Argument, ...] = ()
    time_tag: int = IMMEDIATELY

    @property
    def numbers(self) -> tuple[int | float, ...]:
        """Those of the arguments that are numbers: of a note pitch, velocity, ms, channel, event."""
        return tuple(value for value in self.arguments if isinstance(value, int | float))

    def __str__(self) -> str:
        return " ".join((self.address, *map(str, self.arguments)))


def build(address: str, *arguments: Argument) -> bytes:
    """One message as a packet. Whole numbers travel as `i` (`h` where they are too large), others as `f`.

    Raises `ValueError` for an address that does not begin with `/` and for what the protocol cannot carry.
    """
    if not address.startswith("/"):
        raise ValueError(f"the address {address!r} does not begin with a slash")
    builder = OscMessageBuilder(address)
    for argument in arguments:
        if not isinstance(argument, int | float | str):
            raise ValueError(f"{argument!r} cannot be sent to {address}; send numbers, strings or booleans")
        whole = isinstance(argument, int) and not isinstance(argument, bool)
        builder.add_arg(argument, ("i" if argument in _INT32 else "h") if whole else None)
    try:
        packet: bytes = builder.build().dgram
    except BuildError as error:
        raise ValueError(f"{arguments} cannot be sent to {address}: {error}") from None
    return packet


def parse(datagram: bytes) -> list[Message]:
    """The messages of a packet in order, those of bundles within bundles too. Raises `Malformed`."""
    return list(_messages(datagram, IMMEDIATELY, _MAX_DEPTH))


def _messages(packet: bytes, time_tag: int, depth: int) -> Iterator[Message]:
    if len(packet) % 4:
        raise Malformed(f"{len(packet)} bytes are not a multiple of four")
    if packet.startswith(b"/"):
        yield _message(packet, time_tag)
        return
    if not packet.startswith(_BUNDLE) or len(packet) < _HEADER:
        raise Malformed("neither a message nor a bundle")
    if not depth:
        raise Malformed(f"bundles nested more than {_MAX_DEPTH} deep")
    (time_tag,) = struct.unpack_from(">Q", packet, len(_BUNDLE))
    at = _HEADER
    while at < len(packet):
        (size,) = struct.unpack_from(">I", packet, at)
        at += 4
        if not 0 < size <= len(packet) - at:
            raise Malformed(f"an element of {size} bytes where {len(packet) - at} are left")
        yield from _messages(packet[at : at + size], time_tag, depth - 1)
        at += size


def _message(packet: bytes, time_tag: int) -> Message:
    _, comma, tags = packet.partition(b"\0,")
    types = tags.partition(b"\0")[0] if comma else b""
    if len(types) > _MAX_ARGUMENTS or not _TYPES.issuperset(types):
        raise Malformed("arguments of unknown types, or too many")
    try:
        read = OscMessage(packet)
    except (ParseError, ValueError, struct.error) as error:
        raise Malformed(str(error)) from None
    return Message(read.address, tuple(read), time_tag)
