"""What is lit in a memory: the traces that its events leave, and how high each lit place stands for a player.

The lists of places and the peaks are the core's; here is what goes into them, and how the influences are weighed. The
idea is Somax's (Bonnasse-Gahot, "An update on the SOMax project", IRCAM 2014; Borg, "The Somax 2 theoretical model",
IRCAM 2021); choosing is `player/following.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from .addresses import Value
from .events import Event
from .harmonic import Ear, moved, related
from .models import Floats, Ints, Peaks, Traces
from .timeline import MINUTE

MELODIC, HARMONIC, SELF = range(3)
INFLUENCES: Final = ("melodic", "harmonic", "self")
#: So many places are lit by one influence of one event.
PLACES: Final = 16
#: Agreement on so many events lights a place as high as anything.
WHOLE: Final = 4
#: What the player hears it keeps for so many events, to compare with memory.
HEARD: Final = 8
#: Values from here on are no pitches.
PITCHES: Final = 128
LABELS: Final = 256
MOST_VALUE: Final = 32_000
#: A tempo this far from another halves what consistency of tempo lets stand.
TEMPO_BPM: Final = 5.0

#: Spans [first, past) of positions; the semitones that are allowed (None: any); places with height and shift.
Spans = list[tuple[int, int]]
Moves = frozenset[int] | None
Lights = list[tuple[int, float, int]]


def value_of(event: Event, first: int) -> int:
    """What an event is to `Traces`: its highest pitch, or (`first` is its symbol's first value) something beyond."""
    return min(max(round(event.top.pitch), 0), PITCHES - 1) if event.notes else LABELS + first % MOST_VALUE


class Traced:
    """The traces of what was learned, in its order."""

    def __init__(self) -> None:
        self.traces = Traces()
        self._ears: dict[int, Ear] = {}
        self._before: dict[int, Event] = {}

    def append(self, event: Event, stream: int, first: int) -> None:
        """An event of a stream was learned; `first` is its symbol's first value."""
        before = self._before.get(stream)
        bpm = 0.0
        if before is not None and event.onset_ns > before.onset_ns:
            beats = event.onset_beats - before.onset_beats
            bpm = max(0.0, min(beats * MINUTE / (event.onset_ns - before.onset_ns), 1000.0))
        self._before[stream] = event
        harmony = self._ears.setdefault(stream, Ear()).hear(event)
        self.traces.append(stream, value_of(event, first), harmony, event.onset_beats, bpm)

    def end(self, stream: int) -> None:
        """A break in a stream."""
        self.traces.end(stream)
        self._ears.pop(stream, None)
        self._before.pop(stream, None)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a player follows: its parameters, read once. `weights` sum to 1 unless all are 0."""

    weights: Floats
    decay_beats: float
    phase: float
    continuity: float
    tempo: float
    transposition: float
    threshold: float
    lead: int

    @classmethod
    def of(cls, settings: Mapping[str, Value]) -> Manner:
        """From a player's parameters."""
        weights = np.array([float(settings[f"weight_{name}"]) for name in INFLUENCES])
        total = float(weights.sum())
        return cls(
            weights / total if total > 0 else weights,
            float(settings["activation_decay"]),
            float(settings["phase"]),
            float(settings["continuity_bonus"]),
            float(settings["tempo_consistency"]),
            float(settings["transposition_consistency"]),
            float(settings["activation_threshold"]),
            int(settings["lead"]),
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a player stands that follows: what it played last, and how."""

    place: int = -1  # of its last source, in what was learned
    following: int = -1  # the place after it
    shift: int = 0
    bpm: float = 0.0  # the mean tempo of its last sources, 0: unknown


@dataclass(frozen=True, slots=True)
class Choices:
    """What may be played now: places, shifts, values int32[m], heights float64[m, 3], tempos and scores float64[m]."""

    places: Ints
    shifts: Ints
    values: Ints
    heights: Floats
    tempos: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.places)


def melodic(traces: Traces, played: list[int], moves: Moves, least: int, lost: Spans) -> Lights:
    """The places where a melody (the newest value last) was played before, each as high as it agrees."""
    moved = moves is None or bool(moves - {0})
    found = traces.melodies(played, moved, max(1, least), PLACES, lost)
    return [(place, min(1.0, agreed / WHOLE), shift) for place, agreed, shift in found
            if moves is None or shift in moves]  # fmt: skip


def harmonic(traces: Traces, harmony: int, moves: Moves, shift: int, lost: Spans) -> Lights:
    """The places that sound in a harmony or one like it, where they stand or as they are moved now (`shift`)."""
    if not harmony:
        return []
    shifts = [other for other in dict.fromkeys((shift, 0)) if moves is None or other in moves]
    wanted = [(moved(other, -by), alike, by) for other, alike in related(harmony) for by in shifts]
    return traces.places_in(wanted, PLACES, lost)


def choices(peaks: Peaks, traces: Traces, manner: Manner, standing: Standing, beat: float, lost: Spans) -> Choices:
    """What may be played at a beat, each with how high all influences together light it, weighed by the manner."""
    places, shifts, values, heights, onsets, tempos = peaks.candidates(traces, manner.lead, lost)
    scores = heights @ manner.weights
    away = np.abs((onsets - beat + 0.5) % 1.0 - 0.5) * 2.0
    scores = scores * (1.0 - manner.phase * away)
    if standing.place >= 0:
        follows = (places == standing.following) & (shifts == standing.shift)
        scores = np.where(follows, scores * manner.continuity, scores)
        scores = np.where(shifts != standing.shift, scores * (1.0 - manner.transposition), scores)
    if manner.tempo and standing.bpm:
        off = (tempos - standing.bpm) / TEMPO_BPM
        scores = np.where(tempos > 0, scores * (1.0 - manner.tempo * (1.0 - 1.0 / (1.0 + off * off))), scores)
    return Choices(places, shifts, values, heights, tempos, scores)
