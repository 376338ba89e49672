"""A piece as one line: the highest note of each onset, its intervals and inter-onset classes, and the chords under it.

Data and how they are read from a corpus's line; what is measured of them is `measures`'.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from ..evaluation.spelling import ROOTS, TOLERANCE, span_class

#: The tones of each kind of chord, in semitones from its root.
TONES: Final = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10),
    "6": (0, 4, 7, 9), "min6": (0, 3, 7, 9), "hdim": (0, 3, 6, 10), "dim": (0, 3, 6, 9), "aug": (0, 4, 8),
    "sus": (0, 5, 7, 10), "minmaj7": (0, 3, 7, 11),
}  # fmt: skip

Joint = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Note:
    """Onset and duration in beats, MIDI pitch."""

    onset: float
    duration: float
    pitch: int


@dataclass(frozen=True, slots=True)
class Chord:
    """From which beat, and its root and tones as pitch classes; no tones: no chord."""

    onset: float
    root: int
    tones: frozenset[int]


@dataclass(frozen=True, slots=True)
class Line:
    """One piece. `intervals` and `joints` have one member less than `notes`."""

    name: str
    notes: tuple[Note, ...]
    chords: tuple[Chord, ...] = ()

    @property
    def intervals(self) -> list[int]:
        """Semitones from each note to the next."""
        return [after.pitch - note.pitch for note, after in pairwise(self.notes)]

    @property
    def classes(self) -> list[int]:
        """The class of the time from each onset to the next."""
        return [span_class(after.onset - note.onset) for note, after in pairwise(self.notes)]

    @property
    def joints(self) -> list[Joint]:
        """Interval and inter-onset class of each neighbour: what is the same in any key."""
        return list(zip(self.intervals, self.classes, strict=True))

    def chord_at(self, beat: float) -> Chord | None:
        """The chord of a beat, None where there is none."""
        at = bisect_right(self.chords, beat + TOLERANCE, key=lambda chord: chord.onset) - 1
        return self.chords[at] if at >= 0 and self.chords[at].tones else None


def chord(onset: float, label: str) -> Chord:
    """The chord of a simple label, as `Bb:min7`."""
    root, _, kind = label.partition(":")
    if kind not in TONES:
        return Chord(onset, 0, frozenset())
    base = ROOTS[root] - 1
    return Chord(onset, base, frozenset((base + tone) % 12 for tone in TONES[kind]))


def line(fields: Mapping[str, Any]) -> Line:
    """A line of a corpus; of notes that begin together the highest is kept."""
    notes: list[Note] = []
    for onset, duration, pitch in sorted(tuple(note[:3]) for note in fields["notes"]):
        if notes and onset - notes[-1].onset < TOLERANCE:
            notes.pop()
        notes.append(Note(onset, duration, int(pitch)))
    chords = tuple(chord(one[0], one[3]) for one in fields.get("chords", ()))
    return Line(str(fields.get("id", "")), tuple(notes), chords)


def lines(read: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The lines of a corpus that have at least two notes."""
    made = [line(fields) for fields in read if fields.get("notes")]
    return [one for one in made if len(one.notes) > 1]
