"""A strand: players whose model is slow or in another process, with memories of their own, on whatever thread.

It is handed, in order, what the engine's own players do at once; it answers, becomes ready, or fails. No thread, no
queue and no deadline belong here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .band import Band
from .effects import Unmake
from .errors import Refused
from .events import Answer, Event, Query
from .learned import Key
from .memory import Snapshot
from .models import ModelFactory


class Become(NamedTuple):
    """A player is to play from what a key names; with a job's number, somebody waits for that."""

    player: str
    key: Key
    job: int = 0


class Fill(NamedTuple):
    """A memory as it is in the engine: it replaces the strand's own."""

    memory: str
    snapshot: Snapshot
    velocity: tuple[float, int]


class Hear(NamedTuple):
    """An event has closed: these memories keep it, these players hear it."""

    memories: tuple[str, ...]
    players: tuple[str, ...]
    event: Event
    stream: int


Handed = Become | Fill | Hear | Unmake | Query


class Ready(NamedTuple):
    """What a job waited for is there, or is not and why."""

    job: int
    reason: str = ""


class Fault(NamedTuple):
    """A player's model has failed, and why."""

    player: str
    reason: str


Report = Answer | Ready | Fault


class Strand:
    """A band that keeps up with the engine's, and answers what nobody has asked anew since."""

    def __init__(self, factories: Mapping[str, ModelFactory], segment: int, most_events: int, most_bytes: int) -> None:
        self._factories = factories
        self._limits = (segment, most_events, most_bytes)
        self._begin()

    def _begin(self) -> None:
        self.band = Band(self._factories)
        self.band.limit(*self._limits)

    def do(self, handed: Sequence[Handed]) -> list[Report]:
        """Everything in order, but the questions last and together: of each player only the newest.

        Where learning fails, so does every player of the strand, and it begins anew.
        """
        reports: list[Report] = []
        queries: dict[str, Query] = {}
        for item in handed:
            if isinstance(item, Query):
                queries[item.player] = item
            elif isinstance(item, Become):
                reports += self._become(item)
            else:
                if isinstance(item, Unmake):
                    queries.pop(item.player, None)
                try:
                    self._act(item)
                except Exception as error:
                    reports += [Fault(name, told(error)) for name in self.band.players]
                    self._begin()
        reports += [Fault(name, "it is not there any more") for name in queries if name not in self.band]
        asked = [query for query in queries.values() if query.player in self.band]
        return reports + [
            answer if isinstance(answer, Answer) else Fault(query.player, told(answer))
            for query, answer in zip(asked, self.band.answer_many(asked), strict=True)
        ]

    def _become(self, item: Become) -> list[Report]:
        try:
            if item.player in self.band:
                self.band.prepare(item.player, item.key)
            else:
                self.band.make(item.player, item.key.model, item.key.viewpoint, item.key.memory, item.key.parts)
            self.band.settle()
        except Exception as error:
            self.band.give_up()
            if item.job:
                return [Ready(item.job, told(error))]
            return [Fault(item.player, told(error))]
        return [Ready(item.job)] if item.job else []

    def _act(self, item: Fill | Hear | Unmake) -> None:
        if isinstance(item, Hear):
            there = tuple(name for name in item.players if name in self.band)
            self.band.keep(item.memories, there, item.event, item.stream)
        elif isinstance(item, Fill):
            memory = item.snapshot.memory(self._limits[1])
            memory.velocity_sum, memory.velocity_count = item.velocity
            self.band.fill(item.memory, memory)
        elif item.player in self.band:
            self.band.drop(item.player)
            if not self.band.players:
                self._begin()
        self.band.settle()


def told(error: Exception) -> str:
    """An error in a line; of what was refused, its cure as well."""
    if isinstance(error, Refused):
        return str(error)
    what = getattr(error, "what", None)
    return str(what) if what else f"{type(error).__name__}: {error}"
