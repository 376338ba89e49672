"""Hold, loop, jump and playing through: what the hand does to a player, and what it does when the hand is opened."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sideman.events import Note, Planned, Why
from sideman.hand import looped
from sideman.settings import PlayerSettings, Settings
from sideman.testing import Heard, Performer, Stage

P = "/player/sideman"
NOTE, OFF, STATE = f"{P}/note", f"{P}/off", f"{P}/state"
PITCHES = [60, 62, 64, 65, 67, 69, 71, 72]


@pytest.fixture
def ann() -> Performer:
    """Ann, whose phrase of eight notes, one a beat from beat 0, the player goes on from in `free`."""
    performer = Stage().performer("ann")
    performer.play([(pitch, 0.5) for pitch in PITCHES])
    performer.send(f"{P}/mode", "free")
    performer.stage.advance(3)
    performer.clear()
    return performer


def notes(ann: Performer) -> list[Heard]:
    return [message for message in ann.heard() if message.address == NOTE]


def line(ann: Performer) -> list[tuple[float, int]]:
    """When which pitch was played, on the beats' grid."""
    return [(round(message.time_s, 3), int(str(message.arguments[0]))) for message in notes(ann)]


def until_note(ann: Performer) -> Heard:
    """Wait for the next note."""
    ann.clear()
    while not notes(ann):
        ann.stage.advance(0.01)
    return notes(ann)[0]


def test_what_is_held_goes_on_sounding_until_it_is_let_go(ann: Performer) -> None:
    pitch = until_note(ann).arguments[0]
    ann.send(f"{P}/hold", 1)
    assert ann.got("/done") == [(f"{P}/hold",)]
    assert ann.got(f"{P}/is") == [("hold", 1)]
    assert ann.got(OFF) == []
    ann.clear()
    for _ in range(3):
        ann.stage.advance(8)
        ann.send("/ping")
    held = notes(ann)
    assert [message.arguments[0] for message in held] == [pitch] * 3  # when it would have ended, then every 10 s
    assert {message.arguments[2] for message in held} == {10_000.0}
    assert [round(b.time_s - a.time_s, 3) for a, b in pairwise(held)] == [10.0, 10.0]
    assert ann.got(OFF) == []
    ann.clear()
    ann.send(f"{P}/hold", 0)
    assert [off[0] for off in ann.got(OFF)] == [pitch]
    ann.stage.advance(3)
    assert len(notes(ann)) >= 4  # it goes on


def test_between_two_notes_the_last_is_held(ann: Performer) -> None:
    first = until_note(ann)
    while first.arguments[0] == PITCHES[-1]:  # the phrase's last lasts until the next
        first = until_note(ann)
    ann.stage.advance(float(str(first.arguments[2])) / 1000 + 0.01)  # it is over, the next is not there yet
    ann.clear()
    ann.send(f"{P}/hold", 1)
    assert [message.arguments[0] for message in notes(ann)] == [first.arguments[0]]
    ann.send(f"{P}/stop")
    assert [off[0] for off in ann.got(OFF)] == [first.arguments[0]]


def test_a_stop_lets_go_and_ends_the_loop(ann: Performer) -> None:
    for stop in (f"{P}/stop", "/stop", "/panic"):
        until_note(ann)
        ann.send(f"{P}/loop", 2)
        ann.send(f"{P}/hold", 1)
        ann.stage.advance(1)
        ann.clear()
        ann.send(stop)
        assert ann.got(OFF)
        assert {("hold", 0), ("loop", 0.0)} <= set(ann.got(f"{P}/is"))
        ann.clear()
        ann.stage.advance(12)
        assert notes(ann) == []
        ann.send("/start" if stop != f"{P}/stop" else f"{P}/play")
        ann.stage.advance(2)
        assert len({pitch for _, pitch in line(ann)}) > 1


def test_next_steps_through_what_is_held(ann: Performer) -> None:
    ann.send(f"{P}/mode", "manual")
    ann.send(f"{P}/hold", 1)
    ann.stage.advance(2)
    steps = []
    for _ in range(5):
        ann.clear()
        ann.send(f"{P}/next")
        ann.stage.advance(2)
        struck = notes(ann)
        assert len(struck) == 2  # itself, and once more when it would have ended
        assert struck[0].arguments[0] == struck[1].arguments[0]
        steps.append(struck[0].arguments[0])
        if len(steps) > 1:
            assert ann.got(OFF)[0][0] == steps[-2]
    ann.clear()
    ann.send(f"{P}/hold", 0)
    assert ann.got(OFF)[0][0] == steps[-1]
    ann.stage.advance(5)
    assert notes(ann) == []  # in `manual` it is silent again


