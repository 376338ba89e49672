"""Who gets what: each message is encoded once and addressed to those who want it.

It knows seats and packets, not sockets and not music.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from .addresses import Value
from .effects import Cut, Say
from .osc import encode, encode_bundle, time_tag
from .seats import Endpoint, Seat, Seats

#: Older Pd cuts datagrams there.
MAX_PACKET: Final = 1000
#: What a bundle of one message takes beside it.
BUNDLE: Final = 20
WHOLE: Final = 2**31
SINGLE: Final = 3.4e38
CACHED_ADDRESSES: Final = 4096


class Send(NamedTuple):
    """A packet for the wire: when it is due, whom it goes to, and the plan (player, epoch) that it belongs to.

    With `off` it begins or ends a note that sounds until `until_ns`, and that the packet `off` would end.
    """

    due_ns: int
    packet: bytes
    to: tuple[Endpoint, ...]
    epoch: tuple[str, int] | None = None
    off: bytes = b""
    until_ns: int = 0


Output = Send | Cut
#: How much earlier than due, whether in bundles with time tags, and who.
Groups = tuple[tuple[int, bool, tuple[Endpoint, ...]], ...]


class Hub:
    """The listeners of one session."""

    def __init__(self, session: str, seats: Seats) -> None:
        self._session = session
        self._seats = seats
        self._version = -1
        self.wall_offset_ns = 0  # to add to a due time for a time tag
        self._wanted: dict[tuple[str, Seat | None], Groups] = {}

    def route(self, say: Say) -> Iterator[Send]:
        """The packets of one message; none where nobody wants it."""
        groups = self._listeners(say)
        if not groups:
            return
        packet = plain(say.address, say.arguments)
        epoch = (say.player, say.epoch) if say.player else None
        packets = [packet] if len(packet) <= MAX_PACKET else paged(say.address, say.arguments)
        off, until_ns = ending(say)
        for early_ns, ahead, to in groups:
            if early_ns < say.lead_ns or (say.ahead and not ahead):
                continue
            if say.again_ns and say.due_ns - early_ns <= say.again_ns:
                continue
            tagged = ahead and (say.player or say.ahead)
            for packet in packets:
                if tagged and len(packet) + BUNDLE <= MAX_PACKET:
                    packet = encode_bundle(time_tag(say.due_ns + self.wall_offset_ns), [packet])
                yield Send(say.due_ns - early_ns, packet, to, epoch, off, until_ns)

    def _listeners(self, say: Say) -> Groups:
        to = say.to
        if to is not None:
            if isinstance(to, Seat) and not to.reply[1]:
                return ()
            return ((0, False, (to.reply if isinstance(to, Seat) else to,)),)
        if self._version != self._seats.version:
            self._version = self._seats.version
            self._wanted.clear()
        key = say.address, say.but
        wanted = self._wanted.get(key)
        if wanted is None:
            if len(self._wanted) >= CACHED_ADDRESSES:
                self._wanted.clear()
            wanted = grouped(seat for seat in self._here() if seat is not say.but and seat.wants(say.address))
            self._wanted[key] = wanted
        return wanted

    def _here(self) -> list[Seat]:
        return [seat for seat in self._seats.of(self._session) if seat.state == "here" and seat.reply[1]]


def ending(say: Say) -> tuple[bytes, int]:
    """Of a player's note or note-off: the packet that ends the note, and when it is over; nothing of anything else."""
    prefix, _, kind = say.address.rpartition("/")
    if kind == "note" and say.player:
        pitch, _, duration_ms, channel, event = say.arguments
        off = plain(f"{prefix}/off", (round(float(pitch)), channel, event))
        return off, say.due_ns + round(float(duration_ms) * 1e6)
    if kind == "off":
        return plain(say.address, say.arguments), say.due_ns
    return b"", 0


def grouped(seats: Iterable[Seat]) -> Groups:
    """The endpoints of seats, each once, by how much earlier than due they want to get things, and how."""
    groups: dict[tuple[int, bool], dict[Endpoint, None]] = {}
    for seat in seats:
        groups.setdefault((round(seat.early_ms * 1e6), seat.ahead), {})[seat.reply] = None
    return tuple((early_ns, ahead, tuple(endpoints)) for (early_ns, ahead), endpoints in groups.items())


def paged(address: str, arguments: Sequence[Value]) -> list[bytes]:
    """A list too long for one packet as `<address> i:page i:pages …`, pages from 1; a single long string is cut."""
    groups: list[list[Value]] = [[]]
    for argument in arguments:
        if isinstance(argument, str) and len(argument.encode()) > MAX_PACKET // 2:
            argument = argument.encode()[: MAX_PACKET // 2].decode(errors="ignore")
        if groups[-1] and len(plain(address, [0, 0, *groups[-1], argument])) > MAX_PACKET:
            groups.append([])
        groups[-1].append(argument)
    if len(groups) == 1:
        return [plain(address, groups[0])]
    return [plain(address, [page, len(groups), *group]) for page, group in enumerate(groups, 1)]


def plain(address: str, arguments: Sequence[Value]) -> bytes:
    """A packet of the types i, f and s alone: a number that neither i nor f can hold goes as a numeric string.

    What no string of OSC can hold, as it may stand in the words of somebody's exception, is left out of it.
    """
    if all(type(value) is not int or -WHOLE <= value < WHOLE for value in arguments):
        try:
            return encode(address, *arguments)
        except ValueError:
            pass
    return encode(address, *(_sayable(value) if isinstance(value, str) else _narrow(value) for value in arguments))


def _sayable(text: str) -> str:
    return text.replace("\0", "").encode(errors="replace").decode()


def _narrow(value: float) -> Value:
    if isinstance(value, int):
        return value if -WHOLE <= value < WHOLE else str(value)
    return value if abs(value) < SINGLE else repr(value)
