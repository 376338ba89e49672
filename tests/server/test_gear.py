"""What cannot join: each note begins and ends there once, whatever becomes of plans."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sideman.settings import OutputSettings, Settings
from sideman.testing import Heard, Performer, Stage

GEAR = ("127.0.0.1", 9999)
OUTPUT = OutputSettings(*GEAR, "/player/*/*", address="/synth", args=["pitch", "velocity", "event"], offs=True)


@pytest.fixture
def ann() -> Performer:
    return Stage(settings=Settings(outputs=[OUTPUT])).performer("ann")


def told(ann: Performer) -> list[Heard]:
    return [heard for heard in ann.stage.arrived(GEAR) if heard.address == "/synth"]


def begun(ann: Performer) -> list[tuple[object, ...]]:
    return [heard.arguments for heard in told(ann) if heard.arguments[1]]


def ended(ann: Performer) -> list[tuple[object, ...]]:
    return [heard.arguments for heard in told(ann) if not heard.arguments[1]]


def slow_tune(ann: Performer) -> None:
    """A player that knows one note, which lasts four seconds, and plays it when it is told to."""
    ann.send("/player/sideman/mode", "manual")
    ann.send("/player/sideman/play")
    ann.play([(60, 4.0), (60, 4.0)], legato=1.0)
    ann.stage.advance(2)


def test_a_note_that_is_struck_again_ends_there_once_and_the_new_one_sounds_on(ann: Performer) -> None:
    slow_tune(ann)
    ann.send("/player/sideman/next")
    ann.stage.advance(3)
    ann.send("/player/sideman/next")
    start = ann.stage.now_s
    ann.stage.advance(8)
    (_, _, first), (_, _, second) = begun(ann)
    assert ended(ann) == [(60, 0, first), (60, 0, second)]
    assert [round(heard.time_s - start, 3) for heard in told(ann)] == [-3.0, 0.0, 0.0, 4.0]


def test_nothing_comes_after_a_panic_but_the_ends_at_once(ann: Performer) -> None:
    slow_tune(ann)
    ann.send("/player/sideman/next")
    ann.stage.advance(1)
    ann.send("/panic")
    panic = ann.stage.now_s
    ann.stage.advance(8)
    assert [heard.time_s for heard in told(ann)][1:] == [panic]
    assert len(begun(ann)) == len(ended(ann)) == 1


def test_of_a_plan_that_is_thought_better_of_no_end_comes_and_what_sounds_keeps_its_own(ann: Performer) -> None:
    ann.play([(60, 0.6)] * 8, legato=1.0)
    ann.stage.advance(8)
    ann.send("/player/sideman/mode", "free")
    for turn in range(24):
        ann.stage.advance(0.11)
        ann.send("/player/sideman/param/speed", (1.0, 0.9, 0.8, 0.7)[turn % 4])
    ann.send("/player/sideman/stop")
    ann.stage.advance(4)
    assert len(begun(ann)) > 8
    assert ended(ann) == [(pitch, 0, event) for pitch, _, event in begun(ann)]
    assert all(bool(one.arguments[1]) != bool(other.arguments[1]) for one, other in pairwise(told(ann)))


def test_what_was_to_be_struck_again_and_is_not_ends_when_it_is_over(ann: Performer) -> None:
    slow_tune(ann)
    ann.send("/start")
    ann.send("/player/sideman/next")
    start = ann.stage.now_s
    ann.stage.advance(1.3)
    before = len(ann.stage.outputs)
    ann.send("/player/sideman/mode", "free")  # it begins on the next beat, in 0.2 s
    assert len([output for output in ann.stage.outputs[before:] if b"/synth" in getattr(output, "packet", b"")]) == 3
    ann.stage.advance(0.1)
    ann.send("/player/sideman/mode", "manual")
    ann.stage.advance(6)
    assert [(round(heard.time_s - start, 3), bool(heard.arguments[1])) for heard in told(ann)] == [
        (0.0, True),
        (4.0, False),
    ]
