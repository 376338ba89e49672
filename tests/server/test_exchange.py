"""Another model, viewpoint or blend while it plays: no gap, no double note, nothing heard is lost."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from sideman.engine import Engine
from sideman.inputs import Begin, Built
from sideman.plugin import bundled
from sideman.testing import Performer, Stage

MODELS = ("oracle", "ngram", "blend")
VIEWPOINTS = ("pitch*ioi", "pitch", "interval*ioi")
TUNE = [60, 62, 64, 65, 67, 65, 64, 62, 60, 64, 67, 72, 71, 69, 67, 65, 64, 62, 59, 62]


def playing(model: str = "oracle", notes: int = 60, *, building_s: float = 0.0) -> tuple[Stage, Performer]:
    """A stage where a player goes on by itself from what it has heard; what arrived before is put aside."""
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/solo/new", model)
    ann.send("/player/solo/set", "leash", 0)
    ann.send("/player/sideman/stop")
    ann.play([(TUNE[number % len(TUNE)], 0.25) for number in range(notes)])
    stage.advance(2)
    stage.building_s = building_s
    ann.send("/player/solo/mode", "free")
    ann.send("/player/solo/play")
    stage.advance(2)
    ann.clear()
    return stage, ann


def onsets(ann: Performer) -> list[float]:
    return [heard.time_s for heard in ann.heard() if heard.address == "/player/solo/note"]


def unbroken(ann: Performer) -> bool:
    """Every note begins when the one before it has ended: no gap beyond the longest span learned, none at once."""
    times = onsets(ann)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return len(times) > 2 and min(gaps) > 0.1 and max(gaps) < 0.6


@pytest.mark.parametrize(("one", "other"), list(product(MODELS, MODELS)))
def test_each_pair_of_models_is_exchanged_without_gap_or_double_note(one: str, other: str) -> None:
    stage, ann = playing(one)
    for swap in range(1000):
        ann.send("/player/solo/model", (other, one)[swap % 2])
        stage.advance(0.37)
    assert unbroken(ann)
    numbers = [arguments[4] for arguments in ann.got("/player/solo/note")]
    assert len(set(numbers)) == len(numbers)
    assert not ann.got("/error")


@pytest.mark.parametrize("building_s", [0.0, 0.1, 2.5])
def test_it_plays_on_while_the_other_is_built(building_s: float) -> None:
    stage, ann = playing(building_s=building_s)
    ann.send("/player/solo/model", "ngram")
    if building_s:
        assert not ann.got("/player/solo/state")
    stage.advance(building_s + 2)
    assert ann.got("/player/solo/state") == [("playing", "ngram", "free")]
    stage.advance(1)
    assert unbroken(ann)
    ann.send("/player/solo/why")
    assert ann.got("/player/solo/why")[-1][1] == "ngram"


def test_what_is_heard_while_the_other_is_built_is_not_lost() -> None:
    stage, ann = playing(building_s=3.0)
    ann.send("/player/solo/model", "ngram")
    ann.play([(84, 0.25), (86, 0.25), (88, 0.25)])
    stage.advance(4)
    learned = stage.engine.band._players["main/solo"][0].learned
    assert (85, 11) in {learned.alphabet.values(number + 1) for number in range(len(learned.alphabet))}
    assert len(learned.places) == len(learned.memory)


def test_a_viewpoint_is_exchanged_and_the_line_goes_on() -> None:
    stage, ann = playing()
    for viewpoint in VIEWPOINTS * 10:
        ann.send("/player/solo/viewpoint", viewpoint)
        stage.advance(0.41)
    assert not ann.got("/error")
    assert len(onsets(ann)) > 20
    gaps = [later - earlier for earlier, later in pairwise(onsets(ann))]
    assert max(gaps) < 1.1


def test_an_answer_keeps_its_length_when_the_model_is_exchanged() -> None:
    lengths = []
    for exchanged in (False, True):
        stage = Stage()
        ann = stage.performer("ann")
        ann.play([(pitch, 0.25) for pitch in TUNE])
        stage.advance(1.1)
        ann.clear()
        stage.advance(1.5)
        if exchanged:
            ann.send("/player/sideman/model", "ngram")
        stage.advance(8)
        states = [heard for heard in ann.heard() if heard.address == "/player/sideman/state"]
        assert states[-1].arguments[0] == "armed"
        lengths.append(states[-1].time_s)
    assert abs(lengths[0] - lengths[1]) < 0.6


def test_the_newer_of_two_wishes_wins() -> None:
    stage, ann = playing(building_s=1.0)
    ann.send("/player/solo/model", "ngram")
    stage.advance(0.5)
    ann.send("/player/solo/viewpoint", "interval*ioi")
    stage.advance(3)
    states = ann.got("/player/solo/state")
    assert states[-1][1] == "ngram"
    key = stage.engine.band.key_of("main/solo")
    assert (key.model, key.viewpoint) == ("ngram", "interval*ioi")


def test_an_exchange_can_be_taken_back() -> None:
    stage, ann = playing()
    ann.send("/player/solo/model", "ngram")
    stage.advance(0.5)
    ann.send("/player/solo/undo")
    stage.advance(0.5)
    assert [state[1] for state in ann.got("/player/solo/state")] == ["ngram", "oracle"]


def test_a_model_that_cannot_be_loaded_leaves_the_old_one_and_says_why() -> None:
    stage, ann = playing(building_s=1.0)
    ann.send("/player/solo/model", "ngram")
    number = stage._built.pop()[1]
    stage.feed(Built(stage.clock.now(), number, "MemoryError: no room"))
    stage.advance(2)
    assert ann.got("/error") == [("/player/solo/model", "ngram: MemoryError: no room", "solo plays on with oracle")]
    assert unbroken(ann)


def test_an_unknown_model_is_refused_with_those_that_there_are() -> None:
    _, ann = playing()
    ann.send("/player/solo/model", "brahms")
    ann.send("/player/solo/viewpoint", "smell")
    ann.send("/player/solo/parts", "oracle", 1.0)
    what = [error[1] for error in ann.got("/error")]
    assert what == ["no model 'brahms'", "no viewpoint 'smell'", "solo is no blend"]


def test_a_patch_that_opens_again_may_say_new_after_an_exchange() -> None:
    _, ann = playing()
    ann.send("/player/solo/model", "ngram")
    ann.clear()
    ann.send("/player/solo/new", "oracle")
    assert ann.got("/player/solo/state") == [("playing", "ngram", "free")]
    assert not ann.got("/error")


def test_a_player_made_late_over_a_long_memory_plays_when_it_has_learned() -> None:
    stage, ann = playing(building_s=0.5)
    ann.send("/player/late/new", "ngram", "pitch*ioi", "solo")
    ann.send("/player/late/play")
    assert not ann.got("/player/late/note")
    stage.advance(2)
    assert len(ann.got("/player/late/note")) > 2


def test_a_replay_gives_the_same_notes_whoever_learned_and_when() -> None:
    stage, ann = playing(building_s=0.7)
    ann.send("/player/solo/model", "ngram")
    ann.play([(84, 0.25), (86, 0.25)])
    stage.advance(2)
    ann.send("/player/solo/forget", 3)
    stage.advance(2)
    begin = stage.inputs[0]
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    outputs = [engine.feed(item) for item in stage.inputs[1:]]
    assert outputs == stage.outputs_of[1:]
    assert sum(isinstance(item, Built) for item in stage.inputs) >= 2


def test_the_parts_of_a_blend_are_set_while_it_plays_and_why_names_them() -> None:
    stage, ann = playing("blend")
    ann.send("/player/solo/parts", "oracle", 1.0, "ngram", 3.0)
    stage.advance(2)
    assert unbroken(ann)
    key = stage.engine.band.key_of("main/solo")
    assert key.parts == (("oracle", 1.0), ("ngram", 3.0))
    ann.send("/player/solo/why")
    note = str(ann.got("/player/solo/why")[-1][6])
    assert "oracle" in note
    assert "ngram" in note
    ann.send("/player/solo/parts", "ngram")
    ann.send("/player/solo/undo")
    stage.advance(1)
    assert stage.engine.band.key_of("main/solo").parts == (("oracle", 1.0), ("ngram", 3.0))
    ann.send("/player/solo/parts", 3.0)
    ann.send("/player/solo/parts", "blend", 1.0)
    ann.send("/player/solo/parts", "oracle", -1.0)
    assert len(ann.got("/error")) == 3


def test_a_part_of_weight_nought_has_no_say() -> None:
    stage, ann = playing("blend")
    ann.send("/player/solo/parts", "oracle", 0.0, "ngram", 3.0)
    stage.advance(2)
    assert unbroken(ann)
    assert not ann.got("/error")
    ann.send("/player/solo/why")
    note = str(ann.got("/player/solo/why")[-1][6])
    assert "oracle" not in note
    assert "ngram" in note


def test_what_a_dropped_player_was_to_become_is_no_affair_of_the_next_of_its_name() -> None:
    stage, ann = playing(building_s=1.0)
    ann.send("/player/solo/model", "ngram")
    ann.send("/player/solo/drop")
    ann.send("/player/solo/new", "oracle", "pitch*ioi", "solo")
    ann.send("/player/solo/viewpoint", "pitch")
    ann.clear()
    stage.advance(5)
    ann.send("/refresh")
    assert {said[1] for said in ann.got("/player/solo/state")} == {"oracle"}
    assert ann.got("/error") == []