def test_one_may_play_over_what_is_held(ann: Performer) -> None:
    ann.send(f"{P}/mode", "answer")
    ann.play([(60, 0.5), (64, 0.5), (67, 0.5)])
    ann.clear()
    while not notes(ann):
        ann.stage.advance(0.01)
    ann.send(f"{P}/hold", 1)
    ann.clear()
    ann.play([(72, 0.5), (74, 0.5)])
    assert ann.got(OFF) == []
    assert ann.got(STATE) == []
    ann.send(f"{P}/hold", 0)
    ann.stage.advance(5)
    assert notes(ann)


def test_drums_that_are_held_come_again_in_their_rhythm() -> None:
    ann = Stage().performer("ann")
    for pitch in (36, 38, 36, 42):
        ann.send("/note", float(pitch), 100.0, 10, 50.0)
        ann.stage.advance(0.5)
    ann.send(f"{P}/mode", "free")
    until_note(ann)
    ann.send(f"{P}/hold", 1)
    ann.clear()
    ann.stage.advance(4.1)
    struck = notes(ann)
    assert len({message.arguments[0] for message in struck}) == 1
    gaps = {round(b.time_s - a.time_s, 2) for a, b in pairwise(struck)}
    assert len(gaps) == 1
    ann.send(f"{P}/why")
    assert "hold" in str(ann.got(f"{P}/why")[0][-1])


def test_what_was_played_last_goes_round_exactly(ann: Performer) -> None:
    ann.stage.advance(2)
    ann.clear()
    ann.stage.advance(2)  # four beats
    before = line(ann)
    since = ann.stage.now_s - 2
    ann.send(f"{P}/loop", 4)
    ann.clear()
    ann.stage.advance(6)
    again = [(round(at + 2 * turn, 3), pitch) for turn in (1, 2, 3) for at, pitch in before if at >= since]
    assert line(ann) == again
    ann.send(f"{P}/why")
    assert "loop" in str(ann.got(f"{P}/why")[0][-1])
    ann.send(f"{P}/loop", 0)
    ann.clear()
    ann.stage.advance(4)
    assert notes(ann)


def test_a_loop_obeys_the_controls_and_may_be_shortened(ann: Performer) -> None:
    ann.stage.advance(4)
    ann.send(f"{P}/loop", 4)
    ann.stage.advance(2)
    ann.clear()
    ann.stage.advance(2)
    once = [message.arguments[0] for message in notes(ann)]
    ann.send(f"{P}/octave", 1)
    ann.send(f"{P}/volume", 0.5)
    ann.clear()
    ann.stage.advance(2)
    assert [message.arguments[0] for message in notes(ann)] == [int(str(pitch)) + 12 for pitch in once]
    assert {message.arguments[1] for message in notes(ann)} == {45}
    ann.send(f"{P}/speed", 2.0)
    ann.clear()
    ann.stage.advance(1)
    assert len(notes(ann)) == len(once)
    ann.send(f"{P}/speed", 1.0)
    ann.stage.advance(0.5)
    ann.send(f"{P}/loop", 1)
    ann.clear()
    ann.stage.advance(4)
    assert len({message.arguments[0] for message in notes(ann)}) == 1
    ann.send(f"{P}/undo")
    ann.send(f"{P}/get", "loop")
    assert ann.got(f"{P}/is")[-1] == ("loop", 4.0)


def test_where_nothing_was_played_the_next_beats_go_round() -> None:
    ann = Stage().performer("ann")
    ann.send(f"{P}/loop", 3)
    ann.play([(pitch, 0.5) for pitch in PITCHES])
    ann.clear()
    while not notes(ann):
        ann.stage.advance(0.01)
    begun = notes(ann)[0].time_s
    ann.stage.advance(5.9)
    played = line(ann)
    first = [(at, pitch) for at, pitch in played if at < begun + 1.499]
    assert first
    rounds = [(round(at + 1.5 * turn, 3), pitch) for turn in range(4) for at, pitch in first]
    assert played[: len(first) * 3] == rounds[: len(first) * 3]


