"""The bars of hostile and malformed input, by their numbers, as far as the server's core goes.

Those of the codec are in test_osc.py, of arguments in test_commands.py, of configuration in test_config.py, of bundles
for the future in test_rights.py, of a real process in system/test_bars.py.
"""

from __future__ import annotations

import math
import os
import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman._core.osc import match_steps
from sideman.addresses import TABLE
from sideman.osc import Message, decode, encode, encode_bundle
from sideman.reception import addresses
from sideman.testing import Performer, Stage

PHRASE = [(60, 0.2), (62, 0.2), (64, 0.2), (65, 0.2)]


def state_of(performer: Performer) -> list[tuple[str, tuple[object, ...]]]:
    """The whole state as the server tells it."""
    performer.clear()
    performer.send("/refresh")
    state = [(heard.address, heard.arguments) for heard in performer.heard()]
    performer.clear()
    return state


def mutated(packet: bytes, draw: random.Random) -> bytes:
    """A packet with some of its bytes changed, cut, doubled or moved."""
    data = bytearray(packet)
    for _ in range(draw.randint(1, 4)):
        kind = draw.randrange(4)
        at = draw.randrange(len(data)) if data else 0
        if kind == 0 and data:
            data[at] = draw.randrange(256)
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            data[at:at] = data[:at]
        else:
            data += bytes(draw.randrange(256) for _ in range(draw.choice((1, 3, 4, 16))))
    return bytes(data[:4096])


def wrapped(*packets: bytes) -> bytes:
    """A bundle, whatever its elements are."""
    return b"#bundle\0" + bytes(7) + b"\1" + b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)


GOOD = [
    encode("/note", 60.0, 90.0),
    encode("/note", 60.0, 0.0, 1),
    encode("/player/sideman/param/temperature", 0.5),
    encode("/player/echo/new", "oracle"),
    encode("/join", "eve", 0, "-", "main", "human"),
    encode_bundle(1, [encode("/tempo", 90.0), encode("/player/*/stop")]),
    encode("/ping", 1, "x", 0.5),
]


def test_bar_1_random_and_mutated_packets_do_no_harm() -> None:
    draw = random.Random(7117)
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    for number in range(4000):
        size = draw.choice((0, 1, 3, 4, 8, 16, 64, 1500, 65_507)) if number % 50 == 0 else draw.randrange(64)
        junk = bytes(draw.randrange(256) for _ in range(min(size, 256))) * (size // 256 + 1)
        stage.packet(ann.endpoint, mutated(draw.choice(GOOD), draw) if number % 2 else junk[:size])
        stage.advance(0.001)
    bob.clear()
    bob.send("/ping", 7)
    assert bob.got("/pong")[0][0] == 7
    assert stage.engine.malformed > 1000
    assert len(stage.engine._seen) <= 4096
    for _, packet, _ in stage.wire.sent:
        decode(packet)


def test_bar_2_and_3_what_is_malformed_or_beyond_limits_is_answered_and_changes_nothing() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    before = state_of(ann)
    bob.clear()
    deep = encode("/tempo", 90.0)
    for _ in range(9):
        deep = wrapped(deep)
    hostile = [
        b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc" + bytes(8),
        b"#bundle\0" + bytes(8) + bytes(4),
        b"/a\0\0,b\0\0\xff\xff\xff\xff",
        b"/a\0\0,[[\0",
        deep,
        wrapped(*[encode("/ping")] * 257),
        b"/ping\0\0\0," + b"i" * 65 + bytes(2) + bytes(4 * 65),
        b"/" + b"a" * 256 + bytes(3) + b",\0\0\0",
        b"/ping\0\0\0,s\0\0" + b"x" * 4097 + bytes(3),
        b"/note\0\0\0,s",
        b"\0",
    ]
    for number, packet in enumerate(hostile, 1):
        stage.packet(ann.endpoint, packet)
        errors = ann.got("/error")
        assert len(errors) == number
        assert errors[-1][2], "each with its cure"
    assert stage.engine.malformed == len(hostile)
    assert bob.heard() == []
    assert state_of(ann) == before


def test_bar_4_a_pattern_of_stars_is_work_in_proportion() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for number in range(31):
        ann.send(f"/player/voice{number}/new", "oracle")
    everything = addresses(next(iter(stage.engine._sessions.values())))
    assert len(everything) >= 500
    hostile = "/player/" + "*e" * 32 + "/stop"
    assert sum(match_steps(hostile, address) for address in everything) <= 200 * len(everything)
    ann.clear()
    ann.send(hostile)
    assert ann.got("/error")[0][1].endswith("matches nothing")  # type: ignore[attr-defined]
    ann.clear()
    ann.send("/player/{{a,b},c}/stop")
    assert len(ann.got("/error")) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e39, 2.0**31, -0.0, 5e-324])
@pytest.mark.parametrize("name", ["temperature", "taboo", "leash"])
def test_bar_5_odd_numbers_leave_the_old_value_or_are_clipped(name: str, value: float) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/get", name)
    (before,) = ann.got("/player/sideman/is")
    packet = b"/player/sideman/param/" + name.encode()
    packet += bytes(4 - len(packet) % 4) + b",d\0\0" + struct.pack(">d", value)
    stage.packet(ann.endpoint, packet)
    ann.send("/player/sideman/get", name)
    after = ann.got("/player/sideman/is")[-1]
    assert math.isfinite(float(str(after[1])))
    if not math.isfinite(value):
        assert after == before
        assert name in str(ann.got("/error")[0][1]) or "value" in str(ann.got("/error")[0][1])


