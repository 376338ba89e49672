"""The hands-on controls: each told to all, taken back, configured, and refused to who has no right to it."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sideman.settings import PlayerSettings, Settings, Tokens
from sideman.testing import Performer, Stage

P = "/player/sideman"
NOTE = f"{P}/note"


@pytest.fixture
def ann() -> Performer:
    """Ann, to whose even phrase the player goes on in `free`."""
    performer = Stage().performer("ann")
    performer.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5), (67, 0.5)])
    performer.send(f"{P}/mode", "free")
    performer.stage.advance(2)
    performer.clear()
    return performer


def numbers(ann: Performer, place: int, address: str = NOTE) -> list[float]:
    return [float(str(arguments[place])) for arguments in ann.got(address)]


def after(ann: Performer, seconds: float = 5.0) -> Performer:
    """What is played once what sounded is over."""
    ann.stage.advance(0.6)
    ann.clear()
    ann.stage.advance(seconds)
    return ann


def test_volume_scales_velocities_and_never_to_silence(ann: Performer) -> None:
    ann.send(f"{P}/volume", 0.5)
    assert set(numbers(after(ann), 1)) == {45.0}
    ann.send(f"{P}/volume", 0)
    assert set(numbers(after(ann), 1)) == {1.0}
    ann.send(f"{P}/volume", 1.5)
    assert ann.got("/error")[-1][0] == f"{P}/volume"


def test_octave_shifts(ann: Performer) -> None:
    ann.send(f"{P}/octave", 2)
    played = set(numbers(after(ann), 0))
    assert played
    assert played <= {84.0, 86.0, 88.0, 89.0, 91.0}


def test_speed_divides_spans_and_durations(ann: Performer) -> None:
    for ratio in (0.5, 1.5, 2.0, 4.0):
        ann.send(f"{P}/speed", ratio)
        after(ann, 6)
        times = [message.time_s for message in ann.heard() if message.address == NOTE]
        gaps = {round((later - earlier) * ratio, 2) for earlier, later in pairwise(times)}
        assert gaps - {0.45} == {0.5}  # the phrase's last lasts as it sounded
        assert all(length == pytest.approx(450 / ratio, rel=0.02) for length in numbers(ann, 2))
        ann.send("/ping")
    ann.send(f"{P}/speed", 0.1)
    assert ann.got("/error")[-1][0] == f"{P}/speed"


def test_what_sounds_is_not_cut_when_the_plan_is_made_anew(ann: Performer) -> None:
    for address, value in ((f"{P}/octave", 1), (f"{P}/speed", 2.0), (f"{P}/volume", 0.3), (f"{P}/effects", "delay:1")):
        ann.send(address, value)
        assert ann.got(f"{P}/off") == []


def test_a_control_is_told_to_all_and_taken_back(ann: Performer) -> None:
    bob = ann.stage.performer("bob")
    for name, value, before in (
        ("volume", 0.5, 1.0),
        ("octave", -1, 0),
        ("speed", 1.5, 1.0),
        ("solo", 1, 0),
        ("learn", 0, 1),
    ):
        ann.clear()
        bob.clear()
        ann.send(f"{P}/{name}", value)
        assert ann.got(f"{P}/is") == bob.got(f"{P}/is") == [(name, value)]
        assert ann.got("/done") == [(f"{P}/{name}",)]
        newcomer = ann.stage.performer(f"late{name}")
        newcomer.send("/refresh")
        assert (name, value) in newcomer.got(f"{P}/is")
        ann.send(f"{P}/undo")
        assert ann.got(f"{P}/is")[-1] == bob.got(f"{P}/is")[-1] == (name, before)


def test_whether_it_learns_is_asked_and_set_as_a_parameter_and_leaves_what_is_planned(ann: Performer) -> None:
    bob = ann.stage.performer("bob")
    ann.send(f"{P}/play")
    ann.stage.advance(0.5)
    voice = ann.stage.engine._sessions["main"].voices["sideman"]
    before = voice.revision
    ann.send(f"{P}/set", "learn", 0)
    assert ann.got(f"{P}/is") == bob.got(f"{P}/is") == [("learn", 0)]
    assert voice.revision == before
    bob.send(f"{P}/get", "learn")
    assert bob.got(f"{P}/is")[-1] == ("learn", 0)
    memory = ann.stage.engine.band.memory("main/sideman")
    length = len(memory)
    bob.play([(60, 0.2), (62, 0.2)])
    ann.stage.advance(2)
    assert len(memory) == length
    bob.send(f"{P}/learn", 1)
    bob.send(f"{P}/learn", 1)  # as it is: nobody is told
    assert ann.got(f"{P}/is")[1:] == [("learn", 1)]
    bob.play([(60, 0.2), (62, 0.2)])
    ann.stage.advance(2)
    assert len(memory) == length + 2


@pytest.mark.parametrize(
    ("player", "learns"),
    [
        (PlayerSettings("two"), 1),
        (PlayerSettings("two", learn=False), 0),
        (PlayerSettings("two", params={"learn": 0}), 0),
    ],
)
def test_the_configuration_says_whether_it_learns_and_who_comes_is_told(player: PlayerSettings, learns: int) -> None:
    ann = Performer(Stage(settings=Settings(players=[player])), "ann")
    ann.send("/join", "ann")
    assert ("learn", learns) in ann.got("/player/two/is")


def test_solo_silences_the_others_who_go_on_thinking(ann: Performer) -> None:
    ann.send("/player/two/new", "oracle", "pitch*ioi", "sideman")
    ann.send("/player/two/play")
    ann.send(f"{P}/solo", 1)
    assert ann.got("/player/two/state")[-1][0] == "muted"
    ann.clear()
    ann.stage.advance(4)
    assert ann.got("/player/two/note") == []
    assert ann.got(NOTE)
    ann.send("/player/two/solo", 1)
    ann.stage.advance(3)
    assert ann.got("/player/two/note")
    assert ann.got(NOTE)
    ann.send(f"{P}/solo", 0)
    assert ann.got(f"{P}/state")[-1][0] == "muted"
    after(ann)
    assert ann.got(NOTE) == []
    ann.send("/player/three/new", "oracle", "pitch*ioi", "sideman")
    ann.send("/player/three/play")
    assert ann.got("/player/three/state")[-1][0] == "muted"
    ann.send("/player/two/drop")
    assert ann.got(f"{P}/state")[-1][0] == "playing"
    ann.stage.advance(3)
    assert ann.got(NOTE)
    assert ann.got("/player/three/note")


def test_who_is_muted_and_solo_is_silent_until_unmuted(ann: Performer) -> None:
    ann.send(f"{P}/mute", 1)
    ann.send(f"{P}/solo", 1)
    ann.send(f"{P}/solo", 0)
    ann.clear()
    ann.stage.advance(2)
    assert ann.got(NOTE) == []
    ann.send(f"{P}/mute", 0)
    ann.stage.advance(2)
    assert ann.got(NOTE)


def test_only_its_owner_or_a_leader_lays_hands_on_a_player() -> None:
    stage = Stage(settings=Settings(tokens=Tokens(leader=["x"]), open=True, host="0.0.0.0"))
    ann, bob = (Performer(stage, name, f"10.0.0.{place}") for place, name in enumerate(("ann", "bob"), 1))
    for one in (ann, bob):
        one.send("/join", one.name)
        one.send("/confirm", int(str(one.got("/challenge")[0][0])))
        assert one.got("/joined")
    ann.send("/player/mine/new", "oracle")
    for name, value in (
        ("volume", 0.5),
        ("octave", 1),
        ("speed", 2.0),
        ("solo", 1),
        ("effects", "repeat:2"),
        ("hold", 1),
        ("loop", 2.0),
        ("jump", 0.0),
    ):
        bob.clear()
        bob.send(f"/player/mine/{name}", value)
        assert bob.got("/error")[0][1] == "mine is ann's"
        ann.send(f"/player/mine/{name}", value)
        assert (
            ann.got("/done" if name != "jump" else "/error")[-1][0] == f"/player/mine/{name}"
        )  # it knows no place yet


def test_the_configuration_may_set_every_control() -> None:
    params: dict[str, int | float | str] = {"volume": 0.5, "octave": 1, "speed": 2.0, "solo": 1}
    stage = Stage(settings=Settings(players=[PlayerSettings("sideman", params=params)]))
    assert stage.engine.complaints == []
    ann = stage.performer("ann")
    ann.send("/refresh")
    assert {*params.items()} <= {(str(name), value) for name, value in ann.got(f"{P}/is")}


def test_who_rests_because_of_a_parameter_plays_on_when_that_is_put_back(ann: Performer) -> None:
    ann.send(f"{P}/param/transpositions", "0")
    ann.send(f"{P}/param/pitch_low", 100)
    ann.stage.advance(1)
    assert ann.got(f"{P}/state")[-1][0] == "armed"
    ann.clear()
    ann.send(f"{P}/param/taboo", 2)  # which lifts nothing: it does not say that it plays
    assert ann.got(f"{P}/state") == []
    ann.send(f"{P}/param/pitch_low", 0)
    assert ann.got(f"{P}/state") == [("playing", "oracle", "free")]
    ann.clear()
    ann.stage.advance(3)
    assert ann.got(NOTE)
