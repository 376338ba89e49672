"""Whatever hands do to players in whatever order: no note lacks an end, a stop silences at once, a replay is equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sideman.engine import Engine
from sideman.inputs import Begin
from sideman.plugin import bundled
from sideman.testing import Heard, Performer, Stage

PLAYERS = ("sideman", "two")
CHAINS = (
    "",
    "transpose:7",
    "delay:0.5",
    "echo:0.25:3:0.7",
    "retrograde:3 repeat:3",
    "inversion:64 octave:1",
    "octave:4",
)


def of_player(name: str) -> st.SearchStrategy[tuple[str, tuple[Any, ...]]]:
    def say(word: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, tuple[Any, ...]]]:
        return values.map(lambda value: (f"/player/{name}/{word}", (value,)))

    def press(*words: str) -> st.SearchStrategy[tuple[str, tuple[Any, ...]]]:
        return st.sampled_from(words).map(lambda word: (f"/player/{name}/{word}", ()))

    switch = st.integers(0, 1)
    return st.one_of(
        press("next", "next", "play", "stop", "undo"),
        say("hold", switch),
        say("hold", switch),
        say("solo", switch),
        say("mute", switch),
        say("jump", st.sampled_from([0.0, 1.5, 4.0, 99.0])),
        say("loop", st.sampled_from([0.0, 0.01, 0.5, 1.0, 3.0])),
        say("loop", st.sampled_from([0.0, 0.25, 2.0])),
        say("speed", st.sampled_from([0.125, 0.5, 1.0, 1.5, 4.0, 8.0])),
        say("octave", st.integers(-4, 4)),
        say("volume", st.sampled_from([0.0, 0.5, 1.0])),
        say("param/through", switch),
        say("mode", st.sampled_from(["free", "answer", "follow", "manual"])),
        say("like", st.just(0)),
        st.sampled_from(CHAINS).map(lambda chain: (f"/player/{name}/effects", tuple(chain.split()))),
    )


human = st.one_of(
    st.integers(40, 90).map(lambda pitch: ("/note", (float(pitch), 80.0, 1, 180.0))),
    st.integers(35, 45).map(lambda pitch: ("/note", (float(pitch), 80.0, 10, 60.0))),
    st.floats(-1, 1, width=32).map(lambda bend: ("/bend", (bend,))),
    st.integers(0, 127).map(lambda value: ("/control", (64, value))),
    st.integers(0, 127).map(lambda value: ("/pressure", (value,))),
    st.sampled_from([("/tempo", (90.0,)), ("/tempo", (160.0,)), ("/start", ())]),
)
step = st.tuples(
    st.one_of(of_player("sideman"), of_player("sideman"), of_player("two"), human),
    st.sampled_from([0, 0, 0.05, 0.3, 1.1]),
)


def opened() -> Performer:
    """Ann, who has taught two players a phrase."""
    stage = Stage(seed=3)
    ann = stage.performer("ann")
    ann.send("/player/two/new", "oracle", "pitch*ioi", "sideman")
    ann.play([(60, 0.25), (64, 0.25), (67, 0.5), (65, 0.25), (62, 0.25)])
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/two/play")
    stage.advance(0.7)
    return ann


def sounding(heard: list[Heard], until_s: float) -> dict[tuple[str, Any, Any], float]:
    """What still sounds at a moment: player, pitch and channel, and until when; each note-on is checked on the way."""
    ends: dict[tuple[str, Any, Any], float] = {}
    for message in heard:
        player, _, kind = message.address.removeprefix("/player/").rpartition("/")
        if kind == "note":
            pitch, velocity, length_ms, channel, _ = message.arguments
            assert 0 <= pitch <= 127  # type: ignore[operator]
            assert 1 <= velocity <= 127  # type: ignore[operator]
            assert 0 < length_ms <= 600_000  # type: ignore[operator]
            assert ends.get((player, pitch, channel), 0.0) <= message.time_s + 1e-6, "struck while it sounds"
            ends[player, pitch, channel] = message.time_s + float(str(length_ms)) / 1000
        elif kind == "off":
            ends.pop((player, message.arguments[0], message.arguments[1]), None)
    return {key: end for key, end in ends.items() if end > until_s + 1e-6}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(step, min_size=1, max_size=25), st.sampled_from(["/stop", "/panic"]))
def test_no_note_lacks_an_end_a_stop_silences_and_a_replay_is_equal(
    steps: list[tuple[tuple[str, tuple[Any, ...]], float]], stop: str
) -> None:
    ann = opened()
    for (address, arguments), seconds in steps:
        ann.send(address, *arguments)
        ann.stage.advance(seconds)
    sounding(ann.heard(), ann.stage.now_s)
    ann.send(stop)
    heard = ann.heard()
    assert sounding(heard, ann.stage.now_s) == {}
    bent = {
        message.address: message.arguments[0] for message in heard if message.address.endswith(("/bend", "/pressure"))
    }
    assert not any(bent.values())
    count = len(heard)
    ann.stage.advance(15)
    late = [message for message in ann.heard()[count:] if message.address.endswith(("/note", "/event", "/bend"))]
    assert late == []
    begin, *rest = ann.stage.inputs
    assert isinstance(begin, Begin)
    again = Engine(begin, bundled())
    assert [again.feed(item) for item in rest] == ann.stage.outputs_of[1:]


@pytest.mark.parametrize("stop", ["/player/two/stop", "/player/*/stop"])
def test_a_players_own_stop_silences_it_whatever_is_held(stop: str) -> None:
    ann = opened()
    for name in PLAYERS:
        ann.send(f"/player/{name}/effects", "echo:0.5:8:1", "delay:1")
        ann.stage.advance(2)
        ann.send(f"/player/{name}/hold", 1)
    ann.stage.advance(0.5)
    ann.send(stop)
    left = sounding(ann.heard(), ann.stage.now_s)
    assert not [key for key in left if key[0] == "two"]
    ann.clear()
    ann.stage.advance(5)
    assert ann.got("/player/two/note") == []
