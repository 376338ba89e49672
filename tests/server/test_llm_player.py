"""A player with an LLM: it plays without a memory, does as it is told, says what it plans, and plays the same again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from server.llama import Shape, file_of, weights_of
from sideman.llm import llm
from sideman.models import LLM, Alphabet, Blend, NGram, Oracle, Reader, Transformer, heeds
from sideman.testing import Performer, Stage
from sideman.tokens import MUSIC

SHAPE: Final = Shape(vocab_size=MUSIC.size)
READER: Final = Reader(Transformer(file_of(weights_of(SHAPE)), **SHAPE._asdict(), sequences=8))


def make(alphabet: Alphabet) -> LLM:
    return llm(READER, alphabet)


def on_stage(say: Callable[[Performer], None], slow_s: float = 0.01) -> tuple[Stage, Performer]:
    stage = Stage(slow={"llm": make})
    stage.slow_s = slow_s
    ann = stage.performer("ann")
    ann.send("/player/solo/new", "llm")
    say(ann)
    return stage, ann


def pitches(ann: Performer) -> list[object]:
    return [note[0] for note in ann.got("/player/solo/note")]


def test_it_plays_before_anybody_has_played() -> None:
    stage, ann = on_stage(lambda ann: ann.send("/player/solo/play"))
    stage.advance(10)
    notes = ann.got("/player/solo/note")
    assert len(notes) > 4
    assert all(isinstance(note[2], float) and note[2] > 0 for note in notes)
    ann.send("/player/solo/why")
    stage.advance(1)
    model, source = ann.got("/player/solo/why")[-1][1], ann.got("/player/solo/why")[-1][3]
    assert (model, source) == ("llm", "llm")


def test_one_that_is_late_at_first_begins_as_soon_as_it_is_there() -> None:
    stage, ann = on_stage(lambda ann: ann.send("/player/solo/play"), slow_s=0.8)
    stage.advance(2)
    assert not ann.got("/player/solo/note")
    stage.slow_s = 0.01
    stage.advance(4)
    assert ann.got("/player/solo/note")


def test_a_viewpoint_that_it_cannot_read_is_told_with_the_cure() -> None:
    stage, ann = on_stage(lambda ann: ann.send("/player/solo/play"))
    stage.advance(4)
    ann.send("/player/solo/viewpoint", "pcset")
    stage.advance(2)
    (_, wrong, then) = ann.got("/error")[-1]
    assert "cannot read the viewpoint 'pcset'; link some of pitch, interval" in str(wrong)
    assert then == "solo plays on with llm"
    ann.clear()
    stage.advance(4)
    assert ann.got("/player/solo/note")
    ann.send("/player/other/new", "llm", "pcset")
    stage.advance(2)
    assert "link some of pitch, interval" in str(ann.got("/notice")[-1][1])


def test_it_answers_a_phrase() -> None:
    def say(ann: Performer) -> None:
        ann.send("/player/solo/mode", "answer")
        ann.send("/player/solo/play")

    stage, ann = on_stage(say)
    ann.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5)])
    stage.advance(6)
    assert ann.got("/player/solo/note")


def test_what_is_wanted_changes_what_it_plays_and_is_refused_where_it_is_not_understood() -> None:
    def told(words: str) -> Callable[[Performer], None]:
        def say(ann: Performer) -> None:
            ann.send("/player/solo/set", "instruction", words)
            ann.send("/player/solo/play")

        return say

    played = []
    for words in ("-", "higher", "key C minor, beats 4"):
        stage, ann = on_stage(told(words))
        stage.advance(8)
        played.append(pitches(ann))
        assert not ann.got("/error")
    assert played[0] != played[1] != played[2] != played[0]
    stage, ann = on_stage(told("louder"))
    stage.advance(1)
    assert "no instruction 'louder'; there are key, tonic" in str(ann.got("/error")[0][1])


def test_it_says_what_it_plans_before_it_plays() -> None:
    def say(ann: Performer) -> None:
        ann.send("/player/solo/set", "plan", "own")
        ann.send("/player/solo/play")

    stage, ann = on_stage(say)
    stage.advance(6)
    addresses = [
        address
        for address in [heard.address for heard in ann.heard()]
        if address in ("/player/solo/plan", "/player/solo/note")
    ]
    assert addresses[0] == "/player/solo/plan"
    words = str(ann.got("/player/solo/plan")[0][0])
    assert any(shape in words for shape in ("level", "rising", "falling", "arch", "valley"))


def test_a_plan_that_was_written_is_said_as_it_was_understood() -> None:
    def say(ann: Performer) -> None:
        ann.send("/player/solo/set", "plan", "4 6, rising, ends Bb")
        ann.send("/player/solo/play")

    stage, ann = on_stage(say)
    stage.advance(3)
    assert ann.got("/player/solo/plan")[0] == ("ends Bb, rising, 4 6",)
    ann.send("/player/solo/set", "plan", "as you like")
    stage.advance(1)
    assert "is no part of a plan" in str(ann.got("/error")[0][1])


@pytest.mark.parametrize("wanted", ["own", "2 3, rising, ends C"])
def test_when_a_plan_is_carried_out_the_next_phrase_has_one_of_its_own(wanted: str) -> None:
    def say(ann: Performer) -> None:
        ann.send("/player/solo/set", "plan", wanted)
        ann.send("/player/solo/set", "leash", 0)
        ann.send("/player/solo/play")

    stage, ann = on_stage(say)
    for _ in range(8):
        stage.advance(8)
        ann.send("/ping", 1)  # whoever says nothing for long hears nothing more
    assert len(ann.got("/player/solo/plan")) > 1


def test_a_blend_with_an_llm_heeds_words_and_others_do_not() -> None:
    letters = Alphabet(2)
    letters.names = ("pitch", "ioi")
    oracle, ngram = Oracle(letters), NGram(alphabet=letters)
    assert heeds(Blend([oracle, make(letters)], alphabet=letters))
    assert not heeds(Blend([oracle, ngram], alphabet=letters))
    assert not heeds(oracle)


@pytest.mark.parametrize("wanted", ["-", "own"])
def test_the_same_playing_gives_the_same_notes(wanted: str) -> None:
    def once() -> list[object]:
        def say(ann: Performer) -> None:
            ann.send("/player/solo/set", "plan", wanted)
            ann.send("/player/solo/play")

        stage, ann = on_stage(say)
        ann.play([(60, 0.5), (62, 0.5), (64, 0.5)])
        ann.send("/player/solo/set", "temperature", 0.8)
        stage.advance(6)
        return pitches(ann)

    assert once() == once()
