"""Manners: one budget of notes for all players, registers that are shared out, room for humans; each off at first."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.engine import Engine
from sideman.inputs import Begin
from sideman.manners import Manners, Onsets, octaves_into, register_of, registers, span_beats, turns
from sideman.plugin import bundled
from sideman.testing import Performer, Stage

TUNE = [(60, 0.25), (62, 0.25), (64, 0.25), (67, 0.25), (65, 0.25), (64, 0.25), (72, 0.25), (48, 0.25)]
PLAYERS = ("a", "b", "c")


def trio(**params: float | str) -> Performer:
    """Ann has taught three players, which now play freely and learn no more."""
    ann = Stage().performer("ann")
    ann.send("/player/sideman/drop")
    for name in PLAYERS:
        ann.send(f"/player/{name}/new", "oracle")
    ann.play(TUNE * 4)
    ann.stage.advance(3)
    for name, value in params.items():
        ann.send("/session/set", name, value)
    for name in PLAYERS:
        ann.send(f"/player/{name}/learn", 0)
        ann.send(f"/player/{name}/play")
    ann.clear()
    return ann


def notes(ann: Performer, *players: str) -> list[tuple[float, int]]:
    """When and what players play, in seconds and MIDI."""
    addresses = {f"/player/{name}/note" for name in players or PLAYERS}
    return [(heard.time_s, int(str(heard.arguments[0]))) for heard in ann.heard() if heard.address in addresses]


def test_without_manners_nothing_is_asked() -> None:
    assert Manners().notes_left(3.0) is None
    assert not Manners().leaves_room(3.0)
    ann = trio()
    ann.stage.advance(10)
    assert len(notes(ann)) > 3 * 20


@given(
    st.sampled_from([0.25, 0.5, 1.0, 1.5, 3.0, 8.0]),
    st.lists(st.tuples(st.integers(0, 2), st.floats(0, 12), st.integers(1, 4)), max_size=60),
)
@settings(max_examples=150, deadline=None)
def test_whoever_plays_when_no_beat_holds_more_than_the_budget(
    density: float, wishes: list[tuple[int, float, int]]
) -> None:
    played: list[list[tuple[float, int]]] = [[], [], []]
    for player, beat, wanted in wishes:
        others: tuple[Onsets, ...] = tuple(tuple(played[other]) for other in range(3) if other != player)
        left = Manners(density, tuple(played[player]), others).notes_left(beat)
        assert left is not None
        if min(left, wanted):
            played[player].append((beat, min(left, wanted)))
    every = sorted(onset for onsets in played for onset in onsets)
    span = span_beats(density)
    for beat, _ in every:
        assert sum(count for onset, count in every if beat <= onset < beat + span - 1e-5) <= density * span + 1e-6


def test_who_has_had_some_leaves_one_to_each_that_has_had_none() -> None:
    assert Manners(4, (), ((), ())).notes_left(5.0) == 4
    assert Manners(4, ((5.0, 1),), ((), ())).notes_left(5.1) == 1
    assert Manners(4, ((5.0, 1),), (((5.0, 1),), ((4.9, 1),))).notes_left(5.1) == 1
    assert Manners(4, (), ()).notes_left(5.0, ((4.5, 3),)) == 1
    assert Manners(4, (), ()).notes_left(6.0, ((4.5, 3),)) == 4


def test_three_players_share_one_density_and_each_has_a_part_of_it() -> None:
    ann = trio(manners_density=3)
    ann.stage.advance(20)
    moments = sorted(time for time, _ in notes(ann))
    for first in moments:
        assert sum(first <= moment < first + 0.5 - 1e-3 for moment in moments) <= 3  # a beat is half a second
    for name in PLAYERS:
        assert len(notes(ann, name)) > 10
    ann.send("/session/set", "manners_density", 0)
    ann.clear()
    ann.stage.advance(20)
    assert len(notes(ann)) > len(moments)


def test_why_names_the_manner_that_made_a_rest() -> None:
    ann = trio(manners_density=1)
    ann.stage.advance(10)
    said = []
    for number in range(1, 200):
        ann.clear()
        ann.send("/player/b/why", number)
        said += [str(got[6]) for got in ann.got("/player/b/why")]
    assert any("manners: density" in note for note in said)
    assert any("manners" not in note for note in said)


def test_octaves_are_read_and_shared_out() -> None:
    assert registers("bass 1-2, shadow 4") == {"bass": (24, 47), "shadow": (60, 71)}
    assert registers("auto") is None
    assert register_of("bass 1-2", "other", ["bass", "other"]) == (0, 127)
    assert register_of("auto", "only", ["only"]) == (0, 127)
    shares = [register_of("auto", name, PLAYERS) for name in PLAYERS]
    assert shares[0][0] == 0
    assert shares[-1][1] == 127
    for (_, high), (low, _) in pairwise(shares):
        assert low == high + 1
    for wrong in ("bass", "bass x", "4 bass", "bass 5-3"):
        with pytest.raises(ValueError, match=r"octaves|name"):
            registers(wrong)
    assert turns("a *") == {"a", "*"}
    with pytest.raises(ValueError, match="name"):
        turns("a 7")


def test_each_player_keeps_to_its_octaves() -> None:
    ann = trio(manners_registers="a 3 b 4 c 5")
    ann.stage.advance(10)
    for name, (low, high) in {"a": (48, 59), "b": (60, 71), "c": (72, 83)}.items():
        assert notes(ann, name)
        assert all(low <= pitch <= high for _, pitch in notes(ann, name))
    ann.send("/player/c/why")
    assert "manners: register" in str(ann.got("/player/c/why")[0][6])


def test_what_memory_has_in_other_octaves_comes_down_or_up_into_ones_own() -> None:
    assert octaves_into(60, 24, 47) == -24
    assert octaves_into(60, 72, 83) == 12
    assert octaves_into(60, 50, 70) == octaves_into(60, 62, 64) == 0
    assert octaves_into(59.6, 61, 80) == 12


def test_shared_out_octaves_are_apart() -> None:
    ann = trio(manners_registers="auto")
    ann.stage.advance(10)
    ranges = [{pitch for _, pitch in notes(ann, name)} for name in PLAYERS]
    for one, other in combinations(ranges, 2):
        assert not one & other


def test_players_are_silent_while_a_human_plays_and_a_little_longer() -> None:
    ann = trio(manners_turns="a b", manners_turns_beats=2)
    ann.stage.advance(4)
    assert notes(ann, "a")
    ann.clear()
    began = ann.stage.now_s
    ann.play([(60, 0.5)] * 8)
    ended = began + 3.5 + 1.0  # two beats after the last onset
    ann.stage.advance(5)
    for name in "ab":
        moments = [time for time, _ in notes(ann, name)]
        assert not [moment for moment in moments if began < moment < ended - 1e-6]
        assert moments
    assert [moment for moment, _ in notes(ann, "c") if began < moment < ended]


def test_all_leave_room_but_those_that_follow() -> None:
    ann = trio(manners_turns="*")
    ann.send("/player/a/mode", "follow")
    ann.clear()
    ann.play([(60, 0.5)] * 4)
    assert notes(ann, "a")
    assert not [time for time, _ in notes(ann, "b", "c") if time > ann.stage.now_s - 1.9]
    ann.send("/session/set", "manners_turns", "a")
    ann.clear()
    ann.play([(60, 0.5)] * 4)
    assert not notes(ann, "a")
    ann.send("/session/set", "manners_turns", "-")
    ann.clear()
    ann.play([(60, 0.5)] * 4)
    assert notes(ann, "a")


def test_what_a_human_asks_for_by_hand_waits_for_no_turn() -> None:
    ann = trio(manners_turns="* a b c")
    ann.send("/player/a/mode", "manual")
    ann.play([(60, 0.5)])
    ann.clear()
    ann.send("/player/a/next")
    ann.stage.advance(0.1)
    assert notes(ann, "a")


def test_manners_are_parameters_of_the_session_that_all_are_told_of() -> None:
    ann = trio()
    bob = ann.stage.performer("bob")
    bob.clear()
    ann.send("/session/set", "manners_density", 1000)
    assert bob.got("/session/is") == [("manners_density", 64.0)]
    ann.clear()
    ann.send("/session/set", "manners_registers", "a 9-2")
    assert ann.got("/error")
    ann.send("/session/get", "manners_registers")
    assert ann.got("/session/is")[-1] == ("manners_registers", "")


def test_manners_replay_byte_for_byte() -> None:
    ann = trio(manners_density=4, manners_registers="auto", manners_turns="a")
    for _ in range(3):
        ann.play(TUNE)
        ann.stage.advance(3)
    begin = ann.stage.inputs[0]
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    assert [engine.feed(item) for item in ann.stage.inputs[1:]] == ann.stage.outputs_of[1:]
