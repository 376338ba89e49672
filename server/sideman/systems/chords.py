"""Views of chords as components root and kind: a label for every beat, or the succession of labels alone. Data only.

What returns in all keys is seen relative to the last root, modulo 12; what returns in the running piece as it stands.
For a label a beat: for how many beats it has stayed, the changes before it, the place in bar and form.
"""

from __future__ import annotations

from typing import Final

from .views import Feature, System, absolute, look, relative, symbols

ROOT: Final = 0
KIND: Final = 1
CIRCLE: Final = 12

_CHOSEN: Final = look("chosen", ROOT)
_MOVED: Final = look("chosen_step", ROOT, modulo=CIRCLE)
_RUN: Final = look("run", lag=16)


def _places(*beats: int) -> tuple[Feature, ...]:
    """Where in a bar or a form of so many beats."""
    return tuple(look("place", lag=count) for count in beats)


def _before(count: int) -> tuple[Feature, ...]:
    """Kinds of the last chords and how the roots moved to them."""
    pairs = ((look("value", KIND, lag), look("step", ROOT, lag, modulo=CIRCLE)) for lag in range(1, count + 1))
    return tuple(feature for pair in pairs for feature in pair)


def _changes(count: int) -> tuple[Feature, ...]:
    """The same of the last different chords."""
    pairs = ((look("turn", KIND, lag), look("turn_step", ROOT, lag, modulo=CIRCLE)) for lag in range(1, count + 1))
    return tuple(feature for pair in pairs for feature in pair)


def _labels(count: int) -> tuple[Feature, ...]:
    """The last different chords as they stand."""
    pairs = ((look("turn", ROOT, lag), look("turn", KIND, lag)) for lag in range(1, count + 1))
    return tuple(feature for pair in pairs for feature in pair)


BY_BEAT: Final = System(
    (ROOT, KIND),
    (
        absolute(ROOT, (_RUN, *_labels(3))),
        absolute(ROOT, (_RUN, *_labels(5)), brief=True),
        absolute(ROOT, symbols(22), brief=True),
        absolute(ROOT, (_RUN, *_places(4), *_labels(3)), brief=True),
        absolute(ROOT, (*_places(32), _RUN, *_labels(3)), brief=True),
        relative(ROOT, (_RUN, *_changes(4)), modulo=CIRCLE),
        relative(ROOT, (_RUN, *_places(4), *_changes(3)), modulo=CIRCLE),
        relative(ROOT, (_RUN, *_places(16), *_changes(3)), modulo=CIRCLE),
        relative(ROOT, (*_places(4), _RUN, *_places(32), *_changes(2)), modulo=CIRCLE),
        relative(ROOT, (_RUN, *_changes(5)), brief=True, modulo=CIRCLE),
        absolute(KIND, (_CHOSEN, *symbols(4))),
        absolute(KIND, (_MOVED, _RUN, *_changes(4))),
        absolute(KIND, (_MOVED, _RUN, *_places(4), *_changes(3))),
        absolute(KIND, (_MOVED, _RUN, *_places(16), *_changes(3))),
        absolute(KIND, (_CHOSEN, _RUN, *_labels(4)), brief=True),
        absolute(KIND, (_CHOSEN, *_places(4), _RUN, *_labels(3)), brief=True),
        absolute(KIND, (_MOVED, _RUN, *_changes(4)), brief=True),
    ),
    folds=0,
)
CHANGES: Final = System(
    (ROOT, KIND),
    (
        absolute(ROOT, symbols(5)),
        absolute(ROOT, symbols(2)),
        absolute(ROOT, symbols(8), brief=True),
        absolute(ROOT, symbols(3), brief=True),
        relative(ROOT, _before(4), modulo=CIRCLE),
        relative(ROOT, _before(2), modulo=CIRCLE),
        relative(ROOT, _before(6), brief=True, modulo=CIRCLE),
        absolute(KIND, (_CHOSEN, *symbols(4))),
        absolute(KIND, (_MOVED, *_before(4))),
        absolute(KIND, (_MOVED, *_before(2))),
        absolute(KIND, (_CHOSEN, *symbols(8)), brief=True),
        absolute(KIND, (_CHOSEN, *symbols(2)), brief=True),
        absolute(KIND, (_MOVED, *_before(6)), brief=True),
    ),
)
