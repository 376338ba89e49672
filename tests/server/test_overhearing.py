"""Players that hear players: what is learned, what is reacted to and when, and that no loop goes on for ever."""

from __future__ import annotations

import pytest

from sideman.engine import Engine
from sideman.inputs import Begin
from sideman.plugin import bundled
from sideman.testing import Performer, Stage

TUNE = [(60, 0.5), (62, 0.5), (64, 0.5), (67, 0.5), (65, 0.5), (64, 0.5)]


def band(*players: tuple[str, str, str], stage: Stage | None = None, leash: int = 0) -> Performer:
    """Ann, and players as (name, mode, whom it hears); the default player is stopped."""
    ann = (stage or Stage()).performer("ann")
    ann.send("/player/sideman/drop")
    for name, mode, hears in players:
        ann.send(f"/player/{name}/new", "oracle")
        ann.send(f"/player/{name}/mode", mode)
        ann.send(f"/player/{name}/hear", *hears.split())
        ann.send(f"/player/{name}/param/leash", leash)
        ann.send(f"/player/{name}/play")
    return ann


def wait(ann: Performer, seconds: float) -> None:
    """Time passes; a ping now and then keeps Ann's seat, and is no act that would renew a leash."""
    while seconds > 0:
        ann.send("/ping")
        ann.stage.advance(min(20.0, seconds))
        seconds -= 20.0


def memory(ann: Performer, name: str) -> int:
    ann.clear()
    ann.send("/status")
    return next(int(str(got[2])) for got in ann.got("/status/is") if got[:2] == ("memory", name))


def onsets(ann: Performer, name: str) -> list[float]:
    return [heard.time_s for heard in ann.heard() if heard.address == f"/player/{name}/note"]


def test_a_player_learns_from_a_player_that_it_was_told_to_hear_when_that_sounds() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"), ("c", "manual", "*"))
    ann.play(TUNE)
    ann.stage.advance(1.2)
    assert memory(ann, "a") == memory(ann, "c") == len(TUNE)
    learned = memory(ann, "b")
    ann.stage.advance(6)
    played = len({event[4] for event in ann.got("/player/a/note")})
    assert learned < 3
    assert memory(ann, "b") > learned
    assert memory(ann, "c") == len(TUNE)
    assert played > 0


def bent(ann: Performer) -> None:
    """A phrase of which the second of three notes is bent on the way, and let go before the third; one controller."""
    for pitch in (60, 62, 64):
        ann.send("/note", float(pitch), 90.0, 1, 400.0)
        ann.stage.advance(0.1)
        if pitch == 62:
            ann.send("/bend", 0.5)
            ann.send("/control", 1, 99)
        ann.stage.advance(0.3)
        if pitch == 62:
            ann.send("/bend", 0.0)
        ann.stage.advance(0.1)


def moved(ann: Performer, name: str) -> dict[float, set[tuple[tuple[str, float, float], ...]]]:
    """By pitch: what moves in the events of a memory, as (kind, value, beats behind the onset)."""
    kept = ann.stage.engine.band.memory(f"main/{name}")
    found: dict[float, set[tuple[tuple[str, float, float], ...]]] = {}
    for place in range(len(kept)):
        event = kept.event(place)
        controls = tuple((control.kind, control.value, round(control.offset_beats, 2)) for control in event.controls)
        found.setdefault(event.top.pitch, set()).add(controls)
    return found


def test_controllers_that_a_player_moves_are_learned_with_its_events_by_who_hears_it() -> None:
    ann = band(("a", "free", "ann"), ("b", "manual", "a"))
    ann.send("/player/a/stop")
    ann.send("/player/a/param/through", 1)
    bent(ann)
    ann.stage.advance(2)
    ann.send("/player/a/learn", 0)
    ann.send("/player/a/jump", 0)
    ann.send("/player/a/play")
    ann.stage.advance(12)
    first, heard = moved(ann, "a"), moved(ann, "b")
    assert first[62] == {(("bend", 0.5, 0.2), ("control", 99, 0.2), ("bend", 0, 0.8))}
    assert heard[62] == first[62]
    assert heard[60] == heard[64] == {()}


def test_what_a_player_had_bent_when_it_was_stopped_bends_nothing_that_is_heard_of_it_later() -> None:
    ann = band(("a", "free", "ann"), ("b", "manual", "a"))
    ann.send("/player/a/stop")
    ann.send("/player/a/param/through", 1)
    bent(ann)
    ann.stage.advance(2)
    ann.send("/player/a/learn", 0)
    ann.send("/player/a/play")
    ann.clear()
    for address in ("/player/a/stop", "/player/a/mute"):
        for _ in range(400):
            ann.stage.advance(0.02)
            if ann.got("/player/a/bend") and ann.got("/player/a/bend")[-1][0] == 0.5:
                break
        else:
            pytest.fail("it never bent")
        ann.send(*((address,) if address.endswith("stop") else (address, 1)))
        assert ann.got("/player/a/bend")[-1][0] == 0.0
        ann.stage.advance(3)
        ann.send("/player/a/mute", 0)
        ann.send("/player/a/play")
    ann.stage.advance(6)
    heard = moved(ann, "b")
    assert heard[60] == heard[64] == {()}
    assert len(heard[62]) > 1  # some were broken off


