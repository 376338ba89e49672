"""`/at`: commands for the next beat, bar or section."""

from __future__ import annotations

import random

import pytest

from sideman.inputs import Wake
from sideman.journal import encode_output
from sideman.osc import IMMEDIATELY, encode, encode_bundle, time_tag
from sideman.rights import hash_token
from sideman.settings import Settings, Tokens
from sideman.testing import Performer, Stage
from sideman.timeline import SECOND

FORM = "[A] C | F | [B] G | A"


def running(chart: str = "") -> tuple[Stage, Performer]:
    """Ann, a third of a beat after the start; a beat is half a second."""
    stage = Stage()
    ann = stage.performer("ann")
    if chart:
        ann.send("/chart/set", chart)
    ann.send("/start")
    stage.advance(0.15)
    ann.clear()
    return stage, ann


def when(performer: Performer, address: str) -> list[float]:
    """When broadcasts came, in seconds."""
    return [round(heard.time_s, 3) for heard in performer.heard() if heard.address == address]


def test_a_command_waits_for_the_next_beat_and_is_answered_twice() -> None:
    stage, ann = running()
    ann.send("/at", "beat", "/tempo", 90)
    assert ann.got("/will") == [("beat", "/tempo", 90)]
    assert ann.got("/tempo") == []
    assert ann.got("/done") == []
    stage.advance(0.5)
    assert when(ann, "/tempo") == [0.5]
    assert ann.got("/done") == [("/tempo",)]


def test_a_command_waits_for_the_next_bar_or_section() -> None:
    stage, ann = running(FORM)
    ann.send("/at", "section", "/tempo", 100)
    ann.send("/at", "bar", "/tempo", 120.5)
    stage.advance(3.8)
    assert when(ann, "/tempo") == [2.0]
    stage.advance(0.2)
    assert when(ann, "/tempo") == [2.0, pytest.approx(2 + 4 * 60 / 120.5, abs=0.001)]


def test_with_the_transport_stopped_it_is_done_at_once() -> None:
    ann = Stage().performer("ann")
    ann.send("/at", "bar", "/tempo", 90)
    assert [heard.address for heard in ann.heard()] == ["/will", "/tempo", "/done"]
    assert ann.got("/done") == [("/tempo",)]


def test_a_quantised_jump_is_on_the_bar_itself() -> None:
    stage, ann = running("2/4 [A] C | F | [B] G | A")
    ann.send("/at", "bar", "/chart/jump", "B")
    stage.advance(1.6)
    assert [said[:2] for said in ann.got("/clock")] == [(1, 2), (3, 1), (3, 2)]
    assert when(ann, "/section") == [1.0]
    assert ann.got("/section") == [("B",)]
    assert ann.got("/harmony") == [("G",)]


def test_one_plays_on_the_very_bar_and_stops_before_it() -> None:
    stage, ann = running()
    stage.advance(1.7)
    ann.play([(60, 0.2), (62, 0.2), (64, 0.2)])
    stage.advance(3)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/stop")
    stage.advance(0.3)
    ann.clear()
    bar = stage.now_s // 2 * 2 + 2
    ann.send("/at", "bar", "/player/sideman/play")
    stage.advance(2.5)
    assert when(ann, "/player/sideman/note")[0] == bar
    ann.send("/at", "bar", "/player/sideman/stop")
    stage.advance(3)
    last = max(when(ann, "/player/sideman/note"))
    assert bar + 2 < last < bar + 4


def test_it_keeps_its_bar_when_the_tempo_changes_and_waits_through_a_stop() -> None:
    stage, ann = running()
    ann.send("/at", "bar", "/player/sideman/mute", 1)
    ann.send("/tempo", 60)
    stage.advance(2)
    ann.send("/stop")
    stage.advance(20)
    assert ann.got("/player/sideman/state")[-1][0] == "stopped"
    ann.send("/start")
    stage.advance(3)
    assert ann.got("/player/sideman/state")[-1][0] == "muted"
    assert ann.got("/clock")[-1][:2] == (2, 1) or ann.got("/clock")[-1][:2] == (2, 2)


def test_what_cannot_be_is_refused_when_it_is_sent() -> None:
    stage, ann = running()
    for what in (
        ("never", "/tempo", 90),
        ("bar", "tempo", 90),  # without the slash that an address begins with
        ("bar", "-"),
        ("bar", "/tempo", 9),
        ("bar", "/tempoo", 90),
        ("bar", "/player/echo/play"),
        ("bar", "/at", "bar", "/tempo", 90),
        ("bar", "/note", 60, 90),
        ("bar", "/leave"),
        ("section", "/tempo", 90),
        ("bar", "/chart/jump", 3),
    ):
        ann.clear()
        ann.send("/at", *what)
        assert [error[0] for error in ann.got("/error")] == ["/at"]
        assert ann.got("/will") == []
    ann.clear()
    stage.advance(3)
    assert {heard.address for heard in ann.heard()} == {"/clock"}


