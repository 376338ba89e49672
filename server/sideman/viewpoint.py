"""Viewpoints: functions from events to symbols, tuples of component values from 1 (0 is unseen).

A viewpoint also says what a value means when it is played. It knows no model and no memory.
Source: Conklin & Witten, "Multiple viewpoint systems for music prediction", JNMR 24(1), 1995.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

from .errors import Refused
from .events import Event

PITCHES: Final = 128
#: Interval 0 has this value; value 1 is that of an event with none before it.
UNISON: Final = 129
FIRST: Final = 1
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


class Pitch:
    """The highest note's pitch, rounded to the semitone, plus 1."""

    name = "pitch"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 128; 0 for an event without notes."""
        return min(max(round(event.top.pitch), 0), PITCHES - 1) + 1 if event.notes else 0

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


class Ioi:
    """The class of the time to the next onset; at a phrase's end of the sounding length."""

    name = "ioi"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 25; 0 for an event without notes."""
        return time_class(event.span_beats) if event.notes else 0

    def early(self) -> bool:
        """Known at the close."""
        return False


class Duration:
    """The class of the sounding length."""

    name = "duration"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 25; 0 for an event without notes."""
        return time_class(event.duration_beats) if event.notes else 0

    def early(self) -> bool:
        """Known at the close."""
        return False


class Label:
    """The event's label, numbered in order of appearance."""

    name = "label"

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def value(self, event: Event, before: Event | None) -> int:
        """From 1; 0 for an event without label."""
        return self._numbers.setdefault(event.label, len(self._numbers) + 1) if event.label else 0

    def early(self) -> bool:
        """Known at the onset."""
        return True


COMPONENTS: Final[dict[str, Callable[[], Component]]] = {
    "pitch": Pitch,
    "interval": Interval,
    "ioi": Ioi,
    "duration": Duration,
    "label": Label,
}
#: The viewpoints that one may name; any two of time and pitch can be linked with `*`.
VIEWPOINTS: Final = ("pitch", "interval", "ioi", "duration", "label", "pitch*ioi", "interval*ioi", "pitch*duration")


class Viewpoint:
    """One or more linked components."""

    def __init__(self, name: str) -> None:
        """Raises `Refused` for a name that is none."""
        parts = name.split("*")
        unknown = [part for part in parts if part not in COMPONENTS]
        if unknown or len(set(parts)) != len(parts):
            raise Refused(f"no viewpoint {name!r}", f"link any of these with *: {', '.join(COMPONENTS)}")
        self.name = name
        self.components = tuple(COMPONENTS[part]() for part in parts)
        self.names = tuple(parts)

    def symbol(self, event: Event, before: Event | None) -> tuple[int, ...] | None:
        """The event's symbol, or None if it has none in this viewpoint."""
        values = tuple(component.value(event, before) for component in self.components)
        return values if all(values) else None

    def place(self, name: str) -> int:
        """Which component has that name; -1: none."""
        return self.names.index(name) if name in self.names else -1


def pitch_of(viewpoint: Viewpoint, values: tuple[int, ...], last_pitch: int | None) -> int | None:
    """The MIDI pitch that a symbol means for the highest note; None if it speaks of none."""
    at = viewpoint.place("pitch")
    if at >= 0:
        return values[at] - 1
    at = viewpoint.place("interval")
    if at >= 0 and last_pitch is not None and values[at] != FIRST:
        return last_pitch + values[at] - UNISON
    return None
