"""The models that ship: whole, small, of our tokens, and what docs/model_card.md says of them can be seen.

The corpora are not there in CI; what needs them is `extra`.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from sideman.errors import SetupError
from sideman.evaluation.corpora import data_folder
from sideman.tokens import MUSIC, TEXT, text_tokens, vocabulary_of
from sideman.training.engine import Engine, written
from sideman.training.lessons import GRAMMAR
from sideman.training.letters import texts_of_corpus
from sideman.training.measures import recall
from sideman.training.phrases import Phrase
from sideman.training.sentences import LONGEST

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "plugins" / "sideman_llm" / "models"
#: A folk-like phrase in C, in even quarters with a long last note.
PHRASE = Phrase((60, 62, 64, 65, 67, 65, 64, 62, 60), (13,) * 8 + (15,))


@pytest.mark.parametrize(("kind", "megabytes"), [("music", 6), ("text", 4)])
def test_a_model_is_small_and_of_our_tokens(kind: str, megabytes: int) -> None:
    engine = Engine(MODELS / kind)
    assert vocabulary_of(engine.about, {"music": MUSIC, "text": TEXT}).kind == kind
    assert sum(file.stat().st_size for file in (MODELS / kind).iterdir()) <= megabytes * 1e6
    assert {file.name for file in (MODELS / kind).iterdir()} == {"config.json", "model.safetensors"}


def test_the_card_names_data_and_parameters_as_they_are() -> None:
    card = (ROOT / "docs" / "model_card.md").read_text(encoding="utf-8")
    for kind in ("music", "text"):
        engine = Engine(MODELS / kind)
        for name in re.findall(r"[a-z]+_?[a-z]*", engine.about["data"].split(" (")[0].split(", statements")[0]):
            assert name in card
        assert not re.search("essen|pop909|jsb|nottingham", engine.about["data"])
    for number in ("1,234,560", "1,166,976"):
        assert number in card


def test_a_phrase_of_its_own_kind_is_less_surprising_than_noise() -> None:
    engine = Engine(MODELS / "music")
    chance = np.random.default_rng(0)

    def bits(pitches: tuple[int, ...]) -> float:
        engine.begin(GRAMMAR.header)
        total = 0.0
        for pitch, ioi in zip(pitches, PHRASE.iois, strict=True):
            for place, token in enumerate(GRAMMAR.tokens((pitch + 1, ioi))):
                tokens, p = engine.distribution([GRAMMAR.span(place)])
                total -= float(np.log2(p[token - int(tokens[0])]))
                engine.hear([token])
        return total / len(pitches)

    noise = [bits(tuple(int(pitch) for pitch in chance.integers(48, 84, 9))) for _ in range(5)]
    assert bits(PHRASE.pitches) < min(noise) - 1.0


def test_int8_costs_hardly_anything() -> None:
    sums = []
    for weights_as in ("f32", "int8"):
        engine = Engine(MODELS / "music", weights_as=weights_as)
        engine.begin(GRAMMAR.header)
        total, events = 0.0, 0
        for semitones in range(-5, 6):
            for pitch, ioi in zip(PHRASE.moved(semitones).pitches, PHRASE.iois, strict=True):
                for place, token in enumerate(GRAMMAR.tokens((pitch + 1, ioi))):
                    tokens, p = engine.distribution([GRAMMAR.span(place)])
                    total -= float(np.log2(p[token - int(tokens[0])]))
                    engine.hear([token])
                events += 1
        sums.append(total / events)
    assert abs(sums[0] - sums[1]) < 0.03


def test_what_a_model_of_text_writes_is_text() -> None:
    engine = Engine(MODELS / "text")
    for begun in ("I am going to the ", "Il y a une "):
        made = written(engine, [257, *text_tokens(begun)])
        assert re.match(r"\w", made)


@pytest.mark.extra
def test_long_messages_are_not_written_by_heart_and_short_ones_seldom() -> None:
    try:
        messages = texts_of_corpus(data_folder(None), "sms_en", "train")
    except SetupError as error:
        pytest.skip(str(error))
    engine = Engine(MODELS / "text")
    long = [message for message in messages if len(message) > LONGEST]
    assert recall(engine, [message for message in long if len(message.encode()) <= 200][:120]) == (0, 120)
    hits, tried = recall(engine, [message for message in messages if len(message) <= LONGEST][:200])
    assert hits <= 0.1 * tried, "short ones were repeated in tuning; docs/model_card.md says how many come back"
