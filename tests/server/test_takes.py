"""Takes: recorded in whole beats, kept with the memory, played round and round, taken back."""

from __future__ import annotations

import pytest

from sideman.memoryfile import decode, encode
from sideman.testing import Heard, Performer, Stage

NOTE = "/player/sideman/note"
RECORD = "/player/sideman/record"
TAKES = "/player/sideman/takes"
BEAT_S = 0.5


def loop(ann: Performer, pitches: list[float]) -> None:
    """A note on each beat, the last a little late."""
    for place, pitch in enumerate(pitches):
        late = 0.1 if place == len(pitches) - 1 else 0.0
        ann.stage.advance(late * BEAT_S)
        ann.send("/note", pitch, 70.0 + place, 1, 150.0)
        ann.stage.advance((1 - late) * BEAT_S)


def recorded(ann: Performer, pitches: list[float]) -> None:
    """A take of these notes; what arrived so far is put aside."""
    ann.send(RECORD, 1)
    loop(ann, pitches)
    ann.send(RECORD, 0)
    ann.clear()


@pytest.fixture
def ann() -> Performer:
    """Ann with the transport running, and two takes of four beats."""
    performer = Stage().performer("ann")
    performer.send("/player/sideman/stop")
    performer.send("/start")
    recorded(performer, [60, 62, 64, 65])
    recorded(performer, [72, 71, 69, 67])
    performer.stage.advance(2 * BEAT_S)
    performer.clear()
    return performer


def notes(ann: Performer) -> list[Heard]:
    return [heard for heard in ann.heard() if heard.address == NOTE]


def pitches(ann: Performer) -> list[int]:
    return [int(str(heard.arguments[0])) for heard in notes(ann)]


def test_a_take_is_played_round_and_round_as_it_was_recorded(ann: Performer) -> None:
    ann.send(TAKES, 1)
    ann.send("/player/sideman/play")
    ann.stage.advance(8 * BEAT_S)
    assert pitches(ann)[:8] == [60, 62, 64, 65] * 2
    first = notes(ann)[0].time_s
    assert [round((heard.time_s - first) / BEAT_S, 3) for heard in notes(ann)[:8]] == [0, 1, 2, 3.1, 4, 5, 6, 7.1]
    assert [heard.arguments[1] for heard in notes(ann)[:4]] == [70, 71, 72, 73]
    assert {round(float(str(heard.arguments[2]))) for heard in notes(ann)} == {150}


def test_another_take_takes_its_place_on_the_next_beat_and_none_lets_the_mode_go_on(ann: Performer) -> None:
    ann.send("/player/sideman/play")
    ann.send(TAKES, 1)
    ann.stage.advance(2.2 * BEAT_S)
    ann.send(TAKES, 2)
    ann.clear()
    ann.stage.advance(4 * BEAT_S)
    assert pitches(ann) == [72, 71, 69, 67]
    ann.send(TAKES, 0)
    ann.clear()
    ann.stage.advance(4 * BEAT_S)
    assert notes(ann) == []  # the mode is `answer`


def test_everybody_sees_what_is_recorded_and_played(ann: Performer) -> None:
    bob = ann.stage.performer("bob")
    ann.send(RECORD, 1)
    ann.stage.advance(2 * BEAT_S)
    ann.send(RECORD, 0)
    ann.send(TAKES, 3)
    assert bob.got(RECORD) == [(1,), (0,)]
    assert bob.got(TAKES) == [(0, 2), (0, 3), (3, 3)]
    late = Performer(ann.stage, "late")
    late.send("/join", "late")
    assert late.got(TAKES) == [(3, 3)]


def test_a_take_that_is_not_there_is_refused(ann: Performer) -> None:
    ann.send(TAKES, 3)
    assert ann.got("/error") == [(TAKES, "sideman has no take 3", "there are 2, from 1; 0: none")]


def test_undo_takes_back_a_take_a_playing_and_a_recording(ann: Performer) -> None:
    ann.send("/player/sideman/play")
    ann.send(TAKES, 2)
    ann.send("/player/sideman/undo")
    assert ann.got(TAKES) == [(2, 2), (0, 2)]
    ann.send("/player/sideman/undo")
    assert ann.got(TAKES)[-1] == (0, 1)
    ann.send(TAKES, 2)
    assert ann.got("/error")[-1][1] == "sideman has no take 2"
    ann.send(RECORD, 1)
    ann.send("/player/sideman/undo")
    assert ann.got(RECORD)[-1] == (0,)
    ann.send(RECORD, 0)
    assert ann.got(TAKES)[-1] == (0, 1)


