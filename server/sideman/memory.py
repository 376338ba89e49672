"""Memories: ordered stores of events, each with the stream that it came by. What is learned from them is elsewhere.

A position never changes its meaning. Events lie in segments; a memory that is full lets its oldest go, and what was
forgotten keeps its place but nothing else.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from .columns import Columns
from .events import Event
from .viewpoint import SAME_BEATS, beat_of_event

SEGMENT: Final = 100_000
MOST_EVENTS: Final = 1_000_000
LOOK_BACK_BEATS: Final = 64.0
MOST: Final = 2**62

Spans = tuple[tuple[int, int], ...]


class Forgotten:
    """Positions that are forgotten, as spans [first, past) in order, none touching another."""

    def __init__(self, spans: Iterable[tuple[int, int]] = ()) -> None:
        self.spans: list[tuple[int, int]] = list(spans)

    def __contains__(self, position: int) -> bool:
        at = bisect_right(self.spans, (position, MOST)) - 1
        return at >= 0 and position < self.spans[at][1]

    def add(self, spans: Iterable[tuple[int, int]]) -> None:
        """Forget spans, in any order."""
        merged: list[tuple[int, int]] = []
        for first, past in sorted([*self.spans, *spans]):
            if past <= first:
                continue
            if merged and first <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(past, merged[-1][1]))
            else:
                merged.append((first, past))
        self.spans = merged

    def remove(self, spans: Iterable[tuple[int, int]]) -> None:
        """Remember spans again."""
        for first, past in spans:
            if past <= first:
                continue
            left: list[tuple[int, int]] = []
            for begin, end in self.spans:
                left += [(begin, min(end, first))] if begin < first else []
                left += [(max(begin, past), end)] if end > past else []
            self.spans = left

    def covers(self, first: int, past: int) -> bool:
        """Whether all of a span is forgotten."""
        at = bisect_right(self.spans, (first, MOST)) - 1
        return at >= 0 and past <= self.spans[at][1]

    def count(self) -> int:
        """How many positions."""
        return sum(past - first for first, past in self.spans)


def spans_of(positions: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending positions as spans."""
    spans: list[tuple[int, int]] = []
    for position in positions:
        if spans and spans[-1][1] == position:
            spans[-1] = (spans[-1][0], position + 1)
        else:
            spans.append((position, position + 1))
    return spans


@dataclass(frozen=True, slots=True)
class Take:
    """Something that was recorded in a memory: whole beats of the timeline, of events from position `first` on."""

    first: int
    since_beats: float
    span_beats: float