def test_it_is_checked_again_when_it_is_done() -> None:
    stage, ann = running()
    ann.send("/player/echo/new", "oracle")
    ann.send("/at", "bar", "/player/echo/play")
    ann.send("/player/echo/drop")
    ann.clear()
    stage.advance(2)
    ((address, what, cure),) = ann.got("/error")
    assert (address, what) == ("/player/echo/play", "no player 'echo'")
    assert cure


def test_who_has_left_has_nothing_done() -> None:
    stage, ann = running()
    ben = stage.performer("ben")
    ben.send("/at", "bar", "/tempo", 90)
    ben.send("/leave")
    stage.advance(3)
    assert ann.got("/tempo") == []


def test_rights_are_those_of_the_command() -> None:
    salt = b"0123456789abcdef"
    tokens = Tokens(leader=[hash_token("lead", salt)], player=[hash_token("play", salt)])
    stage = Stage(settings=Settings(tokens=tokens))
    ann, ben = stage.performer("ann", 0, "lead"), stage.performer("ben", 0, "play")
    ann.send("/start")
    ben.send("/at", "bar", "/tempo", 90)
    ben.send("/at", "bar", "/player/sideman/mute", 1)
    assert [error[1] for error in ben.got("/error")] == ["only a leader may"]
    assert len(ben.got("/will")) == 1


def test_a_pattern_reaches_who_is_there_when_it_is_done() -> None:
    stage, ann = running()
    ann.send("/at", "beat", "/player/*/mute", 1)
    ann.send("/player/echo/new", "oracle")
    ann.send("/player/echo/play")
    stage.advance(1)
    assert ("muted", "oracle", "answer") in ann.got("/player/sideman/state")
    assert ("muted", "oracle", "free") in ann.got("/player/echo/state")


def test_a_panic_drops_what_waits_and_says_so() -> None:
    stage, ann = running()
    ann.send("/at", "beat", "/player/sideman/play")
    ann.send("/panic")
    assert ann.got("/notice") == [("/player/sideman/play", "it waits no more: /panic came before")]
    ann.clear()
    ann.send("/start")
    stage.advance(3)
    assert ("/player/sideman/play",) not in ann.got("/done")


def taught() -> tuple[Stage, Performer]:
    """Ann has played a bar; the player is free and not armed, the transport runs, a bar has just begun."""
    stage, ann = running()
    ann.play([(60, 0.2), (62, 0.2), (64, 0.2), (65, 0.2)])
    ann.send("/player/sideman/stop")
    ann.send("/player/sideman/mode", "free")
    stage.advance_to(6_100_000_000)
    ann.clear()
    return stage, ann


@pytest.mark.parametrize("before", [True, False])
@pytest.mark.parametrize("plays", ["/player/sideman/play", "/start"])
def test_nothing_sounds_after_a_panic_that_was_due_with_it_whichever_was_sent_first(before: bool, plays: str) -> None:
    stage, ann = taught()
    ann.send("/player/sideman/play")
    stage.advance(0.5)
    assert ann.got("/player/sideman/note")
    both = [plays, "/panic"] if before else ["/panic", plays]
    for address in both:
        ann.send("/at", "bar", address)
    stage.advance(1.3)
    ann.clear()
    stage.advance(10)
    assert ann.got("/panic") == [("ann",)]
    assert ann.got("/player/sideman/state")[-1] == ("panicked", "oracle", "free")
    assert ann.got("/transport")[-1] == (0,)
    assert not [time_s for time_s in when(ann, "/player/sideman/note") if time_s > 8]
    told = [(plays, "it waits no more: /panic came before")]
    assert ann.got("/notice") == ([] if before else told)
    assert ann.got("/done")[-1] == ("/panic",)


def test_a_panic_that_waited_drops_what_waits_for_later_and_says_so() -> None:
    stage, ann = taught()
    ben = stage.performer("ben")
    ben.send("/at", "bar", "/player/sideman/play")
    ann.send("/at", "beat", "/tempo", 90)  # which is done on the beat itself, and so after the panic
    ann.send("/at", "beat", "/pan*")
    ben.clear()
    stage.advance(1)
    assert ben.got("/notice") == [("/player/sideman/play", "it waits no more: /panic came before")]
    assert ann.got("/notice") == [("/tempo", "it waits no more: /panic came before")]
    ann.send("/start")
    stage.advance(5)
    assert ann.got("/player/sideman/note") == []
    assert ann.got("/tempo") == []


def tagged(stage: Stage, seconds: float, *messages: bytes) -> bytes:
    """A bundle for so many seconds from now."""
    unix_ns = stage.clock.now() + stage.clock.wall_offset() + round(seconds * SECOND)
    return encode_bundle(time_tag(unix_ns), list(messages))


