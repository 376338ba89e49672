"""Several sessions in one server: names, memories, players, time and parameters of one are nothing to another."""

from __future__ import annotations

import pytest

from sideman.osc import IMMEDIATELY, encode, encode_bundle
from sideman.settings import SessionSettings, Settings
from sideman.testing import Performer, Stage

TUNE = [(60, 0.25), (62, 0.25), (64, 0.25), (65, 0.25)]


@pytest.fixture
def two() -> tuple[Performer, Performer]:
    """Two people of the same name, each in a session of their own."""
    stage = Stage()
    north = stage.performer("ann", 0, "-", "north")
    south = Performer(stage, "ann")
    south.send("/join", "ann", 0, "-", "south")
    assert south.got("/joined")[0][1] == "south"
    south.clear()
    return north, south


def memory(ann: Performer, name: str = "sideman") -> int:
    ann.clear()
    ann.send("/status")
    return next(int(str(got[2])) for got in ann.got("/status/is") if got[:2] == ("memory", name))


def in_sessions(stage: Stage, names: list[str]) -> list[Performer]:
    """Somebody in each of these sessions."""
    return [stage.performer("ann", 0, "-", name) for name in names]


def refused(stage: Stage, name: str) -> bool:
    """Whether somebody who joins a session of that name, and then leaves it, cannot join it."""
    ben = Performer(stage, "ben")
    ben.send("/join", "ben", 0, "-", name)
    ben.send("/leave")
    return ("/join", "16 sessions are open already", "join one of them") in ben.got("/error")


def test_a_session_that_all_have_left_makes_room_for_another_and_what_was_learned_least_goes_first() -> None:
    stage = Stage()
    there = in_sessions(stage, [f"s{number}" for number in range(15)])
    assert refused(stage, "tonight")
    there[3].play(TUNE)
    stage.advance(2)
    there[3].send("/leave")
    there[7].send("/leave")
    assert not refused(stage, "tonight")
    again = stage.performer("ann", 0, "-", "s3")
    assert memory(again) == len(TUNE)
    again.send("/leave")
    assert not refused(stage, "tomorrow")  # in the place of tonight
    assert stage.performer("ann", 0, "-", "tonight").got("/error") == []  # in the place of tomorrow
    assert not refused(stage, "later")  # in the place of s3
    assert stage.engine.players() == [f"{name}/sideman" for name in stage.engine._sessions]
    assert len(stage.engine._sessions) == 16
    assert stage.engine._gear.keys() == stage.engine._hubs.keys() == stage.engine._sessions.keys()


def test_a_session_with_a_mistyped_name_goes_when_who_was_there_has_lapsed_and_one_that_knows_something_stays() -> None:
    stage = Stage()
    there = in_sessions(stage, [f"s{number}" for number in range(15)])
    there[0].play(TUNE)
    stage.advance(20)
    for ann in there[2:]:
        ann.send("/ping")
    stage.advance(20)
    assert not refused(stage, "tonight")
    there[1].clear()
    there[1].send("/note", 60.0, 90.0)
    assert there[1].got("/error")[0][1] == "not joined"
    assert memory(there[0]) == len(TUNE)


def test_a_session_of_the_configuration_is_never_closed() -> None:
    names = [f"s{number}" for number in range(15)]
    stage = Stage(settings=Settings(sessions=[SessionSettings(name) for name in names]))
    assert refused(stage, "tonight")


def test_a_bundle_opens_no_more_sessions_than_there_is_room_for() -> None:
    stage = Stage()
    ann = Performer(stage, "ann")
    joins = [encode("/join", "ann", 0, "-", f"s{number}") for number in range(16)]
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, joins))
    assert len(stage.engine._sessions) == 1
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, [*joins[:15], *joins[:15]]))
    assert len(stage.engine._sessions) == 16
    assert ann.got("/joined")


def test_an_empty_memory_goes_with_its_last_player_and_one_that_knows_something_stays() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/two/new", "oracle", "pitch", "ours")
    ann.send("/player/three/new", "oracle", "pitch", "ours")
    for number in range(20):
        ann.send("/player/one/new", "oracle", "pitch", f"m{number}")
        if number == 3:
            ann.play(TUNE)
            stage.advance(2)
        ann.send("/player/one/drop")
    ann.send("/player/two/drop")
    ann.clear()
    ann.send("/status")
    assert [line[1] for line in ann.got("/status/is") if line[0] == "memory"] == ["sideman", "ours", "m3"]
    assert set(stage.engine.band._memories) == {"main/sideman", "main/ours", "main/m3"}
    ann.send("/player/one/new", "oracle", "pitch", "m3")
    ann.clear()
    ann.send("/player/one/next")
    ann.send("/player/one/play")
    stage.advance(2)
    assert ann.got("/player/one/note")


