"""Limited autonomy: without a human act for long, a player says so and falls silent."""

from __future__ import annotations

from sideman.testing import Performer, Stage

PHRASE = [(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5), (67, 1.0)]
STATE = "/player/sideman/state"
NOTE = "/player/sideman/note"


def free_player(stage: Stage) -> Performer:
    """Ann, who has played, with the default player playing freely."""
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    ann.clear()
    return ann


def states(performer: Performer) -> list[object]:
    return [state[0] for state in performer.got(STATE)]


def quiet(performer: Performer, seconds: float) -> None:
    """Time passes with pings alone: they renew the lease of the seat, not the leash."""
    for _ in range(round(seconds / 5)):
        performer.stage.advance(5)
        performer.send("/ping")


def test_without_a_human_act_a_player_falls_silent_and_said_so_before() -> None:
    stage = Stage()
    ann = free_player(stage)
    quiet(ann, 80)
    assert states(ann) == ["leashing", "leashed"]
    ann.clear()
    quiet(ann, 20)
    assert ann.got(NOTE) == []


def test_the_leash_is_sixty_seconds_at_least() -> None:
    stage = Stage()
    ann = free_player(stage)
    ann.send("/player/sideman/param/leash", 1.0)
    ann.clear()
    quiet(ann, 50)
    assert "leashed" not in states(ann)
    quiet(ann, 10)
    assert states(ann)[-1] == "leashed"


def test_an_onset_of_a_human_resumes_the_former_state() -> None:
    stage = Stage()
    ann = free_player(stage)
    quiet(ann, 80)
    ann.clear()
    ann.send("/note", 60.0, 90.0, 1, 200.0)
    stage.advance(3)
    assert states(ann)[-1] == "playing"
    assert ann.got(NOTE)


def test_a_bot_neither_renews_nor_lifts_the_leash() -> None:
    stage = Stage()
    ann = free_player(stage)
    bot = stage.performer("bot", 0, "-", "main", "bot")
    for _ in range(20):
        stage.advance(4)
        ann.send("/ping")
        bot.send("/note", 60.0, 90.0, 1, 100.0)
        bot.send("/player/sideman/play")
    assert states(ann)[-1] == "leashed"
    ann.clear()
    stage.advance(3)
    assert ann.got(NOTE) == []


def test_a_humans_play_lifts_the_leash_at_once() -> None:
    stage = Stage()
    ann = free_player(stage)
    quiet(ann, 80)
    ann.clear()
    ann.send("/player/sideman/play")
    stage.advance(2)
    assert states(ann)[-1] == "playing"
    assert ann.got(NOTE)


def test_an_endless_leash_never_ends() -> None:
    stage = Stage()
    ann = free_player(stage)
    ann.send("/player/sideman/param/leash", 0)
    ann.clear()
    quiet(ann, 200)
    assert states(ann) == []
    assert ann.got(NOTE)


def test_a_human_act_while_leashing_renews() -> None:
    stage = Stage()
    ann = free_player(stage)
    quiet(ann, 55)
    stage.advance(2)
    assert states(ann) == ["leashing"]
    ann.send("/tempo", 120.0)
    assert states(ann) == ["leashing", "playing"]
    quiet(ann, 40)
    assert states(ann) == ["leashing", "playing"]
