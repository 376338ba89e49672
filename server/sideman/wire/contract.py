"""What every wire does: `send` when it is due, `cut` what a player was still to say. Nothing here knows a socket.

Nothing knows what a packet says either, but this: with `off`, a packet begins or ends a note, and `off` would end it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ..inputs import Datagram, Obeyed
from ..seats import Endpoint

Epoch = tuple[str, int]
Arrival = Datagram | Obeyed
#: Who may stop all of which session.
Stoppers = Sequence[tuple[Endpoint, str]]


@dataclass(frozen=True, slots=True)
class Counts:
    """What a wire has done so far. Lateness is of what waited for its time; `late_p99_ns` perhaps of the last of it."""

    sent: int = 0
    dropped: int = 0  # could not be sent
    stale: int = 0  # of a plan, and overdue by over 250 ms
    voided: int = 0  # of a plan that a stop had voided
    lost: int = 0  # arrived while nobody took what had arrived before
    obeyed: int = 0  # stops, before Python saw them
    waiting: int = 0  # for its time
    late_p99_ns: int = 0
    late_most_ns: int = 0


class Wire(Protocol):
    """Sends datagrams when they are due."""

    def send(
        self,
        due_ns: int,
        packet: bytes,
        to: Sequence[Endpoint],
        epoch: Epoch | None = None,
        off: bytes = b"",
        until_ns: int = 0,
    ) -> None:
        """Send to all of `to` at `due_ns`, at once if that has come; an item of an epoch falls with its player's cut.

        With `off`, it begins or (where `off` is the packet itself) ends a note that sounds until `until_ns`. Never
        raises: what cannot be sent is dropped and counted, and so is what is of an epoch and overdue by over 250 ms,
        unless it ends a note.
        """

    def cut(self, player: str, after_ns: int) -> None:
        """What of that player's is due after `after_ns` is void; the rest leaves when it is due."""


class LiveWire(Wire, Protocol):
    """A wire that also receives."""

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""

    @property
    def said(self) -> str:
        """What a person at the terminal should know of it."""

    def start(self, received: Callable[[Arrival], None]) -> None:
        """Call `received` on the running loop for what arrives, from now on."""

    def drain(self, most: int = 64) -> None:
        """Take what has arrived, at most so many, so that a flood leaves room for what is due."""

    def publish(self, stoppers: Stoppers, players: Sequence[str]) -> None:
        """Whose stops the wire may obey by itself, and the players (session/name) that there are."""

    def lift(self, cut: int) -> None:
        """The plans that this cut of the wire's has voided are known to be void: what is sent from now on may leave."""

    def flush(self) -> None:
        """Send all that has fallen due."""

    def counts(self) -> Counts:
        """What it has done so far."""

    def close(self) -> None:
        """Stop listening; what is not due yet is not sent."""