@pytest.mark.parametrize("plays", ["/player/sideman/play", "/player/*/play", "/start"])
def test_a_panic_drops_bundles_that_wait_for_their_time_and_says_so(plays: str) -> None:
    stage, ann = taught()
    ben = stage.performer("ben")
    ann.send("/player/sideman/play")
    stage.advance(0.1)
    stage.packet(ben.endpoint, tagged(stage, 1.5, encode(plays)))
    guest = stage.port()
    stage.packet(guest, tagged(stage, 1.5, encode("/join", "cid"), encode(plays)))
    ann.send("/panic")
    assert ben.got("/notice") == [("#bundle", "it waits no more: /panic came before")]
    assert [heard.address for heard in stage.arrived(guest)] == ["/notice"]
    ann.clear()
    stage.advance(10)
    assert ann.got("/player/sideman/note") == []
    stage.packet(ben.endpoint, tagged(stage, 1.5, encode(plays)))
    stage.advance(10)
    assert ann.got("/player/sideman/note")


def test_a_panic_drops_no_bundle_of_another_session_and_none_that_is_only_played() -> None:
    stage, ann = taught()
    ben = stage.performer("ben", 0, "-", "elsewhere")
    ann.send("/listen", "/performer/*/note")
    stage.packet(ben.endpoint, tagged(stage, 1.0, encode("/tempo", 90)))
    cid = stage.performer("cid")
    stage.packet(cid.endpoint, tagged(stage, 1.0, encode("/note", 60.0, 90.0, 1, 100.0)))
    ann.send("/panic")
    stage.advance(1.05)
    assert ben.got("/tempo") == [(90.0,)]
    assert ann.got("/performer/cid/note") == [(60, 90, 1)]


def test_what_is_sent_after_a_panic_that_waited_is_obeyed() -> None:
    stage, ann = taught()
    ann.send("/at", "beat", "/panic")
    stage.advance(1)
    ann.send("/start")
    ann.send("/at", "bar", "/player/sideman/play")
    stage.advance(4)
    assert ann.got("/player/sideman/note")


def test_of_a_stop_and_a_play_that_are_due_together_the_later_one_counts_as_it_does_without_waiting() -> None:
    stage, ann = taught()
    ann.send("/at", "beat", "/player/sideman/play")
    ann.send("/at", "beat", "/player/sideman/stop")
    stage.advance(3)
    assert ann.got("/player/sideman/note") == []
    ann.send("/at", "beat", "/player/sideman/stop")
    ann.send("/at", "beat", "/player/sideman/play")
    stage.advance(3)
    assert ann.got("/player/sideman/note")


def test_panics_that_waited_are_the_same_again() -> None:
    stage, ann = taught()
    draw = random.Random(9)
    waiting = ("/panic", "/player/sideman/play", "/start", "/player/sideman/stop", "/player/sideman/next")
    for _ in range(60):
        ann.send("/start")
        for _ in range(4):
            ann.send("/at", draw.choice(("beat", "bar")), draw.choice(waiting))
        stage.advance(draw.choice((0.3, 1.0, 2.5)))
    assert ann.got("/notice")
    assert ann.got("/player/sideman/note")
    again = Stage()
    for item in stage.inputs[1:]:
        again.feed(item)
    assert [encode_output(output) for output in stage.outputs] == [encode_output(output) for output in again.outputs]


def test_a_bundle_with_a_bad_delayed_command_does_nothing() -> None:
    stage, ann = running()
    messages = [encode("/player/echo/new", "oracle"), encode("/at", "bar", "/player/echo/plai")]
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, messages))
    assert ann.got("/error") != []
    assert ann.got("/player/echo/state") == []


def test_a_bundle_delays_what_it_makes_and_goes_on_with_what_it_delays_the_end_of() -> None:
    stage, ann = running()
    messages = [
        encode("/player/echo/new", "oracle"),
        encode("/at", "beat", "/player/echo/play"),
        encode("/at", "bar", "/player/echo/drop"),
        encode("/player/echo/mute", 1),
    ]
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, messages))
    assert ann.got("/error") == []
    stage.advance(1)
    assert [said[0] for said in ann.got("/player/echo/state")] == ["stopped", "muted"]
    stage.advance(1.5)
    assert ann.got("/player/echo/state")[-1][0] == "gone"


def test_a_bundle_that_starts_the_transport_delays_what_follows() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/chart/set", FORM)
    messages = [encode("/position", 1), encode("/start"), encode("/at", "section", "/tempo", 90)]
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, messages))
    assert ann.got("/tempo") == []
    stage.advance(3.6)
    assert when(ann, "/tempo") == [3.5]


