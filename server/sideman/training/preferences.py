"""Preferences: of two answers to the same phrases, which was liked. Read from files, or made by a rule to test with.

A file has one JSON object a line: `before` (phrases), `liked` and `disliked` (one phrase each); a phrase is a list of
[MIDI pitch, class of the time to the next onset]. With `last_only` just the last note of each answer counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..errors import SetupError
from ..evaluation.corpora import lines
from .engine import Engine, answer
from .lessons import heard, inside, transposed
from .phrases import Phrase, phrases
from .songs import Song


class Preference(NamedTuple):
    """What was played before, the answer that was liked, and the one that was not."""

    before: tuple[Phrase, ...]
    liked: Phrase
    disliked: Phrase
    last_only: bool = False  # of each answer only the last note was judged, and not that it ends there


def taste(phrase: Phrase) -> float:
    """A made-up performer's: small steps rather than leaps, and a last note that is held."""
    steps = [abs(b - a) for a, b in zip(phrase.pitches, phrase.pitches[1:], strict=False)]
    small = sum(1 <= step <= 2 for step in steps) / max(len(steps), 1)
    return small + 0.3 * (phrase.iois[-1] >= 13 if phrase.iois else 0)


def made(engine: Engine, songs: Sequence[Song], count: int, seed: int) -> list[Preference]:
    """Pairs of the model's own answers, judged by `taste`; pairs between which it can hardly tell are left out."""
    phrases_of = [own for song in songs if len(own := phrases(song)) >= 2]
    chance = np.random.default_rng([seed, 7])
    found: list[Preference] = []
    while len(found) < count:
        before, other = heard(phrases_of, chance)
        *moved, other = transposed((*before, other), int(chance.integers(-6, 6)))
        if not all(inside(part) for part in moved) or sum(len(part.pitches) for part in moved) > 60:
            continue
        pair = [answer(engine, chance, moved)[0] for _ in range(2)]
        if min(len(one.pitches) for one in pair) < 3:
            continue
        good, bad = sorted(pair, key=taste, reverse=True)
        if taste(good) - taste(bad) >= 0.1:
            found.append(Preference(tuple(part._replace(chords=()) for part in moved), good, bad))
    return found


def read(path: Path) -> list[Preference]:
    """The preferences in a file; raises `SetupError` where one is not as it should be."""
    found = []
    for number, fields in enumerate(lines(path), 1):
        try:
            found.append(
                Preference(
                    tuple(_phrase(part) for part in fields["before"]),
                    _phrase(fields["liked"]),
                    _phrase(fields["disliked"]),
                    bool(fields.get("last_only", False)),
                )
            )
        except (KeyError, TypeError, ValueError) as error:
            raise SetupError(f"{path}:{number}: {error}", "before, liked, disliked: lists of [pitch, class]") from None
    return found


def write(path: Path, preferences: Sequence[Preference]) -> None:
    """Write them as they are read."""
    with path.open("w", encoding="utf-8") as file:
        for one in preferences:
            fields = {
                "before": [_pairs(part) for part in one.before],
                "liked": _pairs(one.liked),
                "disliked": _pairs(one.disliked),
                **({"last_only": True} if one.last_only else {}),
            }
            file.write(json.dumps(fields) + "\n")


def _pairs(phrase: Phrase) -> list[list[int]]:
    return [list(pair) for pair in zip(phrase.pitches, phrase.iois, strict=True)]


def _phrase(pairs: Sequence[Sequence[int]]) -> Phrase:
    phrase = Phrase(tuple(int(pitch) for pitch, _ in pairs), tuple(int(ioi) for _, ioi in pairs))
    if not phrase.pitches or not all(0 <= pitch < 128 for pitch in phrase.pitches):
        raise ValueError("a phrase has notes from 0 to 127")
    if not all(1 <= ioi <= 25 for ioi in phrase.iois):
        raise ValueError("a class of time is 1 to 25")
    return phrase
