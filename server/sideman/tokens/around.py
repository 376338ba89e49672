"""What stands beside the events: who plays, the chord in force and the next, the place in the bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ..harmony import parse
from .music import BEATS_OF_BAR, FAMILIES, MOST_AHEAD, MUSIC, PARTS_OF_BEAT

#: The slot of the model's own player; 1 to 7 are performers in order of appearance.
SELF: Final = 0
MOST_SLOT: Final = 7
#: The parts of a beat that are told apart: sixteenths and triplets share the half.
_PARTS: Final = (0.0, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 5 / 6, 1.0)


@dataclass(frozen=True, slots=True)
class Around:
    """What is known as an event is about to come. What is not known is not said."""

    who: int = -1  # a slot; -1: not said
    chord: str | None = None  # the label in force; None: not said
    next_chord: str | None = None
    beats_ahead: float = 0.0  # until the next chord
    beat_of_bar: float = -1.0  # 0 is the bar's first beat; -1: not said


@lru_cache(maxsize=1024)
def chord_token(label: str) -> int:
    """Root and family of a chord; what is no chord or not understood is `N`."""
    chord = parse(label)
    if chord is None:
        return MUSIC.token("chord", 0)
    return MUSIC.token("chord", 1 + chord.root * len(FAMILIES) + FAMILIES.index(chord.family))


def place_of(beat_of_bar: float) -> int:
    """The token of a place in the bar, in beats from its beginning."""
    beat = math.floor(beat_of_bar + 1e-9)
    rest = beat_of_bar - beat
    part = min(range(len(_PARTS)), key=lambda i: abs(_PARTS[i] - rest))
    whole, part = (beat + 1, 0) if part == PARTS_OF_BEAT else (beat, part)
    return MUSIC.token("place", whole % BEATS_OF_BAR * PARTS_OF_BEAT + part)


def around_tokens(now: Around, before: Around | None) -> tuple[int, ...]:
    """What is said before an event: performer and chord only where they change, with what lies ahead; the place always.

    `before` is what was said with the event before; None: nothing yet.
    """
    said: list[int] = []
    if now.who >= 0 and (before is None or before.who != now.who):
        said.append(MUSIC.token("who", min(now.who, MOST_SLOT)))
    harmony = (now.chord, now.next_chord)
    if now.chord is not None and (before is None or harmony != (before.chord, before.next_chord)):
        said.append(chord_token(now.chord))
        if now.next_chord is not None:
            beats = min(max(math.ceil(now.beats_ahead - 1e-6), 1), MOST_AHEAD)
            said += [MUSIC.token("ahead", beats), chord_token(now.next_chord)]
    if now.beat_of_bar >= 0:
        said.append(place_of(now.beat_of_bar))
    return tuple(said)