def test_of_a_player_that_only_rests_nothing_is_heard() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"))
    ann.send("/player/a/param/rests", 1)
    ann.play(TUNE)
    ann.stage.advance(4)
    assert memory(ann, "a") == len(TUNE)
    assert memory(ann, "b") == 0


def test_what_it_plays_from_another_player_says_so() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"))
    ann.play(TUNE)
    ann.stage.advance(8)
    ann.clear()
    ann.send("/player/b/next")
    ann.stage.advance(0.1)
    ann.send("/player/b/why")
    assert ann.got("/player/b/why")[0][3] == "a"


def test_a_follower_reacts_to_a_player_once_an_event_and_not_before_the_next_half_beat() -> None:
    ann = band(("a", "answer", "*"), ("b", "follow", "a"))
    ann.play(TUNE)
    ann.stage.advance(1.1)
    ann.send("/player/a/learn", 0)
    for _ in range(2):  # the first time it has nothing to play from
        ann.clear()
        ann.play(TUNE)
        ann.stage.advance(8)
    led, followed = onsets(ann, "a"), onsets(ann, "b")
    assert followed
    assert len(followed) <= len(led)
    for moment in followed:
        assert moment * 4 == pytest.approx(round(moment * 4), abs=1e-3)  # half beats at 120
        assert any(0 < moment - earlier <= 0.25 + 1e-6 for earlier in led)


def test_an_answer_to_an_answer_comes_and_the_chain_ends_after_four() -> None:
    ann = band(("a", "answer", "* b"), ("b", "answer", "a"))
    ann.play(TUNE)
    wait(ann, 120)
    began = [got for got in ann.heard() if got.address.endswith("/state") and got.arguments[0] == "playing"]
    assert [got.address.split("/")[2] for got in began] == ["a", "b", "a", "b"]
    ann.clear()
    ann.play(TUNE)
    wait(ann, 120)
    assert ann.got("/player/b/note")


def test_a_ring_of_players_ends_soon_after_the_humans_however_it_is_made() -> None:
    ann = band(("a", "follow", "* b c"), ("b", "follow", "a c"), ("c", "answer", "a b"), ("d", "follow", "a b c d"))
    ann.play(TUNE * 2)
    wait(ann, 30)
    ann.clear()
    wait(ann, 3570)
    assert not [heard for heard in ann.heard() if heard.address.endswith("/note")]
    assert len(ann.stage.inputs) < 5_000


def test_an_hour_of_a_free_player_with_followers_in_a_ring_does_not_explode() -> None:
    ann = band(("a", "free", "* b c"), ("b", "follow", "a c"), ("c", "follow", "b a"))
    ann.send("/tempo", 30)  # slowly, so that the hour is soon over
    ann.play([(pitch, 4 * seconds) for pitch, seconds in TUNE])
    wait(ann, 3600)
    moments = {name: onsets(ann, name) for name in "abc"}
    counts = [memory(ann, name) for name in "abc"]
    assert all(counts)
    half_beats = 3600 + 4 * len(TUNE)  # of a second each
    assert len(moments["a"]) > 500
    for name in "bc":
        assert 0 < len(moments[name]) <= half_beats
        assert moments[name][-1] > 3500
    assert all(count <= sum(map(len, moments.values())) + len(TUNE) for count in counts)


def test_players_do_not_renew_a_leash() -> None:
    ann = band(("a", "free", "* b"), ("b", "follow", "a"), leash=16)
    ann.play(TUNE)
    ann.clear()
    wait(ann, 90)
    assert [state[0] for state in ann.got("/player/a/state")][-1] == "leashed"
    assert [state[0] for state in ann.got("/player/b/state")][-1] == "leashed"
    ann.clear()
    wait(ann, 600)
    assert {heard.address for heard in ann.heard()} == {"/pong"}


def test_a_player_learns_from_itself_only_when_told_and_that_is_shown() -> None:
    for told in (False, True):
        ann = band(("a", "answer", "* a" if told else "*"))
        ann.play(TUNE)
        ann.stage.advance(12)
        assert (memory(ann, "a") > len(TUNE)) == told
        ann.clear()
        ann.send("/refresh")
        assert ann.got("/player/a/hears") == [("*", "a") if told else ("*",)]


