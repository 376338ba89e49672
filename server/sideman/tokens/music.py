"""The tokens of music: a range for each component that a model can read, and ranges for what stands beside them.

Value 0 of a component is what is not known (yet): of the duration of a live note, that it still sounds. It is read and
never drawn. Instructions and plans are made here and read again; whether they are carried out is judged elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..viewpoint import CLASSES, PITCHES, UNISON
from .vocabulary import Vocabulary

#: Components, with how many values each has, 0 included. No viewpoint looks at velocity yet.
PARTS: Final = {
    "pitch": PITCHES + 1,
    "interval": 2 * UNISON - 1,
    "pitch_class": 13,
    "scale_degree": 13,
    "contour": 5,
    "ioi": CLASSES + 1,
    "duration": CLASSES + 1,
    "velocity": 9,
}
PAD, BEGIN, END = 0, 1, 2  # of `control`: END closes a phrase
FAMILIES: Final = ("major", "minor", "dominant", "half-diminished", "diminished", "suspended")
CHORDS: Final = 1 + 12 * len(FAMILIES)
#: Places in the bar: of each of eight beats the beginning, and seven parts of it (around.py).
PARTS_OF_BEAT: Final = 8
BEATS_OF_BAR: Final = 8
MOST_AHEAD: Final = 16
MOST_BEATS: Final = 32
MOST_BARS: Final = 8
DENSITIES: Final = 17  # onsets in a bar, the last for as many and more
#: What an instruction's words need behind them, range by range.
INSTRUCTIONS: Final[dict[str, tuple[str, ...]]] = {
    "key": ("key",),
    "tonic": ("key",),
    "beats": ("beats",),
    "sparser": (),
    "denser": (),
    "higher": (),
    "lower": (),
    "chords": (),
    "rhythm": (),
}
SHAPES: Final = ("level", "rising", "falling", "arch", "valley")

MUSIC: Final = Vocabulary(
    "music",
    {
        "control": 16,
        "view": 16,
        **PARTS,
        "who": 8,
        "chord": CHORDS,
        "ahead": MOST_AHEAD + 1,
        "place": BEATS_OF_BAR * PARTS_OF_BEAT,
        "instruct": 16,
        "key": 24,
        "beats": MOST_BEATS + 1,
        "plan": 1,
        "cadence": 13,
        "shape": len(SHAPES),
        "bars": MOST_BARS + 1,
        "density": DENSITIES,
    },
)
BEGIN_TOKEN: Final = MUSIC.token("control", BEGIN)
END_TOKEN: Final = MUSIC.token("control", END)

#: What must follow a token of a range, range by range; behind `instruct` and `bars` it depends on the value.
FOLLOWS: Final[dict[str, tuple[str, ...]]] = {
    "who": (),
    "chord": (),
    "place": (),
    "ahead": ("chord",),
    "instruct": (),
    "plan": ("cadence", "shape", "bars"),
    # Of a plan that is being carried out (cues.py).
    "shape": ("interval",),
    "bars": (),
    "cadence": (),
    "density": (),
}


class Plan(NamedTuple):
    """What a player intends for its next phrase."""

    cadence: int  # the last note's pitch class, 0 to 11; -1: none
    shape: str  # of the line, one of SHAPES
    density: tuple[int, ...]  # onsets in each bar, at most MOST_BARS


def instruction(name: str, *values: int) -> tuple[int, ...]:
    """The tokens of an instruction: `key` and `tonic` take a key (major 0 to 11, minor 12 to 23), `beats` a number.

    Raises `ValueError` where there is none of that name, or its values are others.
    """
    if name not in INSTRUCTIONS:
        raise ValueError(f"no instruction {name!r}; there are {', '.join(INSTRUCTIONS)}")
    needs = INSTRUCTIONS[name]
    if len(needs) != len(values):
        raise ValueError(f"the instruction {name!r} takes {len(needs)} value(s), not {len(values)}")
    head = MUSIC.token("instruct", list(INSTRUCTIONS).index(name))
    return (head, *(MUSIC.token(part, value) for part, value in zip(needs, values, strict=True)))


def plan(wanted: Plan) -> tuple[int, ...]:
    """The tokens of a plan."""
    bars = wanted.density[:MOST_BARS]
    return (
        MUSIC.token("plan", 0),
        MUSIC.token("cadence", wanted.cadence + 1),
        MUSIC.token("shape", SHAPES.index(wanted.shape)),
        MUSIC.token("bars", len(bars)),
        *(MUSIC.token("density", min(onsets, DENSITIES - 1)) for onsets in bars),
    )


def planned(tokens: Sequence[int]) -> Plan:
    """The plan that tokens say; raises `ValueError` if they say none."""
    said = [MUSIC.read(token) for token in tokens]
    names = [name for name, _ in said]
    if len(said) < 4 or names[:4] != ["plan", "cadence", "shape", "bars"]:
        raise ValueError(f"a plan is said as plan, cadence, shape, bars, densities, not {names}")
    if len(said) != 4 + said[3][1] or any(name != "density" for name in names[4:]):
        raise ValueError(f"a plan of {said[3][1]} bars has as many densities, not {names[4:]}")
    return Plan(said[1][1] - 1, SHAPES[said[2][1]], tuple(value for _, value in said[4:]))
