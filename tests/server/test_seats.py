"""Seats: ports that speak for them, loss and return, take-over, and one who speaks for several."""

from __future__ import annotations

import pytest

from sideman.osc import IMMEDIATELY, encode, encode_bundle
from sideman.rights import hash_token
from sideman.settings import PerformerSettings, Settings, Tokens
from sideman.testing import Performer, Stage

SALT = bytes(range(16))
HERE, THERE = "10.0.0.7", "10.0.0.8"


def guarded() -> Stage:
    tokens = Tokens(
        leader=[hash_token("lead", SALT)],
        player=[hash_token("play", SALT), hash_token("other", SALT)],
        listener=[hash_token("hear", SALT)],
    )
    return Stage(settings=Settings(tokens=tokens, host="0.0.0.0"))


def joined(stage: Stage, name: str, token: str = "-", host: str = HERE, port: Performer | None = None) -> Performer:
    """Somebody who joined from another machine, from a port of its own or from another's."""
    performer = port or Performer(stage, name, host)
    known = bool(performer.got("/joined"))
    performer.clear()
    performer.send("/join", name, 0, token)
    if not known:
        ((number,),) = performer.got("/challenge")
        performer.send("/confirm", int(str(number)))
    return performer


def heard_from(stage: Stage, *names: str) -> Performer:
    """Somebody who hears what humans play."""
    ears = stage.performer("ears")
    ears.send("/listen", "/performer/*/note")
    ears.clear()
    return ears


def test_one_port_speaks_for_eight_sensors() -> None:
    stage = Stage()
    ears = heard_from(stage)
    pi = Performer(stage, "pi")
    for number in range(8):
        pi.send("/join", f"s{number}", 0, "-", "main", "sensor")
    ears.clear()
    pi.clear()
    for number in range(8):
        pi.send(f"/as/s{number}/note", 60.0 + number, 90.0)
    pi.send("/note", 50.0, 90.0)  # the port itself speaks for the latest
    assert pi.heard() == []  # what one plays is answered only by errors
    played = [(message.address.split("/")[2], message.arguments[0]) for message in ears.heard()]
    assert played == [*((f"s{number}", 60 + number) for number in range(8)), ("s7", 50)]


def test_what_is_said_for_another_is_learned_as_that_ones_stream() -> None:
    stage = Stage()
    pi = stage.performer("pi", 0, "-", "main", "sensor")
    ann = stage.performer("ann")
    pi.send("/as/ann/note", 60.0, 90.0)
    stage.advance(0.5)
    pi.send("/as/ann/note", 60.0, 0.0)
    stage.advance(3)
    assert stage.engine.band.memory("main/sideman").event(0).performer == "ann"
    assert ann.got("/player/sideman/note")


def test_a_pattern_reaches_all_that_may_be_spoken_for() -> None:
    stage = guarded()
    ears = joined(stage, "ears", "lead", THERE)
    ears.send("/listen", "/performer/*/note")
    pi = joined(stage, "s0", "play")
    joined(stage, "s1", "play", port=pi)
    joined(stage, "far", "other", THERE)
    ears.clear()
    pi.clear()
    pi.send("/as/*/note", 60.0, 90.0)
    pi.send("/as/{s1,far}/note", 62.0, 90.0)
    played = [(message.address, message.arguments[0]) for message in ears.heard()]
    assert played == [("/performer/s0/note", 60), ("/performer/s1/note", 60), ("/performer/s1/note", 62)]
    assert pi.got("/error") == []


def test_the_same_token_speaks_from_another_machine_and_no_other_does() -> None:
    stage = guarded()
    joined(stage, "s0", "play")
    friend, other = joined(stage, "friend", "play", THERE), joined(stage, "other", "other", "10.0.0.9")
    friend.send("/as/s0/note", 60.0, 90.0)
    assert not friend.got("/error")
    other.send("/as/s0/note", 60.0, 90.0)
    error = ("/as/s0/note", "s0 was joined from elsewhere", "join it from here, or both with the same token")
    assert other.got("/error") == [error]


