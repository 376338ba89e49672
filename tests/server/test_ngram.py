"""The n-gram: what it predicts, forgets and leaves out, and where in memory that came from."""

from __future__ import annotations

import numpy as np
import pytest

from sideman.models import Alphabet, Model, NGram, NGramState, probability
from sideman.plugin import bundled
from sideman.testing import Stage


def learned(symbols: list[int], order: int = 5, smoothing: str = "kneser-ney") -> NGram:
    """A model of one component that has learned all in one stream."""
    model = NGram(order, smoothing=smoothing)
    model.learn(np.array(symbols, np.int32))
    return model


def heard(model: NGram, symbols: list[int]) -> NGramState:
    """Where one stands who has played these."""
    state = model.start()
    for symbol in symbols:
        model.advance(state, symbol)
    return state


def chances(model: NGram, state: NGramState, *, exclude: list[tuple[int, int]] | None = None) -> dict[int, float]:
    """The probability of each value of the first component."""
    values, p = model.predict(state, exclude=exclude or [])
    return {int(value): float(q) for value, q in zip(values, p, strict=True)}


def test_it_is_a_model_by_the_contract_and_enters_by_the_public_door() -> None:
    assert isinstance(NGram(), Model)
    assert "ngram" in bundled().models


def test_a_player_of_it_answers_a_phrase_and_tells_where_its_notes_come_from() -> None:
    stage = Stage(seed=3)
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.send("/player/echo/new", "ngram")
    ann.send("/player/echo/mode", "answer")
    ann.send("/player/echo/play")
    for _ in range(3):
        ann.play([(60, 0.5), (62, 0.5), (64, 0.5), (60, 0.5), (67, 1.0)])
        stage.advance(10)
    notes = ann.got("/player/echo/note")
    assert len(notes) >= 10
    assert {note[0] for note in notes} <= {60, 62, 64, 67}
    number = notes[-1][-1]
    assert isinstance(number, int)
    ann.send("/player/echo/why", number)
    stage.advance(1)
    (why,) = ann.got("/player/echo/why")
    assert why[1] == "ngram"
    assert why[3] == "ann"


def test_one_that_has_learned_nothing_expects_the_unseen() -> None:
    model = NGram()
    assert chances(model, model.start()) == {0: 1.0}


def test_what_followed_is_expected() -> None:
    model = learned([1, 2, 3] * 20)
    expected = chances(model, heard(model, [1, 2]))
    assert max(expected, key=expected.__getitem__) == 3
    assert sum(expected.values()) == pytest.approx(1, abs=1e-12)
    assert expected[0] > 0


def test_a_break_is_never_predicted_and_ends_the_context() -> None:
    model = learned([1, 2])
    model.end()
    model.learn(np.array([3, 1], np.int32))
    assert len(model) == 4
    assert model.sources(heard(model, [2]), 3) == [2]
    assert model.contexts(heard(model, [2]), [2]) == [0]
    assert chances(model, heard(model, [1]))[2] > chances(model, heard(model, [2]))[3]
    state = heard(model, [1])
    model.advance(state, 0)
    assert chances(model, state) == chances(model, model.start())


def test_streams_have_contexts_of_their_own_and_are_counted_together() -> None:
    model = NGram()
    model.learn(np.array([1, 2, 3], np.int32), stream=0)
    model.learn(np.array([1, 2, 4], np.int32), stream=7)
    expected = chances(model, heard(model, [1, 2]))
    assert expected[3] == pytest.approx(expected[4])
    assert sorted(model.sources(heard(model, [1, 2]), 3) + model.sources(heard(model, [1, 2]), 4)) == [2, 5]


def test_sources_come_longest_context_first_and_the_newest_first_among_equals() -> None:
    model = learned([9, 1, 2, 5, 1, 2, 5, 1, 2])
    state = heard(model, [9, 1, 2])
    sources = model.sources(state, 5)
    assert sources == [3, 6]
    assert model.contexts(state, sources) == [3, 2]
    assert model.sources(state, 5, exclude=[(3, 4)]) == [6]


