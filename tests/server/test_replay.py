"""Same in, same out: what was recorded is what comes out again, byte for byte."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sideman.errors import SetupError
from sideman.inputs import Input
from sideman.journal import Recorder, encode_input, encode_output, read
from sideman.replay import verify
from sideman.testing import Stage


def rehearse(stage: Stage, notes: int, seed: int) -> None:
    """Three performers play, command and stop as their seed has it; two players answer, one goes on freely."""
    draw = random.Random(seed)
    performers = [stage.performer(name) for name in ("ann", "bob", "cy")]
    performers[0].send("/player/echo/new", "oracle", "pitch")
    performers[0].send("/player/echo/play")
    performers[1].send("/player/mirror/new", "oracle", "interval", "echo")
    performers[1].send("/player/mirror/mode", "answer")
    performers[1].send("/player/mirror/play")
    for number in range(notes):
        performer = draw.choice(performers)
        pitch = float(draw.choice((48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67)))
        performer.send("/note", pitch, float(draw.randint(1, 127)), 1, draw.uniform(20, 400))
        if draw.random() < 0.02:
            address = draw.choice(("/player/echo/next", "/player/*/why", "/tempo", "/player/sideman/stop", "/nonsense"))
            performer.send(address, *((draw.uniform(60, 200),) if address == "/tempo" else ()))
            performer.send("/player/sideman/play")
        if number % 500 == 499:
            performer.send("/panic")
            performer.send("/start")
        stage.advance(draw.choice((0.0, 0.01, 0.12, 0.25, 0.25, 0.5, 2.5)))


def record(stage: Stage, path: Path) -> None:
    """Write what a stage was fed and what came out, as the live server does."""
    recorder = Recorder(path)
    again: list[Input] = stage.inputs
    outputs = iter(stage.outputs_of)
    for number, item in enumerate(again, 1):
        recorder.input(number, item)
        for output in next(outputs):
            recorder.output(output)
    recorder.close()


def test_the_same_inputs_give_the_same_output_over_ten_thousand_events() -> None:
    first, second, other = Stage(seed=7), Stage(seed=7), Stage(seed=8)
    rehearse(first, 6000, seed=1)
    assert first.events >= 10_000
    for item in first.inputs[1:]:
        second.feed(item)
        other.feed(item)
    assert [encode_output(output) for output in first.outputs] == [encode_output(output) for output in second.outputs]
    assert [encode_output(output) for output in first.outputs] != [encode_output(output) for output in other.outputs]


def test_a_recording_replays_byte_for_byte(tmp_path: Path) -> None:
    stage = Stage()
    rehearse(stage, 300, seed=2)
    path = tmp_path / "a.sideman"
    record(stage, path)
    verdict = verify(path)
    assert verdict.difference == ""
    assert verdict.inputs == len(stage.inputs)
    assert verdict.outputs == len(stage.outputs)


def test_a_changed_output_is_found(tmp_path: Path) -> None:
    stage = Stage()
    rehearse(stage, 50, seed=2)
    last = next(place for place in range(len(stage.outputs_of) - 1, -1, -1) if stage.outputs_of[place])
    stage.outputs_of[last] = stage.outputs_of[last][:-1]
    path = tmp_path / "a.sideman"
    record(stage, path)
    assert "nothing then" in verify(path).difference


def test_inputs_come_back_as_they_were_written(tmp_path: Path) -> None:
    stage = Stage()
    rehearse(stage, 20, seed=3)
    stage.end()
    path = tmp_path / "a.sideman"
    record(stage, path)
    frames = [frame for frame in read(path) if isinstance(frame[0], int) and isinstance(frame[1], tuple)]
    assert [encode_input(*frame) for frame in frames if len(frame) == 2] == [
        encode_input(number, item) for number, item in enumerate(stage.inputs, 1)
    ]


def test_a_damaged_recording_is_refused_with_its_place(tmp_path: Path) -> None:
    stage = Stage()
    rehearse(stage, 20, seed=3)
    path = tmp_path / "a.sideman"
    record(stage, path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(SetupError, match=r"a\.sideman is damaged at byte \d+"):
        verify(path)


def test_a_recording_that_broke_off_ends_where_it_is_whole(tmp_path: Path) -> None:
    stage = Stage()
    rehearse(stage, 20, seed=3)
    path = tmp_path / "a.sideman"
    record(stage, path)
    data = path.read_bytes()
    for cut in (3, 11, 57):
        path.write_bytes(data[:-cut])
        inputs = sum(1 for frame in read(path) if len(frame) == 2 and isinstance(frame[0], int))
        assert 0 < inputs <= len(stage.inputs)


def test_a_recording_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "a.sideman"
    path.write_text("mine")
    with pytest.raises(SetupError, match="is there already"):
        Recorder(path)
