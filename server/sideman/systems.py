"""View systems: through which views of the past an n-gram predicts a kind of music, as data.

A system is chosen by viewpoint and kind of music, on pieces kept for choosing (docs/evaluation.md). Nothing is learned
or read here. Sources: Conklin & Witten, "Multiple viewpoint systems", JNMR 24(1), 1995; Pearce, IDyOM, 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

#: What a feature looks at, its component, lag, step and modulus (cpp/include/sideman/view.hpp).
Feature = tuple[str, int, int, int, int]
#: Target component, relative to the value so many events ago, modulus, running piece alone, features nearest first.
View = tuple[int, int, int, bool, tuple[Feature, ...]]


class System(NamedTuple):
    """Views of one viewpoint; `order` is that in which components are predicted, by their places in the viewpoint."""

    order: tuple[int, ...]
    views: tuple[View, ...]
    folds: int = 8  # in so many parts what was learned is met again as if it were new, to weigh the views


def look(what: str, component: int = 0, lag: int = 1, step: int = 1, modulo: int = 0) -> Feature:
    """One feature."""
    return (what, component, lag, step, modulo)


def symbols(count: int) -> tuple[Feature, ...]:
    """The last whole symbols."""
    return tuple(look("symbol", lag=lag) for lag in range(1, count + 1))


def values(component: int, count: int) -> tuple[Feature, ...]:
    """The last values of one component."""
    return tuple(look("value", component, lag) for lag in range(1, count + 1))


def steps(component: int, count: int, modulo: int = 0) -> tuple[Feature, ...]:
    """The last steps of one component from event to event."""
    return tuple(look("step", component, lag, 1, modulo) for lag in range(1, count + 1))


def absolute(target: int, features: Sequence[Feature], brief: bool = False) -> View:
    """A view of a component's value itself."""
    return (target, 0, 0, brief, tuple(features))


def relative(target: int, features: Sequence[Feature], brief: bool = False, modulo: int = 0) -> View:
    """A view of a component's distance from the value before."""
    return (target, 1, modulo, brief, tuple(features))


def degree(window: int) -> Feature:
    """The last pitch in the key of the last `window` notes."""
    return look("key", 0, window)


def ago(component: int, half_beats: int) -> Feature:
    """What began so many half beats before the next event, in a viewpoint whose component 1 is time."""
    return look("ago", component, half_beats, 2)


_STEP: Final = steps(0, 3)
#: Pitch: of the corpus and of the running piece, as it stands and by its steps; in the key; in the company of the
#: classes around it; by the turns of the line; by its height; by other notes than the last.
_PITCH: Final = (
    absolute(0, symbols(5)),
    absolute(0, symbols(2)),
    absolute(0, symbols(8), brief=True),
    absolute(0, (), brief=True),
    relative(0, steps(0, 5)),
    relative(0, steps(0, 2)),
    relative(0, steps(0, 6), brief=True),
    relative(0, (degree(63), *_STEP)),
    relative(0, (degree(63), _STEP[0])),
    relative(0, (degree(24), *_STEP)),
    relative(0, (look("classes", 0, 7), _STEP[0])),
    relative(0, (_STEP[0], look("classes", 0, 5), look("classes", 0, 8))),
    relative(0, (look("stretch", 0, 16), *_STEP)),
    relative(0, (look("level", 0, 63), *_STEP)),
    relative(0, (_STEP[0], look("again", 0, 24), *_STEP[1:])),
    relative(0, (degree(63), _STEP[0]), brief=True),
    absolute(0, (look("value", 0, 2), look("value", 0, 3), look("value", 0, 4))),
    relative(0, ()),
)
#: Pitch with the time to the next onset: both parts through each other and alone, time also through what sounded so
#: many beats ago.
_PITCH_AND_TIME: Final = (
    absolute(0, symbols(4)),
    absolute(0, values(0, 2)),
    absolute(0, values(0, 5)),
    absolute(0, symbols(8), brief=True),
    absolute(0, values(0, 6), brief=True),
    absolute(0, (), brief=True),
    relative(0, steps(0, 5)),
    relative(0, steps(0, 2)),
    relative(0, steps(0, 6), brief=True),
    relative(0, (degree(63), *_STEP)),
    relative(0, (degree(63), _STEP[0])),
    relative(0, (look("classes", 0, 7), _STEP[0])),
    relative(0, (look("level", 0, 63), *_STEP)),
    relative(0, (look("value", 1, 1), _STEP[0], look("value", 1, 2), _STEP[1])),
    relative(0, (look("value", 1, 1), degree(63), _STEP[0])),
    absolute(1, (look("chosen", 0), *symbols(4))),
    absolute(1, values(1, 3)),
    absolute(1, values(1, 8)),
    absolute(1, (look("chosen", 0), *symbols(8)), brief=True),
    absolute(1, values(1, 8), brief=True),
    absolute(1, values(1, 3), brief=True),
    absolute(1, (), brief=True),
    absolute(1, (look("value", 1, 1), look("chosen_step", 0), look("value", 1, 2), _STEP[0])),
    absolute(1, (ago(1, 6), ago(1, 12), *values(1, 2))),
    absolute(1, (ago(1, 4), *values(1, 2))),
    absolute(1, (ago(1, 8), *values(1, 1)), brief=True),
)
#: What may be given beside the past, by its column (`GIVEN`): the chord's root from the last pitch, the chord, the next
#: one, how long it has sounded and will, the place in the bar and the beat.
GIVEN: Final = ("root", "kind", "next_root", "next_kind", "chord_age", "chord_left", "place", "beat")


