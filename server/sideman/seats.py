"""Who is here: seats, the ports that they speak from, the address that they hear at, the broadcasts that they want.

A seat outlives the loss of its network. What a performer plays is not known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .addresses import ROLES
from .osc import is_pattern, match
from .timeline import SECOND

Endpoint = tuple[str, int]

#: Where answers to the configuration's own commands go.
NOWHERE: Final[Endpoint] = ("", 0)
LEASE_S: Final = 30.0
LEASE_NS: Final = round(LEASE_S * SECOND)
GONE_NS: Final = 24 * 3600 * SECOND
MAX_SOURCES: Final = 8
MAX_RULES: Final = 64
KINDS: Final = ("human", "sensor", "bot", "server")

#: At first one gets all broadcasts but what humans play.
FIRST_RULES: Final = ((False, "/performer/*/note"),)


@dataclass(slots=True, eq=False)
class Seat:
    """One performer's place in a session."""

    name: str
    session: str
    kind: str
    role: str
    key: str
    reply: Endpoint
    sources: list[Endpoint] = field(default_factory=list)
    state: str = "here"
    heard_ns: int = 0
    shown: bytes = b""  # a digest of the token that was shown for it; empty: none
    lasting: bool = False  # in the configuration: never lapses
    early_ms: float = 0.0  # what is due leaves so much earlier
    ahead: bool = False  # in a bundle whose time tag is when it is due
    latency_ms: float = 0.0  # of its input, taken off before learning
    off_tags: int = 0  # time tags in a row that were late or too far ahead
    rules: list[tuple[bool, str]] = field(default_factory=lambda: list(FIRST_RULES))

    def may(self, role: str) -> bool:
        """Whether its role includes another."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def wants(self, address: str) -> bool:
        """Whether it gets broadcasts to this address: the latest rule that matches decides; none: yes."""
        for wanted, pattern in reversed(self.rules):
            if pattern == address or (is_pattern(pattern) and match(pattern, address)):
                return wanted
        return True

    def rule(self, wanted: bool, patterns: Iterable[str]) -> None:
        """Add to, or take from, what it gets; a rule said again counts as the latest."""
        for pattern in patterns:
            self.rules = [rule for rule in self.rules if rule[1] != pattern]
            self.rules.append((wanted, pattern))
        del self.rules[:-MAX_RULES]


class Seats:
    """All seats of a server, by session and name, and by the ports that they speak from."""

    def __init__(self) -> None:
        self.version = 0  # rises whenever who hears what may have changed
        self._by_name: dict[tuple[str, str], Seat] = {}
        self._by_source: dict[Endpoint, list[Seat]] = {}

    def get(self, session: str, name: str) -> Seat | None:
        """The seat of that name, if it was ever taken."""
        return self._by_name.get((session, name))

    def at(self, source: Endpoint) -> Seat | None:
        """The seat for which a port speaks: the latest that joined from it."""
        held = self._by_source.get(source)
        return held[-1] if held else None

    def of(self, session: str) -> list[Seat]:
        """The seats of a session in order of joining."""
        return [seat for seat in self._by_name.values() if seat.session == session]

    def stoppers(self) -> list[tuple[Endpoint, str]]:
        """The ports that speak for somebody who may stop a session, and which."""
        return [(source, held[-1].session) for source, held in self._by_source.items() if held[-1].may("player")]

    def add(self, seat: Seat) -> None:
        """A new seat."""
        self.version += 1
        self._by_name[seat.session, seat.name] = seat

    def speak_from(self, seat: Seat, source: Endpoint) -> None:
        """That port speaks for this seat from now on; of more than eight the oldest is forgotten."""
        self.version += 1
        if source in seat.sources:
            seat.sources.remove(source)
            self._by_source[source].remove(seat)
        seat.sources.append(source)
        self._by_source.setdefault(source, []).append(seat)
        for old in seat.sources[:-MAX_SOURCES]:
            self._forget(seat, old)
        del seat.sources[:-MAX_SOURCES]

    def remove(self, seat: Seat) -> None:
        """The seat is free again."""
        self.version += 1
        self.silence(seat)
        self._by_name.pop((seat.session, seat.name), None)

    def silence(self, seat: Seat) -> None:
        """No port speaks for this seat any more."""
        self.version += 1
        for source in seat.sources:
            self._forget(seat, source)
        seat.sources.clear()

    def _forget(self, seat: Seat, source: Endpoint) -> None:
        held = self._by_source.get(source, [])
        if seat in held:
            held.remove(seat)
        if not held:
            self._by_source.pop(source, None)