def test_bar_13_every_packet_is_at_most_a_thousand_bytes_whatever_there_is_to_tell() -> None:
    stage = Stage()
    everyone = [stage.performer(f"performer-with-quite-a-name-{number:02}") for number in range(64)]
    for number in range(31):
        everyone[0].send(f"/player/voice-with-quite-a-long-name-{number}/new", "oracle")
    everyone[0].send("/player/sideman/hear", *[performer.name for performer in everyone])
    everyone[1].clear()
    everyone[1].send("/refresh")
    told = everyone[1].heard()
    assert 100 < len(told) <= 1000
    everyone[1].send("/ping", *["x" * 400] * 10)
    assert max(len(packet) for _, packet, _ in stage.wire.sent) <= 1000


def test_bar_14_an_echo_of_all_that_the_server_says_falls_silent() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/nonsense")
    for _ in range(20):
        said = ann.heard()
        ann.clear()
        for message in said:
            stage.packet(ann.endpoint, encode(message.address, *message.arguments))  # type: ignore[arg-type]
        if not said:
            break
    assert ann.heard() == []


def test_bar_42_a_silent_client_is_gone_from_the_broadcasts_at_thirty_seconds() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    for _ in range(29):
        stage.advance(1)
        bob.send("/ping")
    assert bob.got("/performer/ann/state") == []
    stage.advance(2)
    assert bob.got("/performer/ann/state") == [("lapsed",)]
    (lapsed,) = [heard for heard in ann.heard() if heard.address == "/lapsed"]
    assert lapsed.time_s == pytest.approx(30, abs=1)
    ann.clear()
    bob.send("/tempo", 90.0)
    assert ann.heard() == []
    assert len(stage.engine.log) <= 3


commands = st.sampled_from([row.template for row in TABLE])
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.floats(width=32),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12),
    st.sampled_from(["oracle", "free", "answer", "follow", "manual", "*", "ann", "pitch", "temperature", "1", "-"]),
    st.binary(max_size=8),
)
acts = st.lists(
    st.tuples(
        commands,
        st.sampled_from(["sideman", "echo", "ann", "*", "no!"]),
        st.lists(values, max_size=4),
        st.sampled_from([0.0, 0.01, 0.3, 1.2]),
    ),
    max_size=30,
)


@settings(max_examples=int(os.environ.get("SIDEMAN_EXAMPLES", "60")), deadline=None)
@given(acts, st.integers(0, 1000))
def test_whatever_is_said_refusals_change_nothing_and_what_sounds_is_in_range_and_ends(
    acts: list[tuple[str, str, list[object], float]], seed: int
) -> None:
    stage = Stage(seed=seed + 1)
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.play(PHRASE)
    for template, name, arguments, seconds in acts:
        address = template.replace("<p>", name).replace("<name>", "temperature")
        if address in ("/leave", "/confirm"):
            continue
        before = state_of(bob)
        ann.clear()
        bob.clear()
        ann.send(address, *arguments)  # type: ignore[arg-type]
        refused = [error for error in ann.got("/error") if error[0] == address]
        if refused:
            assert refused[0][2], "a refusal names its cure"
            assert [heard for heard in bob.heard() if heard.address != "/performer/ann/state"] == []
            assert state_of(bob) == before
        stage.advance(seconds)
    ann.send("/panic")
    at_s = stage.now_s
    stage.advance(20)
    check_all_that_was_said(stage, at_s)


def check_all_that_was_said(stage: Stage, panic_s: float) -> None:
    """Bar 41: every note in range; every note ended by its own length or an off; none after the panic."""
    for time_ns, packet, _ in stage.wire.sent:
        message = decode(packet)
        assert isinstance(message, Message)
        assert all(math.isfinite(value) for value in message.arguments if isinstance(value, float))
        if message.address.startswith("/player/") and message.address.endswith("/note"):
            pitch, velocity, duration_ms, channel, event = message.arguments
            assert 0 <= pitch <= 127  # type: ignore[operator]
            assert 1 <= velocity <= 127  # type: ignore[operator]
            assert 0 < duration_ms <= 600_000  # type: ignore[operator]
            assert 1 <= channel <= 255  # type: ignore[operator]
            assert 1 <= event <= 16_777_215  # type: ignore[operator]
            assert time_ns / 1e9 <= panic_s + 1e-9


@settings(max_examples=int(os.environ.get("SIDEMAN_EXAMPLES", "40")), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([60, 62, 64, 65]), st.sampled_from([0.05, 0.2, 0.5])), max_size=12), st.data()
)
def test_what_sounds_at_a_stop_gets_its_note_off_and_nothing_follows(
    phrase: list[tuple[int, float]], data: st.DataObject
) -> None:
    stage = Stage(seed=data.draw(st.integers(1, 50)))
    ann = stage.performer("ann")
    ann.play(PHRASE)
    ann.play(phrase)
    ann.send("/player/sideman/mode", data.draw(st.sampled_from(["free", "answer", "follow"])))
    ann.play(phrase)
    stage.advance(data.draw(st.floats(0, 6)))
    sounding: dict[tuple[object, object], float] = {}
    for heard in ann.stage.arrived(ann.endpoint):
        if heard.address == "/player/sideman/note":
            pitch, _, duration_ms, channel, _ = heard.arguments
            sounding[pitch, channel] = heard.time_s + float(str(duration_ms)) / 1000
        elif heard.address == "/player/sideman/off":
            sounding.pop((heard.arguments[0], heard.arguments[1]), None)
    now_s = stage.now_s
    ann.clear()
    ann.send(data.draw(st.sampled_from(["/stop", "/panic", "/player/sideman/stop", "/player/s*/stop"])))
    offs = {(off[0], off[1]) for off in ann.got("/player/sideman/off")}
    assert offs >= {key for key, until_s in sounding.items() if until_s > now_s + 1e-6}
    ann.clear()
    stage.advance(10)
    assert ann.got("/player/sideman/note") == []
