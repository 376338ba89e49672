"""Blends: the formulas, the twin in Python, each part's word in `why`, and never much worse than the best part."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product as every
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.band import Band
from sideman.contract import Model
from sideman.models import Alphabet, Blend, NGram, Oracle, PyBlend, Sampler, Walk
from sideman.plugin import bundled_models
from sideman.pywalk import PyWalk
from sideman.testing import Stage

HOWS = ("product", "mixture")
WEIGHTS = ("fixed", "entropy", "success")
pairs = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=40)


class Fixed:
    """A stranger's model that always says the same: its distribution by component."""

    def __init__(self, *said: dict[int, float]) -> None:
        self.said = said

    def learn(self, symbols: Any, stream: int = 0) -> None:
        """Nothing changes its mind."""

    def start(self) -> Fixed:
        """It has no place."""
        return self

    def copy(self) -> Fixed:
        """As it is its own state."""
        return self

    def rollback(self, n: int) -> None:
        """There is nothing to take back."""

    def advance(self, state: Any, symbol: Any, at: int | None = None) -> None:
        """It does not listen."""

    def predict(self, state: Any, prefix: Sequence[int] = (), exclude: Any = ()) -> Any:
        """What it always says."""
        said = self.said[len(prefix)]
        return np.array(list(said), np.int32), np.array(list(said.values()))

    def sources(self, state: Any, symbol: Any, exclude: Any = ()) -> list[int]:
        """It remembers nothing."""
        return []


def said(blend: Any, state: Any = None, prefix: tuple[int, ...] = ()) -> dict[int, float]:
    values, p = blend.predict(state if state is not None else blend.start(), prefix)
    assert p.sum() == pytest.approx(1, abs=1e-6)
    return dict(zip(values.tolist(), p.tolist(), strict=True))


ONE, OTHER = {0: 0.1, 1: 0.6, 2: 0.3}, {0: 0.3, 2: 0.2, 3: 0.5}
#: The same over all that either knows: what is kept for the unseen is shared among what only the other knows.
WHOLE = ({0: 0.05, 1: 0.6, 2: 0.3, 3: 0.05}, {0: 0.15, 1: 0.15, 2: 0.2, 3: 0.5})


def test_a_mixture_is_the_weighted_mean_of_its_parts() -> None:
    blend = Blend([Fixed(ONE), Fixed(OTHER)], "mixture", "fixed", (3, 1), alphabet=Alphabet())
    wanted = {value: 0.75 * WHOLE[0][value] + 0.25 * WHOLE[1][value] for value in range(4)}
    assert said(blend) == pytest.approx(wanted)


def test_a_product_is_the_weighted_geometric_mean_of_its_parts() -> None:
    blend = Blend([Fixed(ONE), Fixed(OTHER)], "product", "fixed", (3, 1), alphabet=Alphabet())
    raw = {value: WHOLE[0][value] ** 0.75 * WHOLE[1][value] ** 0.25 for value in range(4)}
    assert said(blend) == pytest.approx({value: p / sum(raw.values()) for value, p in raw.items()}, rel=1e-5)


@pytest.mark.parametrize("how", HOWS)
def test_by_entropy_the_surer_part_counts_the_more(how: str) -> None:
    sure, unsure = {0: 0.01, 1: 0.97, 2: 0.02}, {0: 0.3, 1: 0.3, 2: 0.4}
    blend = Blend([Fixed(sure), Fixed(unsure)], how, "entropy", alphabet=Alphabet())
    entropies = [-sum(p * math.log(p) for p in one.values()) for one in (sure, unsure)]
    share = (1 / entropies[0]) / (1 / entropies[0] + 1 / entropies[1])
    raw = {
        value: share * sure[value] + (1 - share) * unsure[value]
        if how == "mixture"
        else sure[value] ** share * unsure[value] ** (1 - share)
        for value in sure
    }
    assert said(blend) == pytest.approx({value: p / sum(raw.values()) for value, p in raw.items()}, rel=1e-5)


