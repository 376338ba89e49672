"""Bundles that wait for the time that they are tagged with. What they mean is not known here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from .agenda import Agenda
from .osc import Bundle
from .seats import Endpoint

MAX_HELD: Final = 4096
#: So many of one sender's, that others have room.
MAX_HELD_OF_ONE: Final = MAX_HELD // 4


class Waiting(NamedTuple):
    """A bundle from somewhere, due at `due_ns`; `sender` is whoever sends from there, at one port or several."""

    source: Endpoint
    bundle: Bundle
    due_ns: int
    sender: tuple[str, str]


class WaitingRoom:
    """So many bundles and no more, in the order of their times."""

    def __init__(self) -> None:
        self._held: dict[int, Waiting] = {}
        self._count = 0
        self._agenda = Agenda()
        self._of = Counter[tuple[str, str]]()

    def __len__(self) -> int:
        return len(self._held)

    def is_full(self, sender: tuple[str, str]) -> bool:
        """Whether no more may wait, of this sender or at all."""
        return len(self._held) >= MAX_HELD or self._of[sender] >= MAX_HELD_OF_ONE

    def add(self, waiting: Waiting) -> None:
        """Let a bundle wait."""
        self._count += 1
        self._held[self._count] = waiting
        self._of[waiting.sender] += 1
        self._agenda.set(self._count, waiting.due_ns)

    def pop(self, now: int) -> Waiting | None:
        """The bundle that fell due first, if one has; it then waits no more."""
        item = self._agenda.pop(now)
        return self._take(int(str(item[0]))) if item is not None else None

    def drop(self, goes: Callable[[Waiting], bool]) -> list[Waiting]:
        """Those that are to go, in the order in which they came; they wait no more."""
        dropped = [number for number, waiting in self._held.items() if goes(waiting)]
        for number in dropped:
            self._agenda.clear(number)
        return [self._take(number) for number in dropped]

    def _take(self, number: int) -> Waiting:
        waiting = self._held.pop(number)
        self._of[waiting.sender] -= 1
        if not self._of[waiting.sender]:
            del self._of[waiting.sender]
        return waiting

    def next_ns(self) -> int | None:
        """When the next falls due; None where none waits."""
        return self._agenda.next_ns()
