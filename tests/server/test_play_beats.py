"""`play BEATS`: it ends after them whatever happens, and what is left of them outlasts what comes between."""

from __future__ import annotations

import pytest

from sideman.testing import Performer, Stage

P = "/player/sideman"
NOTE = f"{P}/note"
STATE = f"{P}/state"
PHRASE = [(60, 0.5), (64, 0.5), (67, 1.0), (65, 1.0), (62, 0.5)]
BEAT_S = 0.5


@pytest.fixture
def ann() -> Performer:
    """Ann, who has taught a phrase to a player that is stopped, in `free`."""
    performer = Stage().performer("ann")
    performer.play(PHRASE)
    performer.stage.advance(3)
    performer.send(f"{P}/stop")
    performer.send(f"{P}/mode", "free")
    performer.clear()
    return performer


def last_event_sounds(ann: Performer) -> None:
    """Let time pass until the event that crosses the end of four beats sounds."""
    ann.send(f"{P}/play", 4.0)
    ann.stage.advance(4 * BEAT_S - 0.05)


def span(ann: Performer) -> float:
    """In beats, from the first note that arrived to the last."""
    times = [heard.time_s for heard in ann.heard() if heard.address == NOTE]
    return (times[-1] - times[0]) / BEAT_S


@pytest.mark.parametrize(
    ("address", "value"),
    [(f"{P}/param/taboo", 1), ("/tempo", 121.0), (f"{P}/mute", 1), (f"{P}/speed", 0.25)],
)
def test_what_is_changed_while_its_last_event_sounds_does_not_keep_it_from_ending(
    ann: Performer, address: str, value: float
) -> None:
    last_event_sounds(ann)
    ann.send(address, value)
    ann.stage.advance(10)
    assert ann.got(STATE)[-1][0] == "stopped"


@pytest.mark.parametrize("at_s", [0.3, 0.9, 1.5])
def test_it_ends_at_whatever_speed(ann: Performer, at_s: float) -> None:
    ann.send(f"{P}/play", 4.0)
    ann.stage.advance(at_s)
    ann.send(f"{P}/speed", 0.25)
    ann.stage.advance(12)
    assert ann.got(STATE)[-1][0] == "stopped"


def test_more_beats_while_its_last_event_sounds_let_it_play_on(ann: Performer) -> None:
    last_event_sounds(ann)
    ann.clear()
    ann.send(f"{P}/play", 8.0)
    ann.stage.advance(20)
    assert 4 < span(ann) < 9
    assert ann.got(STATE) == [("stopped", "oracle", "free")]


def test_who_has_nothing_to_play_from_ends_after_its_beats_too() -> None:
    ann = Stage().performer("ann")
    ann.send("/player/echo/new", "oracle")
    ann.send("/player/echo/play", 4.0)
    ann.clear()
    ann.send("/tempo", 60)
    ann.stage.advance(3.9)
    assert ann.got("/player/echo/state") == []
    ann.stage.advance(0.2)
    assert ann.got("/player/echo/state") == [("stopped", "oracle", "free")]


def test_over_a_chart_it_plays_what_was_left_of_its_beats(ann: Performer) -> None:
    ann.send("/chart/set", "C | F")
    ann.send("/start")
    ann.send(f"{P}/play", 8.0)
    ann.stage.advance(4 * BEAT_S)
    ann.send(f"{P}/mode", "chart")
    ann.stage.advance(2 * BEAT_S)
    ann.send("/chart/set", "-")
    ann.stage.advance(20 * BEAT_S)
    assert ann.got(STATE)[-1][0] == "armed"
    ann.send("/chart/set", "C | F")
    ann.stage.advance(1 * BEAT_S)
    assert ann.got(STATE)[-1][0] == "playing"
    ann.stage.advance(3 * BEAT_S)
    assert ann.got(STATE)[-1][0] == "stopped"


def test_who_waited_for_the_transport_when_it_was_stopped_has_all_its_beats_left(ann: Performer) -> None:
    ann.send("/chart/set", "C | F")
    ann.send(f"{P}/mode", "chart")
    ann.send(f"{P}/play", 4.0)
    ann.send("/stop")
    ann.send("/start")
    ann.clear()
    ann.stage.advance(2 * BEAT_S)
    assert ann.got(NOTE)
    ann.stage.advance(4 * BEAT_S)
    assert ann.got(STATE)[-1][0] == "stopped"


def test_a_take_between_uses_none_of_its_beats(ann: Performer) -> None:
    ann.send(f"{P}/record", 1)
    ann.play(PHRASE)
    ann.send(f"{P}/record", 0)
    ann.send(f"{P}/play", 8.0)
    ann.stage.advance(4 * BEAT_S)
    ann.send(f"{P}/takes", 1)
    ann.stage.advance(12 * BEAT_S)
    ann.send(f"{P}/takes", 0)
    ann.stage.advance(3 * BEAT_S)
    assert ann.got(STATE)[-1][0] == "playing"
    ann.stage.advance(4 * BEAT_S)
    assert ann.got(STATE)[-1][0] == "stopped"


def test_who_had_none_left_at_the_stop_does_not_come_back_at_the_start(ann: Performer) -> None:
    ann.send(f"{P}/speed", 0.25)
    ann.send(f"{P}/play", 2.0)
    ann.stage.advance(3 * BEAT_S)  # its first event is long, and the last
    assert ann.got(STATE)[-1][0] == "playing"
    ann.send("/stop")
    ann.send("/start")
    ann.clear()
    ann.stage.advance(5)
    assert ann.got(NOTE) == []


def test_answers_are_as_long_after_a_stop_as_before(ann: Performer) -> None:
    ann.send(f"{P}/mode", "answer")
    ann.send(f"{P}/play", 1.0)
    ann.send("/stop")
    ann.send("/start")
    ann.clear()
    ann.play(PHRASE)
    ann.stage.advance(8)
    assert span(ann) < 1


def test_who_was_to_play_on_its_leash_plays_so_many_beats_once_it_is_lifted(ann: Performer) -> None:
    bot = ann.stage.performer("bot", 0, "-", "main", "bot")
    ann.send(f"{P}/param/leash", 1.0)
    ann.stage.advance(70)
    bot.send(f"{P}/play", 4.0)
    assert bot.got(STATE)[-1][0] == "leashed"
    ann.send("/note", 60, 90, 1, 100)
    ann.clear()
    ann.stage.advance(10)
    assert ann.got(STATE)[-1][0] == "stopped"
    assert span(ann) < 6
