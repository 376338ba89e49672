"""The manual layer: follow, mute, undo, labels, drums, echoes, set and get."""

from __future__ import annotations

import pytest

from sideman.testing import Performer, Stage

PHRASE = [(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5), (67, 1.0)]
NOTE = "/player/sideman/note"
STATE = "/player/sideman/state"


@pytest.fixture
def ann() -> Performer:
    """Ann, who has played a phrase that was answered."""
    performer = Stage().performer("ann")
    performer.play(PHRASE)
    performer.stage.advance(10)
    performer.clear()
    return performer


def test_follow_answers_each_onset_at_once(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "follow")
    ann.clear()
    for pitch, _ in PHRASE:
        ann.send("/note", float(pitch), 90.0, 1, 200.0)
        at = ann.stage.now_s
        ann.stage.advance(0.4)
        assert [message.time_s for message in ann.heard() if message.address == NOTE] == [at]
        ann.clear()


def test_follow_reacts_to_a_chord_once(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "follow")
    ann.clear()
    for pitch in (60, 64, 67):
        ann.send("/note", float(pitch), 90.0, 1, 200.0)
        ann.stage.advance(0.005)
    ann.stage.advance(1)
    assert len({note[4] for note in ann.got(NOTE)}) == 1


def test_mute_silences_what_goes_on_thinking(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "free")
    ann.stage.advance(2)
    ann.send("/player/sideman/mute", 1)
    assert ann.got(STATE)[-1][0] == "muted"
    ann.clear()
    ann.stage.advance(3)
    assert ann.got(NOTE) == []
    ann.send("/player/sideman/mute", 0)
    assert ann.got(STATE)[-1][0] == "playing"
    ann.stage.advance(3)
    assert ann.got(NOTE)


def test_undo_takes_back_ones_own_last_change(ann: Performer) -> None:
    bob = ann.stage.performer("bob")
    ann.send("/player/sideman/param/temperature", 0.5)
    ann.stage.advance(3)
    bob.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/undo")
    ann.send("/player/sideman/get", "temperature")
    assert ann.got("/player/sideman/is")[-1] == ("temperature", 1.0)
    assert ann.got(STATE)[-1][2] == "free"
    bob.send("/player/sideman/undo")
    assert ann.got(STATE)[-1][2] == "answer"
    ann.clear()
    ann.send("/player/sideman/undo")
    assert ann.got("/error")[0][1] == "you have changed nothing of sideman"


def test_a_faders_stream_is_one_change(ann: Performer) -> None:
    for step in range(20):
        ann.send("/player/sideman/param/temperature", 0.5 + step / 100)
        ann.stage.advance(0.1)
    ann.send("/player/sideman/undo")
    ann.send("/player/sideman/get", "temperature")
    assert ann.got("/player/sideman/is")[-1] == ("temperature", 1.0)


def test_set_and_param_are_one(ann: Performer) -> None:
    bob = ann.stage.performer("bob")
    ann.send("/player/sideman/set", "temperature", "0.5")
    assert ann.got("/player/sideman/is") == bob.got("/player/sideman/is") == [("temperature", 0.5)]
    ann.send("/player/sideman/param/temperature", -3)
    assert ann.got("/notice") == [("/player/sideman/param/temperature", "temperature was clipped to 0.0")]


def test_labels_are_learned_and_answered_as_labels() -> None:
    ann = Stage().performer("ann")
    ann.send("/player/scenes/new", "oracle", "label")
    ann.send("/player/scenes/mode", "answer")
    ann.send("/player/scenes/play")
    ann.send("/player/sideman/stop")
    for label in ("dawn", "rain", "dawn", "rain", "dusk"):
        ann.send("/event", label, 1.0)
        ann.stage.advance(0.5)
    ann.clear()
    ann.stage.advance(10)
    answers = ann.got("/player/scenes/event")
    assert answers
    assert {answer[0] for answer in answers} <= {"dawn", "rain", "dusk"}
    assert ann.got("/player/scenes/note") == []


def test_drums_are_a_stream_of_their_own(ann: Performer) -> None:
    for _ in range(4):
        ann.send("/note", 36.0, 100.0, 10, 50.0)
        ann.stage.advance(0.05)
        ann.send("/note", 60.0, 90.0, 1, 50.0)
        ann.stage.advance(0.45)
    ann.clear()
    ann.stage.advance(10)
    channels = {note[3] for note in ann.got(NOTE)}
    assert channels
    assert channels <= {1, 10}


def test_what_comes_back_through_a_microphone_is_ignored(ann: Performer) -> None:
    ann.send("/session/set", "echo_ms", 200)
    ann.send("/player/sideman/mode", "manual")
    ann.send("/player/sideman/next")
    pitch = ann.got(NOTE)[-1][0]
    ann.stage.advance(0.05)
    ann.clear()
    bob = ann.stage.performer("bob")
    ann.send("/listen", "/performer/*/note")
    bob.send("/note", float(str(pitch)), 80.0)
    assert ann.got("/performer/bob/note") == []
    ann.stage.advance(1)
    bob.send("/note", float(str(pitch)), 80.0)
    assert ann.got("/performer/bob/note")


def test_undo_passes_over_what_changed_nothing() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/param/taboo", 5)
    stage.advance(3)
    for address, value in (("mode", "answer"), ("mute", 0), ("learn", 1), ("param/taboo", 5)):
        ann.send(f"/player/sideman/{address}", value)
    ann.clear()
    ann.send("/player/sideman/undo")
    assert ann.got("/player/sideman/is") == [("taboo", 0)]