def test_what_is_recorded_is_learned_even_if_nothing_else_is() -> None:
    ann = Stage().performer("ann")
    ann.send("/player/sideman/learn", 0)
    ann.send("/start")
    loop(ann, [50, 52])
    recorded(ann, [60, 62, 64, 65])
    loop(ann, [53, 55])
    ann.stage.advance(3)
    memory = ann.stage.engine.band.memory("main/sideman")
    heard = [round(memory.event(place).top.pitch) for place in range(len(memory))]
    assert heard == [60, 62, 64, 65]
    assert [event.top.pitch for event, _ in memory.taken(memory.takes[0])] == [60, 62, 64, 65]


def test_takes_are_saved_and_loaded_with_the_memory(ann: Performer) -> None:
    ann.send("/memory/sideman/save", "evening")
    ann.stage.advance(1)
    other = Stage()
    other.files = ann.stage.files
    bob = other.performer("bob")
    bob.send("/start")
    bob.send("/memory/sideman/load", "evening")
    other.advance(1)
    assert bob.got(TAKES) == [(0, 2)]
    bob.send("/player/sideman/mode", "free")
    bob.clear()
    bob.send(TAKES, 2)
    other.advance(4.2 * BEAT_S)
    assert pitches(bob)[:4] == [72, 71, 69, 67]


def test_takes_come_back_from_a_file_as_they_were(ann: Performer) -> None:
    memory = ann.stage.engine.band.memory("main/sideman")
    again = decode(encode(memory.snapshot()), 100, 1000, 500)
    for one, other in zip(memory.takes, again.takes, strict=True):
        assert [event for event, _ in memory.taken(one)] == [event for event, _ in again.taken(other)]


def test_a_take_of_which_all_is_forgotten_is_silence_and_its_player_goes_on(ann: Performer) -> None:
    ann.send("/player/sideman/play")
    ann.send(TAKES, 1)
    ann.stage.advance(1)
    ann.send("/forget-me")
    ann.clear()
    ann.stage.advance(2)
    assert notes(ann) == []
    assert ann.got("/error") == []


def test_stop_ends_a_take_and_another_mode_lets_it_go(ann: Performer) -> None:
    ann.send("/player/sideman/play")
    ann.send(TAKES, 1)
    ann.stage.advance(1.1 * BEAT_S)
    ann.send("/player/sideman/stop")
    ann.clear()
    ann.stage.advance(2)
    assert notes(ann) == []
    ann.send("/player/sideman/play")
    ann.stage.advance(2)
    assert pitches(ann)[:2] == [60, 62]
    ann.send("/player/sideman/mode", "manual")
    ann.stage.advance(0.3)
    ann.clear()
    ann.stage.advance(2)
    assert notes(ann) == []
    assert ann.got(TAKES) == []


def test_who_follows_reacts_to_nobody_while_it_plays_a_take(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "follow")
    ann.send("/player/sideman/play")
    ann.clear()
    ann.send(TAKES, 1)
    for _ in range(8):
        ann.send("/note", 74, 90, 1, 100)
        ann.stage.advance(0.5 * BEAT_S)
    assert pitches(ann) == [60, 62, 64, 65, 60]
    ann.send(TAKES, 0)
    ann.stage.advance(2 * BEAT_S)
    ann.clear()
    ann.send("/note", 60, 90, 1, 100)
    assert len(notes(ann)) == 1


def test_that_another_mode_ends_a_take_is_told_and_undo_brings_both_back(ann: Performer) -> None:
    ann.send("/player/sideman/play")
    ann.send(TAKES, 2)
    ann.send("/player/sideman/mode", "free")
    assert ann.got(TAKES) == [(2, 2), (0, 2)]
    ann.send("/player/sideman/undo")
    assert ann.got(TAKES)[-1] == (2, 2)
    assert ann.got("/player/sideman/state")[-1] == ("playing", "oracle", "answer")
    ann.stage.advance(BEAT_S)
    ann.clear()
    ann.stage.advance(4 * BEAT_S)
    assert sorted(pitches(ann)) == [67, 69, 71, 72]
