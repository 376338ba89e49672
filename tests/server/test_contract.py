"""One contract for all models: whatever a model is made of, it keeps what docs/models.md promises."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.contract import METHODS, Model, Placed, probability
from sideman.models import Alphabet, Blend, NGram, Oracle, PyBlend

ROOT: Final = Path(__file__).resolve().parents[2]
Make = Callable[[Alphabet], Any]


def plugins_example() -> Make:
    """The model of CONTRIBUTING.md, as it stands there."""
    for source in re.findall(r"```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(), re.DOTALL):
        if "class Last" in source:
            names: dict[str, Any] = {}
            exec(source, names)
            return names["Last"]  # type: ignore[no-any-return]
    raise AssertionError("CONTRIBUTING.md shows no model")


STRANGER: Final = plugins_example()
VIEWS: Final = (
    (0, 0, 0, False, (("symbol", 0, 1, 1, 0), ("symbol", 0, 2, 1, 0))),
    (0, 1, 0, False, (("step", 0, 1, 1, 0),)),
    (0, 0, 0, True, (("symbol", 0, 1, 1, 0),)),
    (1, 0, 0, False, (("chosen", 0, 1, 1, 0), ("symbol", 0, 1, 1, 0))),
    (1, 0, 0, True, (("chosen", 0, 1, 1, 0),)),
)


def parts(alphabet: Alphabet) -> list[Any]:
    return [Oracle(alphabet), NGram(alphabet=alphabet)]


def two(how: str, weights: str, alphabet: Alphabet) -> Any:
    return Blend(parts(alphabet), how, weights)


MODELS: Final[dict[str, Make]] = {
    "oracle": Oracle,
    "kneser-ney": lambda alphabet: NGram(alphabet=alphabet),
    "ppm": lambda alphabet: NGram(4, alphabet, "ppm"),
    "views": lambda alphabet: NGram(alphabet=alphabet, views=VIEWS),
    **{
        f"{how} by {weights}": partial(two, how, weights)
        for how in ("product", "mixture")
        for weights in ("fixed", "entropy", "success")
    },
    "blend of blends": lambda alphabet: Blend([Blend(parts(alphabet), "mixture"), NGram(2, alphabet)]),
    "python blend": lambda alphabet: PyBlend(parts(alphabet), alphabet, "mixture"),
    "a stranger's": STRANGER,
    "blend with a stranger's": lambda alphabet: Blend([Oracle(alphabet), STRANGER(alphabet)], alphabet=alphabet),
}
models = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
placed = pytest.mark.parametrize("make", [MODELS[name] for name in MODELS if name != "a stranger's"],
                                 ids=[name for name in MODELS if name != "a stranger's"])  # fmt: skip
symbols = st.tuples(st.integers(1, 4), st.integers(1, 3))
streams = st.lists(st.tuples(st.integers(0, 2), st.lists(symbols, min_size=1, max_size=25)), min_size=1, max_size=4)
#: What was played: any tuple, also one that was never learned; None breaks the context.
played = st.lists(st.one_of(st.none(), st.tuples(st.integers(1, 6), st.integers(1, 4))), max_size=12)
quick = settings(max_examples=8)


def taught(make: Make, heard: list[tuple[int, list[tuple[int, int]]]]) -> Any:
    model = make(Alphabet(2))
    for stream, phrase in heard:
        model.learn(np.array(phrase, np.int32), stream)
        if isinstance(model, Placed):
            model.end(stream)
    return model


def stand(model: Any, way: Sequence[tuple[int, int] | None]) -> Any:
    state = model.start()
    for symbol in way:
        model.advance(state, symbol if symbol is not None else 0)
    return state


def chances(model: Any, state: Any) -> dict[int, float]:
    values, p = model.predict(state)
    return dict(zip(values.tolist(), p.tolist(), strict=True))


def check(values: Any, p: Any) -> None:
    assert values[0] == 0
    assert all(earlier < later for earlier, later in pairwise(values))
    assert np.all(p >= 0)
    assert abs(float(p.sum()) - 1) <= 1e-6


@models
def test_it_has_the_methods_of_the_contract(make: Make) -> None:
    model = make(Alphabet(2))
    assert isinstance(model, Model)
    assert all(callable(getattr(model, method)) for method in METHODS)


@models
@quick
@given(streams, played)
def test_every_component_is_a_distribution_with_the_unseen_in_it(make: Make, heard: Any, way: Any) -> None:
    model = taught(make, heard)
    state = stand(model, way)
    values, p = model.predict(state)
    check(values, p)
    for first in values[1:].tolist():
        check(*model.predict(state, (first,)))


@models
@quick
@given(streams, played)
def test_the_chain_of_components_is_the_probability_of_the_symbol(make: Make, heard: Any, way: Any) -> None:
    model = taught(make, heard)
    if not hasattr(model, "probability"):
        return
    state = stand(model, way)
    for symbol in {symbol for _, phrase in heard for symbol in phrase}:
        assert model.probability(state, symbol) == pytest.approx(probability(model, state, symbol), rel=1e-6)


@models
@quick
@given(streams, st.lists(symbols, min_size=70, max_size=70), st.integers(0, 64))
def test_rolling_back_leads_to_where_it_stood(make: Make, heard: Any, way: Any, back: int) -> None:
    model = taught(make, heard)
    state = model.start()
    kept = []
    for symbol in way:
        kept.append(state.copy())
        model.advance(state, symbol)
    kept.append(state.copy())
    state.rollback(back)
    for one, other in zip(model.predict(state), model.predict(kept[len(way) - back]), strict=True):
        assert np.array_equal(one, other)


@models
@quick
@given(streams, played, symbols)
def test_a_copy_goes_its_own_way(make: Make, heard: Any, way: Any, symbol: Any) -> None:
    model = taught(make, heard)
    state = stand(model, way)
    before = model.predict(state)
    model.advance(state.copy(), symbol)
    for one, other in zip(model.predict(state), before, strict=True):
        assert np.array_equal(one, other)


@models
@quick
@given(streams, played)
def test_behind_a_break_it_stands_where_nothing_was_heard(make: Make, heard: Any, way: Any) -> None:
    model = taught(make, heard)
    for one, other in zip(model.predict(stand(model, [*way, None])), model.predict(model.start()), strict=True):
        assert np.allclose(one, other, rtol=1e-12)


@models
@quick
@given(st.lists(symbols, min_size=2, max_size=30), st.integers(1, 7))
def test_learning_in_pieces_is_learning_at_once(make: Make, phrase: Any, piece: int) -> None:
    one, other = make(Alphabet(2)), make(Alphabet(2))
    one.learn(np.array(phrase, np.int32))
    for start in range(0, len(phrase), piece):
        other.learn(np.array(phrase[start : start + piece], np.int32))
    for mine, its in zip(one.predict(stand(one, phrase)), other.predict(stand(other, phrase)), strict=True):
        assert np.array_equal(mine, its)


@models
@quick
@given(streams, st.lists(symbols, min_size=1, max_size=10))
def test_the_alphabet_may_grow_while_it_is_played_with(make: Make, heard: Any, way: Any) -> None:
    model = taught(make, heard)
    state = stand(model, way)
    model.predict(state)
    model.learn(np.array([(9, 7), (8, 7), (9, 7)], np.int32), 5)
    values, p = model.predict(state)
    check(values, p)
    assert {8, 9} <= set(values.tolist())
    model.advance(state, (9, 7))
    check(*model.predict(state, (8,)))


@models
@quick
@given(streams, played)
def test_sources_are_few_support_the_symbol_and_come_longest_context_first(make: Make, heard: Any, way: Any) -> None:
    model = taught(make, heard)
    state = stand(model, way)
    positions = [symbol for _, phrase in heard for symbol in phrase]
    for symbol in set(positions):
        found = model.sources(state, symbol)
        assert len(found) <= 16
        assert len(set(found)) == len(found)
        assert all(positions[position] == symbol for position in found)
        if isinstance(model, Placed):
            contexts = model.contexts(state, found)
            assert contexts == sorted(contexts, reverse=True)


@placed
@quick
@given(streams, played, st.data())
def test_what_is_excluded_neither_counts_nor_is_a_source(make: Make, heard: Any, way: Any, data: Any) -> None:
    model = taught(make, heard)
    state = stand(model, way)
    positions = [symbol for _, phrase in heard for symbol in phrase]
    first = data.draw(st.integers(0, len(positions)))
    past = data.draw(st.integers(first, len(positions)))
    check(*model.predict(state, (), [(first, past)]))
    native = not isinstance(model, PyBlend)
    for symbol in set(positions) if native else ():
        assert not [position for position in model.sources(state, symbol, [(first, past)]) if first <= position < past]
    assert not native or not model.speaks(state, [(0, len(positions))])
    for one, other in zip(model.predict(state), model.predict(state, (), []), strict=True):
        assert np.array_equal(one, other)


@placed
def test_nothing_is_predicted_across_a_break(make: Make) -> None:
    phrase = [(1, 1), (2, 2)] * 3
    model, whole = make(Alphabet(2)), make(Alphabet(2))
    for one, ends in ((model, True), (whole, False)):
        for _ in range(4):
            one.learn(np.array(phrase, np.int32))
            if ends:
                one.end()
            one.learn(np.array([(3, 3)], np.int32))
            one.end()
    broken, joined = chances(model, stand(model, phrase)), chances(whole, stand(whole, phrase))
    if "Last" not in str(getattr(model, "parts", "")):
        assert broken[3] < joined[3]
        assert model.contexts(stand(model, phrase), [len(phrase)]) == [0]