def test_only_what_a_performer_plays_is_said_in_anothers_name() -> None:
    stage = Stage()
    pi = stage.performer("pi")
    stage.performer("s0")
    pi.clear()
    for address, arguments in (
        ("/as/s0/tempo", (90.0,)),
        ("/as/s0/leave", ()),
        ("/as/s0/as/pi/note", (60.0, 90.0)),
        ("/as/s0/player/sideman/stop", ()),
    ):
        pi.send(address, *arguments)
        assert pi.got("/error")[-1][0] == address
        assert "is not said in another's name" in str(pi.got("/error")[-1][1])
    assert pi.got("/tempo") == []


def test_what_is_wrong_is_answered_to_who_said_it() -> None:
    stage = Stage()
    pi, sensor = stage.performer("pi"), stage.performer("s0")
    pi.clear()
    pi.send("/as/nobody/note", 60.0, 90.0)
    pi.send("/as/s0/nota", 60.0, 90.0)
    pi.send("/as/s0/note", float("nan"), 90.0)
    pi.send("/as/s0/note")
    pi.send("/as/s0/chord", "Xyz9!")
    errors = pi.got("/error")
    assert errors[0] == ("/as/nobody/note", "nobody here is called 'nobody'", "those who may be spoken for: pi, s0")
    assert [error[0] for error in errors] == ["/as/nobody/note", "/as/s0/nota", "/as/s0/note", "/as/s0/note"]
    assert pi.got("/notice")[0][0] == "/chord"
    assert not [message for message in sensor.heard() if message.address in ("/error", "/notice")]


def test_the_seat_that_is_spoken_for_must_have_the_right() -> None:
    stage = guarded()
    joined(stage, "mute", "hear")
    pi = joined(stage, "pi", "play")
    pi.send("/as/mute/note", 60.0, 90.0)
    assert pi.got("/error")[-1][1] == "only a player may"


def test_a_bundle_joins_and_speaks_for_several_or_for_none() -> None:
    stage = Stage()
    ears = heard_from(stage)
    pi = Performer(stage, "pi")
    packets = [encode("/join", "s0"), encode("/join", "s1"), encode("/as/s0/note", 60.0, 90.0),
               encode("/note", 62.0, 90.0)]  # fmt: skip
    stage.packet(pi.endpoint, encode_bundle(IMMEDIATELY, [*packets, encode("/as/s2/note", 60.0, 90.0)]))
    assert pi.got("/error")[0][0] == "/as/s2/note"
    assert ears.heard() == []
    stage.packet(pi.endpoint, encode_bundle(IMMEDIATELY, packets))
    notes = [message for message in ears.heard() if message.address.endswith("/note")]
    assert [(note.address, note.arguments[0]) for note in notes] == [
        ("/performer/s0/note", 60),
        ("/performer/s1/note", 62),
    ]


def test_speaking_for_a_seat_keeps_it_and_brings_it_back() -> None:
    stage = Stage()
    ears = heard_from(stage)
    pi = Performer(stage, "pi")
    pi.send("/join", "s0")
    pi.send("/join", "s1")
    for _ in range(8):
        stage.advance(10)
        ears.send("/ping")
        pi.send("/as/s0/note", 60.0, 90.0, 1, 100.0)
    # What it says for one renews the seat for which the port speaks, too.
    assert not ears.got("/performer/s0/state")[1:]
    assert not ears.got("/performer/s1/state")[1:]
    for _ in range(4):
        stage.advance(10)
        ears.send("/ping")
    assert ears.got("/performer/s0/state")[-1] == ("lapsed",)
    ears.clear()
    pi.send("/as/s0/note", 60.0, 90.0)
    states = [message for message in ears.heard() if message.address.startswith("/performer/s0/")]
    assert [(state.address, state.arguments[0]) for state in states] == [
        ("/performer/s0/state", "here"),
        ("/performer/s0/note", 60),
    ]


