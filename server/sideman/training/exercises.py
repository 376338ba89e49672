"""Instructions for music, answers made by rule that obey them, and the rules that say whether an answer does.

An answer is the phrase that came next in its piece, changed as little as obeying needs. Some pairs of instructions are
held out: a model is tuned on each alone and on other pairs, and tried with these, after phrases of pieces never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from ..harmony import parse
from ..tokens import instruction
from ..viewpoint import CLASSES, class_beats, time_class
from .phrases import Phrase, in_key, key_of, nearest, on_chords, scale


class Order(NamedTuple):
    """One instruction with its value, if it takes one."""

    name: str
    value: int = -1

    @property
    def tokens(self) -> tuple[int, ...]:
        """As the model reads it."""
        return instruction(self.name, *([self.value] if self.value >= 0 else []))


SINGLE: Final = ("key", "tonic", "beats", "sparser", "denser", "higher", "lower", "chords", "rhythm")
PAIRS: Final = (
    *(("key", "tonic"), ("beats", "tonic"), ("sparser", "higher"), ("key", "lower"), ("rhythm", "lower")),
    *(("chords", "sparser"), ("key", "denser"), ("beats", "higher"), ("chords", "tonic"), ("key", "rhythm")),
    ("sparser", "tonic"),
)
HELD_OUT: Final = (("key", "sparser"), ("higher", "tonic"), ("beats", "key"), ("rhythm", "higher"), ("chords", "lower"))
#: How an order is judged.
SPARSER, DENSER, INTERVAL, CHORDAL = 0.75, 4 / 3, 3.0, 2 / 3
#: What rules aim at, so that what was made is not on the edge.
_MARGIN: Final = 0.8


def obeys(order: Order, before: Phrase, answer: Phrase) -> bool:
    """Whether an answer to a phrase does what it was told."""
    if not answer.pitches:
        return False
    if order.name == "key":
        return in_key(answer, order.value) == 1.0
    if order.name == "tonic":
        return answer.pitches[-1] % 12 == order.value % 12
    if order.name == "beats":
        return abs(answer.beats - order.value) <= max(0.5, 0.15 * order.value)
    if order.name == "sparser":
        return answer.density <= SPARSER * before.density
    if order.name == "denser":
        return answer.density >= DENSER * before.density
    if order.name == "higher":
        return answer.height >= before.height + INTERVAL
    if order.name == "lower":
        return answer.height <= before.height - INTERVAL
    if order.name == "chords":
        return on_chords(answer) >= CHORDAL
    same = min(len(before.iois), len(answer.iois))
    hits = sum(a == b for a, b in zip(before.iois[:same], answer.iois[:same], strict=True))
    return same >= 0.75 * len(before.iois) and hits >= 0.9 * same


def orders(chance: np.random.Generator, names: Sequence[str], before: Phrase, answer: Phrase) -> list[Order]:
    """Instructions of these names, with values that the phrases suggest, or now and then any."""
    key = key_of([*before.pitches, *answer.pitches]) if chance.random() < 0.7 else int(chance.integers(24))
    values = {"key": key, "tonic": key, "beats": int(chance.integers(2, 13))}
    return [Order(name, values.get(name, -1)) for name in names]


#: The order in which an answer is changed: what comes later does not undo what came before.
_WAY: Final = ("rhythm", "sparser", "denser", "beats", "higher", "lower", "key", "chords", "tonic")


def obedient(chance: np.random.Generator, wanted: Sequence[Order], before: Phrase, answer: Phrase) -> Phrase | None:
    """An answer changed so that it obeys all orders; None where the rules do not get there."""
    for order in sorted(wanted, key=lambda order: _WAY.index(order.name)):
        if order.name == "chords" and not answer.chords:
            return None
        answer = _changed(chance, order, before, answer)
    sound = len(answer.pitches) >= 2 and min(answer.pitches) >= 24 and max(answer.pitches) <= 103
    return answer if sound and all(obeys(order, before, answer) for order in wanted) else None


def _changed(chance: np.random.Generator, order: Order, before: Phrase, answer: Phrase) -> Phrase:
    pitches, iois, chords = list(answer.pitches), list(answer.iois), list(answer.chords)
    if order.name == "key":
        pitches = [nearest(pitch, scale(order.value)) for pitch in pitches]
    elif order.name == "tonic":
        pitches[-1] = nearest(pitches[-1], frozenset({order.value % 12}))
    elif order.name == "beats":
        pitches, iois, chords = _lasting(answer, order.value)
    elif order.name == "sparser":
        while len(pitches) > 2 and len(pitches) / sum(map(class_beats, iois)) > _MARGIN * SPARSER * before.density:
            gone = int(chance.integers(1, len(pitches)))
            iois[gone - 1] = time_class(class_beats(iois[gone - 1]) + class_beats(iois[gone]))
            del pitches[gone], iois[gone], chords[gone : gone + 1]
        most = _MARGIN * SPARSER * before.density
        while len(pitches) / sum(map(class_beats, iois)) > most and min(iois) < CLASSES - 1:
            iois = [min(ioi + 1, CLASSES) for ioi in iois]
    elif order.name == "denser":
        while len(pitches) / sum(map(class_beats, iois)) < DENSER * before.density / _MARGIN and min(iois) > 1:
            iois = [ioi - 1 for ioi in iois]
    elif order.name in ("higher", "lower"):
        sign = 1 if order.name == "higher" else -1
        far = before.height + sign * (INTERVAL + float(chance.uniform(1, 7))) - answer.height
        if far * sign > 0:
            pitches = [pitch + int(np.ceil(abs(far))) * sign for pitch in pitches]
    elif order.name == "chords":
        for at in chance.permutation(len(pitches)):
            chord = parse(chords[at])
            if chord is not None and chance.random() < 0.9:
                pitches[at] = nearest(pitches[at], chord.pitch_classes)
    else:
        size = len(before.iois)
        pitches = [pitches[at % len(pitches)] for at in range(size)]
        chords = [chords[min(at, len(chords) - 1)] for at in range(size)] if chords else []
        iois = list(before.iois)
    return Phrase(tuple(pitches), tuple(iois), tuple(chords))


def _lasting(phrase: Phrase, beats: int) -> tuple[list[int], list[int], list[str]]:
    """A phrase cut, or gone through again, to last so many beats; its last note lasts to the end."""
    pitches: list[int] = []
    iois: list[int] = []
    chords: list[str] = []
    now, at = 0.0, 0
    while now < beats - 0.2 and len(pitches) < 64:
        own = at % len(phrase.pitches)
        pitches.append(phrase.pitches[own])
        iois.append(phrase.iois[own])
        if phrase.chords:
            chords.append(phrase.chords[own])
        now += class_beats(iois[-1])
        at += 1
    if iois:
        iois[-1] = time_class(max(beats - (now - class_beats(iois[-1])), 0.1))
    return pitches, iois, chords
