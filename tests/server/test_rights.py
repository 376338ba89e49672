"""Who may come in, and as what; take-over, ports, time tags, pages."""

from __future__ import annotations

import pytest

from sideman.errors import SetupError
from sideman.osc import IMMEDIATELY, encode, encode_bundle, time_tag
from sideman.rights import Rights, hash_token, is_token
from sideman.settings import Settings, Tokens
from sideman.testing import Performer, Stage
from sideman.timeline import SECOND

SALT = bytes(range(16))
FAR = "10.0.0.7"


@pytest.fixture
def guarded() -> Stage:
    """A server that listens beyond loopback, with a token for each role."""
    tokens = Tokens(
        leader=[hash_token("lead", SALT)], player=[hash_token("play", SALT)], listener=[hash_token("hear", SALT)]
    )
    return Stage(settings=Settings(tokens=tokens, host="0.0.0.0"))


def joined(stage: Stage, name: str, token: str, host: str = FAR) -> Performer:
    """Somebody who joined from another machine, by answering the challenge."""
    performer = Performer(stage, name, host)
    performer.send("/join", name, 0, token)
    (number,) = performer.got("/challenge")[0]
    performer.send("/confirm", int(str(number)))
    return performer


def test_a_token_is_kept_as_a_hash_only() -> None:
    kept = hash_token("lead", SALT)
    assert "lead" not in kept
    assert is_token("lead", kept)
    assert not is_token("leaf", kept)
    assert not is_token("lead", "nonsense")
    assert not is_token("lead", "blake2b$zz$00")


def test_listening_beyond_loopback_needs_tokens_or_open() -> None:
    with pytest.raises(SetupError, match="anybody could join"):
        Rights().check_host("0.0.0.0")
    Rights().check_host("127.0.0.1")
    Rights(open=True).check_host("0.0.0.0")
    Rights({"player": (hash_token("play", SALT),)}).check_host("0.0.0.0")


def test_beyond_loopback_a_stranger_gets_nothing_but_a_challenge(guarded: Stage) -> None:
    eve = Performer(guarded, "eve", FAR)
    eve.send("/note", 60.0, 90.0)
    eve.send("/ping")
    guarded.packet(eve.endpoint, b"nonsense")
    assert eve.heard() == []
    eve.send("/join", "eve", 0, "play")
    assert [message.address for message in eve.heard()] == ["/challenge"]
    assert guarded.engine.log[0] == f"note from {FAR}:{eve.endpoint[1]}: not joined; send /join NAME [PORT]"


def test_who_confirms_the_challenge_is_welcomed(guarded: Stage) -> None:
    ann = joined(guarded, "ann", "play")
    assert ann.got("/joined")[0][0] == "ann"


def test_a_wrong_or_late_confirmation_is_not_answered(guarded: Stage) -> None:
    eve = Performer(guarded, "eve", FAR)
    eve.send("/join", "eve", 0, "play")
    (number,) = eve.got("/challenge")[0]
    assert isinstance(number, int)
    assert 1 <= number <= 16_777_215
    eve.clear()
    eve.send("/confirm", number % 16_777_215 + 1)
    guarded.advance(6)
    eve.send("/confirm", number)
    assert eve.heard() == []


def test_the_challenge_goes_to_the_reply_port(guarded: Stage) -> None:
    ann, ears = Performer(guarded, "ann", FAR), Performer(guarded, "ears", FAR)
    ann.send("/join", "ann", ears.endpoint[1], "play")
    (number,) = ears.got("/challenge")[0]
    ann.send("/confirm", int(str(number)))
    assert ears.got("/joined")


def test_a_wrong_token_is_refused_once_the_address_is_proved(guarded: Stage) -> None:
    eve = joined(guarded, "eve", "guess")
    assert eve.got("/joined") == []
    assert eve.got("/error")[0][1] == "that token is not one of ours"


def test_roles_bound_what_one_may_do(guarded: Stage) -> None:
    leader, player, listener = (joined(guarded, *who) for who in (("li", "lead"), ("pia", "play"), ("lou", "hear")))
    for performer in (leader, player, listener):
        performer.clear()
    player.send("/tempo", 90.0)
    assert player.got("/error") == [("/tempo", "only a leader may", "ask a leader, or join with a leader's token")]
    listener.send("/note", 60.0, 90.0)
    assert listener.got("/error")[0][1] == "only a player may"
    listener.send("/ping", 1)
    assert listener.got("/pong")
    leader.send("/tempo", 90.0)
    assert leader.got("/done") == [("/tempo",)]
    player.send("/panic")
    assert player.got("/done") == [("/panic",)]


def test_a_player_may_change_its_own_voices_and_the_default_one_only(guarded: Stage) -> None:
    pia, pat = joined(guarded, "pia", "play"), joined(guarded, "pat", "play")
    pia.send("/player/echo/new", "oracle")
    pat.clear()
    pat.send("/player/echo/mode", "answer")
    assert pat.got("/error") == [("/player/echo/mode", "echo is pia's", "ask its owner or a leader")]
    pat.send("/player/sideman/mode", "free")
    pat.send("/player/echo/stop")
    assert pat.got("/done") == [("/player/sideman/mode",), ("/player/echo/stop",)]