def test_a_release_of_a_button_waits_for_nothing() -> None:
    stage, ann = running()
    ann.send("/at", "beat", "/player/sideman/stop", 0)
    stage.advance(1)
    assert ann.got("/player/sideman/state") == []
    assert stage.engine._sessions["main"].pending == []


def test_so_many_wait_and_no_more_and_of_one_performer_fewer() -> None:
    stage, ann = running()
    others = [stage.performer(f"p{number}") for number in range(4)]
    late = stage.performer("late")
    for _ in range(70):
        ann.send("/at", "bar", "/player/sideman/volume", 0.5)
    assert len(ann.got("/will")) == 64
    assert ann.got("/error")[-1][1] == "64 commands of yours wait already"
    many = [encode("/at", "bar", "/player/sideman/volume", 0.5)] * 65
    stage.packet(others[0].endpoint, encode_bundle(IMMEDIATELY, many))
    assert others[0].got("/will") == []
    for other in others:
        for _ in range(64):
            other.send("/at", "bar", "/player/sideman/stop")
    assert [len(other.got("/will")) for other in others] == [64, 64, 64, 0]
    late.send("/at", "bar", "/player/sideman/stop")
    assert late.got("/error")[0][1] == "256 commands wait already"
    stage.advance(2)
    late.send("/at", "bar", "/player/sideman/stop")
    assert late.got("/will")


def test_places_and_metres_are_quantised_too() -> None:
    stage, ann = running()
    ann.send("/at", "beat", "/position", 7)
    stage.advance(1)
    assert [said[:2] for said in ann.got("/clock")] == [(2, 4), (3, 1)]
    ann.clear()
    ann.send("/at", "bar", "/metre", 3, 4)
    stage.advance(3.5)
    assert [said[:2] for said in ann.got("/clock")] == [(3, 2), (3, 3), (3, 4), (4, 1), (4, 2), (4, 3), (5, 1)]


def test_half_an_hour_with_charts_and_delayed_commands_is_the_same_again() -> None:
    draw = random.Random(3)
    stage, again = Stage(seed=5), Stage(seed=5)
    ann, ben = stage.performer("ann"), stage.performer("ben")
    ann.send("/chart/load", "anatole")
    ann.send("/player/echo/new", "oracle", "pitch")
    ann.send("/player/echo/param/chord_tones", 0.5)
    ann.send("/player/echo/play")
    ann.send("/start")
    said: list[tuple[str | float, ...]] = [
        ("/chart/jump", "B"),
        ("/chart/loop", "A"),
        ("/chart/loop", 0, 0),
        ("/chart/jump", 7),
        ("/tempo", 170.5),
        ("/tempo", 99.0),
        ("/player/echo/stop",),
        ("/player/echo/play",),
        ("/position", 13.0),
        ("/stop",),
        ("/start",),
    ]
    for _ in range(300):
        who = draw.choice((ann, ben))
        if draw.random() < 0.5:
            who.send("/note", float(draw.randint(48, 72)), 90.0, 1, 200.0)
        who.send("/at", draw.choice(("beat", "bar", "section")), *draw.choice(said))
        stage.advance(draw.choice((0.01, 0.3, 1.0, 12.0, 25.0)))
    assert stage.now_s > 1800
    for item in stage.inputs[1:]:
        again.feed(item)
    assert [encode_output(output) for output in stage.outputs] == [encode_output(output) for output in again.outputs]
    assert ann.got("/will")


@pytest.mark.parametrize("every_ms", [7, 70, 230])
def test_a_jump_is_on_its_bar_however_late_the_server_wakes(every_ms: int) -> None:
    stage, ann = running("2/4 [A] C | F | [B] G | A")
    ann.send("/at", "bar", "/chart/jump", "B")
    ann.send("/at", "section", "/tempo", 240)
    for step in range(1, 1900 // every_ms):
        now = 150_000_000 + step * every_ms * 1_000_000
        stage.clock.advance(now)
        stage.wire.advance(now)
        stage.feed(Wake(now))
    assert [said[:2] for said in ann.got("/clock")][:4] == [(1, 2), (3, 1), (3, 2), (4, 1)]
    assert ann.got("/section")[0] == ("B",)
    assert when(ann, "/tempo")[0] < 1 + every_ms / 1000 + 0.001


def test_the_configuration_may_say_what_is_done_later() -> None:
    stage = Stage(settings=Settings(say=["/tempo 100", "/start", "/at bar /tempo 90", "/at beat /chart/jump 9"]))
    assert stage.engine.complaints == ["/at: there is no chart; send one: /chart/set Dm7 | G7 | C^7 | %"]
    stage.advance(0.1)
    ann = stage.performer("ann")
    assert stage.engine._sessions["main"].bpm == 90  # the first bar began at once
    ann.send("/tempo", 80)
    assert ann.got("/error") == []
