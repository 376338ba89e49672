"""Phrases, orders and plans as rows of tokens: what came before, what is wanted, and an answer that is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from ..errors import SetupError
from ..tokens import BAR, END_TOKEN, MOST_BARS, SELF, Around, Carrying, Grammar, Plan, around_tokens, plan
from .exercises import PAIRS, SINGLE, Order, obedient, orders
from .phrases import Phrase, bars, phrases, plan_of, third_means
from .songs import Song, moved
from .streams import Chance, Row, Source, first_counts

VIEW: Final = "pitch*ioi"
GRAMMAR: Final = Grammar(VIEW)
#: So many lessons may not fit into what is left of a row before it is left empty.
_TRIES: Final = 4
#: Of orders about how an answer ends, and of plans, its last note and its end count so many times.
ENDS: Final = ("tonic", "beats")
AT_THE_END: Final = 4.0
#: Who is examined has to hear a lesson whole: models are tuned on rows of 256 tokens, and play by as many.
LONGEST: Final = 256
_OTHER: Final = 1  # the slot of the performer who is answered


class Lesson(NamedTuple):
    """What came before, oldest first, what is wanted, and an answer that does it."""

    before: tuple[Phrase, ...]
    orders: tuple[Order, ...]
    answer: Phrase
    plan: Plan | None = None


def phrase_tokens(
    phrase: Phrase, who: int, tell_chords: bool, tell_place: bool, intended: Plan | None = None
) -> tuple[list[int], list[float]]:
    """A phrase with what stands beside it, closed by an end; components and end count. `intended`: with its cues."""
    carrying = Carrying(intended) if intended is not None else None
    means = third_means(phrase.pitches)
    tokens: list[int] = []
    weights: list[float] = []
    before: Around | None = Around(who)
    for at, (onset, beat) in enumerate(zip(phrase.onsets, bars(phrase), strict=True)):
        chord = phrase.chords[at] if tell_chords and phrase.chords else None
        now = Around(who, chord, None, 0.0, beat if tell_place else -1.0)
        beside = around_tokens(now, before)
        if carrying is not None:
            beside += (carrying := carrying.at(onset)).cues(means.get(at))
            carrying = carrying.played(phrase.pitches[at])
        components = GRAMMAR.tokens((phrase.pitches[at] + 1, phrase.iois[at]))
        tokens += (*beside, *components)
        weights += (*first_counts(beside), *(1.0 for _ in components))
        before = now
    return [*tokens, END_TOKEN], [*weights, 1.0]


def opening(before: Sequence[Phrase], wanted: Sequence[Order], tell_chords: bool) -> list[int]:
    """All that is said before an answer begins, but its plan."""
    tokens = list(GRAMMAR.header)
    tokens += around_tokens(Around(_OTHER), None)
    for phrase in before:
        tokens += phrase_tokens(phrase, _OTHER, tell_chords, False)[0]
    tokens += around_tokens(Around(SELF), None)
    for order in wanted:
        tokens += order.tokens
    return tokens


def row_of(lesson: Lesson, tell_chords: bool, length: int) -> Row | None:
    """A lesson as a row; None where it is too long. A plan is learned as notes are, so that the model can make one."""
    tokens = opening(lesson.before, lesson.orders, tell_chords)
    weights = [0.0] * len(tokens)
    if lesson.plan is not None:
        said = plan(lesson.plan)
        tokens += said
        weights += [0.0, *(1.0 for _ in said[1:])]
    answer, heavy = phrase_tokens(lesson.answer, SELF, tell_chords, True, lesson.plan)
    if lesson.plan is not None or any(order.name in ENDS for order in lesson.orders):
        last = len(GRAMMAR.names) + 1
        heavy[-last:] = [AT_THE_END * weight for weight in heavy[-last:]]
    row = tokens + answer, weights + heavy
    return row if len(row[0]) <= length else None


def heard(phrases_of: Sequence[Sequence[Phrase]], chance: Chance) -> tuple[tuple[Phrase, ...], Phrase]:
    """Up to three phrases of a piece and the one that follows, all moved alike."""
    while True:
        own = phrases_of[int(chance.integers(len(phrases_of)))]
        if len(own) >= 2:
            break
    at = int(chance.integers(1, len(own)))
    first = max(0, at - int(chance.choice([1, 1, 1, 2])))
    return tuple(own[first:at]), own[at]


def transposed(parts: Sequence[Phrase], semitones: int) -> list[Phrase]:
    """All moved alike, chords too."""
    return [
        part.moved(semitones)._replace(chords=tuple(moved(chord, semitones) for chord in part.chords)) for part in parts
    ]


def inside(part: Phrase) -> bool:
    """Whether a phrase lies within reach of an instrument."""
    return bool(part.pitches) and min(part.pitches) >= 24 and max(part.pitches) <= 103


def lesson(
    chance: Chance, phrases_of: Sequence[Sequence[Phrase]], names: Sequence[str], with_plan: bool = False
) -> Lesson | None:
    """A lesson about orders of these names, or none where rules do not get there."""
    before, answer = heard(phrases_of, chance)
    *before_moved, answer = transposed((*before, answer), int(chance.integers(-6, 6)))
    if not all(inside(part) for part in (*before_moved, answer)):
        return None
    wanted = orders(chance, names, before_moved[-1], answer)
    made = obedient(chance, wanted, before_moved[-1], answer) if wanted else answer
    if made is None or (with_plan and made.onsets[-1] >= MOST_BARS * BAR):
        return None
    return Lesson(tuple(before_moved), tuple(wanted), made, plan_of(made) if with_plan else None)


def lessons_source(songs: Sequence[Song], others: Source, plans: float = 0.0, orderly: float = 0.9) -> Source:
    """Rows of lessons, as many as fit, and of plain music lest it be forgotten; `plans`: the share with a plan.

    Raises `SetupError` where no two phrases follow one another.
    """
    phrases_of = [made for song in songs if len(made := phrases(song)) >= 2]
    if not phrases_of:
        raise SetupError(
            f"in {len(songs)} pieces no two phrases follow one another, to make instructions of", "give more music"
        )

    def one(chance: Chance, length: int) -> Row | None:
        with_plan = chance.random() < plans
        draw = chance.random()
        if draw < (0.4 if with_plan else 0.08):
            names: tuple[str, ...] = ()
        elif draw < (0.7 if with_plan else 0.55):
            names = (SINGLE[int(chance.integers(len(SINGLE)))],)
        else:
            names = PAIRS[int(chance.integers(len(PAIRS)))]
            names = names if chance.random() < 0.5 else names[::-1]
        made = lesson(chance, phrases_of, names, with_plan)
        tell = "chords" in names or chance.random() < 0.3
        return row_of(made, tell, length) if made is not None else None

    def row(chance: Chance, length: int) -> Row:
        if chance.random() > orderly:
            return others(chance, length)
        tokens: list[int] = []
        weights: list[float] = []
        tries = 0
        while not tokens or tries < _TRIES:
            found = one(chance, length - len(tokens))
            if found is None:
                tries += 1
            else:
                tokens, weights = tokens + found[0], weights + found[1]
        return tokens, weights

    return row


def exam(
    seed: int, songs: Sequence[Song], names: Sequence[Sequence[str]], count: int, with_plan: bool = False
) -> list[Lesson]:
    """So many lessons of each kind, to be tried with."""
    phrases_of = [there for song in songs if len(there := phrases(song)) >= 2]
    made: list[Lesson] = []
    for number, own in enumerate(names):
        chance = np.random.default_rng([seed, number])
        left = count
        while left:
            one = lesson(chance, phrases_of, own, with_plan)
            if one is not None and row_of(one, "chords" in own, LONGEST) is not None:
                made.append(one)
                left -= 1
    return made
