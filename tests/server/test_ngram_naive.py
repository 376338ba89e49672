"""The n-gram's every probability held against a naive twin's: Kneser-Ney and PPM by their formulas."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import naive
from sideman.models import Alphabet, NGram

Symbol = tuple[int, ...]
Phrases = list[list[Symbol]]
Twin = Callable[[list[naive.Followed], naive.Context, list[int]], dict[int, float]]

TWINS: dict[str, Twin] = {"kneser-ney": naive.kneser_ney, "ppm": naive.ppm}
smoothings = st.sampled_from(sorted(TWINS))
orders = st.one_of(st.integers(1, 6), st.integers(1, 16))


def phrases_of(components: int, most: int = 60) -> st.SearchStrategy[Phrases]:
    """Phrases with breaks between them, of few or many letters, some going round and round."""

    def symbols(letters: int) -> st.SearchStrategy[list[Symbol]]:
        one = st.tuples(*[st.integers(1, letters)] * components)
        loop = st.tuples(st.lists(one, min_size=1, max_size=5), st.integers(1, 12)).map(lambda x: x[0] * x[1])
        return st.one_of(st.lists(one, min_size=1, max_size=most), loop)

    return st.one_of(*(st.lists(symbols(letters), min_size=1, max_size=4) for letters in (2, 3, 12)))


def model_of(phrases: Phrases, order: int, smoothing: str) -> NGram:
    """A model that has learned phrases, with a break after each."""
    model = NGram(order, Alphabet(len(phrases[0][0])), smoothing)
    for phrase in phrases:
        model.learn(np.array(phrase, np.int32))
        model.end()
    return model


def alike(model: NGram, events: list[list[naive.Followed]], past: list[Symbol], order: int, smoothing: str) -> None:
    """Every probability of the first component, and of each next one given those before it, is the twin's."""
    state = model.start()
    for symbol in past:
        model.advance(state, symbol)
    chosen: Symbol = ()
    reached = 1.0
    for component in events:
        values = sorted({value for _, value in component})
        expected = TWINS[smoothing](component, naive.context(past, chosen, order), values)
        found, p = model.predict(state, chosen)
        assert list(found) == [0, *values]
        assert p.sum() == pytest.approx(1, abs=1e-9)
        assert dict(zip(found.tolist(), p.tolist(), strict=True)) == pytest.approx(expected, rel=1e-9, abs=1e-12)
        if component is events[-1]:
            for value, q in expected.items():
                assert model.probability(state, (*chosen, value)) == pytest.approx(reached * q, rel=1e-9)
        chosen = (*chosen, values[len(past) % len(values)])
        reached *= expected[chosen[-1]]


def flat(phrases: Phrases, order: int) -> list[list[naive.Followed]]:
    """The events of all phrases, for each component."""
    components = range(len(phrases[0][0]))
    return [[event for phrase in naive.followed(phrases, c, order) for event in phrase] for c in components]


@settings(deadline=None, max_examples=150)
@given(phrases_of(1), orders, smoothings, st.data())
def test_every_probability_is_the_formulas(phrases: Phrases, order: int, smoothing: str, data: st.DataObject) -> None:
    model = model_of(phrases, order, smoothing)
    phrase = data.draw(st.sampled_from(phrases))
    past = phrase[: data.draw(st.integers(0, len(phrase)))]
    alike(model, flat(phrases, order), past, order, smoothing)


@settings(deadline=None, max_examples=60)
@given(phrases_of(2, most=30), orders, smoothings, st.data())
def test_every_component_is_the_formulas_given_those_before_it(
    phrases: Phrases, order: int, smoothing: str, data: st.DataObject
) -> None:
    model = model_of(phrases, order, smoothing)
    phrase = data.draw(st.sampled_from(phrases))
    alike(model, flat(phrases, order), phrase[: data.draw(st.integers(0, len(phrase)))], order, smoothing)


def test_discounts_are_estimated_where_there_is_enough_to_tell() -> None:
    draw = np.random.default_rng(5)
    phrases: Phrases = [[(int(symbol),) for symbol in np.minimum(draw.geometric(0.25, 400), 12)] for _ in range(3)]
    events = flat(phrases, 4)
    counts = naive.kneser_ney_counts(events[0])
    assert naive.discounts(counts, 2) != (0.5, 0.5, 0.5)
    assert naive.discounts(counts, 3) != (0.5, 0.5, 0.5)
    model = model_of(phrases, 4, "kneser-ney")
    for length in range(20):
        alike(model, events, phrases[0][:length], 4, "kneser-ney")
