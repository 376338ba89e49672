"""What may be played: weights over pitches, projected onto whatever component a viewpoint has. It knows no model.

A constraint forbids (0) or weighs; it chooses nothing. Each has a hardness: at 1 what it does not want is forbidden,
below 1 it only becomes less probable. Where nothing is possible, the softest is given up first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from .addresses import Value
from .harmony import parse
from .viewpoint import PITCHES, UNISON, Viewpoint, projected

Weights = npt.NDArray[np.float64]

DRUMS_CHANNEL: Final = 10
#: How much a chord tone matters: on a beat, on half a beat, elsewhere.
ON_BEAT, ON_HALF, BETWEEN = 1.0, 0.7, 0.4
#: Even far from its register a pitch keeps this much of its weight.
REGISTER_FLOOR: Final = 0.02
_ALL: Final = np.arange(PITCHES)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the next event stands: after which pitch, over which chord, where in the beat (0 to 1)."""

    last_pitch: int | None = None
    chord: str = ""
    phase: float = 0.0

    @property
    def metric(self) -> float:
        """How strong its place in the beat is, 0 to 1."""
        distance = abs(self.phase - round(self.phase))
        if distance < 1 / 24:
            return ON_BEAT
        return ON_HALF if abs(distance - 0.5) < 1 / 24 else BETWEEN


class Constraint(Protocol):
    """Something that bounds what is played."""

    @property
    def name(self) -> str:
        """What `why` calls it."""

    @property
    def hardness(self) -> float:
        """0 to 1; at 1 it forbids."""

    def pitches(self, moment: Moment) -> Weights | None:
        """Weights [128] of the pitches that may be drawn there, 0 forbids; None where all are free."""


@dataclass(frozen=True, slots=True)
class PitchRange:
    """Pitches from `low` to `high` (MIDI, both included) after transposing by `transpose` semitones."""

    low: int
    high: int
    transpose: int = 0
    hardness: float = 1.0
    name: str = "pitch range"

    def pitches(self, moment: Moment) -> Weights | None:
        """Forbids what sounds outside."""
        if self.low <= 0 and self.high >= PITCHES - 1 and not self.transpose:
            return None
        moved = _ALL + self.transpose
        return _wanted((moved >= self.low) & (moved <= self.high), self.hardness)


@dataclass(frozen=True, slots=True)
class PitchClasses:
    """Only these pitch classes, 0 for C, as they sound."""

    classes: frozenset[int]
    transpose: int = 0
    hardness: float = 1.0
    name: str = "pitch classes"

    def pitches(self, moment: Moment) -> Weights | None:
        """Forbids the other pitch classes."""
        if len(self.classes) >= 12:
            return None
        return _wanted(np.isin((_ALL + self.transpose) % 12, list(self.classes)), self.hardness)


@dataclass(frozen=True, slots=True)
class ChordTones:
    """Tones of the chord in force, the more so the stronger the place in the beat."""

    hardness: float
    transpose: int = 0
    name: str = "chord tones"

    def pitches(self, moment: Moment) -> Weights | None:
        """Weighs other tones down; on the beat, at hardness 1, forbids them."""
        chord = parse(moment.chord)
        if chord is None:
            return None
        tones = np.isin((_ALL + self.transpose) % 12, list(chord.pitch_classes))
        return _wanted(tones, self.hardness * moment.metric)


@dataclass(frozen=True, slots=True)
class Register:
    """Pitches about `centre` (MIDI), less and less probable beyond `width` semitones; it forbids none."""

    centre: int
    width: float
    transpose: int = 0
    hardness: float = 0.0
    name: str = "register"

    def pitches(self, moment: Moment) -> Weights | None:
        """A bell, with a floor."""
        away = (_ALL + self.transpose - self.centre) / self.width
        return np.maximum(np.exp(-0.5 * away * away), REGISTER_FLOOR)


