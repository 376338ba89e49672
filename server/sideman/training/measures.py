"""What each stage has reached, measured on models as the engine plays them. Rules judge; nothing is trained here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..tokens import Plan, prompt, text_tokens
from .engine import Engine, answer, written
from .exercises import Order, obeys
from .lessons import Lesson
from .phrases import Phrase, key_of, plan_of
from .sentences import Task, obeyed


class Obeyed(NamedTuple):
    """Of instructions of one name: how many were obeyed with them said, without, and by chance."""

    name: str
    tried: int
    told: int
    untold: int
    chance: int


def share(part: float, whole: float) -> float:
    """A share, 0 of nothing."""
    return part / whole if whole else 0.0


def obedience(engine: Engine, lessons: Sequence[Lesson], seed: int = 0, temperature: float = 1.0) -> list[Obeyed]:
    """A row for each kind of lesson: told what it was told, told nothing, and what another piece's phrase would do."""
    rows: dict[str, list[int]] = {}
    for at, one in enumerate(lessons):
        name = " + ".join(order.name for order in one.orders)
        row = rows.setdefault(name, [0, 0, 0, 0])
        chance = np.random.default_rng([seed, at])
        chords = one.answer if any(order.name == "chords" for order in one.orders) else None
        told, _ = answer(engine, chance, one.before, one.orders, chords, temperature=temperature)
        untold, _ = answer(engine, chance, one.before, (), chords, temperature=temperature)
        stranger = lessons[int(chance.integers(len(lessons)))].answer
        row[0] += 1
        row[1] += all(obeys(order, one.before[-1], told) for order in one.orders)
        row[2] += all(obeys(order, one.before[-1], untold) for order in one.orders)
        row[3] += all(obeys(order, one.before[-1], _under(stranger, one.answer)) for order in one.orders)
    return [Obeyed(name, *row) for name, row in rows.items()]


def _under(stranger: Phrase, owner: Phrase) -> Phrase:
    """A phrase of elsewhere over somebody's chords."""
    if not owner.chords:
        return stranger._replace(chords=("",) * len(stranger.pitches))
    ends = np.array(owner.onsets)
    at = [max(int(np.searchsorted(ends, onset + 1e-6, side="right")) - 1, 0) for onset in stranger.onsets]
    return stranger._replace(chords=tuple(owner.chords[i] for i in at))


def text_obedience(engine: Engine, tasks: Sequence[Task]) -> Obeyed:
    """How many tasks of text were obeyed, with the instruction and without it; chance is repeating the sentence."""
    told = untold = by_chance = 0
    for task in tasks:
        told += obeyed(task, written(engine, prompt(task.instruction, task.sentence)))
        untold += obeyed(task, written(engine, prompt("", task.sentence)))
        by_chance += obeyed(task, task.sentence)
    return Obeyed(tasks[0].name, len(tasks), told, untold, by_chance)


class Flatness(NamedTuple):
    """How various answers are."""

    distinct_4grams: float  # of intervals, over all answers: different ones / all
    interval_bits: float
    ioi_bits: float
    notes: float  # an answer


def flatness(answers: Sequence[Phrase]) -> Flatness:
    """Of many answers, taken together."""
    steps = [[b - a for a, b in zip(one.pitches, one.pitches[1:], strict=False)] for one in answers]
    grams = [tuple(own[i : i + 4]) for own in steps for i in range(len(own) - 3)]
    return Flatness(
        share(len(set(grams)), len(grams)),
        entropy(step for own in steps for step in own),
        entropy(ioi for one in answers for ioi in one.iois),
        share(sum(len(one.pitches) for one in answers), len(answers)),
    )


def entropy(values: Iterable[int]) -> float:
    """Bits a value."""
    counts = list(Counter(values).values())
    total = sum(counts)
    return -sum(count / total * math.log2(count / total) for count in counts) if total else 0.0


class Carried(NamedTuple):
    """Of plans that were given: the shares carried out, part by part and whole."""

    tried: int
    cadence: float
    shape: float
    bars: float  # as many bars as planned
    density: float  # in all bars, by at most one onset, or a fifth of them, more or less
    whole: float


def carried(given: Plan, phrase: Phrase) -> tuple[bool, bool, bool, bool]:
    """Which parts of a plan a phrase carries out."""
    own = plan_of(phrase)
    same = len(own.density) == len(given.density)
    near = same and all(abs(a - b) <= max(1, 0.2 * b) for a, b in zip(own.density, given.density, strict=True))
    return own.cadence == given.cadence, own.shape == given.shape, same, near


def plans_carried(
    engine: Engine, lessons: Sequence[Lesson], told: bool = True, seed: int = 0, temperature: float = 1.0
) -> Carried:
    """Lessons' own plans given to the model (or kept from it), and what it played."""
    found = []
    for at, one in enumerate(lessons):
        assert one.plan is not None
        intended = one.plan if told else None
        chance = np.random.default_rng([seed, at])
        played, _ = answer(engine, chance, one.before, intended=intended, temperature=temperature)
        found.append(carried(one.plan, played))
    parts = np.array(found, bool)
    cadence, shape, bars, density = (float(part.mean()) for part in parts.T)
    return Carried(len(found), cadence, shape, bars, density, float(parts.all(1).mean()))


class Ends(NamedTuple):
    """Of many tries: whether the end was right, which is the tonic of what was played before, and the plan was."""

    tries: int
    right: int
    wrong: int
    plan_right_end_wrong: int
    plan_wrong_end_right: int


def ends(engine: Engine, lessons: Sequence[Lesson], tries: int = 12, plans: bool = True, order: bool = True) -> Ends:
    """Twelve tries for each prompt, asked to end on the tonic of its key, with a plan of the model's own or without."""
    right = wrong = betrayed = lucky = 0
    for at, one in enumerate(lessons):
        key = key_of([pitch for phrase in one.before for pitch in phrase.pitches])
        wanted = (Order("tonic", key),) if order else ()
        for number in range(tries):
            chance = np.random.default_rng([at, number])
            phrase, plan = answer(engine, chance, one.before, wanted, plans=plans)
            good = bool(phrase.pitches) and phrase.pitches[-1] % 12 == key % 12
            right, wrong = right + good, wrong + (not good)
            if plan is not None:
                betrayed += plan.cadence == key % 12 and not good
                lucky += plan.cadence != key % 12 and good
    return Ends(right + wrong, right, wrong, betrayed, lucky)


def recall(engine: Engine, texts: Sequence[str], least: int = 24) -> tuple[int, int]:
    """How many texts the model writes to the end from their first half, byte for byte, and how many were tried."""
    long = [text for text in texts if len(text.encode()) >= least and len(text.encode()) <= 200]
    hits = 0
    for text in long:
        whole = text_tokens(text)
        half = len(whole) // 2
        made = written(engine, [257, *whole[:half]])
        hits += made.encode() == bytes(whole[half:])
    return hits, len(long)
