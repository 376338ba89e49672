"""How long what is played may be a copy of memory, for every model."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.band import Band
from sideman.copying import Trail
from sideman.events import Event, Note, Query
from sideman.models import NGram, Oracle
from sideman.params import PLAYER_PARAMS, defaults

SETTINGS = defaults(PLAYER_PARAMS)


def heard(model: str, viewpoint: str, pitches: list[int]) -> Band:
    """A player that knows a tune."""
    band = Band({"oracle": Oracle, "ngram": lambda alphabet: NGram(alphabet=alphabet)})
    band.make("p", model, viewpoint, "p")
    band.settle()
    for place, pitch in enumerate(pitches):
        note = Note(pitch, 80, 0.0, 0.4)
        band.hear(["p"], [True], Event("ann", 0, place / 2, 0.5, (note,), last=place == len(pitches) - 1), 0)
    return band


def played(band: Band, most: int, events: int = 100) -> list[tuple[int, bool]]:
    """What it plays on its own: each pitch, and whether the longest copy was given up for it."""
    asked = {**SETTINGS, "longest_copy": most, "continuity": 1000}
    query = Query("p", 0, 0, 0, 7, 0, 0.0, events / 2 - 0.1, events, settings=asked)
    found = []
    for first in range(0, events, 25):
        answer = band.answer(replace(query, ordinal=first, onset_beats=first / 2, count=25))
        for planned in answer.events:
            given_up = "gave up longest copy" in planned.why.bound_by
            found.append((round(planned.notes[0].pitch), given_up))
    return found


def longest_copies(tune: list[int], line: list[tuple[int, bool]]) -> list[int]:
    """At each event of a line that was not forced, how many events up to it a tune has in a row."""
    found = []
    runs = [0] * (len(tune) + 1)
    for pitch, given_up in line:
        runs = [0, *(runs[place] + 1 if tune[place] == pitch else 0 for place in range(len(tune)))]
        if not given_up:
            found.append(max(runs))
    return found


@pytest.mark.parametrize(("model", "most"), [("oracle", 4), ("oracle", 6), ("ngram", 3), ("ngram", 6)])
def test_no_copy_is_longer_than_it_may_be(model: str, most: int) -> None:
    chance = random.Random(5)
    tune = [chance.choice((60, 62, 64, 65, 67)) for _ in range(300)]
    line = played(heard(model, "pitch", tune), most)
    assert len(line) == 100
    free = longest_copies(tune, line)
    assert len(free) > 50
    assert max(free) <= most


@pytest.mark.parametrize("model", ["oracle", "ngram"])
def test_without_a_bound_it_copies_as_it_likes(model: str) -> None:
    chance = random.Random(5)
    tune = [chance.randrange(48, 84) for _ in range(200)]
    assert max(longest_copies(tune, played(heard(model, "pitch", tune), 0))) > 20


def test_where_only_a_copy_is_possible_it_is_made_and_said() -> None:
    line = played(heard("oracle", "pitch", [60] * 12), 2, events=6)
    assert [given_up for _, given_up in line] == [False, False, True, True, True, True]


@pytest.mark.parametrize("model", ["oracle", "ngram"])
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(60, 64), min_size=8, max_size=60), st.integers(1, 8))
def test_the_same_question_is_answered_alike(model: str, tune: list[int], most: int) -> None:
    assert played(heard(model, "pitch", tune), most, 20) == played(heard(model, "pitch", tune), most, 20)


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=40), st.lists(st.integers(1, 3), max_size=40), st.integers(1, 8)
)
def test_a_trail_that_is_told_of_every_place_knows_the_longest_copy(
    tune: list[int], line: list[int], most: int
) -> None:
    trail = Trail()
    runs = [0] * (len(tune) + 1)
    for symbol in line:
        places = [place for place, there in enumerate(tune) if there == symbol]
        trail = trail.after(symbol, places, tune.__getitem__, len(tune), most)
        runs = [0, *(runs[place] + 1 if there == symbol else 0 for place, there in enumerate(tune))]
        assert trail.longest == min(max(runs), most + 1)
