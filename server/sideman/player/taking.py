"""A player that plays a take again: round and round, as it was recorded.

What a take is, the memory knows; pitches are moved by `transpose` alone, and what is out of range as over a chart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from ..events import Answer, Event, Planned, Query
from ..memory import Memory, Take
from ..viewpoint import EARLY_BEATS
from .charting import LEAST_BEATS, Charting

#: Where no take sounds, silence is planned so many beats at a time.
SILENT_BEATS: Final = 1.0


@dataclass(slots=True)
class Found:
    """What of a take has been found so far: memory goes on growing."""

    memory: Memory
    take: Take
    changes: int
    length: int
    events: list[tuple[Event, int]]


class Taking(Charting):
    """A voice that plays takes."""

    _found: Found | None = None

    def _again(self, query: Query) -> Answer:
        """The take that is asked for, wherever in its round one is."""
        memory = self.learned.memory
        events: list[Planned] = []
        take = memory.takes[query.take - 1] if query.take <= len(memory.takes) else None
        played = self._events_of(memory, take) if take is not None else []
        at = query.onset_beats
        self._do("take")
        self._back_to(query.ordinal)
        while take is not None and played and len(events) < query.count and at < query.until_beats:
            self._spots_before.append((query.ordinal + len(events), self._spot))
            planned = self._of_take(query, at, take, played, query.ordinal + len(events))
            events.append(planned)
            at = planned.onset_beats + planned.span_beats
        note = "" if events else "nothing is left of that take"
        return Answer(query.player, query.epoch, query.revision, query.memory_length, tuple(events), note)

    def _of_take(self, query: Query, at: float, take: Take, played: list[tuple[Event, int]], ordinal: int) -> Planned:
        span = take.span_beats
        rounds, within = divmod(at - query.take_since + EARLY_BEATS, span)
        origin = query.take_since + rounds * span - take.since_beats
        following = [event.onset_beats + origin for event, _ in played]
        place = next((n for n, onset in enumerate(following) if onset >= at - LEAST_BEATS), len(played))
        ends = query.take_since + (rounds + 1) * span - EARLY_BEATS
        words = (f"take {query.take}, beat {int(within) + 1} of {span:g}",)
        self._spot = replace(self._spot, words=words, reach=ends + EARLY_BEATS)
        if place == len(played) or following[place] > at + LEAST_BEATS:
            until = min(following[place] if place < len(played) else ends, at + SILENT_BEATS)
            return self._planned(query, at, max(until - at, LEAST_BEATS), None, -1, (), [], ordinal)
        event, position = played[place]
        until = following[place + 1] if place + 1 < len(played) else ends
        return self._sounded(query, at, max(until - at, LEAST_BEATS), event, position, ordinal)

    def _events_of(self, memory: Memory, take: Take) -> list[tuple[Event, int]]:
        found = self._found
        if found is None or found.memory is not memory or (found.take, found.changes) != (take, memory.changes):
            found = self._found = Found(memory, take, memory.changes, -1, [])
        if found.length != len(memory):
            found.length = len(memory)
            found.events = memory.taken(take)
        return found.events
