"""The scenario: which beats of a memory go on longest as a chart asks, against a plain twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.models import Scenario

ALL = 0xFFF
WILD = (0, 0, -1)

Label = tuple[int, int, int]
Run = list[Label]

# Two families of two kinds each, a few roots so that matches are long, and labels without a root.
labels = st.one_of(
    st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(0, 11).map(lambda root: root * 5 % 12)).map(
        lambda one: (one[0], 2 * one[0] + one[1], one[2])
    ),
    st.sampled_from([(3, 7, -1), (4, 8, -1)]),
)
few = st.sampled_from([(1, 3, 0), (1, 3, 5), (2, 5, 7), (1, 4, 0), (3, 7, -1)])
runs = st.lists(st.lists(st.one_of(few, few, labels), min_size=1, max_size=24), min_size=1, max_size=6)
askings = st.lists(st.one_of(few, few, labels, st.just(WILD)), min_size=1, max_size=20)


def as_asked(asked: Run, *, exact: bool = True) -> np.ndarray:
    """The labels as the scenario takes them; any kind of the family unless `exact`."""
    return np.array([(family, kind if exact else 0, root) for family, kind, root in asked], np.int32).reshape(-1, 3)


def filled(memory: list[Run]) -> Scenario:
    """A scenario that knows runs, of two streams that play at the same time."""
    scenario = Scenario()
    for first in range(0, len(memory), 2):
        together = [(stream, run) for stream, run in enumerate(memory[first : first + 2])]
        for at in range(max(len(run) for _, run in together)):
            for stream, run in together:
                if at < len(run):
                    scenario.append(stream, *run[at], at > 0)
    return scenario


def placed(memory: list[Run]) -> list[tuple[Run, int]]:
    """Of each position its run and its place therein."""
    places: list[tuple[Run, int]] = []
    for first in range(0, len(memory), 2):
        together = memory[first : first + 2]
        for at in range(max(map(len, together))):
            places += [(run, at) for run in together if at < len(run)]
    return places


def plain_agreement(run: Run, at: int, asked: Run, moved: int, *, exact: bool) -> int:
    """How many labels agree from a place on, moved by so much: by going along."""
    length = 0
    for wanted, there in zip(asked, run[at:], strict=False):
        if wanted != WILD:
            root = there[2] if there[2] < 0 else (there[2] + moved) % 12
            if wanted[0] != there[0] or (exact and wanted[1] != there[1]) or wanted[2] != root:
                break
        length += 1
    return length


def plainly(memory: list[Run], asked: Run, moves: int, *, exact: bool) -> tuple[int, set[int]]:
    """The longest agreement and the positions that have it: every place at every move."""
    lengths = [
        max((plain_agreement(run, at, asked, by, exact=exact) for by in range(12) if moves >> by & 1), default=0)
        for run, at in placed(memory)
    ]
    longest = max(lengths)
    return longest, {position for position, length in enumerate(lengths) if length == longest} if longest else set()


@given(memory=runs, asked=askings, moves=st.sampled_from([ALL, 1, 0b100010000001]), exact=st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_longest_are_those_that_a_plain_search_finds(
    memory: list[Run], asked: Run, moves: int, exact: bool
) -> None:
    scenario = filled(memory)
    found = scenario.longest(as_asked(asked, exact=exact), moves, most=64, enough=1000)
    longest, positions = plainly(memory, asked, moves, exact=exact)
    assert {position for position, _, _ in found} == positions
    assert all(length == longest for _, _, length in found)
    for position, moved, length in found:
        run, at = placed(memory)[position]
        assert plain_agreement(run, at, asked, max(moved, 0), exact=exact) == length


@given(memory=runs, asked=askings, salt=st.integers(0, 2**64 - 1))
@settings(max_examples=100, deadline=None)
def test_a_few_of_many_are_among_the_longest(memory: list[Run], asked: Run, salt: int) -> None:
    scenario = filled(memory)
    whole = scenario.longest(as_asked(asked), most=64, enough=1000)
    some = scenario.longest(as_asked(asked), most=64, enough=2, salt=salt)
    assert len(some) == min(2, len(whole))
    assert set(some) <= set(whole)


def test_more_agreement_than_is_asked_for_is_not_told_apart() -> None:
    scenario = filled([[(1, 1, 0)] * 4, [(1, 1, 0)] * 9])
    asked = as_asked([(1, 1, 0)] * 12)
    assert {length for _, _, length in scenario.longest(asked, most=3)} == {3}
    assert [length for _, _, length in scenario.longest(asked, most=12)] == [9]


def test_what_is_excluded_begins_no_answer_but_may_go_on_one() -> None:
    scenario = filled([[(1, 1, 0), (2, 2, 5), (1, 1, 0), (2, 2, 7)]])
    asked = as_asked([(1, 1, 0), (2, 2, 5)])
    assert scenario.longest(asked) == [(0, 0, 2)]
    assert scenario.longest(asked, exclude=[(1, 2)]) == [(0, 0, 2)]
    assert {(position, length) for position, _, length in scenario.longest(asked, exclude=[(0, 1)])} == {(2, 1)}


def test_what_is_gone_agrees_with_nothing() -> None:
    scenario = filled([[(1, 1, 0), (2, 2, 5), (1, 1, 0)]])
    scenario.drop(1, 2)
    assert scenario.gone(1)
    assert not scenario.gone(0)
    assert scenario.longest(as_asked([(2, 2, 5)])) == []
    assert {length for _, _, length in scenario.longest(as_asked([(1, 1, 0), WILD]))} == {1}


def test_a_move_is_kept_once_a_root_has_fixed_it() -> None:
    scenario = filled([[(1, 1, 2), (3, 7, -1), (2, 2, 7)]])
    assert scenario.agreement(0, as_asked([(1, 1, 4), (3, 7, -1), (2, 2, 9)])) == (2, 3)
    assert scenario.agreement(0, as_asked([(1, 1, 4), (3, 7, -1), (2, 2, 10)])) == (2, 2)
    assert scenario.agreement(0, as_asked([(1, 1, 4)]), moves=1) == (-1, 0)
    assert scenario.agreement(1, as_asked([(3, 7, -1)])) == (-1, 1)


def test_a_question_costs_no_more_in_a_memory_that_is_all_alike() -> None:
    scenario = Scenario()
    for beat in range(50_000):
        scenario.append(0, 1, 1, 0, beat > 0)
    found = scenario.longest(as_asked([(1, 1, 7)] * 64), most=64)
    assert {(moved, length) for _, moved, length in found} == {(7, 64)}
    assert scenario.work < 5_000
    for beat in range(50_000):  # runs of 15, of which none is long enough
        scenario.append(1, 2, 2, 0, beat % 15 > 0)
    scenario.longest(as_asked([(2, 2, 0)] * 64), most=64)
    assert scenario.work < 32_768 + 16 * 65


@pytest.mark.parametrize(
    ("asked", "words"),
    [(np.zeros((1, 2), np.int32), "shape"), (np.array([[1, 0, 12]], np.int32), "root"),
     (np.array([[-1, 0, 0]], np.int32), "family")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(asked: np.ndarray, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        filled([[(1, 1, 0)]]).longest(asked)
    with pytest.raises(IndexError):
        Scenario().next(0)
