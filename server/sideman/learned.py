"""What one model has learned from one memory through one viewpoint, and the building of it, on any thread.

A model counts positions of what it has learned; `places` leads from there to the memory's. How one plays from it is
`player/`'s.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .activation import Traced
from .beatmemory import Beats
from .events import Event
from .memory import Memory, Snapshot
from .models import Alphabet, Model, ModelFactory, NativeModel, Placed, Symbol, heeds
from .viewpoint import Slicer, Viewpoint, beat_of_event, merged

Span = tuple[int, int]

ALIKE: Final = 16
#: Of so many streams the last events are kept, and of each so many.
STREAMS: Final = 128
CONTEXT: Final = 32
#: Symbols are learned so many at a time, so that a worker lets others run.
AT_ONCE: Final = 1024
#: Up to so many events are learned in the same breath; more are a worker's.
INLINE: Final = 32
#: The same where a viewpoint studies what it will see: it takes milliseconds as soon as there is anything to study.
FEW: Final = 4
#: What is masked is made of so many spans at most; of more, those that lie closest become one.
MASKED: Final = 32
#: The bytes of a position beside what the model itself counts.
PLACE_BYTES: Final = 8


class Key(NamedTuple):
    """What players share: a memory seen through a viewpoint by a model (of a blend: with its parts and weights)."""

    memory: str
    viewpoint: str
    model: str
    parts: tuple[tuple[str, float], ...] = ()


class Learned:
    """One model of one memory seen through one viewpoint, shared by the players whose key it is."""

    def __init__(self, memory: Memory, viewpoint: str, factory: ModelFactory, *, traced: bool = False) -> None:
        """`traced`: somebody follows by it, and must find where something was played (`activation.py`)."""
        self.memory = memory
        self.traced = Traced() if traced else None
        self.viewpoint = Viewpoint(viewpoint)
        self.alphabet = Alphabet(len(self.viewpoint.names))
        self.alphabet.names = self.viewpoint.names
        self.model: Model = factory(self.alphabet)
        self.placed: Placed | None = self.model if isinstance(self.model, Placed) else None  # asked often
        self.native = isinstance(self.model, NativeModel)
        self.heeds = heeds(self.model)
        self.part_names: tuple[str, ...] = getattr(self.model, "names", ())
        self.places = array("q")
        self._lasts = array("q")  # of beats: the place of their last event
        self._slicers: dict[int, Slicer] = {}
        self.latest: dict[tuple[int, ...], int] = {}
        self.alike: dict[int, deque[int]] = {}  # the newest positions of each value of the first component
        self.before: dict[int, Event] = {}
        self.tails: dict[int, deque[tuple[Event, int]]] = {}  # the last events of each stream and their positions
        self._alone: dict[tuple[int, ...], npt.NDArray[np.int32]] = {}  # each symbol as what a model learns
        self._ids: dict[tuple[int, ...], int] = {}  # those that were met, as the core knows them
        self._forgotten: tuple[Span, ...] = ()  # what it was built without
        self._past = memory.first  # the memory's positions that it has been taught
        self.outgrown = False  # the viewpoint has met so much that it would see it otherwise now
        self._masked: list[Span] = []
        self._masked_for = memory.changes

    def build(self, snapshot: Snapshot) -> None:
        """Learn a memory as it was; a gap where something was forgotten is a break."""
        self._forgotten = snapshot.forgotten
        self.viewpoint.study(event for _, event, _ in snapshot if event is not None)
        waiting: list[int] = []
        streams: list[int] = []
        for place, event, stream in snapshot:
            if event is None:
                self._flush(waiting, streams)
                self._break(stream)
                continue
            for whole, first, last in self._wholes(event, stream, place):
                symbol = self.viewpoint.symbol(whole, self.before.get(stream))
                if symbol is None:
                    continue
                self._note(whole, stream, first, last, symbol)
                waiting.append(self.alphabet.intern(symbol))
                streams.append(stream)
                if len(waiting) >= AT_ONCE:
                    self._flush(waiting, streams)
        self._flush(waiting, streams)
        self._past = snapshot.past

    def catch_up(self) -> None:
        """Learn what the memory has heard since the snapshot."""
        for place in range(max(self._past, self.memory.first), len(self.memory)):
            if self.memory.has(place):
                self.learn(self.memory.event(place), self.memory.stream(place), place)
        self._past = len(self.memory)
        self._masked_for = -1

    def learn(self, event: Event, stream: int, place: int) -> int:
        """Learn an event that stands at `place` in memory; its position in the model, -1 if it has no symbol."""
        self._past = place + 1
        if not self.viewpoint.slices:
            return self._learn(event, stream, place, place)
        learned = -1
        for whole, first, last in self._wholes(event, stream, place):
            position = self._learn(whole, stream, first, last)
            learned = position if position >= 0 else learned
        return learned

    def _learn(self, event: Event, stream: int, place: int, last: int) -> int:
        symbol = self.viewpoint.symbol(event, self.before.get(stream))
        if symbol is None:
            return -1
        self._note(event, stream, place, last, symbol)
        if self.viewpoint.studies and self.viewpoint.meet(event):
            self.outgrown = True
        alone = self._alone.get(symbol)
        if alone is None:
            alone = self._alone[symbol] = self._told([self.alphabet.intern(symbol)])
        self.model.learn(alone, stream)
        return len(self.places) - 1

    def read(self, event: Event, before: Event | None) -> Symbol | None:
        """An event after another as the model goes on by it; None: it has no symbol."""
        symbol = self.viewpoint.symbol(event, before)
        return self.known(symbol) if symbol is not None else None

    def _wholes(self, event: Event, stream: int, place: int) -> list[tuple[Event, int, int]]:
        """What there is to learn when an event has closed, each with its first and last place: itself, or beats."""
        if not self.viewpoint.slices:
            return [(event, place, place)]
        return self._slicers.setdefault(stream, Slicer([])).hear(event, place)

    def _note(self, event: Event, stream: int, place: int, last: int, symbol: tuple[int, ...]) -> None:
        """All but the model's own learning."""
        if stream not in self.tails:
            while len(self.tails) >= STREAMS:
                oldest = next(iter(self.tails))
                del self.tails[oldest], self.before[oldest]
                self._slicers.pop(oldest, None)
                if self.traced is not None:
                    self.traced.end(oldest)
            self.tails[stream] = deque(maxlen=CONTEXT)
        self.before[stream] = event
        position = len(self.places)
        self.places.append(place)
        if self.viewpoint.slices:
            self._lasts.append(last)
        self.tails[stream].append((event, position))
        if self.traced is not None:
            self.traced.append(event, stream, symbol[0])
        self.latest[symbol] = position
        alike = self.alike.get(symbol[0])
        if alike is None:
            alike = self.alike[symbol[0]] = deque(maxlen=ALIKE)
        alike.append(position)

    def _told(self, numbers: list[int]) -> npt.NDArray[np.int32]:
        """Symbols as the model wants to learn them: ids in the core, elsewhere rows of their components."""
        if self.native:
            return np.array(numbers, np.int32)
        return np.array([self.alphabet.values(number) for number in numbers], np.int32)

    def known(self, symbol: tuple[int, ...]) -> Symbol:
        """A symbol as the model wants to go on by it: an id in the core if it has one, else its components."""
        if not self.native:
            return symbol
        number = self._ids.get(symbol)
        if number is None:
            number = self.alphabet.find(symbol)
            if not number:
                return symbol
            self._ids[symbol] = number
        return number

    def _flush(self, waiting: list[int], streams: list[int]) -> None:
        """Learn runs of symbols, a stream each."""
        first = 0
        for at in range(1, len(waiting) + 1):
            if at == len(waiting) or streams[at] != streams[first]:
                self.model.learn(self._told(waiting[first:at]), streams[first])
                first = at
        waiting.clear()
        streams.clear()

    def _break(self, stream: int) -> None:
        self.before.pop(stream, None)
        self.tails.pop(stream, None)
        self._slicers.pop(stream, None)
        if self.traced is not None:
            self.traced.end(stream)
        if isinstance(self.model, Placed):
            self.model.end(stream)

    def like(self, value: int, avoid: list[Span]) -> int:
        """The newest position whose symbol begins with a value and that its stream goes on from; -1: none."""
        for position in reversed(self.alike.get(value, ())):
            following = position + 1
            if following >= len(self.places) or any(first <= following < past for first, past in avoid):
                continue
            here, there = self.places[position], self.places[following]
            if not (self.memory.has(here) and self.memory.has(there)):
                continue
            if self.memory.stream(here) == self.memory.stream(there):
                return position
        return -1

    def newest(self, value: int) -> int:
        """The newest position whose symbol begins with a value, and that memory still has; -1: none."""
        for position in reversed(self.alike.get(value, ())):
            if self.memory.has(self.places[position]):
                return position
        return -1

    def source(self, position: int) -> Event | None:
        """The event at a position of the model, if memory still has it."""
        if not 0 <= position < len(self.places) or not self.memory.has(self.places[position]):
            return None
        place = self.places[position]
        if not self.viewpoint.slices:
            return self.memory.event(place)
        stream = self.memory.stream(place)
        places = [other for other in range(place, self._lasts[position] + 1)
                  if self.memory.has(other) and self.memory.stream(other) == stream]  # fmt: skip
        events = [self.memory.event(other) for other in places]
        return merged(events, beat_of_event(events[0]), last=events[-1].last)

    def step(self, position: int) -> int | None:
        """The interval by which the event at a position was reached from the one learned before it; None: unknown."""
        if position < 1:
            return None
        before, event = self.source(position - 1), self.source(position)
        if before is None or event is None or not before.notes or not event.notes:
            return None
        if self.memory.stream(self.places[position - 1]) != self.memory.stream(self.places[position]):
            return None
        return round(event.top.pitch) - round(before.top.pitch)

    def position_of(self, place: int) -> int:
        """The model's position of a place in memory; -1: it has none."""
        at = bisect_left(self.places, place)
        return at if at < len(self.places) and self.places[at] == place else -1

    def interval(self, first: int, past: int) -> list[Span]:
        """The model's positions of what lies between two places in memory."""
        low, high = bisect_left(self.places, first), bisect_left(self.places, past)
        return [(low, high)] if low < high else []

    def masked(self) -> list[Span]:
        """The model's positions of what memory has lost since it was learned: never a source, whatever is wished."""
        if self._masked_for != self.memory.changes:
            self._masked_for = self.memory.changes
            lost = [(0, self.memory.first), *self.memory.forgotten.spans]
            spans = [span for first, past in lost if (first, past) not in self._forgotten
                     for span in self.interval(first, past)]  # fmt: skip
            self._masked = coarse(spans, MASKED)
        return self._masked

    @property
    def stale(self) -> bool:
        """Whether it should be learned afresh: it has what memory lost, or lacks what memory has again."""
        again = any(not self.memory.forgotten.covers(first, past) for first, past in self._forgotten
                    if past > self.memory.first)  # fmt: skip
        return again or self.outgrown or bool(self.masked())

    @property
    def bytes(self) -> int:
        """What the model and its positions take, as far as the model tells."""
        traces = self.traced.traces.bytes if self.traced is not None else 0
        return int(getattr(self.model, "bytes", 0)) + len(self.places) * PLACE_BYTES + traces