@pytest.mark.parametrize(("kind", "renews"), [("human", True), ("sensor", False)])
def test_only_who_is_spoken_for_as_a_human_renews_the_leash(kind: str, renews: bool) -> None:
    stage = Stage()
    pi = stage.performer("pi", 0, "-", "main", "bot" if renews else "sensor")
    stage.performer("s0", 0, "-", "main", kind)
    before = stage.engine._sessions["main"].last_human_ns
    stage.advance(5)
    pi.send("/as/s0/note", 60.0, 90.0)
    assert (stage.engine._sessions["main"].last_human_ns > before) is renews


def kind_of(stage: Stage, name: str) -> str:
    seat = stage.engine._seats.get("main", name)
    assert seat is not None
    return seat.kind


@pytest.mark.parametrize("more", [(), (0,), (0, "-", "main"), (0, "-", "main", "-")])
def test_who_joins_again_without_saying_what_it_is_stays_what_it_was(more: tuple[int | str, ...]) -> None:
    stage = Stage()
    bot = stage.performer("bot", 0, "-", "main", "bot")
    before = stage.engine._sessions["main"].last_human_ns
    bot.send("/join", "bot", *more)
    stage.advance(5)
    bot.send("/note", 60.0, 90.0)
    assert kind_of(stage, "bot") == "bot"
    assert stage.engine._sessions["main"].last_human_ns == before


def test_who_says_what_it_is_becomes_that_and_who_comes_newly_is_human_unless_it_says_otherwise() -> None:
    stage = Stage()
    ann = stage.performer("ann", 0, "-", "main", "-")
    assert kind_of(stage, "ann") == "human"
    ann.send("/join", "ann", 0, "-", "main", "sensor")
    assert kind_of(stage, "ann") == "sensor"
    ann.send("/leave")
    ann.send("/join", "ann")
    assert kind_of(stage, "ann") == "human"
    ann.send("/join", "ann", 0, "-", "main", "dog")
    assert ann.got("/error") == [("/join", "no kind 'dog'", "kinds: human, sensor, bot, server")]


def test_a_sensor_of_the_configuration_joins_without_saying_so() -> None:
    stage = Stage(settings=Settings(performers=[PerformerSettings("s0", kind="sensor")]))
    stage.performer("s0")
    assert kind_of(stage, "s0") == "sensor"


def test_a_seat_is_taken_from_elsewhere_with_its_kind_and_its_role() -> None:
    stage = guarded()
    pi = Performer(stage, "s0", HERE)
    pi.send("/join", "s0", 0, "play", "main", "sensor")
    pi.send("/confirm", int(str(pi.got("/challenge")[0][0])))
    key = str(pi.got("/joined")[0][3])
    assert joined(stage, "s0", key, THERE).got("/joined")
    seat = stage.engine._seats.get("main", "s0")
    assert seat is not None
    assert (seat.kind, seat.role) == ("sensor", "player")


def test_a_bundle_that_joins_twice_takes_one_seat_of_the_kind_that_it_named() -> None:
    stage = Stage()
    pi = Performer(stage, "pi")
    packets = [encode("/join", "s0", 0, "-", "main", "sensor"), encode("/join", "s0")]
    stage.packet(pi.endpoint, encode_bundle(IMMEDIATELY, packets))
    assert kind_of(stage, "s0") == "sensor"
    assert stage.engine._seats.at(pi.endpoint) is stage.engine._seats.get("main", "s0")
    assert {answer[3] for answer in pi.got("/joined")} == {pi.got("/joined")[0][3]}


def test_a_bundle_that_leaves_and_joins_has_a_seat() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, [encode("/leave"), encode("/join", "ann")]))
    assert stage.engine._seats.at(ann.endpoint) is stage.engine._seats.get("main", "ann")
    assert kind_of(stage, "ann") == "human"


def test_a_lapsed_seat_hears_nothing_until_any_of_its_ports_speaks_and_is_then_obeyed() -> None:
    stage = Stage()
    ann, other = stage.performer("ann"), Performer(stage, "ann")
    other.send("/join", "ann", ann.endpoint[1])
    bob = stage.performer("bob")
    ann.clear()
    for _ in range(5):
        stage.advance(10)
        bob.send("/ping")
    assert ann.got("/lapsed") == [("ann",)]
    ann.clear()
    bob.send("/tempo", 90.0)
    assert ann.heard() == []
    bob.clear()
    other.send("/tempo", 100.0)  # from the other known port
    assert [(m.address, m.arguments[0]) for m in bob.heard()] == [("/performer/ann/state", "here"), ("/tempo", 100.0)]
    assert ann.got("/done") == [("/tempo",)]


