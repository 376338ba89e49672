"""Instructions and plans as people write them, to tokens and back: `higher, key C minor`, `ends C, rising, 4 6 2`.

Words only: whether they are carried out is judged elsewhere.
"""

from __future__ import annotations

from typing import Final

from ..harmony import NAMES
from .music import INSTRUCTIONS, MOST_BARS, MOST_BEATS, SHAPES, Plan, instruction

#: The word for a plan that the model makes itself.
OWN_PLAN: Final = "own"
_NOTES: Final = {name.lower(): pitch_class for pitch_class, name in enumerate(NAMES)} | {
    "c#": 1, "d#": 3, "gb": 6, "g#": 8, "a#": 10, "cb": 11, "e#": 5, "fb": 4, "b#": 0,
}  # fmt: skip


def instructions_of(words: str) -> tuple[int, ...]:
    """The tokens of instructions with commas between them; raises `ValueError` that names what is not understood."""
    tokens: tuple[int, ...] = ()
    for part in filter(None, (part.strip() for part in words.split(","))):
        name, *given = part.lower().split()
        if name not in INSTRUCTIONS:
            raise ValueError(f"no instruction {name!r}; there are {', '.join(INSTRUCTIONS)}")
        needs = INSTRUCTIONS[name]
        if needs == ("key",):
            tokens += instruction(name, _key(part, given))
        elif needs == ("beats",):
            tokens += instruction(name, _number(part, given, MOST_BEATS))
        elif given:
            raise ValueError(f"{name!r} stands alone, without {' '.join(given)!r}")
        else:
            tokens += instruction(name)
    return tokens


def _key(part: str, given: list[str]) -> int:
    if not 1 <= len(given) <= 2 or given[0] not in _NOTES or given[1:] not in ([], ["major"], ["minor"]):
        raise ValueError(f"{part!r}: a key is a note, then major or minor, such as `C`, `F# minor`")
    return _NOTES[given[0]] + 12 * (given[1:] == ["minor"])


def _number(part: str, given: list[str], most: int) -> int:
    if len(given) != 1 or not given[0].isdecimal() or not 1 <= int(given[0]) <= most:
        raise ValueError(f"{part!r}: a number from 1 to {most} is wanted")
    return int(given[0])


def plan_words(plan: Plan) -> str:
    """A plan as people read it."""
    ends = [f"ends {NAMES[plan.cadence]}"] if plan.cadence >= 0 else []
    return ", ".join([*ends, plan.shape, " ".join(map(str, plan.density))])


def plan_of(words: str) -> Plan | None:
    """The plan that is written, None for none and for the model's own; raises `ValueError` for what is no plan.

    In any order: `ends` and a note, a shape, and of each bar how many notes it has.
    """
    cadence, shape, density = -1, "", tuple[int, ...]()
    if words.strip() in ("", OWN_PLAN):
        return None
    for part in filter(None, (part.strip() for part in words.split(","))):
        first, *rest = part.lower().split()
        if first == "ends" and len(rest) == 1 and rest[0] in _NOTES:
            cadence = _NOTES[rest[0]]
        elif first in SHAPES and not rest and not shape:
            shape = first
        elif all(word.isdecimal() for word in (first, *rest)):
            density += tuple(int(word) for word in (first, *rest))
        else:
            raise ValueError(f"{part!r} is no part of a plan: `ends C`, one of {', '.join(SHAPES)}, notes of each bar")
    if not 1 <= len(density) <= MOST_BARS:
        raise ValueError(f"how many notes has each bar? 1 to {MOST_BARS} numbers, such as `4 6 2`")
    if density[-1] == 0:
        raise ValueError("a plan's last bar has its last note: it cannot have 0")
    return Plan(cadence, shape or SHAPES[0], density)
