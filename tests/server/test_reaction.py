"""Reactions: what the core picks among the places that are lit, against its slow twin; and what it refuses."""

from __future__ import annotations

from dataclasses import asdict, astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.activation import manner_of, wanted
from sideman.models import Manner, Picked, Reach, Reaction, Sampler, Traces
from sideman.params import PLAYER_PARAMS, defaults

from .naive_reaction import NaiveManner, NaivePicked, NaiveReach, manners

SHARES = st.sampled_from([0.0, 0.25, 0.7, 1.0])
VALUES = st.one_of(st.integers(58, 63), st.integers(256, 258), st.sampled_from([0, 127]))
EVENTS = st.lists(
    st.tuples(st.integers(0, 2), VALUES, st.integers(0, 3), st.sampled_from([0.25, 0.5, 1.0]),
              st.sampled_from([0.0, 96.0, 120.0])),
    min_size=1,
    max_size=60,
)  # fmt: skip
MANNERS = st.builds(
    manners,
    weights=st.lists(SHARES, min_size=3, max_size=3),
    decay_beats=st.sampled_from([0.5, 4.0]),
    phase=SHARES,
    bonus=st.sampled_from([1.0, 3.0]),
    tempo=SHARES,
    transposition=SHARES,
    threshold=st.sampled_from([0.001, 0.1]),
    lead=st.integers(0, 3),
    least=st.integers(0, 3),
    continuity=st.integers(0, 2),
    taboo=st.integers(0, 4),
    longest_copy=st.sampled_from([0, 1, 3, 8]),
    moves=st.none() | st.lists(st.integers(-5, 5), max_size=4),
)
FREE = st.sampled_from([0.0, 0.3, 1.0])
ROWS = st.lists(st.lists(FREE, min_size=8, max_size=8).map(lambda few: (few * 16)[:128]), max_size=3)
HARMONIES = st.lists(st.tuples(st.integers(1, 3), st.sampled_from([0.7, 1.0]), st.integers(-2, 2)), max_size=3)
STEPS = st.lists(
    st.tuples(st.sampled_from([0.0, 0.3, 1.0]), st.lists(VALUES, max_size=8), HARMONIES, ROWS, st.integers(0, 1),
              st.integers(0, 2**64 - 1)),
    min_size=1,
    max_size=10,
)  # fmt: skip
SAMPLERS = st.builds(
    Sampler, st.sampled_from([0.0, 0.7, 1.0]), st.sampled_from([0, 2]), st.sampled_from([0.6, 1.0]),
    st.sampled_from([0.0, 0.25]))  # fmt: skip
LOST = st.lists(st.integers(0, 50).map(lambda first: (first, first + 3)), max_size=2)


def remembered(events: list[tuple[int, int, int, float, float]]) -> Traces:
    traces, beat = Traces(), 0.0
    for stream, value, harmony, gap, bpm in events:
        traces.append(stream, value, harmony, beat, bpm)
        beat += gap
    return traces


