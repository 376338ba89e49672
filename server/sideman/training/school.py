"""Copying, learned first and by itself: what nobody could foresee is said once, and is to be said again.

Who cannot look back at a phrase cannot imitate it, nor repeat a sentence; among other lessons that comes late or never,
here within some hundred steps. Letters and notes are drawn at random, so that nothing else helps.
"""

from __future__ import annotations

from typing import Final

from .exercises import Order
from .lessons import GRAMMAR, Lesson, row_of
from .phrases import Phrase
from .sentences import Task, example, nonsense
from .streams import Chance, Row, Source, packed
from .wordings import wording

SHORTEST: Final = 4
LONGEST: Final = 14
#: The classes of time that are drawn: a sixteenth to two bars.
CLASSES: Final = (9, 18)
#: How much a pitch counts, which is not to be copied, beside a time.
PITCH: Final = 0.05


def text_school() -> Source:
    """Rows of words of random letters that are to be repeated."""

    def one(chance: Chance, length: int) -> Row:
        told = wording(chance, "repeat", "en" if chance.random() < 0.5 else "fr")
        said = nonsense(chance)
        return example(Task("repeat", told, said, said, ""))

    return lambda chance, length: packed(chance, length, one)


def music_school() -> Source:
    """Rows of random phrases whose rhythm is to be imitated."""

    def one(chance: Chance, length: int) -> Row:
        size = int(chance.integers(SHORTEST, LONGEST + 1))
        iois = tuple(int(ioi) for ioi in chance.integers(*CLASSES, size))
        before, answer = (Phrase(_line(chance, size), iois) for _ in range(2))
        row = row_of(Lesson((before,), (Order("rhythm"),), answer), tell_chords=False, length=length)
        if row is None:
            return [], []
        tokens, weights = row
        first, past = GRAMMAR.span(0)
        return tokens, [
            weight * PITCH if first <= token < past else weight for token, weight in zip(tokens, weights, strict=True)
        ]

    return lambda chance, length: packed(chance, length, one)


def _line(chance: Chance, size: int) -> tuple[int, ...]:
    middle = int(chance.integers(48, 84))
    return tuple(middle + int(step) for step in chance.integers(-7, 8, size))