def test_what_a_leaders_player_plays_from_is_not_unlearned_by_who_shares_it(guarded: Stage) -> None:
    lea, pia = joined(guarded, "lea", "lead"), joined(guarded, "pia", "play")
    lea.send("/player/lead/new", "oracle")
    lea.send("/player/lead/hear", "lea")
    lea.play([(60, 0.5), (64, 0.5)])
    guarded.advance(3)
    pia.send("/player/echo/new", "oracle", "pitch*ioi", "lead")
    pia.clear()
    pia.send("/player/echo/forget", 1000)
    making = [encode("/player/late/new", "oracle", "pitch*ioi", "lead"), encode("/player/late/forget", 1000.0)]
    guarded.packet(pia.endpoint, encode_bundle(IMMEDIATELY, making))
    refused = "lead plays from lead too", "ask a leader"
    assert pia.got("/error") == [("/player/echo/forget", *refused), ("/player/late/forget", *refused)]
    lea.send("/player/lead/play")
    lea.clear()
    guarded.advance(3)
    assert lea.got("/player/lead/note")
    lea.send("/player/echo/forget", 1000)
    assert lea.got("/done") == [("/player/echo/forget",)]


def test_what_one_plays_from_alone_one_may_unlearn(guarded: Stage) -> None:
    joined(guarded, "lea", "lead").send("/player/lead/new", "oracle")
    pia = joined(guarded, "pia", "play")
    for name in ("echo", "shadow"):
        pia.send(f"/player/{name}/new", "oracle", "pitch*ioi", "ours")
    pia.clear()
    for name in ("echo", "sideman"):
        pia.send(f"/player/{name}/forget", 4)
    assert pia.got("/done") == [("/player/echo/forget",), ("/player/sideman/forget",)]


@pytest.mark.parametrize("said", [("solo", 1), ("set", "solo", 1), ("param/solo", 1)])
def test_solo_of_who_is_no_leader_silences_no_player_of_another(guarded: Stage, said: tuple[str | int, ...]) -> None:
    lea, pia = joined(guarded, "lea", "lead"), joined(guarded, "pia", "play")
    lea.send("/player/lead/new", "oracle")
    for name in ("echo", "shadow"):
        pia.send(f"/player/{name}/new", "oracle")
    for name in ("lead", "echo", "shadow"):
        lea.send(f"/player/{name}/play")
    lea.clear()
    pia.send(f"/player/echo/{said[0]}", *said[1:])
    assert muted(lea) == {"shadow", "sideman"}
    lea.send("/player/later/new", "oracle")
    lea.send("/player/later/play")
    assert muted(lea) == {"shadow", "sideman"}
    pia.send("/player/echo/undo")
    assert muted(lea) == set()
    pia.send(f"/player/echo/{said[0]}", *said[1:])
    lea.send(f"/player/echo/{said[0]}", *said[1:])
    pia.send(f"/player/echo/{said[0]}", *said[1:])
    assert muted(lea) == {"shadow", "sideman", "lead", "later"}


def muted(performer: Performer) -> set[str]:
    """The players that are muted, as far as somebody was told."""
    told = [heard for heard in performer.heard() if heard.address.startswith("/player/") and "/state" in heard.address]
    last = {heard.address.split("/")[2]: heard.arguments[0] for heard in told}
    return {name for name, state in last.items() if state == "muted"}


def test_on_loopback_without_tokens_everyone_is_leader() -> None:
    ann = Stage().performer("ann")
    ann.send("/tempo", 90.0)
    assert ann.got("/done") == [("/tempo",)]


def test_another_machine_takes_a_seat_over_with_its_key_only(guarded: Stage) -> None:
    ann = joined(guarded, "ann", "play")
    key = str(ann.got("/joined")[0][3])
    ann.clear()
    eve = joined(guarded, "ann", "hear", "10.0.0.8")
    assert eve.got("/joined") == []
    again = joined(guarded, "ann", key, "10.0.0.9")
    assert again.got("/joined")[0][3] == key
    assert ann.got("/lapsed") == [("ann",)]
    ann.clear()
    ann.send("/ping")
    assert ann.heard() == []


def test_up_to_eight_ports_speak_for_a_seat() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    others = [Performer(stage, "ann") for _ in range(8)]
    for other in others:
        other.send("/join", "ann", ann.endpoint[1])
    ann.clear()
    others[0].send("/ping", 1)
    others[7].send("/ping", 2)
    assert [pong[0] for pong in ann.got("/pong")] == [1, 2]
    stage.packet(ann.endpoint, encode("/note", 60.0, 90.0))
    assert ann.got("/error")[0][1] == "not joined"


def test_a_leader_makes_a_session_and_others_are_apart() -> None:
    stage = Stage()
    ann = stage.performer("ann", 0, "-", "upstairs")
    bob = stage.performer("bob")
    ann.send("/tempo", 90.0)
    assert ann.got("/tempo") == [(90.0,)]
    assert bob.got("/tempo") == []