def as_rows(rows: list[tuple[int, float, int]]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(rows, np.float64).reshape(-1, 3)


def said(picked: Picked | None) -> NaivePicked | None:
    if picked is None:
        return None
    return NaivePicked(*(getattr(picked, name) for name in NaivePicked.__dataclass_fields__))


@given(EVENTS, MANNERS, SAMPLERS, LOST, STEPS)
@settings(max_examples=300, deadline=None)
def test_what_is_picked_and_why_is_what_a_slow_loop_picks(
    events: list[tuple[int, int, int, float, float]],
    manner: NaiveManner,
    sampler: Sampler,
    lost: list[tuple[int, int]],
    steps: list[tuple[float, list[int], list[tuple[int, float, int]], list[list[float]], int, int]],
) -> None:
    traces = remembered(events)
    slow, fast, native, reaction = NaiveReach(traces, manner, lost), Reach(), Manner(**asdict(manner)), Reaction()
    beat = 0.0
    for gap, heard, harmonies, rows, kept, draw in steps:
        beat += gap
        kept = min(kept, len(rows))
        expected = slow.react(beat, heard, harmonies, rows, kept, sampler, draw)
        weights = np.array(rows, np.float64).reshape(-1, 128)
        asked = (traces, native, beat, heard, as_rows(harmonies), weights, kept, sampler, draw, lost)
        before = fast.copy()
        picked = said(reaction.react(fast, *asked))
        again = reaction.react(before, *asked)
        assert said(again) == picked
        assert fast.peaks == len(slow.peaks)
        if expected is None or picked is None:
            assert picked is expected
            continue
        assert astuple(picked)[:7] == astuple(expected)[:7]
        assert astuple(picked)[8:] == astuple(expected)[8:]
        assert picked.entropy_bits == pytest.approx(expected.entropy_bits, rel=1e-12, abs=1e-12)
        gone = (picked.place, picked.shift, picked.value, picked.bpm, picked.heights[0] > 0)
        slow.go(*gone)
        fast.go(traces, native, *gone, lost)
        assert (fast.peaks, fast.shift, fast.beat) == (len(slow.peaks), slow.shift, slow.beat)


def test_without_constraints_and_wishes_nothing_binds_and_nothing_is_given_up() -> None:
    traces = remembered([(1, 60 + number % 5, 0, 0.5, 120.0) for number in range(20)])
    picked = Reaction().react(Reach(), traces, manner_of(defaults(PLAYER_PARAMS)), 0.0, [60, 61, 62], as_rows([]),
                              np.ones((0, 128)), 0, Sampler(), 0)  # fmt: skip
    assert picked is not None
    assert (picked.value, picked.bound, picked.given_up, picked.context) == (63, 0, 0, 3)


def test_a_silent_memory_gives_nothing() -> None:
    reach = Reach()
    assert Reaction().react(reach, Traces(), manner_of(defaults(PLAYER_PARAMS)), 0.0, [60], wanted(1, 0, None),
                            np.ones((1, 128)), 1, Sampler(), 0) is None  # fmt: skip
    assert (reach.peaks, reach.beat) == (0, 0.0)


def test_arrays_of_another_shape_and_places_that_are_not_there_are_refused_by_name() -> None:
    traces, manner, reach = remembered([(1, 60, 0, 0.5, 120.0)]), manner_of(defaults(PLAYER_PARAMS)), Reach()
    for harmonies, weights, named in (
        (np.ones((2, 2)), np.ones((0, 128)), "wanted"),
        (as_rows([]), np.ones((1, 127)), "weights"),
        (as_rows([]), np.ones((33, 128)), "weights"),
    ):
        with pytest.raises(ValueError, match=named):
            Reaction().react(reach, traces, manner, 0.0, [60], harmonies, weights, 0, Sampler(), 0)
    with pytest.raises(IndexError, match="no such place"):
        reach.go(traces, manner, 1, 0, 60, 0.0, True)


def test_a_harmony_is_wanted_where_it_stands_and_as_places_are_moved_now() -> None:
    rows = wanted(1, 2, None)
    assert rows[0].tolist() == [1 + 10 * 6, 1.0, 2.0]
    assert rows[1].tolist() == [1, 1.0, 0.0]
    assert wanted(1, 2, frozenset({0})).shape == (len(rows) // 2, 3)
    assert wanted(0, 2, None).shape == (0, 3)


def test_what_is_learned_after_the_last_source_counts_as_going_on_from_it() -> None:
    traces, reach, sources = Traces(), Reach(), []
    manner = Manner(**asdict(manners(longest_copy=8, lead=0)))
    for number in range(40):  # no value comes again, so that nothing but the last source leads on
        traces.append(1, 40 + number, 0, number * 0.5, 120.0)
        picked = Reaction().react(reach, traces, manner, number * 0.5, [40 + number], as_rows([]), np.ones((0, 128)),
                                  0, Sampler(0.0), 0)  # fmt: skip
        if picked is not None:
            sources.append(picked.place)
            reach.go(traces, manner, picked.place, picked.shift, picked.value, picked.bpm, True)
    follows = "".join("+" if later == earlier + 1 else " " for earlier, later in pairwise(sources))
    assert max(map(len, follows.split())) == 8 - 1


def test_where_every_pick_would_copy_too_long_nothing_is_picked() -> None:
    traces = Traces()
    for stream in range(40):
        for number, pitch in enumerate((60, 62, 64, 30 + stream)):
            traces.append(stream, pitch, 0, stream * 4.0 + number, 120.0)
    manner, reach = Manner(**asdict(manners(longest_copy=2, moves=[0]))), Reach()
    for place, pitch in enumerate((60, 62, 64)):
        reach.go(traces, manner, place, 0, pitch, 120.0, False)
    asked = (traces, manner, 1.0, [60, 62, 64], as_rows([]), np.ones((0, 128)), 0, Sampler())
    assert all(Reaction().react(reach.copy(), *asked, number << 58) is None for number in range(64))
