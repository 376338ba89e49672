"""Controllers, bends, pressure and the pedal: kept with the events, sent back with them, at rest after a stop."""

from __future__ import annotations

import pytest

from sideman.controls import MOST, Controls
from sideman.events import Control
from sideman.testing import Heard, Performer, Stage
from sideman.timeline import SECOND, Timeline

P = "/player/sideman"
TIMELINE = Timeline(0)  # 120 a minute: a beat is half a second


@pytest.fixture
def ann() -> Performer:
    return Stage().performer("ann")


def bent_phrase(ann: Performer) -> None:
    """Three notes; the second is bent, and the wheel goes back before the third."""
    for pitch in (60, 62, 64):
        ann.send("/note", float(pitch), 90.0, 1, 400.0)
        ann.stage.advance(0.1)
        if pitch == 62:
            ann.send("/bend", 0.5)
            ann.send("/control", 1, 99)
            ann.send("/pressure", 70, 62)
        ann.stage.advance(0.2)
        if pitch == 62:
            ann.send("/bend", 0)
            ann.send("/pressure", 0, 62)
        ann.stage.advance(0.2)


def through(ann: Performer) -> list[Heard]:
    """What comes back when memory is gone through in order."""
    ann.send(f"{P}/param/continuity", 1000)
    ann.send(f"{P}/mode", "free")
    ann.stage.advance(15)
    return ann.heard()


def test_controls_come_back_with_the_event_that_had_them(ann: Performer) -> None:
    bent_phrase(ann)
    heard = through(ann)
    bends = [message for message in heard if message.address == f"{P}/bend"]
    assert bends
    notes = {message.arguments[4]: message for message in heard if message.address == f"{P}/note"}
    up = [bend for bend in bends if bend.arguments[0] == 0.5]
    assert up
    for bend in up:
        note = notes[bend.arguments[2]]
        assert 0.05 < bend.time_s - note.time_s < 0.2  # where it was within the note
    assert {message.arguments[:3] for message in heard if message.address == f"{P}/control"} == {(1, 99, 1)}
    pressed = [message.arguments for message in heard if message.address == f"{P}/pressure" and message.arguments[0]]
    assert pressed
    assert all(notes[event].arguments[0] == pitch for _, pitch, event in pressed)


def test_a_stop_puts_the_wheel_back(ann: Performer) -> None:
    bent_phrase(ann)
    through(ann)
    ann.clear()
    for _ in range(400):
        ann.stage.advance(0.02)
        if ann.got(f"{P}/bend") and ann.got(f"{P}/bend")[-1][0] == 0.5:
            break
    else:
        pytest.fail("it never bent")
    ann.send(f"{P}/stop")
    assert ann.got(f"{P}/bend")[-1][0] == 0.0
    assert ann.got(f"{P}/pressure")[-1][0] == 0
    ann.clear()
    ann.stage.advance(5)
    assert not ann.got(f"{P}/bend")


def test_an_event_without_a_bend_is_not_bent_by_the_one_before() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/note", 60.0, 90.0, 1, 400.0)
    stage.advance(0.2)
    ann.send("/bend", 0.5)
    stage.advance(2)
    ann.send("/bend", 0)
    for pitch in (67, 60, 67, 60):
        ann.send("/note", float(pitch), 90.0, 1, 400.0)
        stage.advance(0.5)
    ann.send(f"{P}/param/continuity", 1)
    ann.send(f"{P}/mode", "free")
    ann.clear()
    stage.advance(25)
    state = 0.0
    where: dict[object, float] = {}
    for message in ann.heard():
        if message.address == f"{P}/bend":
            state = float(str(message.arguments[0]))
        elif message.address == f"{P}/note":
            where.setdefault(message.arguments[4], state)
    assert ann.got(f"{P}/bend")
    assert set(where.values()) == {0.0}  # in this memory no note begins bent


def test_the_pedal_lengthens_what_it_holds_and_does_not_come_back(ann: Performer) -> None:
    ann.send("/control", 64, 127)
    for pitch in (60, 64):
        ann.send("/note", float(pitch), 90.0)
        ann.stage.advance(0.1)
        ann.send("/note", float(pitch), 0.0)
        ann.stage.advance(0.4)
    ann.send("/control", 64, 0)
    ann.send("/note", 67.0, 90.0)
    ann.stage.advance(0.1)
    ann.send("/note", 67.0, 0.0)
    ann.stage.advance(2)
    memory = ann.stage.engine.band.memory("main/sideman")
    lengths = [round(memory.event(place).notes[0].duration_beats, 2) for place in range(3)]
    assert lengths == [1.0, 1.0, 0.2]  # the first two until the next onset, the last as it was played
    through(ann)
    assert ann.got(f"{P}/note")
    assert not ann.got(f"{P}/control")


def test_a_pedal_that_comes_up_without_having_gone_down_changes_nothing(ann: Performer) -> None:
    ann.send("/control", 64, 0)  # as a pedal says when it is plugged in
    ann.play([(60, 0.5), (62, 0.5)])
    ann.stage.advance(3)
    assert ann.got(f"{P}/note")


def test_a_phrase_ends_with_its_keys_whatever_the_pedal_does(ann: Performer) -> None:
    ann.send("/control", 64, 127)
    ann.play([(60, 0.5), (62, 0.5), (64, 0.5)])
    ann.clear()
    ann.stage.advance(1.1)
    assert ann.got(f"{P}/state")[-1][0] == "playing"


def test_a_pedal_that_is_let_go_without_having_been_down_does_nothing(ann: Performer) -> None:
    ann.send("/control", 64, 0)
    ann.play([(60, 0.5), (62, 0.5)])
    ann.stage.advance(2)
    assert ann.got("/player/sideman/note")


def test_what_is_out_of_range_is_an_error_and_nothing_answers_what_is_right(ann: Performer) -> None:
    for address, *values in (("/control", 128, 0), ("/control", 1, 128), ("/bend", 1.5), ("/pressure", -1)):
        ann.send(address, *values)
        assert ann.got("/error")[-1][0] == address
    ann.clear()
    ann.send("/control", 7.0, 100.0)
    ann.send("/bend", -1, 3)
    ann.send("/pressure", 5)
    assert ann.heard() == []


def test_what_moved_before_the_onset_is_in_force_at_it() -> None:
    controls = Controls()
    controls.move(0, "control", 7, 80, 1)
    controls.move(1, "control", 7, 100, 1)
    controls.move(2, "bend", 0, 0.5, 1)
    controls.move(SECOND, "bend", 0, 0.25, 1)
    assert controls.take(SECOND // 2, TIMELINE) == (
        Control("control", 7, 100, 0.0),
        Control("bend", 0, 0.5, 0.0),
        Control("bend", 0, 0.25, 1.0),
    )
    assert controls.take(2 * SECOND, TIMELINE) == (Control("bend", 0, 0.25, 0.0),)  # it is still bent, the volume said


def test_a_wild_fader_leaves_a_bounded_number_of_controls_and_its_last_value() -> None:
    controls = Controls()
    for step in range(10_000):
        controls.move(step * 1_000_000, "bend", 0, step / 10_000, 1)
    taken = controls.take(0, TIMELINE)
    assert len(taken) <= MOST
    assert taken[-1].value == 0.9999
    for key in range(1000):
        controls.move(key, "pressure", key % 128, 1.0, 1 + key // 128)
    assert len(controls.take(0, TIMELINE)) <= 2 * MOST