def test_the_status_of_a_house_full_of_memories_is_no_burst() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for number in range(600):
        ann.send("/player/one/new", "oracle", "pitch", f"m{number}")
        ann.send("/note", 60.0, 90.0, 1, 10.0)
        ann.send("/note", 61.0, 90.0, 1, 10.0)
        stage.advance(0.1)
        ann.send("/player/one/drop")
    ann.clear()
    ann.send("/status")
    lines = ann.got("/status/is")
    assert len(lines) <= 900
    assert ("memory", "sideman") in {line[:2] for line in lines}
    assert ("memories", 600) in lines


def test_what_is_played_in_one_is_learned_and_answered_there_only(two: tuple[Performer, Performer]) -> None:
    north, south = two
    north.play(TUNE)
    north.stage.advance(5)
    assert north.got("/player/sideman/note")
    assert south.heard() == []
    assert memory(north) == len(TUNE)
    assert memory(south) == 0


def test_players_of_the_same_name_have_memories_of_their_own(two: tuple[Performer, Performer]) -> None:
    for ann, mode in zip(two, ("answer", "free"), strict=True):
        ann.send("/player/echo/new", "oracle", "pitch", "shared")
        ann.send("/player/echo/mode", mode)
        ann.send("/player/echo/play")
        assert not ann.got("/error")
    north, south = two
    north.play(TUNE)
    north.stage.advance(5)
    assert memory(north, "shared") == len(TUNE)
    assert memory(south, "shared") == 0
    south.send("/memory/shared/clear")
    assert memory(north, "shared") == len(TUNE)
    north.clear()
    north.send("/player/echo/play", 2)
    north.stage.advance(5)
    assert south.got("/player/echo/note") == []


def test_tempo_harmony_and_parameters_are_the_sessions_own(two: tuple[Performer, Performer]) -> None:
    north, south = two
    north.send("/tempo", 90)
    north.send("/chord", "Dm7")
    north.send("/session/set", "phrase_gap_s", 3)
    north.send("/player/sideman/param/temperature", 0.5)
    north.send("/start")
    assert south.heard() == []
    south.send("/refresh")
    assert south.got("/tempo") == [(120.0,)]
    assert south.got("/transport") == [(0,)]
    assert south.got("/harmony") == []
    assert ("temperature", 1.0) in south.got("/player/sideman/is")
    south.send("/session/get", "phrase_gap_s")
    assert south.got("/session/is") == [("phrase_gap_s", 1.0)]


def test_a_stop_or_panic_in_one_leaves_the_other_playing(two: tuple[Performer, Performer]) -> None:
    north, south = two
    for ann in two:
        ann.send("/player/sideman/mode", "free")
        ann.play(TUNE)
    north.stage.advance(3)
    north.send("/player/*/stop")
    north.send("/panic")
    north.stage.advance(1)
    for ann in two:
        ann.clear()
    north.stage.advance(3)
    assert north.got("/player/sideman/note") == []
    assert south.got("/player/sideman/note")


def test_no_player_hears_one_of_another_session(two: tuple[Performer, Performer]) -> None:
    north, south = two
    north.send("/player/lead/new", "oracle")
    north.send("/player/lead/mode", "answer")
    north.send("/player/lead/play")
    south.send("/player/sideman/hear", "lead", "ann")
    north.play(TUNE)
    north.stage.advance(6)
    assert north.got("/player/lead/note")
    assert memory(south) == 0


def test_who_is_forgotten_in_one_is_remembered_in_the_other(two: tuple[Performer, Performer]) -> None:
    north, south = two
    for ann in two:
        ann.play(TUNE)
        ann.stage.advance(5)
    north.send("/forget-me")
    assert north.got("/forgotten") == [(len(TUNE),)]
    for ann in two:
        ann.clear()
        ann.send("/player/sideman/next")
        ann.stage.advance(0.1)
    assert north.got("/player/sideman/note") == []
    assert len(south.got("/player/sideman/note")) == 1


def test_seats_are_a_sessions_own_and_one_leaves_without_the_other(two: tuple[Performer, Performer]) -> None:
    north, south = two
    north.send("/leave")
    assert south.got("/performer/ann/state") == []
    south.send("/ping", 7)
    assert south.got("/pong")[0][0] == 7
