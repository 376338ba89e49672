"""What the n-gram forgets, and what it leaves out: as a fresh model that never learned it, whatever came in between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import naive
from server.test_ngram_naive import TWINS, Phrases, Symbol, flat, model_of, orders, phrases_of, smoothings
from sideman.models import Alphabet, Floats, Ints, NGram

Intervals = list[tuple[int, int]]

#: Two components: the plain view, then views of every kind beside it.
VIEWS = [
    (0, 0, 0, False, [("symbol", 0, 1, 1, 0), ("symbol", 0, 2, 1, 0)]),
    (0, 1, 0, False, [("step", 0, 1, 1, 0), ("step", 0, 2, 1, 0)]),
    (0, 1, 12, False, [("run", 0, 8, 1, 0), ("value", 1, 1, 1, 0)]),
    (0, 0, 0, True, [("value", 0, 1, 1, 0)]),
    (1, 0, 0, False, [("chosen", 0, 1, 1, 0), ("symbol", 0, 1, 1, 0)]),
    (1, 2, 0, True, [("chosen_step", 0, 1, 1, 0), ("turn", 1, 1, 1, 0)]),
]


def intervals(length: int) -> st.SearchStrategy[Intervals]:
    """Some of the positions, in intervals that may overlap or reach beyond."""
    one = st.tuples(st.integers(0, length), st.integers(0, length + 5)).map(lambda x: (min(x), max(x)))
    return st.lists(one, max_size=4)


def spared(phrases: Phrases, without: Intervals) -> Phrases:
    """The phrases with a break wherever something is missing."""
    found: Phrases = []
    position = 0
    for phrase in phrases:
        found.append([])
        for symbol in phrase:
            if any(first <= position < past for first, past in without):
                found.append([])
            else:
                found[-1].append(symbol)
            position += 1
    return [phrase for phrase in found if phrase]


def told(model: NGram, past: list[Symbol]) -> list[tuple[Ints, Floats]]:
    """What it says after a past, of each component along one chain of values, and beforehand."""
    state = model.start()
    said = [model.predict(state)]
    for symbol in past:
        model.advance(state, symbol)
    chosen: Symbol = ()
    while True:
        values, p = model.predict(state, chosen)
        said.append((values, p))
        assert p.sum() == pytest.approx(1, abs=1e-9)
        assert (p >= 0).all()
        if len(chosen) + 1 == (model.alphabet.components if model.alphabet else 1):
            return said
        chosen = (*chosen, int(values[-1]))


def same(one: list[tuple[Ints, Floats]], other: list[tuple[Ints, Floats]]) -> None:
    """Both say the same, to 1e-9."""
    for (values, p), (others, q) in zip(one, other, strict=True):
        assert list(values) == list(others)
        assert np.abs(p - q).max() <= 1e-9


@settings(deadline=None, max_examples=200)
@given(st.one_of(phrases_of(1), phrases_of(2, most=30)), orders, smoothings, st.data())
def test_what_is_forgotten_was_never_learned(phrases: Phrases, order: int, smoothing: str, data: st.DataObject) -> None:
    length = sum(map(len, phrases))
    forgotten = data.draw(intervals(length))
    model = model_of(phrases, order, smoothing)
    for first, past in forgotten:
        model.unlearn(first, min(past, length))
    left = spared(phrases, forgotten)
    if not left:
        assert all(list(values) == [0] for values, _ in told(model, [])[:1])
        return
    fresh = model_of(left, order, smoothing)
    phrase = data.draw(st.sampled_from(phrases))
    played = [symbol for symbol in phrase if fresh.alphabet and fresh.alphabet.find(symbol)]
    same(told(model, played), told(fresh, played))
    again = data.draw(st.sampled_from(left))
    for one in (model, fresh):
        one.learn(np.array(again, np.int32))
    same(told(model, played), told(fresh, played))


@settings(deadline=None, max_examples=100)
@given(st.one_of(phrases_of(1, most=40), phrases_of(2, most=20)), orders, smoothings, st.data())
def test_what_is_left_out_does_not_count_whoever_asked_before(
    phrases: Phrases, order: int, smoothing: str, data: st.DataObject
) -> None:
    length = sum(map(len, phrases))
    model = model_of(phrases[:-1] or phrases, order, smoothing)
    if len(phrases) > 1:  # the last phrase is learned while something is left out
        model.predict(model.start(), exclude=data.draw(intervals(length)))
        model.learn(np.array(phrases[-1], np.int32))
    events = flat(phrases, order)[0]
    values = sorted({value for _, value in events})
    phrase = data.draw(st.sampled_from(phrases))
    past = phrase[: data.draw(st.integers(0, len(phrase)))]
    state = model.start()
    for symbol in past:
        model.advance(state, symbol)
    for without in [*data.draw(st.lists(intervals(length), min_size=1, max_size=4)), []]:
        left = [event for at, event in enumerate(events) if not any(first <= at < past for first, past in without)]
        expected = TWINS[smoothing](left, naive.context(past, (), order), values)
        found, p = model.predict(state, exclude=without)
        assert dict(zip(found.tolist(), p.tolist(), strict=True)) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@settings(deadline=None, max_examples=80)
@given(phrases_of(2, most=30), smoothings, st.data())
def test_several_views_sum_to_one_and_forget_whatever_is_done(
    phrases: Phrases, smoothing: str, data: st.DataObject
) -> None:
    length = sum(map(len, phrases))
    model = NGram(alphabet=Alphabet(2), smoothing=smoothing, views=VIEWS)
    forgotten = data.draw(intervals(length))
    for phrase in phrases:
        model.piece()
        model.learn(np.array(phrase, np.int32))
        model.end()
        told(model, phrase)
        without = data.draw(intervals(length))
        assert model.predict(model.start(), exclude=without)[1].sum() == pytest.approx(1, abs=1e-6)
    for first, past in forgotten:
        model.unlearn(first, min(past, length))
        told(model, phrases[0])
    model.learn(np.array([[50, 60]], np.int32))
    told(model, phrases[-1])


@settings(deadline=None, max_examples=60)
@given(phrases_of(2, most=30), st.data())
def test_several_views_say_what_a_fresh_model_of_the_same_weights_says(phrases: Phrases, data: st.DataObject) -> None:
    views = [view for view in VIEWS if not view[3]]
    forgotten = data.draw(intervals(sum(map(len, phrases))))
    left = spared(phrases, forgotten)
    if not left:
        return
    model, fresh = (NGram(alphabet=Alphabet(2), views=views) for _ in range(2))
    for one, learned in ((model, phrases), (fresh, left)):
        for phrase in learned:
            one.learn(np.array(phrase, np.int32))
            one.end()
    for first, past in forgotten:
        model.unlearn(first, min(past, len(model)))
    fresh.weights = model.weights
    past_symbols = [symbol for symbol in phrases[0] if fresh.alphabet and fresh.alphabet.find(symbol)]
    for (values, p), (others, q) in zip(told(model, past_symbols), told(fresh, past_symbols), strict=True):
        assert list(values) == list(others)
        assert np.abs(p - q).max() <= 1e-6  # weighed in single precision