def beside(name: str) -> Feature:
    """A column of what is given."""
    return look("around", GIVEN.index(name))


def from_pitch(name: str) -> Feature:
    """A column of what is given, a root, counted from the last pitch."""
    return look("around_step", GIVEN.index(name), 1, 1, 12)


_CHORD: Final = (from_pitch("root"), beside("kind"))
#: Pitch with the chord and the place in the bar: the same wherever all is transposed; and what this piece
#: did on this chord and at this place before.
_PITCH_GIVEN: Final = (
    relative(0, (*_CHORD, *_STEP[:2])),
    relative(0, (*_CHORD, beside("chord_age"), _STEP[0])),
    relative(0, (*_CHORD, beside("place"), _STEP[0])),
    relative(0, (beside("place"), *_CHORD, *_STEP[:2])),
    relative(0, (*_CHORD, beside("chord_left"), from_pitch("next_root"), beside("next_kind"), _STEP[0])),
    absolute(0, (beside("root"), beside("kind"), *values(0, 2))),
    absolute(0, (beside("place"), beside("root"), beside("kind"), *values(0, 1)), brief=True),
    absolute(0, (beside("root"), beside("kind"), *values(0, 2)), brief=True),
    absolute(0, (look("value", 0, 1), beside("place"), look("value", 0, 2)), brief=True),
    relative(0, (_STEP[0], beside("place"), _STEP[1])),
    relative(0, (beside("beat"), *_CHORD, degree(63), _STEP[0])),
    relative(0, (degree(63), *_CHORD, _STEP[0])),
    relative(0, (*_CHORD, _STEP[0]), brief=True),
)
_TIME_GIVEN: Final = (
    absolute(1, (beside("place"), look("chosen", 0), *values(1, 1))),
    absolute(1, (beside("place"), *values(1, 3))),
    absolute(1, (beside("place"), *values(1, 1)), brief=True),
)
#: Without tuning: whole symbols, of the corpus and of the running piece.
_PLAIN: Final = {
    components: tuple(
        absolute(target, (*(look("chosen", c) for c in range(target - 1, -1, -1)), *symbols(count)), brief)
        for target in range(components)
        for count, brief in ((5, False), (8, True))
    )
    for components in (1, 2)
}

#: By viewpoint, or by viewpoint and kind of music where that does better.
SYSTEMS: Final[dict[str, System]] = {
    "pitch": System((0,), _PITCH),
    "pitchdur": System((0, 1), _PITCH_AND_TIME),
    "pitch|given": System((0,), (*_PITCH, *_PITCH_GIVEN)),
    "pitchdur|given": System((0, 1), (*_PITCH_AND_TIME, *_PITCH_GIVEN, *_TIME_GIVEN)),
    "satb": System((0,), _PITCH),
    "beat": System((0, 1), _PLAIN[2]),
    "change": System((0, 1), _PLAIN[2]),
    "char": System((0,), _PLAIN[1]),
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
