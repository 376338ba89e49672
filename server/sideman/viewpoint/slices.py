"""A beat's notes as one event, as Djazz and ImproteK have it: from the events of a stream to its beats.

Source: Nika & Chemillier, "ImproteK: introducing scenarios into human-computer music improvisation", CIE 2017.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from ..events import Event


@dataclass(slots=True)
class Slicer:
    """One stream's beat under way: its events, each with its place in memory (or -1)."""

    open: list[tuple[Event, int]]
    beat: int = 0

    def hear(self, event: Event, place: int) -> list[tuple[Event, int, int]]:
        """An event has closed: the beats that are over by it, each with the places of its first and last event."""
        over = []
        beat = math.floor(event.onset_beats + 1e-6)
        if self.open and beat != self.beat:
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


def merged(events: list[Event], beat: int, *, last: bool) -> Event:
    """Events of one beat as one, from the beat on: notes keep their offsets, the first event's chord is in force."""
    first = events[0]
    notes = tuple(
        replace(note, offset_beats=event.onset_beats - beat + note.offset_beats)
        for event in events
        for note in event.notes
    )
    controls = tuple(
        replace(control, offset_beats=event.onset_beats - beat + control.offset_beats)
        for event in events
        for control in event.controls
    )
    return replace(first, onset_beats=float(beat), span_beats=1.0, notes=notes, last=last, controls=controls)