def test_one_jumps_to_a_place_in_memory_and_goes_on_from_there(ann: Performer) -> None:
    for beat, pitch in ((4, 67), (0, 60), (6.5, 72), (99, 72)):
        ann.send(f"{P}/jump", beat)
        assert ann.got("/done")[-1] == (f"{P}/jump",)
        assert until_note(ann).arguments[0] == pitch
        ann.send(f"{P}/why")
        assert ann.got(f"{P}/why")[-1][1] == "memory"
        assert "as recorded" in str(ann.got(f"{P}/why")[-1][-1])
    ann.clear()
    ann.stage.advance(3)
    assert {why[1] for why in ann.got(f"{P}/why")} <= {"memory"}
    ann.send(f"{P}/why")
    assert ann.got(f"{P}/why")[-1][1] == "oracle"  # it improvises on


def test_memory_is_played_through_in_order_from_a_place(ann: Performer) -> None:
    ann.send(f"{P}/param/through", 1)
    ann.send(f"{P}/jump", 2)
    until_note(ann)
    ann.stage.advance(7.6)
    assert [pitch for _, pitch in line(ann)][:14] == [*PITCHES[2:], *PITCHES]
    ann.send(f"{P}/speed", 2.0)
    ann.send(f"{P}/jump", 0)
    until_note(ann)
    ann.stage.advance(1.8)
    times = [at for at, _ in line(ann)]
    assert [round(b - a, 2) for a, b in pairwise(times)][:6] == [0.25] * 6
    ann.send(f"{P}/param/through", 0)
    ann.stage.advance(2)
    ann.send(f"{P}/why")
    assert ann.got(f"{P}/why")[-1][1] == "oracle"


def test_a_loop_may_be_of_a_place_in_memory(ann: Performer) -> None:
    ann.send(f"{P}/param/through", 1)
    ann.send(f"{P}/loop", 2)
    ann.send(f"{P}/jump", 4)
    until_note(ann)
    ann.stage.advance(5)
    assert [pitch for _, pitch in line(ann)][:8] == [67, 69] * 4


def test_undo_goes_back_behind_where_it_was(ann: Performer) -> None:
    ann.send(f"{P}/param/through", 1)
    ann.send(f"{P}/jump", 2)
    ann.stage.advance(0.6)
    was = until_note(ann).arguments[0]
    ann.send(f"{P}/jump", 0)
    until_note(ann)
    ann.send(f"{P}/undo")
    assert until_note(ann).arguments[0] == PITCHES[PITCHES.index(int(str(was))) + 1]


def test_who_has_heard_nothing_cannot_jump() -> None:
    ann = Stage().performer("ann")
    ann.send(f"{P}/jump", 4)
    assert ann.got("/error")[0][1] == "sideman has heard nothing yet"


def test_what_was_forgotten_is_not_played_through(ann: Performer) -> None:
    ann.send(f"{P}/param/through", 1)
    bob = ann.stage.performer("bob")
    bob.play([(40, 0.5), (41, 0.5)])
    bob.send("/forget-me")
    ann.send(f"{P}/jump", 6)
    until_note(ann)
    ann.stage.advance(6)
    assert {pitch for _, pitch in line(ann)} <= set(PITCHES)


def test_the_configuration_may_begin_with_a_loop() -> None:
    player = PlayerSettings("sideman", params={"loop": 2, "through": 1})
    stage = Stage(settings=Settings(players=[player]))
    assert stage.engine.complaints == []
    ann = stage.performer("ann")
    ann.send("/refresh")
    assert {("loop", 2.0), ("through", 1), ("hold", 0)} <= set(ann.got(f"{P}/is"))


WHY = Why("oracle", 0.5, 0.5, 1.0, 0, "ann", 3, 1.0, 2)


def test_a_loop_is_a_function_of_the_beat() -> None:
    events = [Planned(beat, 1.0, (Note(60 + beat, 90, 0, 0.9),), "", WHY) for beat in (8.5, 9, 10.25, 12)]
    loop = looped(events, 8.0, 4.0, 0)
    assert loop is not None
    beat, played = 12.0, []
    for _ in range(6):
        event = loop.next(beat, 0)
        played.append((event.onset_beats, event.notes[0].pitch))
        beat = event.onset_beats + event.span_beats
    assert played == [(12.5, 68.5), (13, 69), (14.25, 70.25), (16.5, 68.5), (17, 69), (18.25, 70.25)]
    assert looped([], 0.0, 4.0, 0) is None
