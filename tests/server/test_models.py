"""The prediction core held against naive twins: oracle, chance, sampler, walk."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server import naive
from sideman._core.model import GAVE_UP_AVOID, GAVE_UP_CONTINUITY, GAVE_UP_MIN_CONTEXT, GAVE_UP_TABOO, philox
from sideman.models import Alphabet, NGram, Oracle, Placed, Sampler, Walk, chance, probability
from sideman.pywalk import PyWalk

strings = st.one_of(
    st.lists(st.integers(1, 2), min_size=1, max_size=120),
    st.lists(st.integers(1, 5), min_size=1, max_size=80),
    st.lists(st.integers(1, 1000), min_size=1, max_size=40),
    st.integers(1, 100).map(lambda n: [1] * n + [2]),
    st.tuples(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.integers(1, 30)).map(lambda x: x[0] * x[1]),
)
pairs = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=60)


def learned(symbols: list[int]) -> Oracle:
    """An oracle that has learned all and is wholly built."""
    oracle = Oracle()
    oracle.learn(np.array(symbols, np.int32))
    return oracle


@given(strings)
def test_links_and_lrs_are_the_textbooks(symbols: list[int]) -> None:
    links, lrs = learned(symbols).links()
    naive_links, naive_lrs = naive.oracle_links(symbols)
    assert list(links) == naive_links[: len(links)]
    assert list(lrs) == naive_lrs[: len(lrs)]


@given(strings)
def test_reverse_links_are_the_links_turned_round(symbols: list[int]) -> None:
    oracle = learned(symbols)
    links, _ = oracle.links()
    for state in range(len(links)):
        turned = [other for other in range(len(links) - 1, 0, -1) if links[other] == state]
        assert oracle.reverse_links(state) == turned


@given(strings, st.integers(1, 7))
def test_learning_in_pieces_is_learning_at_once(symbols: list[int], piece: int) -> None:
    oracle = Oracle()
    for start in range(0, len(symbols), piece):
        assert oracle.learn(np.array(symbols[start : start + piece], np.int32)) == start
    assert [list(part) for part in oracle.links()] == [list(part) for part in learned(symbols).links()]
    assert len(oracle) == len(symbols)


def test_the_work_of_an_append_is_bounded_and_what_is_left_over_is_caught_up() -> None:
    oracle = learned([1] * 10_000)
    before = oracle.steps()
    oracle.learn(np.array([2], np.int32))
    assert oracle.steps() - before <= 32
    assert oracle.unbuilt() == 1
    oracle.learn(np.array([3, 1, 2] * 200, np.int32))
    assert oracle.unbuilt() == 0
    links, lrs = oracle.links()
    naive_links, naive_lrs = naive.oracle_links([1] * 10_000 + [2] + [3, 1, 2] * 200)
    assert list(links) == naive_links
    assert list(lrs) == naive_lrs


def test_storage_is_at_most_forty_bytes_a_symbol() -> None:
    draw = np.random.default_rng(1)
    oracle = Oracle()
    oracle.learn(draw.integers(1, 13, 200_000).astype(np.int32))
    assert oracle.bytes / len(oracle) <= 40


@settings(max_examples=60)
@given(pairs, st.data())
def test_prediction_is_the_formula_component_by_component(symbols: list[tuple[int, int]], data: st.DataObject) -> None:
    alphabet = Alphabet(2)
    oracle = Oracle(alphabet)
    oracle.learn(np.array(symbols, np.int32))
    ids = [alphabet.find(symbol) for symbol in symbols]
    place = data.draw(st.integers(1, len(symbols)))
    state = oracle.start()
    for position in range(place):
        oracle.advance(state, ids[position], at=position)
    if oracle.unbuilt():
        return
    whole = naive.joint(symbols, naive.votes(ids[:place], ids, place))
    values, p = oracle.predict(state)
    assert naive.ascending(list(values))
    assert dict(zip(values, p, strict=True)) == pytest.approx(naive.component(whole, ()))
    for first in values[1:]:
        seconds, q = oracle.predict(state, (int(first),))
        assert dict(zip(seconds, q, strict=True)) == pytest.approx(naive.component(whole, (int(first),)))
        assert abs(q.sum() - 1) < 1e-12
    for symbol in set(symbols):
        assert oracle.probability(state, symbol) == pytest.approx(whole[symbol])
        assert probability(oracle, state, symbol) == pytest.approx(whole[symbol])


@given(strings, st.integers(0, 60), st.data())
def test_rollback_takes_back_what_was_played(symbols: list[int], back: int, data: st.DataObject) -> None:
    oracle = learned(symbols)
    state = oracle.start()
    kept = [state.copy()]
    for _ in range(70):
        oracle.advance(state, data.draw(st.sampled_from(symbols)))
        kept.append(state.copy())
    state.rollback(back)
    assert np.array_equal(oracle.predict(state)[1], oracle.predict(kept[-1 - back])[1])


def test_rolling_back_further_than_there_is_is_refused() -> None:
    oracle = learned([1, 2, 3])
    state = oracle.start()
    oracle.advance(state, 1)
    with pytest.raises(ValueError, match="n must be 0 to 1"):
        state.rollback(2)
    for _ in range(100):
        oracle.advance(state, 1)
    with pytest.raises(ValueError, match="n must be 0 to 64"):
        state.rollback(65)


def test_streams_have_contexts_of_their_own_and_vote_together() -> None:
    oracle = Oracle()
    oracle.learn(np.array([1, 2, 3], np.int32), stream=0)
    oracle.learn(np.array([1, 2, 4], np.int32), stream=7)
    state = oracle.start()
    oracle.advance(state, 1)
    oracle.advance(state, 2)
    assert sorted(oracle.sources(state, 3) + oracle.sources(state, 4)) == [2, 5]
    values, p = oracle.predict(state)
    chances = dict(zip(values, p, strict=True))
    assert chances[3] == pytest.approx(chances[4])
    assert chances[3] > chances[1]


def test_a_break_is_never_predicted_and_ends_the_context() -> None:
    oracle = learned([1, 2])
    oracle.end()
    oracle.learn(np.array([3, 1], np.int32))
    state = oracle.start()
    oracle.advance(state, 2, at=1)
    assert oracle.sources(state, 3) == [2]  # where it stands in memory, though no context leads there
    values, p = oracle.predict(state)
    assert dict(zip(values, p, strict=True))[3] < 0.5
    assert len(oracle) == 4


def test_excluded_positions_do_not_vote() -> None:
    oracle = learned([1, 2, 1, 3, 1])
    state = oracle.start()
    oracle.advance(state, 1, at=4)
    assert oracle.sources(state, 2) == [1]
    values, without = oracle.predict(state, exclude=[(1, 2)])
    _, p = oracle.predict(state)
    assert without[list(values).index(2)] < p[list(values).index(2)]


def test_sources_come_longest_context_first() -> None:
    oracle = learned([9, 1, 2, 5, 1, 2, 5, 1, 2])
    state = oracle.start()
    for symbol in (9, 1, 2):
        oracle.advance(state, symbol)
    contexts = oracle.contexts(state, oracle.sources(state, 5))
    assert contexts == sorted(contexts, reverse=True)
    assert contexts[0] == 3


@pytest.mark.parametrize("wrong", [np.array([1.0]), ["a"], np.array([True]), None])
def test_symbols_of_another_type_are_refused_by_name(wrong: object) -> None:
    with pytest.raises(TypeError, match="symbols"):
        Oracle().learn(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [[0], [1, -3], [2**31]])
def test_ids_below_one_are_refused_by_name(wrong: list[int]) -> None:
    oracle = Oracle()
    with pytest.raises(ValueError, match="symbols"):
        oracle.learn(np.array(wrong))
    assert len(oracle) == 0


def test_a_foreign_state_is_refused_by_name() -> None:
    one, other = learned([1, 2]), learned([1, 2])
    with pytest.raises(ValueError, match="state belongs to another model"):
        one.predict(other.start())
    with pytest.raises(TypeError):
        one.predict(3)  # type: ignore[arg-type]


def test_other_wrong_arguments_are_refused_by_name() -> None:
    oracle = Oracle(Alphabet(2))
    oracle.learn(np.array([[1, 2]], np.int32))
    state = oracle.start()
    with pytest.raises(ValueError, match="symbols must be at most 1"):
        oracle.learn(np.array([2], np.int32))
    with pytest.raises(ValueError, match="components"):
        oracle.learn(np.array([[1, 2, 3]], np.int32))
    with pytest.raises(ValueError, match="prefix"):
        oracle.predict(state, (1, 2))
    with pytest.raises(ValueError, match="at must be a position"):
        oracle.advance(state, 1, at=9)
    with pytest.raises(ValueError, match="exclude may have at most 64"):
        oracle.predict(state, exclude=[(0, 1)] * 65)


@given(st.lists(st.tuples(st.integers(1, 2**31 - 1), st.integers(1, 9)), max_size=200))
def test_an_alphabet_is_a_dictionary_that_only_grows(symbols: list[tuple[int, int]]) -> None:
    alphabet, plain = Alphabet(2), dict[tuple[int, int], int]()
    for symbol in symbols:
        assert alphabet.find(symbol) == plain.get(symbol, 0)
        assert alphabet.intern(symbol) == plain.setdefault(symbol, len(plain) + 1)
    assert len(alphabet) == len(plain)
    assert all(alphabet.values(id) == symbol for symbol, id in plain.items())


def test_philox_gives_the_published_numbers() -> None:
    # Known-answer vectors of the Random123 library (Salmon et al.), kat_vectors: philox4x32-10.
    assert philox([0] * 4, [0] * 2) == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    assert philox([0xFFFFFFFF] * 4, [0xFFFFFFFF] * 2) == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    pi = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344]
    assert philox(pi, [0xA4093822, 0x299F31D0]) == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


def test_chance_depends_on_every_part_of_its_key() -> None:
    keys = [(1, 2, 3, 4), (9, 2, 3, 4), (1, 9, 3, 4), (1, 2, 9, 4), (1, 2, 3, 9)]
    assert len({chance(*key) for key in keys}) == len(keys)
    assert chance(1, 2, 3, 4) == chance(1, 2, 3, 4)


distributions = st.lists(st.floats(0, 1), min_size=1, max_size=30).filter(lambda p: sum(p) > 1e-3)


@given(
    distributions,
    st.sampled_from([0.0, 0.3, 1.0, 2.5]),
    st.integers(0, 5),
    st.sampled_from([0.1, 0.5, 0.9, 1.0]),
    st.sampled_from([0.0, 0.05, 0.5]),
)
def test_the_sampler_weighs_as_its_plain_twin_does(
    p: list[float], temperature: float, top_k: int, top_p: float, min_p: float
) -> None:
    weighed = Sampler(temperature, top_k, top_p, min_p).weigh(np.array(p))
    most = max(p)
    if temperature == 0:
        plain = np.zeros(len(p))
        plain[p.index(most)] = 1.0
    else:
        plain = np.array([(q / most) ** (1 / temperature) if q / most > 1e-300 else 0.0 for q in p])
        plain[plain < min_p * (1 - 1e-12)] = 0
        order = sorted(range(len(p)), key=lambda i: (-plain[i], i))
        reached = 0.0
        whole = plain.sum()
        for place, i in enumerate(order):
            if (0 < top_k <= place) or (place and reached >= top_p * whole * (1 + 1e-12)):
                plain[i] = 0
            reached += plain[i]
        plain = plain / plain.sum()
    assert weighed.sum() == pytest.approx(1)
    close = np.isclose(weighed, plain, rtol=1e-9, atol=1e-12)
    assert close.all() or top_p < 1 or min_p > 0  # a cut may fall on either side of a tie in the last digit


@given(distributions, st.integers(0, 2**64 - 1))
def test_a_draw_falls_where_the_whole_numbers_say(p: list[float], draw: int) -> None:
    weighed = Sampler().weigh(np.array(p))
    weights = [max(1, int(q * 4294967296.0)) if q > 0 else 0 for q in weighed]
    left = draw * sum(weights) >> 64
    place = next(i for i in range(len(weights)) if left < sum(weights[: i + 1]))
    assert Sampler().pick(np.array(p), draw) == place


def test_what_is_masked_is_never_drawn_and_a_mask_that_leaves_nothing_is_said() -> None:
    p = np.array([0.5, 0.3, 0.2])
    for draw in range(0, 2**64, 2**60):
        assert Sampler().pick(p, draw, np.array([0.0, 1.0, 1.0])) != 0
    with pytest.raises(ValueError, match="leaves nothing"):
        Sampler().weigh(p, np.zeros(3))
    with pytest.raises(ValueError, match="p must be finite"):
        Sampler().weigh(np.array([np.nan, 1.0]))


def walked(symbols: list[int], count: int, **wishes: object) -> list[int]:
    choices = Walk(learned(symbols)).choose_many(count, Sampler(), 1, 2, 0, **wishes)  # type: ignore[arg-type]
    return [choice.position for choice in choices]


def test_after_so_many_in_a_row_it_goes_on_elsewhere() -> None:
    symbols = [1, 2, 3, 4, 5, 6, 7, 8] * 6
    positions = walked(symbols, 200, continuity=4)
    run = longest = 1
    for before, after in pairwise(positions):
        run = run + 1 if after == before + 1 else 1
        longest = max(longest, run)
    assert longest <= 4


def test_taboo_keeps_away_from_the_last_sources_while_there_are_others() -> None:
    positions = walked([1, 2] * 40, 60, taboo=6, continuity=0)
    for place in range(1, len(positions)):
        assert positions[place] not in positions[max(0, place - 6) : place]


def test_what_is_given_up_is_said_in_the_promised_order() -> None:
    oracle = learned([1, 2, 3])
    walk = Walk(oracle)
    walk.choose(Sampler(), 1, 1, 0, masks=[np.array([0.0, 1.0])])
    choice = walk.choose(Sampler(temperature=0), 1, 1, 1, continuity=1, taboo=5, min_context=30, avoid=[(0, 3)])
    assert choice is not None
    assert choice.given_up == GAVE_UP_TABOO | GAVE_UP_CONTINUITY | GAVE_UP_MIN_CONTEXT | GAVE_UP_AVOID
    assert choice.position == 1


def test_masks_bound_what_is_chosen_and_it_is_told() -> None:
    oracle = learned([1, 2, 1, 3] * 10)
    only_three = np.array([0.0, 0.0, 0.0, 1.0])
    choice = Walk(oracle).choose(Sampler(), 1, 1, 0, masks=[only_three])
    assert choice is not None
    assert choice.values == (3,)
    assert choice.bound == 1
    assert Walk(oracle).choose(Sampler(), 1, 1, 0, masks=[np.zeros(4)]) is None


@settings(max_examples=60)
@given(
    st.sampled_from([Oracle, lambda alphabet: NGram(alphabet=alphabet), lambda alphabet: NGram(3, alphabet, "ppm")]),
    pairs.filter(lambda symbols: len(symbols) > 3),
    st.integers(0, 2**63),
    st.integers(0, 3),
    st.integers(0, 4),
    st.booleans(),
)
def test_the_python_loop_chooses_as_the_core_does(
    make: Callable[[Alphabet], Placed],
    symbols: list[tuple[int, int]],
    seed: int,
    taboo: int,
    continuity: int,
    bounded: bool,
) -> None:
    alphabet = Alphabet(2)
    model = make(alphabet)
    model.learn(np.array(symbols, np.int32))
    assert isinstance(model, Placed)
    native, plain = Walk(model), PyWalk(model, 2)  # type: ignore[arg-type]
    masks = [np.array([0, 0, 1, 1, 1]), None] if bounded else []
    avoid = [(0, len(symbols) // 2)]
    for ordinal in range(20):
        one = native.choose(Sampler(min_p=0.05), seed, 3, ordinal, masks, continuity, taboo, avoid=avoid)
        other = plain.choose(Sampler(min_p=0.05), seed, 3, ordinal, masks, continuity, taboo, avoid=avoid)
        assert (one is None) == (other is None)
        if one is None or other is None:
            return
        assert (one.values, one.given_up, one.bound) == (other.values, other.given_up, other.bound)
        assert one.raw == pytest.approx(other.raw)
        assert one.probability == pytest.approx(other.probability)
        assert one.entropy_bits == pytest.approx(other.entropy_bits)
        if alphabet.find(one.values) == 0 or other.position < 0:
            return  # the core finds a place that nearly agrees; the contract knows none
        assert (one.position, one.context) == (other.position, other.context)


@pytest.mark.parametrize("make", [Oracle, NGram])
def test_only_what_was_wished_for_is_given_up(make: Callable[[], Placed]) -> None:
    model = make()
    model.learn(np.array([1, 2, 3], np.int32))
    choice = Walk(model).choose(Sampler(), 1, 1, 0, avoid=[(0, 3)])  # type: ignore[arg-type]
    assert choice is not None
    if make is NGram:
        assert choice.given_up == GAVE_UP_AVOID
    native = Walk(model)  # type: ignore[arg-type]
    native.choose(Sampler(), 1, 1, 0, masks=[np.array([0.0, 1.0])])
    choice = native.choose(Sampler(temperature=0), 1, 1, 1, avoid=[(0, 3)])
    assert choice is not None
    assert choice.given_up == GAVE_UP_AVOID
    assert choice.position == 1
