"""A stop that the wire has obeyed already: the same comes of it as of any other."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.test_replay import record
from sideman.hub import Send
from sideman.inputs import Obeyed, Wired
from sideman.journal import encode_output, read
from sideman.osc import encode
from sideman.replay import verify
from sideman.testing import Performer, Stage

BOTH = ("main/sideman", "main/other")
CASES = [("/panic", BOTH), ("/stop", BOTH), ("/player/sideman/stop", BOTH[:1]), ("/player/*/stop", BOTH)]


def playing() -> tuple[Stage, Performer]:
    """Two players sound, and more of each is planned; the default one plays long notes, which overlap."""
    stage = Stage()
    ann = stage.performer("ann")
    for pitch in (60, 62, 64, 60, 65, 62, 67, 62, 64, 60, 65, 69):
        ann.send("/note", pitch, 90, 1, 900)
        stage.advance(0.25)
    ann.send("/player/other/new", "oracle", "pitch*ioi", "sideman")
    stage.advance(8)
    for name in ("sideman", "other"):
        ann.send(f"/player/{name}/mode", "free")
        ann.send(f"/player/{name}/play")
    stage.advance(1.3)
    ann.clear()
    return stage, ann


def wire_ended(stage: Stage, players: tuple[str, ...]) -> tuple[bytes, ...]:
    """What a wire would have sent to end what sounds of these players, told from what it was handed alone."""
    now = stage.clock.now()
    sounding: dict[bytes, tuple[str, int]] = {}
    for output in stage.outputs:
        if isinstance(output, Send) and output.off and output.due_ns <= now:
            sounding[output.off] = (output.epoch[0] if output.epoch else "", output.until_ns)
    return tuple(off for off, (player, until_ns) in sounding.items() if player in players and until_ns > now)


def feed_stop(stage: Stage, ann: Performer, address: str, players: tuple[str, ...] = BOTH) -> tuple[bytes, ...]:
    """The core hears of a stop that the wire has obeyed; the note-offs that the wire has sent."""
    offs = wire_ended(stage, players)
    stage.feed(Obeyed(stage.clock.now(), ann.endpoint, encode(address), 1, players, offs))
    return offs


@pytest.mark.parametrize(("address", "players"), CASES)
def test_the_same_comes_of_a_stop_whether_the_wire_has_obeyed_it_or_not(address: str, players: tuple[str, ...]) -> None:
    alone, ann = playing()
    together, bob = playing()
    ann.send(address)
    offs = feed_stop(together, bob, address, players)
    said = [output for output in together.outputs_of[-1] if isinstance(output, Send)]
    # What the wire has sent is what the core says as well: then it is not said again.
    assert len(offs) >= len(players)
    assert set(offs) == {output.packet for output in said if output.off == output.packet}
    for stage, performer in ((alone, ann), (together, bob)):
        stage.advance(5)
        performer.send("/start")
        performer.send("/player/*/play")
        stage.advance(5)
    assert [encode_output(output) for output in alone.outputs] == [encode_output(output) for output in together.outputs]


def test_a_player_that_a_stop_did_not_stop_after_all_plans_anew_and_plays_on() -> None:
    stage, ann = playing()
    ann.send("/leave")
    bob = stage.performer("bob")
    feed_stop(stage, ann, "/panic")
    bob.clear()
    stage.advance(2)
    assert bob.got("/player/sideman/note")
    assert bob.got("/player/other/note")
    assert not bob.got("/panic")


def test_a_player_that_has_gone_meanwhile_does_no_harm() -> None:
    stage, ann = playing()
    ann.send("/player/other/drop")
    stage.feed(Obeyed(stage.clock.now(), ann.endpoint, encode("/panic"), 1, ("main/other", "gone/far"), ()))
    assert ann.got("/panic")


def test_a_recording_with_stops_that_the_wire_obeyed_replays_byte_for_byte(tmp_path: Path) -> None:
    stage, ann = playing()
    feed_stop(stage, ann, "/player/*/stop")
    ann.send("/player/sideman/play")
    stage.advance(1)
    feed_stop(stage, ann, "/panic")
    stage.advance(1)
    path = tmp_path / "a.sideman"
    record(stage, path)
    assert verify(path).difference == ""
    again = [frame for frame in read(path) if isinstance(frame, tuple) and isinstance(frame[1], Obeyed)]
    assert [item for _, item in again] == [item for item in stage.inputs if isinstance(item, Obeyed)]


def test_status_says_what_the_wire_said_last_and_a_recording_of_it_replays(tmp_path: Path) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/status")
    assert "wire" not in {key for key, *_ in ann.got("/status/is")}
    told = [Wired(stage.clock.now(), "real-time priority", sent, 1, 2, 150_000, 2_500_000) for sent in (3, 40)]
    for item in told:
        stage.feed(item)
    ann.clear()
    ann.send("/status")
    lines = {key: values for key, *values in ann.got("/status/is") if str(key).startswith("wire")}
    late = [lines.pop(key) for key in ("wire_late_p99_ms", "wire_late_most_ms")]
    assert late == [[pytest.approx(0.15)], [pytest.approx(2.5)]]
    assert lines == {"wire": ["real-time priority"], "wire_sent": [40], "wire_dropped": [1], "wire_stale": [2]}
    path = tmp_path / "evening.sideman"
    record(stage, path)
    assert verify(path).difference == ""
    assert [frame[1] for frame in read(path) if isinstance(frame[1], Wired)] == told
