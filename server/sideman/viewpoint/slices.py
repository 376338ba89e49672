"""A beat's notes as one event, as Djazz and ImproteK have it: from the events of a stream to its beats.

Beats are those of the form where the transport ran, else the timeline's own.
Source: Nika & Chemillier, "ImproteK: introducing scenarios into human-computer music improvisation", CIE 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from ..events import Event

#: Who plays a little before the beat means the beat: so much of one, in beats.
EARLY_BEATS: Final = 0.1
#: Beats that lie nearer than this are the same.
SAME_BEATS: Final = 1e-3
_NEARLY: Final = 1e-6


def beat_of(beats: float, grid_beats: float = 0.0) -> float:
    """Where on the timeline the beat begins to which a moment belongs; `grid_beats` leads from there to the form."""
    return math.floor(beats + grid_beats + EARLY_BEATS + _NEARLY) - grid_beats


def beat_of_event(event: Event) -> float:
    """Where on the timeline an event's beat begins."""
    return beat_of(event.onset_beats, (event.form_beats - event.onset_beats) % 1.0 if event.form_beats >= 0 else 0.0)


@dataclass(slots=True)
class Slicer:
    """One stream's beat under way: its events, each with its place in memory (or -1)."""

    open: list[tuple[Event, int]]
    beat: float = 0.0

    def hear(self, event: Event, place: int) -> list[tuple[Event, int, int]]:
        """An event has closed: the beats that are over by it, each with the places of its first and last event."""
        over = []
        beat = beat_of_event(event)
        if self.open and abs(beat - self.beat) > SAME_BEATS:
            over.append(self._close(last=False))
        self.beat = beat
        self.open.append((event, place))
        if event.last:
            over.append(self._close(last=True))
        return over

    def _close(self, *, last: bool) -> tuple[Event, int, int]:
        whole = merged([event for event, _ in self.open], self.beat, last=last)
        places = self.open[0][1], self.open[-1][1]
        self.open = []
        return whole, *places


def merged(events: list[Event], beat: float, *, last: bool) -> Event:
    """Events of one beat as one, from the beat on: notes keep their offsets.

    The chord is the one in force on the beat: what was played before it was played over the old one.
    """
    first = events[0]
    chord = next((event.chord for event in events if event.onset_beats >= beat - _NEARLY), first.chord)
    notes = tuple(
        replace(note, offset_beats=event.onset_beats - beat + note.offset_beats)
        for event in events
        for note in event.notes
    )
    return replace(first, onset_beats=beat, span_beats=1.0, notes=notes, last=last, chord=chord)