def coarse(spans: list[Span], most: int) -> list[Span]:
    """The same spans in order or, where there are too many, larger ones that hold them all."""
    spans = sorted(spans)
    while len(spans) > most:
        gaps = [spans[at + 1][0] - spans[at][1] for at in range(len(spans) - 1)]
        limit = sorted(gaps)[len(spans) - most - 1]
        merged = [spans[0]]
        for (first, past), gap in zip(spans[1:], gaps, strict=True):
            if gap <= limit:
                merged[-1] = (merged[-1][0], max(past, merged[-1][1]))
            else:
                merged.append((first, past))
        spans = merged
    return spans


@dataclass(slots=True)
class Job:
    """Something to be learned from a memory as it was when the job was made.

    `build` may run on any thread, once; until its result is switched in, nobody else looks at it.
    """

    number: int
    name: str  # of the memory
    memory: Memory
    snapshot: Snapshot
    made: dict[Key, Learned]
    waiting: dict[str, Key] = field(default_factory=dict)  # players that are to take it, and which of it
    done: bool = False
    since: int = 0  # where the memory of that name stood when the job was made
    loads: bool = False  # the memory itself is another
    elsewhere: bool = False  # it waits for a slow model too, which is learned on its own strand
    beats: Beats | None = None  # the memory seen in beats, if somebody plays over a chart from it
    spoiled: bool = False  # somebody was erased from the memory while it was read: it may hold what they played

    @property
    def small(self) -> bool:
        """Whether it is done sooner than handed to a worker."""
        studies = any(learned.viewpoint.studies for learned in self.made.values())
        most = FEW if studies else INLINE
        return len(self.snapshot) * max(1, len(self.made) + (self.beats is not None)) <= most

    def build(self) -> None:
        """Learn, unless that is done; raises what the model raises."""
        if self.done:
            return
        for learned in self.made.values():
            learned.build(self.snapshot)
        if self.beats is not None:
            self.beats.build(self.snapshot)
        self.done = True
