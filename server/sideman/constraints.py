"""What may be played: weights over the values of a component, given those before it. The pitch range is the first.

A constraint forbids (0) or weighs; it chooses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from .viewpoint import FIRST, PITCHES, UNISON, Viewpoint

Weights = npt.NDArray[np.float64]

DRUMS_CHANNEL: Final = 10


class Constraint(Protocol):
    """Something that bounds what is played."""

    @property
    def name(self) -> str:
        """What `why` calls it."""

    def weights(self, viewpoint: Viewpoint, component: int, last_pitch: int | None) -> Weights | None:
        """Weights [values] indexed by value, 0 forbids; None where all is free."""


@dataclass(frozen=True, slots=True)
class PitchRange:
    """Pitches from `low` to `high` (MIDI, both included) after transposing by `transpose` semitones."""

    low: int
    high: int
    transpose: int = 0
    name: str = "pitch range"

    def weights(self, viewpoint: Viewpoint, component: int, last_pitch: int | None) -> Weights | None:
        """Forbids the pitches outside, and the intervals that lead there from the last pitch."""
        kind = viewpoint.names[component]
        if kind == "pitch":
            if self.low <= 0 and self.high >= PITCHES - 1 and not self.transpose:
                return None
            weights = np.zeros(PITCHES + 1)
            weights[1:] = self._allowed(np.arange(PITCHES))
            return weights
        if kind == "interval":
            weights = np.zeros(2 * UNISON)
            values = np.arange(FIRST + 1, 2 * UNISON)
            start = 60 if last_pitch is None else last_pitch
            weights[FIRST + 1 :] = self._allowed(start + values - UNISON)
            return weights
        return None

    def _allowed(self, pitches: npt.NDArray[np.int64]) -> Weights:
        moved = pitches + self.transpose
        return ((moved >= self.low) & (moved <= self.high) & (pitches >= 0) & (pitches < PITCHES)).astype(np.float64)


@dataclass(frozen=True, slots=True)
class LongestCopy:
    """Forbids the one value of the first component that would make a copy too long."""

    value: int
    name: str = "longest copy"

    def weights(self, viewpoint: Viewpoint, component: int, last_pitch: int | None) -> Weights | None:
        """Forbids the value; all others are free."""
        if component:
            return None
        weights = np.ones(max(2 * UNISON, self.value + 1))
        weights[self.value] = 0.0
        return weights


def product(one: Weights | None, other: Weights | None) -> Weights | None:
    """What both leave; what lies beyond the end of either is forbidden."""
    if one is None or other is None:
        return other if one is None else one
    length = min(len(one), len(other))
    return one[:length] * other[:length]


def combined(constraints: tuple[Constraint, ...], viewpoint: Viewpoint, last_pitch: int | None) -> list[Weights | None]:
    """The product of all constraints, a component each."""
    masks: list[Weights | None] = []
    for component in range(len(viewpoint.names)):
        whole: Weights | None = None
        for constraint in constraints:
            whole = product(whole, constraint.weights(viewpoint, component, last_pitch))
        masks.append(whole)
    return masks