def bundle_at(stage: Stage, seconds: float, *messages: bytes) -> bytes:
    unix_ns = stage.clock.now() + stage.clock.wall_offset() + round(seconds * SECOND)
    return encode_bundle(time_tag(unix_ns), list(messages))


def test_a_bundle_waits_for_its_time() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    stage.packet(ann.endpoint, bundle_at(stage, 0.5, encode("/tempo", 90.0)))
    assert ann.heard() == []
    stage.advance(0.4)
    assert ann.heard() == []
    stage.advance(0.2)
    assert ann.got("/tempo") == [(90.0,)]


def test_a_bundle_too_far_ahead_is_refused() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    stage.packet(ann.endpoint, bundle_at(stage, 3.0, encode("/tempo", 90.0)))
    assert ann.got("/error")[0][1] == "the time tag is 3.0 s ahead"
    stage.advance(5)
    assert ann.got("/tempo") == []


def test_the_same_tagged_bundle_twice_is_one() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    packet = bundle_at(stage, 0.1, encode("/player/sideman/mode", "free"), encode("/tempo", 90.0))
    stage.packet(ann.endpoint, packet)
    stage.packet(ann.endpoint, packet)
    stage.advance(1)
    assert ann.got("/tempo") == [(90.0,)]


def test_bundles_for_the_future_are_bounded_and_one_performers_leave_room_for_others() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for number in range(1100):
        stage.packet(ann.endpoint, bundle_at(stage, 1 + number * 1e-5, encode("/ping", number)))
    assert len(ann.got("/error")) == 1100 - 1024
    others = [stage.performer(f"p{number}") for number in range(4)]
    for other in others:
        for number in range(1024):
            stage.packet(other.endpoint, bundle_at(stage, 1 + number * 1e-5, encode("/ping", number)))
    assert [len(other.got("/error")) for other in others] == [0, 0, 0, 1024]
    stage.advance(2)
    assert len(ann.got("/pong")) == 1024
    ann.clear()
    stage.packet(ann.endpoint, bundle_at(stage, 1, encode("/ping", 1)))
    stage.advance(2)
    assert ann.got("/error") == []


def test_who_is_constantly_late_is_told_once_by_how_much() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for number in range(20):
        stage.packet(ann.endpoint, bundle_at(stage, -0.1, encode("/ping", number)))
    assert ann.got("/notice") == [("#bundle", "your time tags are late, by 0.100 s now")]
    assert len(ann.got("/pong")) == 20


def test_status_tells_what_there_is() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/status")
    lines = ann.got("/status/is")
    assert ("session", "main") in lines
    assert ("player", "sideman", "armed", "oracle", "answer") in lines
    assert ann.got("/synced") == [(len(lines),)]


def test_what_is_too_long_for_a_packet_comes_in_pages() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    names = [f"performer-with-a-long-name-{number:02}" for number in range(60)]
    ann.send("/player/sideman/hear", *names)
    pages = ann.got("/player/sideman/hears")
    assert [page[:2] for page in pages] == [(number, len(pages)) for number in range(1, len(pages) + 1)]
    assert [name for page in pages for name in page[2:]] == names
    assert all(len(packet) <= 1000 for _, packet, _ in stage.wire.sent)


def test_session_parameters_are_set_clipped_and_told() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.clear()
    ann.send("/session/set", "phrase_gap_s", 0.5)
    assert ann.got("/session/is") == bob.got("/session/is") == [("phrase_gap_s", 0.5)]
    ann.send("/session/get", "phrase_gap_s")
    assert ann.got("/session/is")[-1] == ("phrase_gap_s", 0.5)
    ann.send("/session/set", "phrase_gp_s", 0.5)
    assert ann.got("/error")[0][1:] == ("no parameter 'phrase_gp_s'", "did you mean phrase_gap_s?")
    ann.send("/session/set", "phrase_gap_s", 1e9)
    assert "clipped" in str(ann.got("/notice")[0][1])


def test_a_listener_with_a_delay_gets_what_is_due_earlier() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/deliver", "now", 50.0)
    ann.clear()
    bob.clear()
    ann.play([(60, 0.5), (62, 0.5), (64, 0.5)])
    stage.advance(10)
    note = "/player/sideman/note"
    hers = [message.time_s for message in ann.heard() if message.address == note]
    his = [message.time_s for message in bob.heard() if message.address == note]
    assert his[1:] == pytest.approx([time_s - 0.05 for time_s in hers[1:]])
    bob.send("/deliver", "yesterday")
    assert bob.got("/error")


def test_only_the_types_i_f_and_s_are_sent() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/ping", 2**40, True, 1e30, "x")
    stage.packet(ann.endpoint, b"/ping\0\0\0,d\0\0" + b"\x7f\xe0\0\0\0\0\0\0")
    first, second = ann.got("/pong")
    assert first[:4] == (str(2**40), 1, pytest.approx(1e30), "x")
    assert float(str(second[0])) == 2.0**1023
    for _, packet, _ in stage.wire.sent:
        tags = packet[packet.index(b",") :].split(b"\0")[0]
        assert set(tags) <= set(b",ifs")
