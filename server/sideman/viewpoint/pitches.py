"""Components that look at pitch, and the pitches that their values may mean. Of a chord the highest note counts."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ..events import Event
from ..harmony import parse

PITCHES: Final = 128
#: Interval 0 has this value; value 1 is that of an event with none before it.
UNISON: Final = 129
FIRST: Final = 1
DOWN, SAME, UP = 2, 3, 4
PITCH_CLASSES: Final = 12

Weights = npt.NDArray[np.float64]


def top(event: Event) -> int:
    """The highest note's pitch, rounded to the semitone, 0 to 127."""
    return min(max(round(event.top.pitch), 0), PITCHES - 1)


def root_of(chord: str) -> int:
    """The root of a chord by its label, 0 (C) where there is none or it is not understood."""
    known = parse(chord)
    return known.root if known is not None else 0


class Pitch:
    """The highest note's pitch, plus 1."""

    name = "pitch"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 128; 0 for an event without notes."""
        return top(event) + 1 if event.notes else 0

    def early(self) -> bool:
        """Known at the onset."""
        return True


class Interval:
    """Semitones from the highest note before to this one's, plus 129; 1 where nothing comes before."""

    name = "interval"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 256; 0 for an event without notes."""
        if not event.notes:
            return 0
        if before is None or not before.notes:
            return FIRST
        return round(event.top.pitch) - round(before.top.pitch) + UNISON

    def early(self) -> bool:
        """Known at the onset."""
        return True


class PitchClass:
    """The highest note's pitch class, plus 1: C is 1."""

    name = "pitch_class"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 12; 0 for an event without notes."""
        return top(event) % PITCH_CLASSES + 1 if event.notes else 0

    def early(self) -> bool:
        """Known at the onset."""
        return True


class ScaleDegree:
    """Semitones of the highest note above the root of the chord in force (C where there is none), plus 1."""

    name = "scale_degree"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 12; 0 for an event without notes."""
        return (top(event) - root_of(event.chord)) % PITCH_CLASSES + 1 if event.notes else 0

    def early(self) -> bool:
        """Known at the onset."""
        return True


class Contour:
    """Whether the highest note lies below, at or above the one before: 2, 3, 4; 1 where nothing comes before."""

    name = "contour"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 4; 0 for an event without notes."""
        if not event.notes:
            return 0
        if before is None or not before.notes:
            return FIRST
        step = top(event) - top(before)
        return UP if step > 0 else DOWN if step < 0 else SAME

    def early(self) -> bool:
        """Known at the onset."""
        return True


class PitchClassSet:
    """The pitch classes that sound together, a bit each: C is 1, C sharp 2, D 4."""

    name = "pcset"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 4095; 0 for an event without notes."""
        bits = 0
        for note in event.notes:
            bits |= 1 << round(note.pitch) % PITCH_CLASSES
        return bits

    def early(self) -> bool:
        """Known when the chord is complete."""
        return False


def projected(kind: str, pitches: Weights, last_pitch: int | None, chord: str) -> Weights | None:
    """Weights of a component's values, indexed by value, from those of the pitches [128] that they may mean.

    A value weighs as much as the best pitch that it may mean; None: the component says nothing of pitch.
    """
    start = 60 if last_pitch is None else last_pitch
    if kind == "pitch":
        return np.concatenate([[0.0], pitches])
    if kind == "interval":
        weights = np.zeros(2 * UNISON)
        values = np.arange(FIRST + 1, 2 * UNISON)
        reached = start + values - UNISON
        inside = (reached >= 0) & (reached < PITCHES)
        weights[values[inside]] = pitches[reached[inside]]
        return weights
    if kind in ("pitch_class", "scale_degree"):
        root = root_of(chord) if kind == "scale_degree" else 0
        weights = np.zeros(PITCH_CLASSES + 1)
        np.maximum.at(weights, (np.arange(PITCHES) - root) % PITCH_CLASSES + 1, pitches)
        return weights
    if kind == "contour":
        weights = np.zeros(UP + 1)
        weights[FIRST] = pitches.max()
        weights[DOWN] = pitches[: max(start, 0)].max(initial=0.0)
        weights[SAME] = pitches[start] if 0 <= start < PITCHES else 0.0
        weights[UP] = pitches[start + 1 :].max(initial=0.0)
        return weights
    if kind == "pcset":
        classes = np.zeros(PITCH_CLASSES)
        np.maximum.at(classes, np.arange(PITCHES) % PITCH_CLASSES, pitches)
        weights = np.ones(1 << PITCH_CLASSES)
        for pitch_class in range(PITCH_CLASSES):
            has = (np.arange(len(weights)) >> pitch_class) & 1 == 1
            weights[has] = np.minimum(weights[has], classes[pitch_class])
        weights[0] = 0.0
        return weights
    return None