def test_in_a_mixture_the_chain_of_components_is_the_mixture_of_the_parts_chains() -> None:
    one = Fixed({0: 0.1, 1: 0.7, 2: 0.2}, {0: 0.2, 1: 0.8})
    other = Fixed({0: 0.5, 1: 0.1, 2: 0.4}, {0: 0.6, 1: 0.4})
    blend = Blend([one, other], "mixture", "fixed", alphabet=Alphabet(2))
    for first, second in every(range(3), range(2)):
        wanted = sum(0.5 * part.said[0][first] * part.said[1][second] for part in (one, other))
        assert said(blend)[first] * said(blend, prefix=(first,))[second] == pytest.approx(wanted)


@pytest.mark.parametrize("how", HOWS)
def test_by_success_the_part_that_is_right_gains(how: str) -> None:
    alphabet = Alphabet()
    alphabet.intern((1,)), alphabet.intern((2,))
    right, wrong = Fixed({0: 0.1, 1: 0.8, 2: 0.1}), Fixed({0: 0.1, 1: 0.1, 2: 0.8})
    blend = Blend([right, wrong], how, "success", alphabet=alphabet)
    before = said(blend)[1]
    blend.learn(np.ones(200, np.int32))
    assert said(blend)[1] > max(before, 0.75)
    blend.learn(np.full(2000, 2, np.int32))
    assert said(blend)[2] > 0.7


