"""What a component of a symbol is, and the classes of time that several use."""

from __future__ import annotations

import math
from typing import Final, Protocol

from ..events import Event

#: A span of one beat has this value; two values are an octave of time, a factor of two.
ONE_BEAT: Final = 13
CLASSES: Final = 25


class Component(Protocol):
    """One component of a symbol."""

    name: str

    def value(self, event: Event, before: Event | None) -> int:
        """The value of an event given the one before it in its stream; 0: it has none."""

    def early(self) -> bool:
        """Whether the value is known at the event's onset."""


def time_class(beats: float) -> int:
    """The class of a span of time: two to the octave, 1 to 25, 13 for one beat."""
    return min(max(round(2 * math.log2(max(beats, 1e-6))) + ONE_BEAT, 1), CLASSES)


def class_beats(value: int) -> float:
    """The span in the middle of a class, in beats."""
    return float(2.0 ** ((value - ONE_BEAT) / 2))
