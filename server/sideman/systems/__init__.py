"""View systems: through which views of the past an n-gram predicts a kind of music, as data.

A system is chosen by viewpoint and kind of music, on pieces kept for choosing (docs/evaluation.md). Nothing is learned
or read here: `views` says what a system is made of; the others are the systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .chords import BY_BEAT, CHANGES
from .melodies import GIVEN, MELODIES
from .text import SENTENCES, TEXT
from .views import System, View, absolute, look, relative, steps, symbols, values
from .voices import CHORALES

__all__ = [
    "GIVEN",
    "SYSTEMS",
    "System",
    "View",
    "absolute",
    "look",
    "relative",
    "steps",
    "symbols",
    "system_for",
    "values",
]

#: By viewpoint, or by viewpoint and kind of music where that does better.
SYSTEMS: Final[dict[str, System]] = {
    **MELODIES,
    "satb": CHORALES,
    "beat": BY_BEAT,
    "change": CHANGES,
    "char": TEXT,
    "char/sentence": SENTENCES,
}


def system_for(viewpoint: str, kind: str, given: Sequence[str] = ()) -> System:
    """The system of a viewpoint for a kind of music, with what is given beside the past.

    Looked up by viewpoint, kind and whether anything is given, then without the kind, then without what is given.
    """
    beside = "|given" if given else ""
    for name in (f"{viewpoint}/{kind}{beside}", f"{viewpoint}{beside}", f"{viewpoint}/{kind}", viewpoint):
        if name in SYSTEMS:
            return SYSTEMS[name]
    raise KeyError(viewpoint)