def test_no_player_learns_from_itself_by_way_of_another_that_shares_its_memory() -> None:
    ann = band(("a", "answer", "*"))
    ann.send("/player/b/new", "oracle", "pitch", "a")
    ann.send("/player/b/hear", "a")
    ann.play(TUNE)
    ann.stage.advance(12)
    assert ann.got("/player/a/note")
    assert memory(ann, "a") == len(TUNE)
    ann.send("/player/a/hear", "*", "a")
    ann.play(TUNE)
    ann.stage.advance(12)
    assert memory(ann, "a") > 2 * len(TUNE)


def test_players_that_share_a_memory_learn_an_event_once() -> None:
    ann = band(("x", "answer", "*"), ("a", "manual", "x"))
    ann.send("/player/b/new", "ngram", "pitch", "a")
    ann.send("/player/b/hear", "x")
    ann.play(TUNE)
    ann.stage.advance(12)
    played = {note[4] for note in ann.got("/player/x/note")}
    assert memory(ann, "a") == len(played) > 0


def test_what_was_stopped_before_it_sounded_is_not_heard() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"))
    ann.play(TUNE)
    ann.stage.advance(1.0)
    ann.send("/player/a/stop")
    ann.stage.advance(10)
    assert memory(ann, "b") <= 1


def test_a_phrase_that_is_stopped_ends_there_for_its_hearers() -> None:
    ann = band(("a", "free", "*"), ("b", "answer", "a"))
    ann.play([(60, 0.5), (62, 6.0)], legato=1.0)
    ann.stage.advance(4)
    ann.send("/player/a/stop")
    ann.clear()
    ann.stage.advance(2)
    assert onsets(ann, "b")


def test_a_loop_is_heard_as_what_a_player_plays_by_itself_is() -> None:
    ann = band(("a", "free", "*"), ("b", "manual", "a"), ("c", "follow", "a"))
    ann.play(TUNE)
    wait(ann, 6)
    ann.send("/player/a/loop", 4.0)
    wait(ann, 4)  # what was begun before is over
    learned = memory(ann, "b")
    ann.clear()
    wait(ann, 8)
    rounds = len({heard.time_s for heard in ann.heard() if heard.address == "/player/a/note"})
    reactions = len(onsets(ann, "c"))
    assert rounds > 8
    assert abs(memory(ann, "b") - learned - rounds) <= 1
    assert rounds / 2 < reactions <= rounds + 1


def test_who_goes_round_reacts_to_no_player_that_hears_it() -> None:
    def heard(*hears: str) -> list[tuple[float, tuple[object, ...]]]:
        ann = band(("a", "follow", "ann"), ("b", "follow", "a"))
        ann.play(TUNE)
        ann.send("/player/a/loop", 4.0)
        ann.send("/player/a/hear", "ann", *hears)
        ann.clear()
        wait(ann, 8)
        assert onsets(ann, "b")
        return [(note.time_s, note.arguments[:4]) for note in ann.heard() if note.address == "/player/a/note"]

    assert heard("b") == heard() != []


def test_a_muted_player_is_not_heard() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"))
    ann.send("/player/a/mute", 1)
    ann.play(TUNE)
    ann.stage.advance(10)
    assert memory(ann, "b") == 0


def test_who_hears_whom_is_told_to_all_and_undone() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"))
    bob = ann.stage.performer("bob")
    ann.send("/player/b/hear", "a", "ann")
    assert bob.got("/player/b/hears") == [("a", "ann")]
    ann.send("/player/b/undo")
    assert bob.got("/player/b/hears")[-1] == ("a",)


def test_a_player_that_is_dropped_is_heard_no_more() -> None:
    ann = band(("a", "free", "*"), ("b", "manual", "a"))
    ann.play(TUNE)
    ann.stage.advance(3)
    ann.send("/player/a/drop")
    ann.stage.advance(3)
    learned = memory(ann, "b")
    ann.stage.advance(10)
    assert memory(ann, "b") == learned > 0


def test_what_a_player_made_of_somebody_is_forgotten_with_them() -> None:
    ann = band(("a", "answer", "*"), ("b", "manual", "a"))
    bob = ann.stage.performer("bob")
    ann.play(TUNE)
    ann.stage.advance(10)
    assert memory(ann, "b") > 0
    ann.send("/forget-me")
    bob.send("/player/b/next")
    bob.stage.advance(0.1)
    assert not bob.got("/player/b/note")


def test_players_that_hear_players_replay_byte_for_byte() -> None:
    ann = band(("a", "free", "* b"), ("b", "follow", "a c"), ("c", "answer", "a b *"))
    for _ in range(3):
        ann.play(TUNE)
        ann.stage.advance(5)
        ann.send("/tempo", 97.0)
        ann.send("/player/b/mute", 1)
        ann.stage.advance(2)
        ann.send("/player/b/mute", 0)
    begin = ann.stage.inputs[0]
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    assert [engine.feed(item) for item in ann.stage.inputs[1:]] == ann.stage.outputs_of[1:]
