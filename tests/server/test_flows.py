"""Flows that are no notes, over a whole server on simulated time: gestures, harmony, typed text."""

from __future__ import annotations

import itertools
import math

from sideman.testing import Stage


def gestures(stage: Stage, model: str = "oracle") -> tuple[list[tuple[object, ...]], list[tuple[float, ...]]]:
    """A sensor goes round three corners, forty times; what a player answers, and what was sent."""
    ann = stage.performer("ann")
    ann.send("/player/hands/new", model, "gesture")
    ann.send("/player/hands/mode", "answer")
    ann.send("/player/hands/play")
    ann.send("/player/sideman/stop")
    stage.advance(0.1)
    ann.clear()
    sent: list[tuple[float, ...]] = []
    for place in range(120):
        angle = 2 * math.pi * (place % 3) / 3
        vector = (math.cos(angle) + 0.01 * (place % 7), math.sin(angle))
        sent.append(vector)
        ann.send("/gesture", *vector)
        stage.advance(0.05)
    stage.advance(6)
    return ann.got("/player/hands/gesture"), sent


def test_a_gesture_is_answered_by_gestures_that_were_played() -> None:
    answered, sent = gestures(Stage())
    assert len(answered) > 20
    rounded = {tuple(round(value, 4) for value in vector) for vector in sent}
    for _, *vector in answered:
        assert tuple(round(float(str(value)), 4) for value in vector) in rounded
    numbers = [int(str(number)) for number, *_ in answered]
    assert numbers == sorted(set(numbers))


def test_gestures_go_on_round_their_corners() -> None:
    answered, _ = gestures(Stage())
    corners = [round(math.atan2(float(str(y)), float(str(x))) / (2 * math.pi / 3)) % 3 for _, x, y in answered]
    assert all(after == (before + 1) % 3 for before, after in itertools.pairwise(corners))


def test_the_same_gestures_are_answered_alike() -> None:
    one, other = Stage(), Stage()
    gestures(one)
    gestures(other)
    assert one.wire.sent == other.wire.sent


def test_the_first_message_fixes_a_gestures_size() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/gesture/knee", 0.5, 0.5)
    ann.send("/gesture/elbow", 0.5)
    ann.send("/gesture/knee", 0.5)
    ann.send("/gesture", *[0.0] * 17)
    stage.advance(0.1)
    assert [(address, what) for address, what, _ in ann.got("/error")] == [
        ("/gesture/knee", "this gesture has 2 numbers, 1 came"),
        ("/gesture", "a gesture has 1 to 16 numbers, 17 came"),
    ]
