"""Views of melodies: pitch alone, or with the time to the next onset; with chord and place in the bar. Data only."""

from __future__ import annotations

from typing import Final

from .views import Feature, System, absolute, look, relative, steps, symbols, values


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
#: By viewpoint, or by viewpoint and kind of music where that does better.
MELODIES: Final[dict[str, System]] = {
    "pitch": System((0,), _PITCH),
    "pitchdur": System((0, 1), _PITCH_AND_TIME),
    "pitch|given": System((0,), (*_PITCH, *_PITCH_GIVEN)),
    "pitchdur|given": System((0, 1), (*_PITCH_AND_TIME, *_PITCH_GIVEN, *_TIME_GIVEN)),
}
