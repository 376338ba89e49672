"""Where in a chart the transport stands: from its positions to the beats of the form, through jumps and loops.

Positions are the transport's, in beats; a place is the number of a beat in the form, from 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from .form import Chart, ChartBeat

#: A position so little before a beat is on it.
NEARLY = 1e-6


@dataclass(frozen=True, slots=True)
class Course:
    """From the whole position `since` on the form goes on from `place`, one beat for each; before, as `before` says.

    The form begins again at its end; `loop`, beats [first, past) of the form, is gone round once it is reached.
    """

    chart: Chart
    since: int = 0
    place: int = 0
    loop: tuple[int, int] = (0, 0)  # the same twice: none
    before: Course | None = None

    def place_at(self, position: float) -> int:
        """The place of the form's beat that holds a position."""
        whole = math.floor(position + NEARLY)
        if whole < self.since and self.before is not None:
            return self.before.place_at(position)
        first, past = self.loop
        place = self.place + whole - self.since
        length = len(self.chart.form)
        if first == past or whole < self.since:
            return place % length
        if self.place >= past:  # the loop is reached once the form has begun again
            if place < length:
                return place
            place -= length
        return place if place < past else first + (place - first) % (past - first)

    def beat_at(self, position: float) -> ChartBeat:
        """The form's beat that holds a position."""
        return self.chart.form[self.place_at(position)]

    def labels(self, position: float, count: int) -> tuple[str, ...]:
        """The labels of so many beats, from the one that holds a position."""
        labels, length = self.chart.labels, len(self.chart.labels)
        whole = math.floor(position + NEARLY)
        found: list[str] = []
        while len(found) < count:
            place = self.place_at(float(whole + len(found)))
            past = place + 1  # where what follows in one piece ends: before a jump, beat by beat
            if whole + len(found) >= self.since:
                past = self.loop[1] if place < self.loop[1] else length
            found += labels[place : min(past, place + count - len(found))]
        return tuple(found)

    def jumped(self, position: float, place: int) -> Course:
        """Going on from another place, from the first whole position at or after `position`."""
        # Of what is past only the beat under way is still asked for.
        before = self.before if self.since > position and self.before is not None else self
        return replace(self, since=math.ceil(position - NEARLY), place=place, before=replace(before, before=None))

    def looped(self, position: float, loop: tuple[int, int]) -> Course:
        """With another loop, or with none, after the beat that holds a position."""
        whole = math.floor(position + NEARLY)
        if self.since > whole:
            return replace(self, loop=loop)
        return replace(self, since=whole, place=self.place_at(whole), loop=loop, before=None)
