"""Views of four voices that take turns, frame by frame (S A T B): each voice's own past, and the others. Data only.

The event four before is the same voice's last; those one to three before are the other voices, in this frame or in the
last. Every view begins with whose turn it is, or with the place in a bar of four frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .views import Feature, System, View, absolute, look, symbols

VOICES: Final = 4
_VOICE: Final = look("place", lag=VOICES)
_BAR: Final = look("place", lag=4 * VOICES)


def _pitches(*lags: int) -> tuple[Feature, ...]:
    """The pitches so many events before."""
    return tuple(look("value", 0, lag) for lag in lags)


def _intervals(*pairs: tuple[int, int]) -> tuple[Feature, ...]:
    """From the event `lag + step` before to that `lag` before: within a frame or along a voice."""
    return tuple(look("step", 0, lag, step) for lag, step in pairs)


def _from(lag: int, features: Sequence[Feature], brief: bool = False) -> View:
    """A view of the distance from the pitch so many events before."""
    return (0, lag, 0, brief, tuple(features))


CHORALES: Final = System(
    (0,),
    (
        absolute(0, (_VOICE, *symbols(3))),
        absolute(0, (_VOICE, *symbols(8))),
        absolute(0, (_VOICE, *symbols(3)), brief=True),
        absolute(0, (_VOICE, *symbols(12)), brief=True),
        absolute(0, (_VOICE,), brief=True),
        absolute(0, (_VOICE, *_pitches(4, 8, 12))),
        absolute(0, (_VOICE, *_pitches(4, 1, 2, 3))),
        absolute(0, (_BAR, *_pitches(4, 1, 2))),
        _from(VOICES, (_VOICE, *_intervals((1, 4), (2, 4), (3, 4)))),
        _from(VOICES, (_VOICE, *_intervals((1, 3), (1, 4), (2, 3), (2, 4), (3, 4)))),
        _from(VOICES, (_VOICE, *_intervals((1, 3), (2, 2), (3, 1), (1, 4), (2, 4), (3, 4)))),
        _from(VOICES, (_VOICE, *_intervals((4, 4), (8, 4), (1, 4)))),
        _from(VOICES, (_BAR, *_intervals((1, 4), (4, 4), (2, 4)))),
        _from(VOICES, (_VOICE, *_intervals((1, 4), (2, 4), (3, 4))), brief=True),
        _from(1, (_VOICE, *_intervals((1, 1), (2, 1), (1, 4)))),
    ),
    folds=0,
)
