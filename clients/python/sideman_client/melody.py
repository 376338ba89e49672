"""The tune of the demo, in phrases, as a singer breathes it; how it is played is `performer`'s matter.

Greensleeves: England, composer unknown, a ballad of this name registered in London in 1580; public domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

TITLE: Final = "Greensleeves (England, before 1580)"

#: Name and length of each tone, in quavers of 6/8; a line is half a verse line, with its upbeat.
_LINES: Final = """\
A4:1 C5:2 D5:1 E5:1.5 F#5:.5 E5:1 D5:2 B4:1 G4:1.5
A4:.5 B4:1 C5:2 A4:1 A4:1.5 G#4:.5 A4:1 B4:2 G#4:1 E4:2
A4:1 C5:2 D5:1 E5:1.5 F#5:.5 E5:1 D5:2 B4:1 G4:1.5
A4:.5 B4:1 C5:1.5 B4:.5 A4:1 G#4:1.5 F#4:.5 G#4:1 A4:3 A4:3
G5:3 G5:1.5 F#5:.5 E5:1 D5:2 B4:1 G4:1.5
A4:.5 B4:1 C5:2 A4:1 A4:1.5 G#4:.5 A4:1 B4:2 G#4:1 E4:3
G5:3 G5:1.5 F#5:.5 E5:1 D5:2 B4:1 G4:1.5
A4:.5 B4:1 C5:1.5 B4:.5 A4:1 G#4:1.5 F#4:.5 G#4:1 A4:3 A4:3"""

#: Quavers before the first strong one: lines begin with an upbeat, or on the strong beat.
_BAR: Final = 3.0
_NAMES: Final = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone: MIDI pitch, length in quavers, and whether it falls on the first quaver of a half bar."""

    pitch: int
    quavers: float
    strong: bool


Phrase = tuple[Tone, ...]


def name_of(pitch: float) -> str:
    """The name of a pitch, with sharps: 60 is C4."""
    number = round(pitch)
    return f"{_NAMES[number % 12]}{number // 12 - 1}"


def phrases() -> tuple[Phrase, ...]:
    """The tune."""
    return tuple(_phrase(line) for line in _LINES.splitlines())


def _phrase(line: str) -> Phrase:
    pairs = [(word.split(":")[0], float(word.split(":")[1])) for word in line.split()]
    upbeat = sum(quavers for _, quavers in pairs[: _upbeat(pairs)])
    tones, at = [], -upbeat
    for name, quavers in pairs:
        tones.append(Tone(_pitch(name), quavers, at % _BAR == 0))
        at += quavers
    return tuple(tones)


def _upbeat(pairs: list[tuple[str, float]]) -> int:
    """How many tones come before the first strong one: those shorter than two quavers at the start."""
    return next(number for number, (_, quavers) in enumerate(pairs) if quavers >= 1.5)


def _pitch(name: str) -> int:
    return _NAMES.index(name[:-1]) + 12 * (int(name[-1]) + 1)
