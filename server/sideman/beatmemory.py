"""A memory seen in beats, as Djazz and ImproteK keep it: every beat with its chord, and what is played in it.

It is learned from the memory's events like a model: on any thread, then switched in. How one plays from it is
`player/charting.py`'s.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from .chart import WILDCARD
from .events import Event
from .harmony import KINDS, NO_CHORD, parse
from .memory import Memory, Snapshot, spans_of
from .models import Ints, Scenario
from .viewpoint import SAME_BEATS, Slicer

#: A silence of at most so many beats belongs to what is played; after a longer one something else begins.
REST_BEATS: Final = 8
#: So many streams are under way at most.
STREAMS: Final = 128
_FAMILIES: Final = {family: number for number, family in enumerate(dict.fromkeys(f for _, f in KINDS.values()), 1)}
_KINDS: Final = {kind: number for number, kind in enumerate(KINDS, 1)}
#: Of labels that are no chords, the first; each is a family and a kind of its own.
_OPAQUE: Final = 1000
#: The bytes of a beat beside the scenario's own.
BEAT_BYTES: Final = 40


class Shape(NamedTuple):
    """What is known of a beat without looking its events up: pitches as MIDI numbers, -1 where it has none."""

    first: int
    last: int
    low: int
    high: int
    onsets: int


class Beats:
    """Every beat of a memory in order, over all its streams, with an index of its labels."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.scenario = Scenario()
        self._firsts, self._lasts = array("q"), array("q")  # places of the events of a beat; -1, -2: none
        self._starts = array("d")  # where on the timeline it begins
        self._shapes = tuple(array("h") for _ in Shape._fields)
        self._slicers: dict[int, Slicer] = {}
        self._ends: dict[int, tuple[float, str]] = {}  # of each stream's last beat: where it began, its chord
        self._opaque: dict[str, int] = {}
        self._rows: dict[tuple[str, bool], tuple[int, int, int]] = {}
        self._past = memory.first
        self._changes = memory.changes  # as it was when this was begun
        self._seen = memory.changes

    def __len__(self) -> int:
        return len(self._starts)

    def build(self, snapshot: Snapshot) -> None:
        """Learn a memory as it was; a gap where something was forgotten is a break."""
        for place, event, stream in snapshot:
            if event is None:
                self._slicers.pop(stream, None)
                self._ends.pop(stream, None)
            else:
                self.learn(event, stream, place)
        self._past = snapshot.past

    def catch_up(self) -> None:
        """Learn what the memory has heard since the snapshot."""
        for place in range(max(self._past, self.memory.first), len(self.memory)):
            if self.memory.has(place):
                self.learn(self.memory.event(place), self.memory.stream(place), place)

    def learn(self, event: Event, stream: int, place: int) -> None:
        """An event stands at `place` in memory; what beats are over by it are kept."""
        self._past = place + 1
        if stream not in self._slicers:
            while len(self._slicers) >= STREAMS:
                oldest = next(iter(self._slicers))
                del self._slicers[oldest]
                self._ends.pop(oldest, None)
            self._slicers[stream] = Slicer([])
        for whole, first, last in self._slicers[stream].hear(event, place):
            self._keep(whole, stream, first, last)

    def _keep(self, whole: Event, stream: int, first: int, last: int) -> None:
        start = whole.onset_beats
        before, chord = self._ends.get(stream, (start, ""))
        silent = round(start - before) - 1
        follows = 0 <= silent <= REST_BEATS and abs(start - before - silent - 1) < SAME_BEATS
        for beat in range(silent if follows else 0):  # the chord goes on until something is played over another
            self._append(stream, chord, before + beat + 1, -1, -2, Shape(-1, -1, -1, -1, 0), follows=True)
        self._append(stream, whole.chord, start, first, last, _shape(whole, last - first + 1), follows=follows)
        self._ends[stream] = start, whole.chord

    def _append(
        self, stream: int, chord: str, start: float, first: int, last: int, shape: Shape, *, follows: bool
    ) -> None:
        self.scenario.append(stream, *self.row(chord, exact=True), follows)
        self._firsts.append(first)
        self._lasts.append(last)
        self._starts.append(start)
        for column, value in zip(self._shapes, shape, strict=True):
            column.append(value)

    def row(self, label: str, *, exact: bool) -> tuple[int, int, int]:
        """A label as the scenario knows it: family, kind (0 unless `exact`) and root."""
        row = self._rows.get((label, exact))
        if row is None:
            row = self._rows[label, exact] = self._row(label, exact=exact)
        return row

    def _row(self, label: str, *, exact: bool) -> tuple[int, int, int]:
        if label in ("", NO_CHORD, "NC", "N.C."):
            label = NO_CHORD if label else ""
        elif (chord := parse(label)) is not None:
            return _FAMILIES[chord.family], _KINDS[chord.kind] if exact else 0, chord.root
        number = self._opaque.setdefault(label, _OPAQUE + len(self._opaque))
        return number, number if exact else 0, -1

    def asked(self, labels: Sequence[str], *, exact: bool) -> Ints:
        """Labels of a chart as the scenario takes them, int32[n, 3]; the wildcard, and no label, ask for any."""
        rows = [(0, 0, -1) if label in ("", WILDCARD) else self.row(label, exact=exact) for label in labels]
        return np.array(rows, np.int32).reshape(-1, 3)

    def shape(self, beat: int) -> Shape:
        """What is known of a beat without looking its events up."""
        first, last, low, high, onsets = self._shapes
        return Shape(first[beat], last[beat], low[beat], high[beat], onsets[beat])

    def pitches(self, name: str, beats: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """One column of the shapes of several beats."""
        column = np.frombuffer(self._shapes[Shape._fields.index(name)], np.int16)
        return column[beats].astype(np.int64)

    def start(self, beat: int) -> float:
        """Where on the timeline it began."""
        return self._starts[beat]

    def events(self, beat: int) -> list[tuple[Event, int]]:
        """What is played in a beat, each with its place in memory."""
        first, last = self._firsts[beat], self._lasts[beat]
        if first < self.memory.first:
            return []
        stream = self.memory.stream(first)
        return [(self.memory.event(place), place) for place in range(first, last + 1)
                if self.memory.has(place) and self.memory.stream(place) == stream]  # fmt: skip

    def drop_lost(self) -> None:
        """Beats of which memory has lost anything agree with nothing any more."""
        if self._seen == self.memory.changes:
            return
        self._seen = self.memory.changes
        firsts, lasts = np.array(self._firsts), np.array(self._lasts)
        gone = (firsts >= 0) & (firsts < self.memory.first)
        for first, past in self.memory.forgotten.spans:
            gone |= (lasts >= first) & (firsts < past)
        for low, high in spans_of(np.flatnonzero(gone).tolist()):
            self.scenario.drop(low, high)

    @property
    def stale(self) -> bool:
        """Whether memory has lost or regained something since this was begun."""
        return self._changes != self.memory.changes

    @property
    def bytes(self) -> int:
        """What it takes."""
        return self.scenario.bytes + len(self) * BEAT_BYTES


def _shape(whole: Event, onsets: int) -> Shape:
    if not whole.notes:
        return Shape(-1, -1, -1, -1, onsets)
    first = min(note.offset_beats for note in whole.notes)
    last = max(note.offset_beats for note in whole.notes)
    pitches = [round(note.pitch) for note in whole.notes]
    return Shape(
        max(round(note.pitch) for note in whole.notes if note.offset_beats <= first + SAME_BEATS),
        max(round(note.pitch) for note in whole.notes if note.offset_beats >= last - SAME_BEATS),
        min(pitches),
        max(pitches),
        onsets,
    )