@settings(max_examples=30)
@given(pairs, st.sampled_from(HOWS), st.sampled_from(WEIGHTS), st.integers(0, 2**63))
def test_the_python_twin_blends_and_chooses_as_the_core_does(
    symbols: list[tuple[int, int]], how: str, weights: str, seed: int
) -> None:
    alphabet = Alphabet(2)
    native = Blend([Oracle(alphabet), NGram(alphabet=alphabet)], how, weights)
    twin = PyBlend([Oracle(alphabet), NGram(alphabet=alphabet)], alphabet, how, weights)
    for blend in (native, twin):
        blend.learn(np.array(symbols, np.int32), 3)
        blend.end(3)
        blend.learn(np.array(symbols[::-1], np.int32), 3)
    one: Any = Walk(native)  # type: ignore[arg-type]
    other = PyWalk(twin, 2)
    for ordinal in range(8):
        wishes = {"continuity": 2, "taboo": 1, "avoid": [(0, len(symbols) // 2)]}
        mine = one.choose(Sampler(min_p=0.1), seed, 1, ordinal, **wishes)
        its = other.choose(Sampler(min_p=0.1), seed, 1, ordinal, **wishes)  # type: ignore[arg-type]
        assert its is not None
        assert (mine.values, mine.given_up, mine.raw) == (its.values, its.given_up, its.raw)
        assert np.array(mine.parts) == pytest.approx(np.array(its.parts))
        if its.position < 0:
            return
        assert (mine.position, mine.context) == (its.position, its.context)


@pytest.mark.parametrize(("how", "weights"), [(how, "success") for how in HOWS])
@pytest.mark.parametrize("kind", ["loop", "markov", "noise"])
def test_it_is_never_much_worse_than_its_best_part(how: str, weights: str, kind: str) -> None:
    draw = np.random.default_rng(5)
    if kind == "loop":
        symbols = np.tile(draw.integers(1, 9, 40), 60)
    elif kind == "markov":
        table, symbols = draw.integers(1, 9, (9, 2)), np.ones(2400, np.int64)
        for place in range(1, len(symbols)):
            symbols[place] = table[symbols[place - 1], draw.integers(2)]
    else:
        symbols = draw.integers(1, 9, 2400)
    alphabet = Alphabet()
    for value in range(1, 9):
        alphabet.intern((value,))
    factories = bundled_models()
    contestants: list[Any] = [Oracle(alphabet), NGram(alphabet=alphabet)]
    contestants.append(Blend([factories[name](alphabet) for name in ("oracle", "ngram")], how, weights))
    bits = [0.0] * len(contestants)
    for which, model in enumerate(contestants):
        state = model.start()
        for place, symbol in enumerate(symbols.tolist()):
            bits[which] -= math.log2(model.probability(state, (symbol,)))
            model.learn(np.array([symbol], np.int32))
            model.advance(state, symbol, place)
    assert bits[2] / len(symbols) <= min(bits[:2]) / len(symbols) + 0.02


def test_what_is_no_blend_is_refused_by_name() -> None:
    alphabet = Alphabet()
    oracle, ngram = Oracle(alphabet), NGram(alphabet=alphabet)
    for wrong, says in (
        ({"how": "sum"}, "how"), ({"weights": "luck"}, "weights"), ({"shares": (1,)}, "shares"),
        ({"shares": (1, 0)}, "shares"), ({"names": ("one",)}, "names"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=says):
            Blend([oracle, ngram], **wrong)
    with pytest.raises(ValueError, match="different models"):
        Blend([oracle, oracle])
    with pytest.raises(ValueError, match="one alphabet"):
        Blend([oracle, NGram()])
    with pytest.raises(ValueError, match="alphabet"):
        Blend([oracle, Fixed(ONE)])
    blend = Blend([oracle, ngram])
    oracle.learn(np.array([1], np.int32)) if alphabet.intern((1,)) else None
    with pytest.raises(ValueError, match="learned different things"):
        blend.learn(np.array([1], np.int32))


def test_forgetting_leaves_what_a_blend_with_a_break_there_would_say() -> None:
    symbols = [1, 2, 3, 1, 2, 4, 1, 2, 3]

    def made() -> Model:
        alphabet = Alphabet()
        for value in range(1, 5):
            alphabet.intern((value,))
        return Blend([Oracle(alphabet), NGram(alphabet=alphabet)], "mixture", "fixed")

    forgetful, fresh = made(), made()
    forgetful.learn(np.array(symbols, np.int32))
    forgetful.unlearn(3, 6)  # type: ignore[attr-defined]
    fresh.learn(np.array(symbols[:3], np.int32))
    fresh.end()  # type: ignore[attr-defined]
    fresh.learn(np.array(symbols[6:], np.int32))
    fresh.weights = forgetful.weights  # type: ignore[attr-defined]  # how far to trust what is not forgotten
    for one in (forgetful, fresh):
        one.know(np.array([4], np.int32))  # type: ignore[attr-defined]
    for played in ([], [1], [1, 2], [2, 3]):
        states = [forgetful.start(), fresh.start()]
        for symbol in played:
            for model, state in zip((forgetful, fresh), states, strict=True):
                model.advance(state, symbol)
        assert said(forgetful, states[0]) == pytest.approx(said(fresh, states[1]), abs=1e-9)


def test_a_player_blends_and_why_names_the_parts() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/echo/new", "blend")
    ann.send("/player/echo/hear", "*")
    ann.send("/player/echo/mode", "answer")
    ann.send("/player/echo/play")
    for _ in range(4):
        ann.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5)])
        stage.advance(4)
    stage.advance(5)
    number = int(str(ann.got("/player/echo/note")[0][-1]))
    ann.send("/player/echo/why", number)
    stage.advance(0.1)
    why = ann.got("/player/echo/why")[0]
    assert why[1] == "blend"
    assert "oracle gave " in str(why[-1])
    assert "ngram gave " in str(why[-1])


def test_a_band_makes_blends_of_any_models_with_their_weights() -> None:
    band = Band(bundled_models())
    blend = band.factory("blend", (("oracle", 1.0), ("ngram", 3.0)))(Alphabet())
    assert blend.names == ("oracle", "ngram")  # type: ignore[attr-defined]
    with pytest.raises(KeyError):
        band.factory("blend", (("nobody", 1.0),))