@dataclass(frozen=True, slots=True)
class LongestCopy:
    """Forbids the one value of the first component that would make a copy too long."""

    value: int
    name: str = "longest copy"

    def weights(self) -> Weights:
        """Of the values of the first component; all but one are free."""
        weights = np.ones(max(2 * UNISON, self.value + 1))
        weights[self.value] = 0.0
        return weights


def shift(settings: Mapping[str, Value]) -> int:
    """How many semitones a player's parameters add to every pitch but drums."""
    return int(settings["transpose"]) + 12 * int(settings["octave"])


def of_settings(settings: Mapping[str, Value]) -> tuple[Constraint, ...]:
    """The constraints that a player's parameters ask for, the hardest first."""
    transpose = shift(settings)
    found: list[Constraint] = [
        PitchRange(
            int(settings["pitch_low"]), int(settings["pitch_high"]), transpose, float(settings["range_hardness"])
        )
    ]
    classes = pitch_classes(str(settings["pitch_classes"]))
    if classes is not None:
        found.append(PitchClasses(classes, transpose, float(settings["classes_hardness"])))
    if float(settings["chord_tones"]) > 0:
        found.append(ChordTones(float(settings["chord_tones"]), transpose))
    if int(settings["register"]) > 0:
        found.append(Register(int(settings["register"]), float(settings["register_width"]), transpose))
    return tuple(sorted(found, key=lambda constraint: -constraint.hardness))


@lru_cache(maxsize=256)
def pitch_classes(names: str) -> frozenset[int] | None:
    """Pitch classes by their names (`C Eb G`), or those of a chord (`Cmaj7`); None for none or all.

    Raises `ValueError` naming what is no pitch class.
    """
    words = names.replace(",", " ").split()
    if not words or words == ["all"]:
        return None
    found: set[int] = set()
    for word in words:
        chord = parse(word)
        if chord is None:
            raise ValueError(f"{word[:16]!r} is neither a note's name nor a chord")
        found |= {chord.root} if len(words) > 1 or len(word) < 3 else set(chord.pitch_classes)
    return frozenset(found)


@lru_cache(maxsize=256)
def transpositions(numbers: str) -> frozenset[int] | None:
    """Semitones by which sources may be moved; None for any. Raises `ValueError` for what is no whole number."""
    words = numbers.replace(",", " ").split()
    if not words or words == ["all"]:
        return None
    try:
        return frozenset(int(float(word)) for word in words)
    except (ValueError, OverflowError):
        raise ValueError(f"{numbers[:24]!r} are not all numbers") from None


def masks(
    constraints: Sequence[Constraint], viewpoint: Viewpoint, moment: Moment
) -> tuple[list[Weights | None], list[str]]:
    """The product of all constraints, a component each; and the names of those that forbid or weigh anything.

    Only the first component that speaks of pitch is bound: those linked to it follow from it.
    """
    weights: Weights | None = None
    bound = []
    for constraint in constraints:
        own = constraint.pitches(moment)
        if own is not None:
            bound.append(constraint.name)
            weights = own if weights is None else weights * own
    found: list[Weights | None] = [None] * len(viewpoint.names)
    if weights is None:
        return found, []
    for place, kind in enumerate(viewpoint.names):
        found[place] = projected(kind, weights, moment.last_pitch, moment.chord)
        if found[place] is not None:
            return found, bound
    return found, []


def product(one: Weights | None, other: Weights | None) -> Weights | None:
    """What both leave; what lies beyond the end of either is forbidden."""
    if one is None or other is None:
        return other if one is None else one
    length = min(len(one), len(other))
    return one[:length] * other[:length]


def onset_gap_beats(density: float) -> float:
    """The least time between onsets that a ceiling of so many onsets a beat leaves; 0 where there is none."""
    return 1.0 / density if density > 0 and math.isfinite(density) else 0.0


def _wanted(wanted: npt.NDArray[np.bool_], hardness: float) -> Weights:
    return np.where(wanted, 1.0, max(0.0, 1.0 - hardness))
