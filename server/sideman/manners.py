"""Manners: how the players of an ensemble leave room, for one another and for the humans. Three, each off at first.

Density is one budget of notes for all; registers say who has which octaves; turns say who is silent while a human
plays. Here is what they ask of one player at one beat; who plays what is not known here, but told.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: Onsets as (beat, notes).
Onsets = tuple[tuple[float, int], ...]

AUTO: Final = "auto"
ALL: Final = "*"
#: What `auto` shares out: from the first octave's C to the seventh's B.
SHARED: Final = (24, 107)
PITCHES: Final = 128
MOST_OCTAVE: Final = 9
_EPSILON: Final = 1e-6
_OCTAVES: Final = re.compile(r"(-?\d)(?:-(\d))?")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")


@dataclass(frozen=True, slots=True)
class Manners:
    """What good manners ask of a player now. Without arguments: nothing."""

    density: float = 0.0  # notes a beat of all players together; 0: any number
    own: Onsets = ()  # what it has played and planned lately
    others: tuple[Onsets, ...] = ()  # the same of each other player that is playing
    low: int = 0  # its register (MIDI), both ends included
    high: int = PITCHES - 1
    room_until_beat: float = -math.inf  # until then it leaves room to a human

    def leaves_room(self, beat: float) -> bool:
        """Whether it is a human's turn."""
        return beat < self.room_until_beat - _EPSILON

    def notes_left(self, beat: float, given: Onsets = ()) -> int | None:
        """How many notes it may play at a beat, beside what it has just `given`; None: any number.

        No beat holds more than the budget, whoever plays. Who has had some leaves one to each that has had none.
        """
        if self.density <= 0:
            return None
        span = span_beats(self.density)
        mine = _within(self.own, beat, span) + _within(given, beat, span)
        theirs = [_within(onsets, beat, span) for onsets in self.others]
        left = math.floor(self.density * span + _EPSILON) - mine - sum(theirs)
        return max(0, left - (theirs.count(0) if mine else 0))


def octaves_into(top: float, low: int, high: int) -> int:
    """The semitones, whole octaves, by which a pitch comes into a register; 0 where none does."""
    pitch = round(top)
    moved = pitch + 12 * math.ceil((low - pitch) / 12) if pitch < low else pitch - 12 * math.ceil((pitch - high) / 12)
    return moved - pitch if low <= moved <= high else 0


def span_beats(density: float) -> float:
    """Over how many beats a budget is counted: one, or as many as one note takes."""
    return max(1.0, 1.0 / density)


def _within(onsets: Onsets, beat: float, span: float) -> int:
    """The notes less than a span away, before or after: whatever beat one looks at, no more are in it."""
    return sum(notes for onset, notes in onsets if abs(onset - beat) < span - _EPSILON)


def registers(words: str) -> Mapping[str, tuple[int, int]] | None:
    """Who has which pitches, from words such as `bass 1-2 shadow 4`: octaves, the fourth from middle C on.

    None for `auto`; raises `ValueError` naming what is wrong.
    """
    if words == AUTO:
        return None
    said = words.replace(",", " ").split()
    if len(said) % 2:
        raise ValueError("a name or its octaves are missing")
    found: dict[str, tuple[int, int]] = {}
    for name, octaves in zip(said[::2], said[1::2], strict=True):
        known = _OCTAVES.fullmatch(octaves)
        if not _NAME.fullmatch(name) or known is None:
            raise ValueError(f"{name[:32]} {octaves[:8]} is no player with its octaves")
        first, last = int(known[1]), int(known[2] or known[1])
        if not -1 <= first <= last <= MOST_OCTAVE:
            raise ValueError(f"octaves {octaves[:8]} do not rise from -1 to {MOST_OCTAVE}")
        found[name] = (12 * (first + 1), min(12 * (last + 1) + 11, PITCHES - 1))
    return found


def register_of(words: str, name: str, players: Sequence[str]) -> tuple[int, int]:
    """The lowest and highest pitch of a player; `auto` shares the octaves out in the order in which they were made."""
    said = registers(words)
    if said is not None:
        return said.get(name, (0, PITCHES - 1))
    place, count = players.index(name), len(players)
    low, high = SHARED
    cuts = [low + (high + 1 - low) * cut // count for cut in range(count + 1)]
    return (0 if place == 0 else cuts[place]), (PITCHES - 1 if place == count - 1 else cuts[place + 1] - 1)


def turns(words: str) -> frozenset[str]:
    """Who leaves room while a human plays, by name; `*`: all. Raises `ValueError`."""
    names = frozenset(words.replace(",", " ").split())
    for name in sorted(names):
        if name != ALL and not _NAME.fullmatch(name):
            raise ValueError(f"{name[:32]!r} is no player's name")
    return names
