"""Flows that are no notes, over a whole server on simulated time: gestures, harmony, typed text."""

from __future__ import annotations

import itertools
import math

from sideman.testing import Performer, Stage
from sideman.text import typed


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


def typist(stage: Stage, viewpoint: str, mode: str) -> Performer:
    """Somebody who types, with a player that completes."""
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.send("/player/poet/new", "ngram", viewpoint)
    ann.send("/player/poet/mode", mode)
    ann.send("/player/poet/play")
    for _ in range(6):
        ann.send("/text", "the rain goes down")
        ann.send("/text", "the road goes up")
        stage.advance(3)
    stage.advance(1)
    ann.clear()
    return ann


def suggested(ann: Performer) -> list[list[tuple[str, float]]]:
    found = []
    for arguments in ann.got("/player/poet/suggest"):
        texts, shares = arguments[::2], arguments[1::2]
        found.append([(str(text), float(str(share))) for text, share in zip(texts, shares, strict=True)])
    return found


def test_a_word_under_way_is_completed_at_once() -> None:
    stage = Stage()
    ann = typist(stage, "char", "follow")
    for character in " the r":
        ann.send("/text", character)
    stage.advance(0.5)
    last = suggested(ann)[-1]
    assert {text for text, _ in last[:2]} == {"ain", "oad"}
    shares = [share for _, share in last]
    assert shares == sorted(shares, reverse=True)
    assert 0.5 < sum(shares[:2]) <= 1.0


def test_the_next_word_is_suggested() -> None:
    stage = Stage()
    ann = typist(stage, "word", "answer")
    ann.send("/text", "the road goes")
    stage.advance(3)
    assert suggested(ann)[-1][0][0] == "up"


def test_a_line_is_apart_from_the_last_and_keystrokes_go_on() -> None:
    written, marks = typed("", "rain")
    assert (written, [mark.word for mark in marks]) == ("", ["", "", "", "", "rain"])
    written, marks = typed("", "r")
    written, marks = typed(written, "a")
    assert (written, [mark.label for mark in marks]) == ("ra", ["a"])
    written, marks = typed(written, "in it")
    assert [(mark.label, mark.word) for mark in marks][:2] == [(" ", "ra"), ("i", "")]
    assert [mark.word for mark in marks if mark.word] == ["ra", "in", "it"]


def test_what_is_typed_is_answered_alike_again() -> None:
    one, other = Stage(), Stage()
    typist(one, "char", "follow")
    typist(other, "char", "follow")
    assert one.wire.sent == other.wire.sent
