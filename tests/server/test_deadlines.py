"""Slow models and those of strangers: there is always a plan, better ones are heard in time or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest

from server.slow import Broken, Forgetful, Last, Many, Unloadable
from sideman.engine import Engine
from sideman.inputs import Answered, Begin, Failed
from sideman.journal import _decode, encode_input
from sideman.models import ModelFactory
from sideman.plugin import bundled
from sideman.testing import Performer, Stage

TUNE = [60, 62, 64, 65, 67, 65, 64, 62]
NOTE = "/player/solo/note"
SLOW: Mapping[str, ModelFactory] = {
    "slow": Last, "many": Many, "broken": Broken, "unloadable": Unloadable, "forgetful": Forgetful,
}  # fmt: skip


def heard_tune(model: str = "slow", slow_s: float = 0.0, notes: int = 40) -> tuple[Stage, Performer]:
    stage = Stage(slow=SLOW, strangers=("odd",))
    stage.slow_s = slow_s
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.send("/player/solo/new", model)
    ann.send("/player/solo/set", "leash", 0)
    ann.play([(TUNE[number % len(TUNE)], 0.25) for number in range(notes)])
    stage.advance(2)
    ann.clear()
    return stage, ann


def plays(ann: Performer, mode: str = "free", seconds: float = 10.0) -> None:
    ann.send("/player/solo/mode", mode)
    ann.send("/player/solo/play")
    ann.stage.advance(seconds)


def onsets(ann: Performer) -> list[float]:
    return [heard.time_s for heard in ann.heard() if heard.address == NOTE]


def why(ann: Performer) -> tuple[object, ...]:
    ann.send("/player/solo/why")
    return ann.got("/player/solo/why")[-1]


def status(ann: Performer, key: str) -> tuple[object, ...]:
    ann.send("/status")
    return next(line[1:] for line in reversed(ann.got("/status/is")) if line[0] == key)


def unbroken(ann: Performer) -> bool:
    gaps = [later - earlier for earlier, later in pairwise(onsets(ann))]
    return len(gaps) > 10 and min(gaps) > 0.1 and max(gaps) <= 0.5


def test_a_slow_model_that_is_in_time_is_heard_and_no_other() -> None:
    _, ann = heard_tune(slow_s=0.03)
    plays(ann)
    assert unbroken(ann)
    assert why(ann)[1] == "slow"
    assert status(ann, "missed_deadlines") == (0,)
    assert status(ann, "events_by_stand_ins") == (0,)
    assert status(ann, "slow_player") == ("solo", 0, 0, "-")


@pytest.mark.parametrize("slow_s", [0.4, 10.0])
def test_one_that_is_late_or_hangs_leaves_no_gap_and_the_fall_back_is_told(slow_s: float) -> None:
    _, ann = heard_tune(slow_s=slow_s)
    plays(ann, seconds=12)
    assert unbroken(ann)
    assert onsets(ann)[0] - ann.heard()[0].time_s <= 0.05 + 1e-9
    assert why(ann)[1] == "ngram"
    assert str(why(ann)[6]).startswith("fell back to ngram: slow had not answered within 375 ms")
    assert status(ann, "missed_deadlines")[0] == status(ann, "slow_player")[1]
    assert int(str(status(ann, "missed_deadlines")[0])) > 10
    assert int(str(status(ann, "answers_discarded")[0])) > 0
    assert {str(state[1]) for state in ann.got("/player/solo/state")} == {"slow"}


def test_one_that_is_late_now_and_then_is_heard_in_between() -> None:
    stage, ann = heard_tune(slow_s=0.03)
    ann.send("/player/solo/mode", "free")
    ann.send("/player/solo/play")
    models = set()
    for slow_s in (0.03, 2.0) * 4:
        stage.slow_s = slow_s
        stage.advance(3)
        models.add(why(ann)[1])
    assert models == {"slow", "ngram"}
    assert unbroken(ann)


@pytest.mark.parametrize(("slow_s", "model", "after_s"), [(0.02, "slow", 0.02), (0.2, "ngram", 0.05)])
def test_what_is_to_sound_at_once_waits_for_the_better_answer_but_not_long(
    slow_s: float, model: str, after_s: float
) -> None:
    stage, ann = heard_tune(slow_s=slow_s)
    plays(ann, "manual", 1)
    begun = stage.now_s
    ann.send("/player/solo/next")
    stage.advance(1)
    assert onsets(ann) == [pytest.approx(begun + after_s)]
    assert why(ann)[1] == model


def test_an_onset_is_followed_in_time() -> None:
    stage, ann = heard_tune(slow_s=0.02)
    plays(ann, "follow", 1)
    ann.send("/note", 60.0, 90.0)
    stage.advance(0.5)
    assert len(onsets(ann)) == 1
    assert why(ann)[1] == "slow"


def test_a_phrase_is_answered_and_the_answer_ends() -> None:
    stage, ann = heard_tune(slow_s=0.02)
    plays(ann, "answer", 0.1)
    stage.advance(20)
    ann.clear()
    ann.play([(60, 0.25), (62, 0.25), (64, 0.25)])
    stage.advance(5)
    assert [state[0] for state in ann.got("/player/solo/state")] == ["playing", "armed"]
    assert onsets(ann)
    assert why(ann)[1] == "slow"


def test_after_a_stop_nothing_comes_however_late() -> None:
    stage, ann = heard_tune(slow_s=0.3)
    plays(ann, seconds=3)
    ann.send("/player/solo/stop")
    stopped = stage.now_s
    stage.advance(5)
    assert all(at <= stopped for at in onsets(ann))


def test_hearing_a_crowd_makes_no_answer_late() -> None:
    stage, ann = heard_tune(slow_s=0.03)
    bob = stage.performer("bob")
    ann.send("/player/solo/mode", "free")
    ann.send("/player/solo/play")
    for number in range(200):
        bob.send("/note", float(72 + number % 5), 80.0, 1, 20.0)
        stage.advance(0.05)
    assert status(ann, "missed_deadlines") == (0,)
    assert status(ann, "events_by_stand_ins") == (0,)
    assert len(onsets(ann)) > 20


def test_a_model_that_raises_has_failed_and_the_player_goes_on() -> None:
    stage, ann = heard_tune("broken")
    plays(ann, seconds=5)
    assert unbroken(ann)
    assert ann.got("/player/solo/state")[-1] == ("failed", "broken", "free")
    assert "no idea" in str(ann.got("/notice")[-1][1])
    assert str(why(ann)[6]).startswith("fell back to ngram: broken has failed")
    assert status(ann, "slow_player")[3] == "RuntimeError: no idea"
    ann.send("/player/solo/stop")
    stage.advance(1)
    ann.clear()
    stage.advance(2)
    assert not onsets(ann)
    ann.send("/player/solo/play")
    stage.advance(2)
    assert onsets(ann)


def test_a_model_that_fails_at_learning_fails_alone() -> None:
    _, ann = heard_tune("forgetful", notes=0)
    ann.send("/player/other/new", "slow")
    ann.play([(TUNE[number % len(TUNE)], 0.25) for number in range(30)])
    assert ann.got("/player/solo/state")[-1][0] == "failed"
    assert not [state for state in ann.got("/player/other/state") if state[0] == "failed"]


def test_who_has_failed_comes_back_as_another() -> None:
    _, ann = heard_tune("broken")
    plays(ann, seconds=2)
    ann.send("/player/solo/model", "oracle")
    assert ann.got("/player/solo/state")[-1] == ("playing", "oracle", "free")
    ann.stage.advance(3)
    assert why(ann)[1] == "oracle"
    assert not str(why(ann)[6]).startswith("fell back")


def test_a_strangers_model_that_is_cut_off_leaves_no_gap() -> None:
    stage, ann = heard_tune("odd")
    plays(ann, seconds=2)
    assert str(why(ann)[6]).startswith("fell back to ngram: odd had not answered")
    stage.feed(Failed(stage.clock.now(), "main/solo", "plugin odd did not answer predict in time"))
    stage.advance(3)
    assert unbroken(ann)
    assert ann.got("/player/solo/state")[-1][0] == "failed"
    assert "odd has failed" in str(why(ann)[6])


def test_a_slow_model_is_exchanged_for_a_quick_one_and_back_while_it_plays() -> None:
    stage, ann = heard_tune("oracle", slow_s=0.05)
    plays(ann, seconds=2)
    for model in ("slow", "many", "oracle", "slow", "slow", "ngram"):
        ann.send("/player/solo/model", model)
        stage.advance(3)
        assert ann.got("/player/solo/state")[-1] == ("playing", model, "free")
        assert why(ann)[1] == model
    assert unbroken(ann)
    assert not ann.got("/error")


def test_if_loading_fails_the_old_one_stays() -> None:
    _, ann = heard_tune("oracle")
    plays(ann, seconds=2)
    ann.send("/player/solo/model", "unloadable")
    ann.stage.advance(3)
    assert ann.got("/error") == [
        ("/player/solo/model", "unloadable: RuntimeError: no weights", "solo plays on with oracle")
    ]
    assert why(ann)[1] == "oracle"
    assert unbroken(ann)


def test_a_blend_with_a_slow_part_is_slow_and_one_with_a_strangers_is_refused() -> None:
    _, ann = heard_tune("blend", slow_s=0.02)
    plays(ann, seconds=2)
    ann.send("/player/solo/parts", "oracle", "slow")
    ann.stage.advance(3)
    assert {part.split()[0] for part in str(why(ann)[6]).split("; ")} >= {"oracle", "slow"}
    assert status(ann, "slow_player")[0] == "solo"
    ann.send("/player/solo/parts", "oracle", "odd")
    ann.stage.advance(1)
    assert "odd runs in a process of its own" in str(ann.got("/error")[-1][1])
    assert unbroken(ann)


def test_its_memory_is_the_engines() -> None:
    stage, ann = heard_tune(slow_s=0.02)
    ann.send("/player/twin/new", "oracle", "pitch*ioi", "solo")
    ann.send("/player/third/new", "many", "pitch", "solo")
    ann.send("/memory/solo/save", "evening")

    def same() -> bool:
        here = stage.engine.band.memory("main/solo")
        return all(
            list(strand.band.memory("main/solo").snapshot()) == list(here.snapshot())
            and strand.band.memory("main/solo").mean_velocity == here.mean_velocity
            for strand in stage._strands.values()
        )

    assert len(stage._strands) == 2
    assert same()
    for address, arguments in (
        ("/player/twin/forget", (4.0,)),
        ("/player/twin/undo", ()),
        ("/memory/solo/clear", ()),
        ("/memory/solo/load", ("evening",)),
        ("/forget-me", ()),
    ):
        ann.send(address, *arguments)
        ann.play([(70, 0.25), (72, 0.25)])
        stage.advance(2)
        assert same(), address
    assert not ann.got("/error")


def test_those_that_wait_are_answered_together() -> None:
    stage, ann = heard_tune("many", slow_s=0.02)
    names = [f"p{number}" for number in range(5)]
    for name in names:
        ann.send(f"/player/{name}/new", "many", "pitch*ioi", "solo")
        ann.send(f"/player/{name}/mode", "free")
        ann.send(f"/player/{name}/play")
    stage.advance(5)
    (strand,) = stage._strands.values()
    model = strand.band._players["main/p0"][0].learned.model
    assert isinstance(model, Many)
    assert max(model.foreseen) >= 4
    ann.send("/player/p3/why")
    assert ann.got("/player/p3/why")[-1][1] == "many"


def test_a_replay_reads_its_answers_and_is_the_same_byte_for_byte() -> None:
    stage, ann = heard_tune(slow_s=0.03)
    plays(ann, seconds=2)
    stage.slow_s = 1.0
    stage.advance(2)
    ann.send("/player/solo/model", "oracle")
    stage.advance(1)
    ann.send("/player/solo/model", "many")
    stage.advance(3)
    ann.send("/player/other/new", "broken", "pitch*ioi", "solo")
    ann.send("/player/other/play")
    stage.advance(3)
    assert any(isinstance(item, Answered) for item in stage.inputs)
    assert any(isinstance(item, Failed) for item in stage.inputs)
    begin = stage.inputs[0]
    assert isinstance(begin, Begin)
    kind, body = encode_input(1, begin)
    assert _decode(kind, body) == (1, begin)
    engine = Engine(begin, bundled())
    assert [engine.feed(item) for item in stage.inputs[1:]] == stage.outputs_of[1:]
