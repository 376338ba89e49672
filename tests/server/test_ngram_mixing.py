"""Several views of one component as one distribution: sums, what the weights learn, what is kept of them."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.models import Alphabet, NGram
from sideman.systems import absolute, look, relative, symbols

VIEWS = (
    absolute(0, symbols(3)),
    absolute(0, symbols(6), brief=True),
    relative(0, (look("step"), look("step", lag=2))),
    relative(0, (look("step"),), brief=True, modulo=12),
)


def mixed(known: range = range(1, 9)) -> NGram:
    alphabet = Alphabet(1)
    for value in known:
        alphabet.intern([value])
    model = NGram(alphabet=alphabet, views=VIEWS)
    model.know(np.array([[value] for value in known], np.int32))
    return model


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.integers(0, 3))
def test_several_views_sum_to_one_with_the_unseen(played: list[int], cut: int) -> None:
    model = mixed()
    state = model.start()
    for value in played:
        model.learn(np.array([[value]], np.int32))
        model.advance(state, (value,))
        values, p = model.predict(state)
        assert values[0] == 0
        assert p.min() >= 0.0
        assert abs(p.sum() - 1.0) < 1e-9
    model.unlearn(cut, max(cut, len(model) // 2)) if cut < len(model) else None
    assert abs(model.predict(state)[1].sum() - 1.0) < 1e-9


def test_the_view_that_is_right_counts_most() -> None:
    model = NGram(alphabet=None, views=(absolute(0, ()), absolute(0, symbols(1))))
    model.learn(np.tile(np.arange(1, 9, dtype=np.int32), 200))
    blind, seeing = model.parts[0]
    assert seeing > blind


def test_weights_that_were_kept_predict_as_before_when_set_again() -> None:
    model, tune = mixed(), np.tile(np.array([1, 3, 5, 8, 5, 3], np.int32), 20)[:, None]
    model.learn(tune)
    state = model.start()
    for value in (1, 3, 5):
        model.advance(state, (value,))
    kept = model.weights
    before = model.predict(state)[1]
    model.learn(np.random.default_rng(3).integers(1, 9, (200, 1), np.int32))
    model.unlearn(len(tune), len(model))
    model.weights = kept
    assert np.allclose(model.predict(state)[1], before, atol=1e-6)


def test_the_place_in_a_piece_begins_anew_where_the_last_one_ended() -> None:
    model = NGram(alphabet=None, views=(absolute(0, (look("place", lag=3),)),))
    for _ in range(30):
        model.learn(np.array([5, 6, 7, 5], np.int32))
        model.end()
    state = model.start()
    for expected in (5, 6, 7, 5):
        values, p = model.predict(state)
        assert values[np.argmax(p)] == expected
        model.advance(state, expected)
    model.advance(state, 0)
    values, p = model.predict(state)
    assert values[np.argmax(p)] == 5


def test_the_place_in_a_piece_stays_what_it_was_when_something_before_is_forgotten() -> None:
    model = NGram(alphabet=None, views=(absolute(0, (look("place", lag=3),)),))
    model.learn(np.tile(np.array([5, 6, 7], np.int32), 30))
    model.unlearn(1, 3)
    model.unlearn(40, 41)
    state = model.start()
    values, p = model.predict(state)
    assert values[np.argmax(p)] == 5
    assert p.max() > 0.9