def test_the_longest_vote_is_the_longest_context_that_something_followed() -> None:
    model = learned([1, 2, 3, 4])
    assert model.longest_vote(model.start()) == 0
    assert model.longest_vote(heard(model, [7])) == 0
    assert model.longest_vote(heard(model, [1, 2, 3])) == 3
    assert model.longest_vote(heard(model, [7, 2, 3])) == 2
    assert model.longest_vote(heard(model, [4])) == 0  # nothing came after it
    assert model.longest_vote(heard(model, [1, 2, 3]), exclude=[(3, 4)]) == 0
    assert model.context(heard(model, [7, 2, 3])) == 2


def test_components_are_a_chain() -> None:
    model = NGram(alphabet=Alphabet(2))
    model.learn(np.array([[1, 5], [2, 6], [1, 5], [3, 5], [1, 6]], np.int32))
    state = model.start()
    model.advance(state, (1, 5))
    total = 0.0
    values, p = model.predict(state)
    for first, q in zip(values, p, strict=True):
        seconds, r = model.predict(state, (int(first),))
        assert r.sum() == pytest.approx(1, abs=1e-12)
        for second, s in zip(seconds, r, strict=True):
            assert model.probability(state, (int(first), int(second))) == pytest.approx(q * s)
            assert probability(model, state, (int(first), int(second))) == pytest.approx(q * s)
            total += q * s
    assert total == pytest.approx(1, abs=1e-12)


def test_sixteen_components_of_order_sixteen_reach_as_far_as_a_context_may() -> None:
    model = NGram(16, Alphabet(16))
    draw = np.random.default_rng(3)
    phrase = draw.integers(1, 3, (60, 16)).astype(np.int32)
    model.learn(phrase)
    state = model.start()
    for symbol in phrase[:40].tolist():
        model.advance(state, symbol)
    following = phrase[40].tolist()
    for place in range(16):
        values, p = model.predict(state, following[:place])
        assert p.sum() == pytest.approx(1, abs=1e-9)
        assert values[np.argmax(p)] == following[place]
    assert len(model.sources(state, following)) == 1


def test_rolling_back_takes_back_what_was_played() -> None:
    model = learned([1, 2, 3, 1, 2, 4] * 5)
    state = heard(model, [1, 2])
    kept = state.copy()
    for _ in range(64):
        model.advance(state, 3)
    state.rollback(64)
    assert chances(model, state) == chances(model, kept)
    with pytest.raises(ValueError, match="n must be 0 to 0"):
        state.rollback(1)


def test_an_alphabet_grows_while_it_plays() -> None:
    model = learned([1, 2] * 10)
    state = heard(model, [1])
    before = chances(model, state)
    model.learn(np.array([9, 1], np.int32))
    model.know(np.array([5], np.int32))
    after = chances(model, state)
    assert set(after) - set(before) == {5, 9}
    assert sum(after.values()) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("order must be 1 to 16", {"order": 0}),
        ("order must be 1 to 16", {"order": 17}),
        ("smoothing must be", {"smoothing": "good luck"}),
        ("views must begin", {"views": [(0, 0, 0, True, [])]}),
        ("views must look at something known", {"views": [(0, 0, 0, False, [("stars", 0, 1, 1, 0)])]}),
    ],
)
def test_wrong_settings_are_refused_by_name(words: str, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=words):
        NGram(**wrong)  # type: ignore[arg-type]


def test_wrong_arguments_are_refused_by_name() -> None:
    model, other = learned([1, 2]), learned([1, 2])
    state = model.start()
    with pytest.raises(ValueError, match="state belongs to another model"):
        other.predict(state)
    with pytest.raises(ValueError, match="symbols must be at least 1"):
        model.learn(np.array([0], np.int32))
    with pytest.raises(TypeError, match="symbols must be an array of int32"):
        model.learn(np.array([0.5]))
    with pytest.raises(ValueError, match="prefix must be shorter"):
        model.predict(state, (1,))
    with pytest.raises(ValueError, match="exclude may have at most 64"):
        model.predict(state, exclude=[(0, 1)] * 65)
    with pytest.raises(ValueError, match="interval of positions"):
        model.unlearn(1, 3)
    with pytest.raises(ValueError, match="at must be a position"):
        model.advance(state, 1, at=2)
