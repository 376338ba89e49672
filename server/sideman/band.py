"""All players of a server, and what they have learned, shared where they name the same memory, viewpoint and model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .events import Answer, Event, Query
from .memory import Memory
from .player import Learned, ModelFactory, Player


class Band:
    """Makes players, teaches them, asks them. `factories` makes the models by name."""

    def __init__(self, factories: Mapping[str, ModelFactory]) -> None:
        self._factories = dict(factories)
        self._memories: dict[str, Memory] = {}
        self._learned: dict[tuple[str, str, str], Learned] = {}
        self._players: dict[str, tuple[Player, str]] = {}

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that players can be made with."""
        return tuple(self._factories)

    def make(self, name: str, model: str, viewpoint: str, memory: str) -> None:
        """A new player; it knows what its memory holds already."""
        kept = self._memories.setdefault(memory, Memory())
        key = (memory, viewpoint, model)
        learned = self._learned.get(key)
        if learned is None:
            learned = self._learned[key] = Learned(kept, viewpoint, self._factories[model])
        self._players[name] = (Player(name, model, learned), memory)

    def drop(self, name: str) -> None:
        """A player ends; its memory stays, what nobody uses of it any more is forgotten."""
        del self._players[name]
        used = {id(player.learned) for player, _ in self._players.values()}
        self._learned = {key: learned for key, learned in self._learned.items() if id(learned) in used}

    def hear(self, players: Sequence[str], learn: Sequence[bool], event: Event, stream: int) -> None:
        """An event has closed: each memory of those that learn keeps it once, each player listens."""
        places: dict[str, int] = {}
        for name, on in zip(players, learn, strict=True):
            memory = self._players[name][1]
            if on and memory not in places:
                places[memory] = self._memories[memory].append(event, stream)
        positions: dict[int, int] = {}
        for (memory, _, _), learned in self._learned.items():
            if memory in places:
                positions[id(learned)] = learned.learn(event, stream, places[memory])
        for name in players:
            player = self._players[name][0]
            player.hear(event, stream, positions.get(id(player.learned), -1))

    def answer(self, query: Query) -> Answer:
        """What a player answers."""
        return self._players[query.player][0].answer(query)

    def context_of(self, name: str) -> int:
        """How many of the last events that a player heard agree with something heard before."""
        return self._players[name][0].context

    def revert(self, name: str, events: int) -> None:
        """The last events that a player planned were dropped."""
        self._players[name][0].revert(events)

    def forget(self, name: str, since_beat: float, again: bool) -> None:
        """Unlearn what a player's memory holds from a beat on, or learn it again."""
        key = self._players[name][1]
        memory = self._memories[key]
        if again:
            memory.forgotten = {place for place in memory.forgotten if memory.events[place].onset_beats < since_beat}
        else:
            memory.forgotten.update(memory.since(since_beat))
        for (named, _, _), learned in self._learned.items():
            if named == key:
                learned.rebuild()
