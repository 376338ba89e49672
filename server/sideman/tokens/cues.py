"""What of a plan lies ahead, said again note by note as it is carried out, so that nobody needs to count.

Before each note it is said how many notes are left in its bar; with a bar's first how many bars are left; before the
last note its pitch class; and where the second and the last third of the notes begin, how far from here their mean is
to lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from ..viewpoint import UNISON
from .music import DENSITIES, MUSIC, SHAPES, Plan

#: Bars of a phrase are of four beats, counted from its first note.
BAR: Final = 4.0
#: What lies so little before a bar line lies on it.
_NEAR: Final = 1e-6
#: The farthest that an aim may lie from the note before.
FARTHEST: Final = 24


class Carrying(NamedTuple):
    """A plan being carried out, as a note is about to come."""

    plan: Plan
    pitches: tuple[int, ...] = ()  # that were played
    bar: int = 0  # of the coming note
    in_bar: int = -1  # notes before it in its bar; -1: nothing has come yet

    def at(self, onset_beats: float) -> Carrying:
        """With a note about to come so many beats from the first."""
        bar = bar_of(onset_beats)
        same = self.in_bar >= 0 and bar == self.bar
        return self._replace(bar=bar, in_bar=self.in_bar + 1 if same else 0)

    def played(self, pitch: int) -> Carrying:
        """When it has come."""
        return self._replace(pitches=(*self.pitches, pitch))

    @property
    def left(self) -> int:
        """Notes left in this bar, the coming one included."""
        return max(self.plan.density[self.bar] - self.in_bar, 0) if self.bar < len(self.plan.density) else 0

    @property
    def over(self) -> bool:
        """Whether the coming note is none of the plan's any more: its bars have passed, or their last note has come."""
        last = len(self.plan.density) - 1
        return self.bar > last or (self.bar == last and self.left == 0)

    @property
    def rest(self) -> Plan:
        """What of the plan is still to be carried out."""
        bars = list(self.plan.density[self.bar :])
        return self.plan._replace(density=(self.left, *bars[1:]))

    def cues(self, aimed: float | None = None) -> tuple[int, ...]:
        """What is said before the coming note; `aimed`: the mean of its third, if it is known and not to be chosen."""
        notes, bars_left = sum(self.plan.density), max(len(self.plan.density) - self.bar, 0)
        said: list[int] = []
        if self.pitches and len(self.pitches) in thirds(notes):
            goal = aim(self.plan.shape, self.pitches, notes) if aimed is None else aimed
            far = min(max(round(goal - self.pitches[-1]), -FARTHEST), FARTHEST)
            said += [MUSIC.token("shape", SHAPES.index(self.plan.shape)), MUSIC.token("interval", UNISON + far)]
        if self.in_bar == 0:
            said.append(MUSIC.token("bars", bars_left))
        if self.left == 1 and bars_left == 1:
            said.append(MUSIC.token("cadence", self.plan.cadence + 1))
        return (*said, MUSIC.token("density", min(self.left, DENSITIES - 1)))


def bar_of(onset_beats: float) -> int:
    """The bar of a note that comes so many beats after the first."""
    return max(int((onset_beats + _NEAR) // BAR), 0)


def thirds(notes: int) -> tuple[int, int]:
    """With which note, counted from 0, the second and the last third begin."""
    third = max(notes // 3, 1)
    return third, max(notes - third, third)


def shape_of(pitches: Sequence[int]) -> str:
    """The shape of a line by the means of its thirds."""
    second, last_begins = thirds(len(pitches))
    parts = (pitches[:second], pitches[second:last_begins] or pitches, pitches[last_begins:] or pitches)
    first, middle, last = (float(np.mean(part)) for part in parts)
    if middle - max(first, last) >= 2:
        return "arch"
    if min(first, last) - middle >= 2:
        return "valley"
    return "rising" if last - first >= 3 else "falling" if first - last >= 3 else SHAPES[0]


def aim(shape: str, pitches: Sequence[int], notes: int) -> float:
    """The mean that the third that begins now is to have, after what was played, so that the line gets its shape."""
    second, last = thirds(notes)
    first = float(np.mean(pitches[:second]))
    if len(pitches) < last:
        return first + {"level": 0.0, "rising": 3.5, "falling": -3.5, "arch": 5.5, "valley": -5.5}[shape]
    middle = float(np.mean(pitches[second:last] or pitches))
    if shape == "rising":
        return max(first + 6.0, middle + 1.0)
    if shape == "falling":
        return min(first - 6.0, middle - 1.0)
    if shape == "arch":
        return min(first, middle - 4.0)
    if shape == "valley":
        return max(first, middle + 4.0)
    return first + min(max(middle - first, -2.0), 2.0)
