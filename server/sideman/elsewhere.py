"""Players whose models live elsewhere, on a thread of their own or in another process: what is handed to them.

Where they live, and how quick they are, is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .band import Band
from .effects import Teach, Unmake
from .events import Query
from .learned import Key
from .strand import Become, Fill, Handed, Hear

Parts = tuple[tuple[str, float], ...]


class Place(NamedTuple):
    """A strand by its name, and the model that is played there: each stranger's player has its own strand."""

    strand: str
    model: str


class Elsewhere:
    """Who lives where, and which memories are known there."""

    def __init__(self, strangers: Sequence[str], slow: Sequence[str]) -> None:
        self._strangers = frozenset(strangers)
        self._slow = frozenset(slow)
        #: What is to be done elsewhere; the shell hands it on.
        self.handed: list[tuple[Place, Handed]] = []
        self._of: dict[str, Place] = {}  # where a player's questions go
        self._members: dict[Place, dict[str, str]] = {}  # players, each with its memory

    def place(self, player: str, model: str, parts: Parts = ()) -> Place | None:
        """Where a player of that model lives; None: here."""
        if model in self._strangers:
            return Place(player, model)
        if model in self._slow or any(name in self._slow for name, _ in parts):
            return Place(model, model)
        return None

    def is_strangers(self, model: str) -> bool:
        """Whether a model lives in a process of its own."""
        return model in self._strangers

    def __contains__(self, player: str) -> bool:
        return player in self._of

    def become(self, player: str, place: Place, key: Key, band: Band, job: int = 0) -> None:
        """A player is to play there, from a memory as it is here."""
        if key.memory not in self._memories(place):
            self._fill(place, key.memory, band)
        self._members.setdefault(place, {})[player] = key.memory
        self.handed.append((place, Become(player, key, job)))

    def settle(self, player: str, place: Place | None) -> None:
        """From now on its questions go there, and nowhere else."""
        before = self._of.pop(player, None)
        if before is not None and before != place:
            self.leave(player, before)
        if place is not None:
            self._of[player] = place

    def leave(self, player: str, place: Place | None) -> None:
        """It plays there no more; or, where it has settled."""
        place = place or self._of.get(player)
        if place is None:
            return
        if self._of.get(player) == place:
            del self._of[player]
        self._members.get(place, {}).pop(player, None)
        self.handed.append((place, Unmake(player)))

    def abandon(self, player: str, place: Place | None) -> None:
        """It was to play there, and is not to: nothing is lost where it does already."""
        if place is not None and self._of.get(player) != place:
            self.leave(player, place)

    def ask(self, query: Query) -> None:
        """A question to a player that lives elsewhere."""
        self.handed.append((self._of[query.player], query))

    def teach(self, effect: Teach, band: Band) -> None:
        """An event that has closed, for those that hear it or share a memory that keeps it."""
        if not self._members:
            return
        learners = (name for name, on in zip(effect.players, effect.learn, strict=True) if on)
        kept = {band.key_of(name).memory for name in learners}
        for place, members in self._members.items():
            memories = tuple(name for name in dict.fromkeys(members.values()) if name in kept)
            players = tuple(name for name in effect.players if name in members)
            if memories or players:
                self.handed.append((place, Hear(memories, players, effect.event, effect.stream)))

    def changed(self, memory: str, band: Band) -> None:
        """A memory has lost something, or has something again."""
        for place in self._members:
            if memory in self._memories(place):
                self._fill(place, memory, band)

    def _memories(self, place: Place) -> set[str]:
        return set(self._members.get(place, {}).values())

    def _fill(self, place: Place, name: str, band: Band) -> None:
        memory = band.memory(name)
        velocity = (memory.velocity_sum, memory.velocity_count)
        self.handed.append((place, Fill(name, memory.snapshot(), velocity)))
