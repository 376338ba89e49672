"""What the n-gram learned ages, and pieces pass: half-lives against a naive twin, and models of the running piece."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import naive
from sideman.models import Ints, NGram, NGramState

smoothings = st.sampled_from(["kneser-ney", "ppm"])
melodies = st.lists(st.tuples(st.integers(1, 4), st.floats(0, 8)), min_size=1, max_size=40)


def aged(half_life: float, order: int = 3, smoothing: str = "kneser-ney") -> NGram:
    """A model whose memory fades."""
    return NGram(order, smoothing=smoothing, half_life_beats=half_life)


def chances(model: NGram, state: NGramState, exclude: list[tuple[int, int]] | None = None) -> dict[int, float]:
    """The probability of each value."""
    values, p = model.predict(state, exclude=exclude or [])
    return dict(zip(values.tolist(), p.tolist(), strict=True))


def after(model: NGram, symbols: list[int]) -> NGramState:
    """Where one stands who has played these."""
    state = model.start()
    for symbol in symbols:
        model.advance(state, symbol)
    return state


def ints(symbols: list[int]) -> Ints:
    """Symbols as an array."""
    return np.array(symbols, np.int32)


@settings(deadline=None, max_examples=100)
@given(melodies, st.integers(1, 5), st.sampled_from([0.5, 4.0, 64.0]), st.data())
def test_every_probability_is_the_aged_formulas(
    melody: list[tuple[int, float]], order: int, half_life: float, data: st.DataObject
) -> None:
    symbols = [symbol for symbol, _ in melody]
    beats = np.cumsum([step for _, step in melody])
    model = aged(half_life, order)
    model.learn(ints(symbols), beats=beats)
    past = symbols[: data.draw(st.integers(0, len(symbols)))]
    (events,) = naive.followed([[(symbol,) for symbol in symbols]], 0, order)
    here = naive.context([(symbol,) for symbol in past], (), order)
    expected = naive.kneser_ney_aged(events, beats.tolist(), half_life, here, sorted(set(symbols)))
    assert chances(model, after(model, past)) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    for value, p in expected.items():
        assert model.probability(after(model, past), value) == pytest.approx(p, rel=1e-9)


@settings(deadline=None, max_examples=100)
@given(melodies, smoothings, st.data())
def test_what_is_forgotten_was_never_learned_though_it_aged(
    melody: list[tuple[int, float]], smoothing: str, data: st.DataObject
) -> None:
    symbols = [*(symbol for symbol, _ in melody), 1]
    beats = np.cumsum([*(step for _, step in melody), 1.0])
    first = data.draw(st.integers(0, len(symbols) - 1))
    past = data.draw(st.integers(first, len(symbols) - 1))
    model, fresh = aged(4.0, 3, smoothing), aged(4.0, 3, smoothing)
    model.learn(ints(symbols), beats=beats)
    state = after(model, symbols)
    whole = chances(model, state)
    without = chances(model, state, [(first, past)])
    assert sum(without.values()) == pytest.approx(1, abs=1e-9)
    assert chances(model, state) == pytest.approx(whole, abs=1e-9)
    model.unlearn(first, past)
    fresh.learn(ints(symbols[:first]), beats=beats[:first])
    if past > first:
        fresh.end()
    fresh.learn(ints(symbols[past:]), beats=beats[past:])
    for played in ([], symbols[-1:], symbols[:2]):
        assert chances(model, after(model, played)) == pytest.approx(chances(fresh, after(fresh, played)), abs=1e-9)


def test_the_newer_of_two_ways_to_go_on_gains_as_the_older_fades() -> None:
    model = aged(8.0, order=2)
    model.learn(ints([1, 2] * 4), beats=np.arange(8.0))
    model.end()
    model.learn(ints([1, 3] * 2), beats=np.arange(80.0, 84.0))
    expected = chances(model, after(model, [1]))
    assert expected[3] > expected[2]
    plain = NGram(2)
    plain.learn(ints([1, 2] * 4))
    plain.end()
    plain.learn(ints([1, 3] * 2))
    expected = chances(plain, after(plain, [1]))
    assert expected[3] < expected[2]


def test_a_model_with_a_half_life_asks_for_beats() -> None:
    model = aged(4.0)
    with pytest.raises(ValueError, match="a model with a half-life must be told the beats"):
        model.learn(ints([1]))
    with pytest.raises(ValueError, match=r"beats must have shape \[n\]"):
        model.learn(ints([1]), beats=np.zeros(2))
    with pytest.raises(ValueError, match="beats must be finite"):
        model.learn(ints([1]), beats=np.array([np.nan]))
    with pytest.raises(ValueError, match="half_life_beats must be"):
        aged(-1.0)
    assert len(model) == 0


@pytest.mark.parametrize("smoothing", ["kneser-ney", "ppm"])
def test_a_brief_model_knows_the_running_piece_alone(smoothing: str) -> None:
    model = NGram(3, smoothing=smoothing, brief=True)
    model.know(ints([1, 2, 3, 4]))
    untaught = chances(model, model.start())
    assert set(untaught.values()) == {0.2}
    model.learn(ints([1, 2, 1, 2]))
    assert chances(model, after(model, [1]))[2] > 0.4
    model.piece()
    assert chances(model, model.start()) == pytest.approx(untaught)
    model.end()
    model.learn(ints([3, 4, 3, 4]))
    assert chances(model, after(model, [3]))[4] > 0.4
    assert chances(model, after(model, [1]))[2] < 0.2
    model.unlearn(0, 4)  # of the piece before: the running one is as it was
    assert chances(model, after(model, [3]))[4] > 0.4
    model.predict(model.start(), exclude=[(0, 8)])
    assert chances(model, after(model, [3]))[4] > 0.4