@dataclass(slots=True)
class Memory:
    """Events in the order in which they closed.

    `first` is the oldest position that is still there; `segment` and `most` are numbers of events.
    """

    segment: int = SEGMENT
    most: int = MOST_EVENTS
    first: int = 0
    segments: list[Columns] = field(default_factory=lambda: [Columns()])
    forgotten: Forgotten = field(default_factory=Forgotten)
    changes: int = 0  # raised whenever something is lost or comes back
    velocity_sum: float = 0.0
    velocity_count: int = 0
    takes: list[Take] = field(default_factory=list)

    def __len__(self) -> int:
        """The position that the next event will have."""
        return self.first + (len(self.segments) - 1) * self.segment + len(self.segments[-1])

    def append(self, event: Event, stream: int) -> int:
        """Keep an event; its position. The oldest segment goes where there would be too many."""
        place = len(self.segments[-1])
        if place == self.segment:
            place = 0
            self.segments.append(Columns())
            while len(self.segments) * self.segment > self.most and len(self.segments) > 1:
                self.drop_oldest()
        self.segments[-1].append(event, stream)
        for note in event.notes:
            self.velocity_sum += note.velocity
            self.velocity_count += 1
        return self.first + (len(self.segments) - 1) * self.segment + place

    def drop_oldest(self) -> None:
        """Let the oldest segment go."""
        self.segments.pop(0)
        self.first += self.segment
        self.forgotten.remove([(0, self.first)])
        self.changes += 1

    def forget(self, spans: list[tuple[int, int]]) -> None:
        """Forget spans; they keep their places and can be remembered."""
        self.forgotten.add(spans)
        self.changes += 1

    def remember(self, spans: list[tuple[int, int]]) -> None:
        """Remember spans again."""
        self.forgotten.remove(spans)
        self.changes += 1

    def move(self, by: int) -> None:
        """Count all positions from so much further on: before anybody knows them."""
        self.first += by
        self.takes = [replace(take, first=take.first + by) for take in self.takes]
        self.forgotten = Forgotten((first + by, past + by) for first, past in self.forgotten.spans)

    def event(self, position: int) -> Event:
        """The event at a position that is there."""
        columns, place = self._at(position)
        return columns.event(place)

    def stream(self, position: int) -> int:
        """The number of its stream."""
        columns, place = self._at(position)
        return columns.stream(place)

    def _at(self, position: int) -> tuple[Columns, int]:
        segment, place = divmod(position - self.first, self.segment)
        return self.segments[segment], place

    def has(self, position: int) -> bool:
        """Whether an event is there and not forgotten."""
        return self.first <= position < len(self) and position not in self.forgotten

    def taken(self, take: Take) -> list[tuple[Event, int]]:
        """What is left of a take: its events in order of onset, each with its position."""
        found = []
        for position in range(max(take.first, self.first), len(self)):
            columns, place = self._at(position)
            after = columns.onset_beats(place) - take.since_beats
            if after > take.span_beats + LOOK_BACK_BEATS:
                break
            if -1.0 < after < take.span_beats and position not in self.forgotten:
                event = columns.event(place)
                if -SAME_BEATS <= beat_of_event(event) - take.since_beats < take.span_beats - SAME_BEATS:
                    found.append((event, position))
        return sorted(found, key=lambda one: one[0].onset_beats)

    @property
    def remembered(self) -> int:
        """How many events are there and not forgotten."""
        return len(self) - self.first - self.forgotten.count()

    @property
    def mean_velocity(self) -> float:
        """Over all notes that it has heard; 80 where there is none."""
        return self.velocity_sum / self.velocity_count if self.velocity_count else 80.0

    def place_from(self, beat: float) -> int:
        """The place of the event that was played first at a beat or later, else of the last; -1: there is none."""
        best, best_onset, last = -1, math.inf, -1
        for number, columns in enumerate(self.segments):
            first = self.first + number * self.segment
            onsets = np.array(columns.pack()["onset_beats"])
            there = np.ones(len(onsets), bool)
            for low, past in self.forgotten.spans:
                there[max(low - first, 0) : max(past - first, 0)] = False
            if not there.any():
                continue
            last = first + int(np.flatnonzero(there)[-1])
            later = np.where(there & (onsets >= beat - 1e-6), onsets, math.inf)
            if len(later) and later.min() < best_onset:
                best, best_onset = first + int(later.argmin()), float(later.min())
        return best if best >= 0 else last

    def since(self, beat: float) -> list[tuple[int, int]]:
        """The spans of events that began at a beat or later, whether forgotten or not; erased ones are none."""
        found = []
        for position in range(len(self) - 1, self.first - 1, -1):
            columns, place = self._at(position)
            onset = columns.onset_beats(place)
            # Streams close in their own order, so look a little further back than the first that is older.
            if onset >= beat and columns.performer(place):
                found.append(position)
            elif onset < beat - LOOK_BACK_BEATS:
                break
        return spans_of(reversed(found))

    def forget_performer(self, name: str) -> int:
        """Erase what somebody played; how many events that was. Nothing of them can be brought back."""
        erased: list[int] = []
        for number, columns in enumerate(self.segments):
            places = [place for place in range(len(columns)) if columns.is_from(place, name)]
            for place in places:
                columns.erase(place)
            if places:
                columns.forget_words()
            erased += [self.first + number * self.segment + place for place in places]
        self.forget(spans_of(erased))
        return len(erased)

    def clear(self) -> list[tuple[int, int]]:
        """Forget everything; the spans that were not forgotten before."""
        left = Forgotten([(self.first, len(self))])
        left.remove(self.forgotten.spans)
        self.forget(left.spans)
        return left.spans

    def snapshot(self) -> Snapshot:
        """What there is now, for a worker to read while more is appended."""
        return Snapshot(
            self.first,
            len(self),
            self.segment,
            tuple(self.segments),
            tuple(self.forgotten.spans),
            tuple(self.takes),
        )

    @property
    def bytes(self) -> int:
        """What its events take."""
        return sum(columns.bytes for columns in self.segments)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A memory's events up to a moment; segments are only ever appended to, so others may read them meanwhile."""

    first: int
    past: int
    segment: int
    segments: tuple[Columns, ...]
    forgotten: Spans
    takes: tuple[Take, ...] = ()

    def __len__(self) -> int:
        """How many events it has, the forgotten ones included."""
        return self.past - self.first

    def memory(self, most: int) -> Memory:
        """The same, with the same positions, as a memory of its own."""
        held = [min(self.segment, self.past - self.first - at * self.segment) for at in range(len(self.segments))]
        copies = [columns.copy(count) for columns, count in zip(self.segments, held, strict=True)]
        return Memory(self.segment, most, self.first, copies, Forgotten(self.forgotten))

    def __iter__(self) -> Iterator[tuple[int, Event | None, int]]:
        """Positions in order, each with its event (None: forgotten) and stream."""
        spans = list(self.forgotten)
        for position in range(self.first, self.past):
            segment, place = divmod(position - self.first, self.segment)
            columns = self.segments[segment]
            while spans and spans[0][1] <= position:
                spans.pop(0)
            gone = bool(spans) and spans[0][0] <= position
            yield position, None if gone else columns.event(place), columns.stream(place)