def test_any_message_renews_the_lease_a_buttons_release_too() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    for number in range(8):
        stage.advance(10)
        bob.send("/ping")
        ann.send(*(("/panic", 0), ("/nonsense",), ("/done",), ("/ping",))[number % 4])
    assert not ann.got("/lapsed")


def test_after_a_day_a_seat_is_gone() -> None:
    stage = Stage()
    stage.performer("ann")
    bob = stage.performer("bob")
    for _ in range(24 * 3600 // 20 + 2):
        stage.advance(20)
        bob.send("/ping")
    assert bob.got("/performer/ann/state") == [("lapsed",), ("gone",)]


def test_who_is_in_the_configuration_never_lapses() -> None:
    performers = [PerformerSettings("ann", address="127.0.0.1:9000"), PerformerSettings("bob")]
    stage = Stage(settings=Settings(performers=performers))
    bob = stage.performer("bob")
    stage.advance(3600)
    assert not bob.got("/lapsed")
    bob.send("/refresh")
    assert bob.got("/performer/ann/state") == [("here",)]


def test_the_token_that_was_shown_takes_a_seat_over_and_another_does_not() -> None:
    stage = guarded()
    ann = joined(stage, "ann", "play")
    ann.clear()
    assert joined(stage, "ann", "other", THERE).got("/error")[0][1] == f"ann is taken by {HERE}"
    assert ann.heard() == []
    again = joined(stage, "ann", "play", "10.0.0.9")
    assert again.got("/joined")
    assert ann.got("/lapsed") == [("ann",)]
    ann.clear()
    ann.send("/note", 60.0, 90.0)
    stage.advance(5)
    assert ann.heard() == []


def test_a_lapsed_seat_without_a_token_may_be_taken_by_anyone_and_one_with_a_token_not() -> None:
    stage = Stage(settings=Settings(host="0.0.0.0", open=True, tokens=Tokens(player=[hash_token("play", SALT)])))
    free, kept = joined(stage, "free"), joined(stage, "kept", "play")
    assert joined(stage, "free", host=THERE).got("/error")
    stage.advance(60)
    free.clear()
    assert joined(stage, "free", host=THERE).got("/joined")
    assert free.got("/lapsed") == [("free",)]
    assert joined(stage, "kept", host=THERE).got("/error")
    kept.clear()
    kept.send("/ping")
    assert kept.got("/pong")


def test_a_late_joiner_gets_the_state_as_it_is() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/tempo", 90.0)
    ann.send("/metre", 3, 4)
    ann.send("/chord", "Dm7")
    ann.send("/player/echo/new", "ngram")
    ann.send("/player/echo/hear", "ann")
    ann.send("/player/echo/set", "temperature", 0.5)
    ann.send("/session/set", "manners_density", 3.0)
    ann.send("/start")
    stage.advance(1)
    bob = Performer(stage, "bob")
    bob.send("/join", "bob")
    heard = bob.heard()
    (synced,) = bob.got("/synced")
    told = heard[1 : 1 + int(str(synced[0]))]
    assert heard[0].address == "/joined"
    assert heard[len(told) + 1].address == "/synced"
    for address, arguments in (
        ("/transport", (1,)),
        ("/tempo", (90.0,)),
        ("/metre", (3, 4)),
        ("/harmony", ("Dm7",)),
        ("/performer/ann/state", ("here",)),
        ("/performer/bob/state", ("here",)),
        ("/player/echo/state", ("stopped", "ngram", "free")),
        ("/player/echo/hears", ("ann",)),
        ("/player/echo/is", ("temperature", 0.5)),
        ("/session/is", ("manners_density", 3.0)),
    ):
        assert (address, arguments) in [(message.address, message.arguments) for message in told]
