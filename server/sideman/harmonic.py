"""Harmonies as a few dozen classes, a root and a family each: what of a chord, or of the notes heard, can be compared.

Only theory belongs here; where such a harmony was played is another's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from .events import Event
from .harmony import parse

FAMILIES: Final = ("major", "minor", "dominant", "half-diminished", "diminished", "suspended")
#: The tones above the root by which notes are taken for a chord of a family; the first stands for it.
_SHAPES: Final = (
    ((0, 4, 7), (0, 4, 7, 11)),
    ((0, 3, 7), (0, 3, 7, 10)),
    ((0, 4, 7, 10),),
    ((0, 3, 6, 10),),
    ((0, 3, 6, 9),),
    ((0, 5, 7, 10), (0, 5, 7)),
)
CLASSES: Final = 12 * len(FAMILIES)
#: Harmonies that are less alike have nothing to do with one another.
ALIKE: Final = 0.66
#: So many of a stream's last events are heard together.
WINDOW: Final = 4
#: Fewer pitch classes are no harmony.
LEAST_TONES: Final = 3


def _bits(root: int, shape: tuple[int, ...]) -> int:
    return sum(1 << (root + step) % 12 for step in shape)


def _alike(one: int, other: int) -> float:
    """The cosine of two sets of pitch classes, a bit each."""
    return float((one & other).bit_count() / (one.bit_count() * other.bit_count()) ** 0.5)


@lru_cache(maxsize=1024)
def of_chord(label: str) -> int:
    """The harmony of a chord's label, 1 to 72; 0 where it is none or not understood."""
    chord = parse(label) if label else None
    return 0 if chord is None else 1 + chord.root * len(FAMILIES) + FAMILIES.index(chord.family)


@lru_cache(maxsize=4096)
def of_tones(tones: int) -> int:
    """The harmony that pitch classes (a bit each) come nearest to; 0 where they are too few to say."""
    if tones.bit_count() < LEAST_TONES:
        return 0
    shapes = [(_alike(tones, _bits(root, shape)), -place, -root)
              for root in range(12) for place, shapes in enumerate(_SHAPES) for shape in shapes]  # fmt: skip
    _, place, root = max(shapes)
    return 1 - root * len(FAMILIES) - place


@lru_cache(maxsize=CLASSES)
def related(harmony: int) -> tuple[tuple[int, float], ...]:
    """The harmonies that are like one, each with how much (0 to 1), itself first."""
    root, family = divmod(harmony - 1, len(FAMILIES))
    tones = _bits(root, _SHAPES[family][0])
    alike = [(other, _alike(tones, _bits((other - 1) // len(FAMILIES), _SHAPES[(other - 1) % len(FAMILIES)][0])))
             for other in range(1, CLASSES + 1) if other != harmony]  # fmt: skip
    near = sorted((pair for pair in alike if pair[1] >= ALIKE), key=lambda pair: (-pair[1], pair[0]))
    return ((harmony, 1.0), *near)


def moved(harmony: int, semitones: int) -> int:
    """The same harmony so many semitones higher."""
    root, family = divmod(harmony - 1, len(FAMILIES))
    return 1 + (root + semitones) % 12 * len(FAMILIES) + family


def tones_of(event: Event) -> int:
    """The pitch classes of an event's notes, a bit each."""
    tones = 0
    for note in event.notes:
        tones |= 1 << round(note.pitch) % 12
    return tones


class Ear:
    """One stream's harmony as it goes: the chord that was in force, else what its last notes make together."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: deque[int] = deque(maxlen=WINDOW)

    def hear(self, event: Event) -> int:
        """The harmony that an event sounds in; 0 where none can be told."""
        tones = tones_of(event)
        self._last.append(tones)
        return of_chord(event.chord) or of_tones(tones) or of_tones(self.tones)

    @property
    def tones(self) -> int:
        """The pitch classes of the last events."""
        tones = 0
        for heard in self._last:
            tones |= heard
        return tones


def heard_after(before: Sequence[Event], event: Event) -> int:
    """The harmony that an event sounds in after those before it, as an ear that had heard them would tell."""
    own = tones_of(event)
    if found := of_chord(event.chord) or of_tones(own):
        return found
    tones = own
    for earlier in before[-(WINDOW - 1) :]:
        tones |= tones_of(earlier)
    return of_tones(tones)
