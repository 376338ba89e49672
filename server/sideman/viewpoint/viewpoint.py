"""Viewpoints: functions from events to symbols, tuples of component values from 1 (0 is unseen).

A viewpoint also says what a value means when it is played. It knows no model and no memory.
Source: Conklin & Witten, "Multiple viewpoint systems for music prediction", JNMR 24(1), 1995.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from ..errors import Refused
from ..events import Event
from .component import Component
from .gesture import Gesture
from .labels import Beat, Char, ChordLabel, Label, Word
from .pitches import Contour, Interval, Pitch, PitchClass, PitchClassSet, ScaleDegree
from .times import Duration, Ioi

COMPONENTS: Final[dict[str, Callable[[], Component]]] = {
    "pitch": Pitch,
    "interval": Interval,
    "pitch_class": PitchClass,
    "scale_degree": ScaleDegree,
    "contour": Contour,
    "pcset": PitchClassSet,
    "ioi": Ioi,
    "duration": Duration,
    "chord": ChordLabel,
    "beat": Beat,
    "label": Label,
    "word": Word,
    "char": Char,
    "gesture": Gesture,
}
MOST_LINKED: Final = 4
#: Those that number nothing themselves: what they see depends on the event and the one before it alone.
PLAIN: Final = {"pitch", "interval", "pitch_class", "scale_degree", "contour", "pcset", "ioi", "duration"}

Seen = tuple[Event | None, Event | None, tuple[int, ...] | None]
_NOTHING: Final[Seen] = (None, None, None)
_SEEN: Final[defaultdict[str, list[Seen]]] = defaultdict(lambda: [_NOTHING])


def check(name: str) -> None:
    """Raise `Refused` for a name that is no viewpoint's, with those that there are."""
    parts = name.split("*")
    there = f"link up to {MOST_LINKED} different ones of these with *: {', '.join(COMPONENTS)}"
    if any(part not in COMPONENTS for part in parts):
        raise Refused(f"no viewpoint {name!r}", there)
    if len(set(parts)) != len(parts) or len(parts) > MOST_LINKED:
        raise Refused(f"{name!r} cannot be linked", there)


class Viewpoint:
    """One or more linked components."""

    def __init__(self, name: str) -> None:
        """Raises `Refused` for a name that is none."""
        check(name)
        self.name = name
        self.names = tuple(name.split("*"))
        self.components = tuple(COMPONENTS[part]() for part in self.names)
        self.slices = "beat" in self.names
        self._gestures = [component for component in self.components if isinstance(component, Gesture)]
        # What was seen last: all that hear one event through the same components see the same.
        self._seen = _SEEN[self.name] if set(self.names) <= PLAIN else [_NOTHING]

    def symbol(self, event: Event, before: Event | None) -> tuple[int, ...] | None:
        """The event's symbol, or None if it has none in this viewpoint."""
        seen = self._seen[0]
        if seen[0] is event and seen[1] is before and not self._gestures:
            return seen[2]
        values = tuple([component.value(event, before) for component in self.components])
        symbol = values if all(values) else None
        self._seen[0] = (event, before, symbol)
        return symbol

    def forget_last(self) -> None:
        """What was seen last, here and by all that share it, is not kept."""
        for seen in (self._seen, *list(_SEEN.values())):
            seen[0] = _NOTHING

    def place(self, name: str) -> int:
        """Which component has that name; -1: none."""
        return self.names.index(name) if name in self.names else -1

    @property
    def studies(self) -> bool:
        """Whether it looks at all of what will be learned before any of it is."""
        return bool(self._gestures)

    def study(self, events: Iterable[Event]) -> None:
        """Look at what will be learned before any of it is: how near gestures must be to be one."""
        if self._gestures:
            vectors = [event.numbers for event in events if event.numbers]
            for component in self._gestures:
                component.study(vectors)

    def meet(self, event: Event) -> bool:
        """An event is learned; whether it is time to study again, and so to learn everything afresh."""
        again = False
        for component in self._gestures if event.numbers else ():
            again = component.meet(event.numbers) or again
        return again

    @property
    def writes(self) -> bool:
        """Whether its symbols are typed text, and its player's answers completions."""
        return self.names in (("word",), ("char",))

    def word(self, values: tuple[int, ...]) -> str:
        """What a symbol of words is called; empty: it has no words."""
        for component, value in zip(self.components, values, strict=True):
            if isinstance(component, Label):
                return component.numbers.word(value)
        return ""

    def alphabet_of_words(self) -> tuple[str, ...]:
        """The words of the first component that has any, in the order of their numbers from 1."""
        for component in self.components:
            if isinstance(component, Label):
                return component.numbers.words
        return ()
