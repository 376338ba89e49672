"""The LLM as a model: its own word, memory's, whose sequences it is read with, and folders that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.llama import Array, Shape, file_of, logits, weights_of
from sideman.errors import Refused
from sideman.llm import Unfit, llm, llm_factory, reader
from sideman.models import LLM, Alphabet, Blend, NativeModel, NGram, Oracle, Reader, Sampler, Transformer, Walk
from sideman.tokens import END_TOKEN, MUSIC, Grammar, instruction

SHAPE: Final = Shape(vocab_size=MUSIC.size)
WEIGHTS: Final = weights_of(SHAPE)
VIEW: Final = "pitch*ioi"
GRAMMAR: Final = Grammar(VIEW)
SPANS: Final = [(GRAMMAR.span(place)[0] - 1, GRAMMAR.span(place)[1]) for place in range(2)]
Symbol = tuple[int, int]
symbols = st.tuples(st.integers(1, 128), st.integers(1, 20))


def alphabet_of(view: str = VIEW) -> Alphabet:
    made = Alphabet(len(view.split("*")))
    made.names = tuple(view.split("*"))
    return made


def reader_of(sequences: int = 3, **running: Any) -> Reader:
    running.setdefault("cache_as", "f32")
    running.setdefault("window", 256)
    return Reader(Transformer(file_of(WEIGHTS), **SHAPE._asdict(), sequences=sequences, **running))


def model_of(by: Reader | None = None, **mixing: float) -> LLM:
    return llm(by or reader_of(), alphabet_of(), **mixing)


def go_on(model: LLM, state: Any, symbol: Symbol) -> None:
    """Advance by a symbol that belongs to the alphabet from now on."""
    assert model.alphabet is not None
    model.alphabet.intern(symbol)
    model.advance(state, symbol)


def told(model: LLM, played: list[Symbol]) -> Any:
    state = model.start()
    for symbol in played:
        go_on(model, state, symbol)
    return state


def naive(played: list[Symbol], prefix: tuple[int, ...] = ()) -> Array:
    """The distribution over values from 1, by the naive Llama, without any memory."""
    tokens = [*GRAMMAR.header, *(token for symbol in played for token in GRAMMAR.tokens(symbol))]
    tokens += GRAMMAR.tokens(prefix)
    first, past = GRAMMAR.span(len(prefix))
    found = np.exp(logits(SHAPE, WEIGHTS, tokens)[-1][first:past])
    shares: Array = found / found.sum()
    return shares


@settings(max_examples=20, deadline=None)
@given(st.lists(symbols, max_size=12), st.integers(1, 128))
def test_its_word_is_the_transformers_among_the_tokens_of_the_component(played: list[Symbol], pitch: int) -> None:
    model = model_of()
    state = told(model, played)
    for prefix in ((), (pitch,)):
        values, p = model.predict(state, prefix)
        assert list(values) == list(range(len(values)))
        assert p[0] == 0
        assert np.abs(p[1:] - naive(played, prefix)).max() < 1e-5


def test_a_symbols_probability_is_the_product_over_its_components() -> None:
    model = model_of()
    played = [(60, 9), (62, 9), (64, 11)]
    state = told(model, played)
    assert model.probability(state, (67, 9)) == pytest.approx(naive(played)[66] * naive(played, (67,))[8], rel=1e-4)


def test_an_event_costs_as_many_tokens_as_it_has_components() -> None:
    by = reader_of()
    model = model_of(by)
    state = told(model, [(60, 9)] * 20)
    model.predict(state)
    before = by.work
    for _ in range(10):
        model.predict(state)
        model.predict(state, (64,))
        model.advance(state, (64, 9))
    model.predict(state)
    assert by.work - before == 20


def test_taking_events_back_costs_only_what_changed() -> None:
    by = reader_of()
    model = model_of(by)
    state = told(model, [(60 + i % 7, 9) for i in range(20)])
    model.predict(state)
    before = by.work
    state.rollback(3)
    go_on(model, state, (1, 1))
    model.predict(state)
    assert by.work - before == 2


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_what_it_says_hangs_on_what_was_told_and_on_nobody_else(data: st.DataObject) -> None:
    """Five players share three sequences, go on, take back and are copied: each is as if it were alone."""
    model = model_of(reader_of(3))
    states: list[tuple[Any, list[Symbol]]] = [(model.start(), []) for _ in range(5)]
    for _ in range(data.draw(st.integers(1, 25))):
        at = data.draw(st.integers(0, 4))
        state, played = states[at]
        what = data.draw(st.sampled_from(["advance", "advance", "rollback", "copy", "predict"]))
        if what == "advance":
            symbol = data.draw(symbols)
            go_on(model, state, symbol)
            played.append(symbol)
        elif what == "rollback":
            n = data.draw(st.integers(0, min(5, len(played))))
            state.rollback(n)
            del played[len(played) - n :]
        elif what == "copy":
            states[data.draw(st.integers(0, 4))] = (state.copy(), list(played))
        model.predict(state, data.draw(st.sampled_from([(), (60,)])))
    for state, played in states:
        alone = model_of(reader_of(1))
        assert model.predict(state)[1].tobytes() == alone.predict(told(alone, played))[1].tobytes()


def test_a_long_flow_is_read_again_from_its_newer_half_whoever_asks() -> None:
    played = [(40 + i % 50, 1 + i % 20) for i in range(700)]
    often, once = model_of(reader_of(1)), model_of(reader_of(2))
    state = often.start()
    for symbol in played:
        go_on(often, state, symbol)
        often.predict(state)
    assert often.predict(state)[1].tobytes() == once.predict(told(once, played))[1].tobytes()
    state.rollback(64)
    assert often.predict(state)[1].tobytes() == once.predict(told(once, played[:-64]))[1].tobytes()
    with pytest.raises(ValueError, match="n must be 0 to"):
        state.rollback(65)


def test_where_memory_agrees_it_leans_on_the_performer_and_names_the_places() -> None:
    phrase = [(60, 9), (61, 9), (66, 9), (71, 9), (73, 9)]
    model = model_of()
    model.learn(np.array(phrase * 3, np.int32))
    state = told(model, phrase[:3])
    assert model.probability(state, (71, 9)) > 10 * naive(phrase[:3])[70] * naive(phrase[:3], (71,))[8]
    assert model.sources(state, (71, 9))[0] in (3, 8, 13)
    assert model.context(state) == 3
    _, p = model.predict(state)
    assert p.sum() == pytest.approx(1)
    deaf = model_of(memory_share=0.0)
    deaf.learn(np.array(phrase * 3, np.int32))
    assert np.abs(deaf.predict(told(deaf, phrase[:3]))[1][1:] - naive(phrase[:3])).max() < 1e-5


def test_words_before_an_event_are_heeded_and_are_taken_back_with_it() -> None:
    model = model_of()
    state = told(model, [(60, 9)])
    plain = model.predict(state)[1]
    model.advance(state, (60, 9))
    state.rollback(1)
    state.steer(instruction("higher"))
    assert model.predict(state)[1].tobytes() != plain.tobytes()
    model.advance(state, (60, 9))
    state.rollback(1)
    assert model.predict(state)[1].tobytes() == plain.tobytes()


def test_it_walks_and_blends_in_the_core_like_the_others() -> None:
    letters = alphabet_of()
    parts: list[Any] = [Oracle(letters), NGram(alphabet=letters), llm(reader_of(), letters)]
    blend = Blend(parts, names=["oracle", "ngram", "llm"])
    blend.learn(np.array([(60 + i % 5, 9) for i in range(60)], np.int32))
    assert isinstance(blend, NativeModel)
    walk = Walk(blend)
    for ordinal in range(20):
        choice = walk.choose(Sampler(), 1, 2, ordinal)
        assert choice is not None
        assert len(choice.parts) == 3
        assert all(0 <= said <= 1 for _, said in choice.parts)


def test_a_mask_that_leaves_no_token_leaves_nothing_to_play() -> None:
    model = model_of()
    told(model, [(60, 9)])
    assert Walk(model).choose(Sampler(), 1, 2, 3, [np.zeros(129), None]) is None
    only = np.zeros(129)
    only[60] = 1
    choice = Walk(model).choose(Sampler(), 1, 2, 3, [only, None])
    assert choice is not None
    assert choice.values[0] == 60


def test_a_viewpoint_without_tokens_is_refused_by_name() -> None:
    with pytest.raises(Refused, match="pcset"):
        llm(reader_of(), alphabet_of("pcset*ioi"))


# Folders


def folder(path: Path, change: Callable[[dict[str, Any]], None] | None = None, weights: bytes | None = None) -> Path:
    config: dict[str, Any] = {"model_type": "llama", **SHAPE._asdict(), "sideman": MUSIC.to_data()}
    if change is not None:
        change(config)
    (path / "config.json").write_text(json.dumps(config))
    (path / "model.safetensors").write_bytes(file_of(WEIGHTS) if weights is None else weights)
    return path


def test_a_folder_is_loaded_once_for_all_its_models(tmp_path: Path) -> None:
    make = llm_factory(folder(tmp_path))
    first, second = make(alphabet_of()), make(alphabet_of("pitch"))
    assert first.reader is second.reader
    assert first.predict(first.start())[1].sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda config: config.pop("sideman"), "are of kind None"),
        (lambda config: config["sideman"].update(version=99), "another version: 99"),
        (lambda config: config.update(model_type="mamba"), "model_type is 'mamba'"),
        (lambda config: config.update(hidden_size="wide"), "hidden_size must be int"),
        (lambda config: config.pop("num_hidden_layers"), "num_hidden_layers"),
        (lambda config: config.update(rope_scaling={"type": "linear"}), "rope_scaling"),
        (lambda config: config.update(intermediate_size=64), "has the shape"),
        (lambda config: config.update(num_attention_heads=True), "num_attention_heads must be int"),
    ],
)
def test_a_config_that_does_not_fit_is_refused_by_its_field(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    with pytest.raises(Unfit, match=said):
        reader(folder(tmp_path, change))


def test_files_that_are_not_there_or_broken_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match=r"config\.json: No such file"):
        reader(tmp_path)
    with pytest.raises(Unfit, match=r"model\.safetensors"):
        reader(folder(tmp_path, weights=b""))
    with pytest.raises(Unfit, match=r"model\.safetensors"):
        reader(folder(tmp_path, weights=file_of(WEIGHTS)[:-5]))
    folder(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(Unfit, match="is no JSON"):
        reader(tmp_path)


def test_a_transformer_that_a_reader_has_is_of_no_use_by_itself() -> None:
    engine = Transformer(file_of(WEIGHTS), **SHAPE._asdict())
    Reader(engine)
    with pytest.raises(ValueError, match="is a reader's now"):
        engine.step(np.array([0], np.int32), np.array([END_TOKEN], np.int32))


def test_many_tokens_at_once_give_the_bits_of_one_after_another() -> None:
    tokens = np.random.default_rng(3).integers(0, MUSIC.size, 100).astype(np.int32)
    for window in (40, 512):
        engine = Transformer(file_of(WEIGHTS), **SHAPE._asdict(), window=window, rollback=8)
        apart = [engine.step(np.array([0], np.int32), tokens[i : i + 1])[0] for i in range(len(tokens))]
        assert engine.read(1, tokens[:37]).tobytes() == apart[36].tobytes()
        assert engine.read(1, tokens[37:]).tobytes() == apart[-1].tobytes()
