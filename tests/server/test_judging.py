"""Judgements: kept with the event, shown with its reasons, taken back, and read from a recording with their context."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sideman.cli import app
from sideman.journal import Recorder
from sideman.replay import judged, verify
from sideman.testing import Performer, Stage

P = "/player/sideman"


@pytest.fixture
def ann() -> Performer:
    performer = Stage().performer("ann")
    performer.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5)])
    performer.stage.advance(5)
    return performer


def recorded(stage: Stage, path: Path) -> Path:
    recorder = Recorder(path)
    for number, item in enumerate(stage.inputs):
        recorder.input(number, item)
        for output in stage.outputs_of[number]:
            recorder.output(output)
    recorder.close()
    return path


def numbers(ann: Performer) -> list[int]:
    return [int(str(note[4])) for note in ann.got(f"{P}/note")]


def test_a_judgement_is_shown_with_the_reasons_of_its_event(ann: Performer) -> None:
    first, second = numbers(ann)[:2]
    bob = ann.stage.performer("bob")
    ann.send(f"{P}/like", first)
    bob.send(f"{P}/dislike", first)
    assert ann.got("/done")[-1] == (f"{P}/like",)
    ann.send(f"{P}/why", first)
    assert str(ann.got(f"{P}/why")[-1][-1]).endswith("liked by ann; disliked by bob")
    ann.send(f"{P}/why", second)
    assert "liked" not in str(ann.got(f"{P}/why")[-1][-1])
    ann.send(f"{P}/undo")
    ann.send(f"{P}/why", first)
    assert str(ann.got(f"{P}/why")[-1][-1]).endswith("disliked by bob")
    ann.send(f"{P}/like", 999_999)
    assert ann.got("/error")[-1][1] == "sideman: event 999999 is not remembered"


def test_a_recording_lists_judgements_with_the_event_and_what_went_before(ann: Performer, tmp_path: Path) -> None:
    played = numbers(ann)
    ann.send(f"{P}/like", played[2])
    ann.send(f"{P}/dislike", played[1])
    ann.send(f"{P}/like", played[1])  # she has changed her mind
    ann.send(f"{P}/dislike", 0)
    ann.send(f"{P}/undo")
    path = recorded(ann.stage, tmp_path / "evening.sideman")
    assert verify(path).difference == ""
    found = judged(path)
    assert [(one.by, one.event, one.value) for one in found] == [("ann", played[2], 1), ("ann", played[1], 1)]
    pitches = [note[0] for note in ann.got(f"{P}/note")]
    assert round(found[0].planned.notes[0].pitch) == pitches[2]
    assert [round(event.notes[0].pitch) for event in found[0].before] == pitches[:2]
    result = CliRunner().invoke(app, ["judgements", str(path)])
    assert [json.loads(line)["event"] for line in result.output.splitlines()] == [played[2], played[1]]
