"""Who gets what: each message is encoded once and addressed to those who want it.

It knows seats and packets, not sockets and not music.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from .addresses import Value
from .effects import Cut, Say
from .osc import encode
from .seats import Endpoint, Seat, Seats

#: Older Pd cuts datagrams there.
MAX_PACKET: Final = 1000
CACHED_ADDRESSES: Final = 4096


class Send(NamedTuple):
    """A packet for the wire: when it is due, whom it goes to, and the plan (player, epoch) that it belongs to."""

    due_ns: int
    packet: bytes
    to: tuple[Endpoint, ...]
    epoch: tuple[str, int] | None = None


Output = Send | Cut


class Hub:
    """The listeners of one session."""

    def __init__(self, session: str, seats: Seats) -> None:
        self._session = session
        self._seats = seats
        self._version = -1
        self._wanted: dict[str, tuple[Endpoint, ...]] = {}

    def route(self, say: Say) -> Iterator[Send]:
        """The packets of one message; none where nobody wants it."""
        to = self._listeners(say)
        if not to:
            return
        packet = encode(say.address, *say.arguments)
        epoch = (say.player, say.epoch) if say.player else None
        packets = [packet] if len(packet) <= MAX_PACKET else paged(say.address, say.arguments)
        for packet in packets:
            yield Send(say.due_ns, packet, to, epoch)

    def _listeners(self, say: Say) -> tuple[Endpoint, ...]:
        to = say.to
        if to is not None:
            return (to.reply,) if isinstance(to, Seat) else (to,)
        if say.but is not None:
            return tuple(
                dict.fromkeys(seat.reply for seat in self._here() if seat is not say.but and seat.wants(say.address))
            )
        if self._version != self._seats.version:
            self._version = self._seats.version
            self._wanted.clear()
        wanted = self._wanted.get(say.address)
        if wanted is None:
            if len(self._wanted) >= CACHED_ADDRESSES:
                self._wanted.clear()
            wanted = tuple(dict.fromkeys(seat.reply for seat in self._here() if seat.wants(say.address)))
            self._wanted[say.address] = wanted
        return wanted

    def _here(self) -> list[Seat]:
        return [seat for seat in self._seats.of(self._session) if seat.state == "here"]


def paged(address: str, arguments: Sequence[Value]) -> list[bytes]:
    """A list too long for one packet as `<address> i:page i:pages …`, pages from 1; a single long string is cut."""
    groups: list[list[Value]] = [[]]
    for argument in arguments:
        if isinstance(argument, str) and len(argument.encode()) > MAX_PACKET // 2:
            argument = argument.encode()[: MAX_PACKET // 2].decode(errors="ignore")
        if groups[-1] and len(encode(address, 0, 0, *groups[-1], argument)) > MAX_PACKET:
            groups.append([])
        groups[-1].append(argument)
    if len(groups) == 1:
        return [encode(address, *groups[0])]
    return [encode(address, page, len(groups), *group) for page, group in enumerate(groups, 1)]
