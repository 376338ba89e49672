"""The MQTT bridge, with a real broker that is killed, frozen and started again, and a real server."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiomqtt
import pytest

from plugins.broker import Broker, broker, mosquitto
from sideman.osc import Message, decode
from sideman_client import Client
from sideman_client.message import build, parse
from system.server import LiveServer, serving

pytestmark = pytest.mark.system


def configured(folder: Path, port: int, more: str = "", top: str = "", **keys: object) -> Path:
    """A configuration with the bridge, in a file."""
    lines = [top, "[plugins.mqtt.config]", 'host = "127.0.0.1"', f"port = {port}", 'server = "stage"']
    lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    path = folder / "sideman.toml"
    path.write_text("\n".join([*lines, more]) + "\n", encoding="utf-8")
    return path


class Ear:
    """Somebody at the broker: publishes, and waits for what is published."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client
        self._messages = aiter(client.messages)

    async def say(self, topic: str, payload: object = None, *, raw: bytes | None = None, retain: bool = False) -> None:
        """Publish below `sideman/`."""
        data = raw if raw is not None else b"" if payload is None else json.dumps(payload).encode()
        await self._client.publish(f"sideman/{topic}", data, qos=1, retain=retain)

    async def next(self, topic: str, limit_s: float = 30.0) -> aiomqtt.Message:
        """The next message to a topic below `sideman/`; others are passed over."""
        async with asyncio.timeout(limit_s):
            while True:
                message = await anext(self._messages)
                if str(message.topic) == f"sideman/{topic}":
                    return message

    async def told(self, topic: str, limit_s: float = 30.0) -> object:
        """The next payload to a topic, read as JSON."""
        return json.loads(bytes_of(await self.next(topic, limit_s)))


def bytes_of(message: aiomqtt.Message) -> bytes:
    assert isinstance(message.payload, bytes)
    return message.payload


@asynccontextmanager
async def listening(port: int, *topics: str, **options: object) -> AsyncIterator[Ear]:
    """An ear at topics below `sideman/`, in the order of what the broker sends."""
    async with aiomqtt.Client("127.0.0.1", port, **options) as client:  # type: ignore[arg-type]
        for topic in topics:
            await client.subscribe(f"sideman/{topic}", qos=1)
        yield Ear(client)


async def phrase(ear: Ear, topic: str) -> None:
    for pitch in (60, 62, 64, 65):
        await ear.say(topic, [pitch, 90, 1, 120])
        await asyncio.sleep(0.15)


async def _seated(ear: Ear) -> None:
    """The server is at the broker, and its bridge has its seat."""
    await ear.told("main/json/performer/mqtt/state")


def test_a_phrase_that_comes_by_mqtt_is_answered_there_as_json_and_as_osc(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port, "main/json/#", "main/osc/#") as ear:
            await _seated(ear)
            await phrase(ear, "main/in/ann/json/note")
            note = await ear.told("main/json/player/sideman/note")
            assert isinstance(note, list)
            assert note[0] in (60, 62, 64, 65)
            assert (0 < note[1] < 128, note[2] > 0, *note[3:]) == (True, True, 1, 1)
            message = decode(bytes_of(await ear.next("main/osc/player/sideman/note")))
            assert isinstance(message, Message)
            assert message.address == "/player/sideman/note"

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port))):
        asyncio.run(play(mqtt.port))


def test_osc_packets_come_in_and_performers_are_told_what_is_theirs(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port, "main/json/#", "main/to/ann/#") as ear:
            await _seated(ear)
            await ear.say("main/in/ann/osc", raw=build("/player/sideman/param/temperature", 0.7))
            joined = await ear.told("main/to/ann/json/joined")
            assert isinstance(joined, list)
            assert joined[:2] == ["ann", "main"]
            assert await ear.told("main/to/ann/json/player/sideman/is/temperature") == [
                "temperature",
                pytest.approx(0.7),
            ]
            await ear.say("main/in/ann/json/ping", [7])
            await ear.say("main/in/ann/json/player/sideman/why")
            error = await ear.told("main/to/ann/json/error")
            assert isinstance(error, list)
            assert error[0] == "/player/sideman/why"
            await ear.say("main/in/json/player/sideman/mode", "free")
            mode = None  # of states that follow one another quickly, a topic may tell only the last
            while mode != "free":
                state = await ear.told("main/json/player/sideman/state")
                assert isinstance(state, list)
                mode = state[2]

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port))):
        asyncio.run(play(mqtt.port))


def test_who_comes_late_finds_the_state_and_who_is_killed_is_told_to_be_gone(tmp_path: Path) -> None:
    async def look(server: LiveServer, port: int) -> None:
        async with listening(port, "stage/online", "main/json/#") as ear:
            await _seated(ear)
        async with listening(port, "stage/online") as late:
            online = await late.next("stage/online")
            assert (online.payload, online.retain) == (b"1", True)
        async with listening(port, "main/json/#") as late:
            for topic, expected in (("tempo", [120.0]), ("player/sideman/state", ["armed", "oracle", "answer"])):
                found = await late.next(f"main/json/{topic}")
                assert (json.loads(bytes_of(found)), found.retain) == (expected, True)
        async with listening(port, "stage/online") as ear:
            await ear.next("stage/online")
            server.process.kill()
            assert (await ear.next("stage/online")).payload == b"0"

    with broker(tmp_path) as mqtt:
        path = configured(tmp_path, mqtt.port)
        with pytest.raises(AssertionError, match="status -9"), serving("--config", str(path)) as server:
            asyncio.run(look(server, mqtt.port))


def test_a_server_that_ends_says_so_after_its_last_notes(tmp_path: Path) -> None:
    async def play(port: int, server: LiveServer) -> None:
        async with listening(port, "stage/online", "main/json/#") as ear:
            await _seated(ear)
            await phrase(ear, "main/in/ann/json/note")
            await ear.told("main/json/player/sideman/note")
            server.process.terminate()
            await ear.told("main/json/player/sideman/off")
            assert (await ear.next("stage/online")).payload == b"0"

    with broker(tmp_path) as mqtt:
        with serving("--config", str(configured(tmp_path, mqtt.port))) as server:
            asyncio.run(play(mqtt.port, server))
            server.process.wait(30)  # a second signal, while Python ends, would end it otherwise
        assert "bridge" not in server_log(server)


def server_log(server: LiveServer) -> str:
    return "" if server.errors.closed else server.log()


def test_music_goes_on_while_the_broker_is_dead_and_the_bridge_comes_back(tmp_path: Path) -> None:
    async def play(server: LiveServer, mqtt: Broker) -> None:
        async with listening(mqtt.port, "stage/online") as ear:
            assert (await ear.next("stage/online")).payload == b"1"
        async with Client("ann", port=server.port) as ann:
            mqtt.kill()
            told = await ann.wait_for("/notice", "#bridge")
            assert "the bridge mqtt is in trouble: 127.0.0.1:" in str(told.arguments[1])
            assert (await ann.ask("/status", reply="/status/is")).arguments
            await ann.wait_for("/status/is", "trouble", "bridge", "mqtt")
            for pitch in (60, 62, 64):
                ann.note(pitch, 90, duration_ms=100)
                await asyncio.sleep(0.12)
            assert await ann.wait_for("/player/sideman/note")
            await ann.ask("/tempo", 90)
            mqtt.start()
            async with listening(mqtt.port, "stage/online", "main/json/tempo") as ear:
                assert (await ear.next("stage/online")).payload == b"1"
                assert await ear.told("main/json/tempo") == [90.0]
                ann.send("/tempo", 100)
                assert await ear.told("main/json/tempo") == [100.0]
            await ann.wait_for("/notice", "#bridge", "the bridge mqtt is well again")

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port))) as server:
        asyncio.run(play(server, mqtt))
        assert "trying again" in server.log()
        assert server.log().count("mqtt: connected") == 2


def test_a_broker_that_is_not_there_at_the_start_is_found_later(tmp_path: Path) -> None:
    async def look(port: int) -> None:
        async with listening(port, "main/json/#") as ear:
            await _seated(ear)

    mqtt = Broker(tmp_path)
    mosquitto()
    with serving("--config", str(configured(tmp_path, mqtt.port))) as server:
        assert server.logs("trying again")
        mqtt.start()
        try:
            asyncio.run(look(mqtt.port))
        finally:
            mqtt.kill()


def test_what_a_frozen_broker_does_not_take_is_dropped_counted_and_told(tmp_path: Path) -> None:
    async def play(server: LiveServer, mqtt: Broker) -> None:
        async with listening(mqtt.port, "main/json/#", "stage/lost") as ear:
            await _seated(ear)
            mqtt.freeze()
            async with Client("ann", port=server.port) as ann:
                ann.send("/listen", "/performer/*/note")
                async with Client("bob", port=server.port) as bob:
                    for turn in range(400):  # far more than queue and sockets hold
                        for pitch in range(16):
                            bob.note(pitch, 90)
                            bob.note(pitch, 0)
                        await bob.ask("/ping", turn, reply="/pong")
                assert await ann.ask("/ping", 1, reply="/pong")
            mqtt.thaw()
            lost = await ear.told("stage/lost", 60)
            assert isinstance(lost, dict)
            assert lost["out"] > 0
            assert lost["in"] == 0

    with broker(tmp_path) as mqtt:
        path = configured(tmp_path, mqtt.port, human_notes=True, queue=100)
        with serving("--config", str(path)) as server:
            asyncio.run(play(server, mqtt))
            assert "too many, and are lost" in server.log()


#: What is published, and a word of the answer.
ODD = {
    "no JSON": ("main/in/json/note", b"{'a", "no JSON"),
    "not flat": ("main/in/json/note", b"[[60], 90]", "no argument"),
    "nothing where a number must be": ("main/in/json/note", b"[null, 90]", "no argument"),
    "not a number": ("main/in/json/note", b"[NaN, 90]", "no JSON"),
    "deeper than a stack": ("main/in/json/note", b"[" * 60_000, "no JSON"),
    "bytes that are no text": ("main/in/json/note", b'["\xff\xfe"]', "no JSON"),
    "longer than a word may be": ("main/in/json/text", json.dumps("x" * 60_000).encode(), ""),
    "a number beyond every type": ("main/in/json/tempo", b"1" * 400, ""),
    "too much": ("main/in/json/note", b" " * 70_000, "too much"),
    "no such address": ("main/in/json/dance", b"[1]", "no such address"),
    "out of range": ("main/in/json/tempo", b"[10000]", ""),
    "no OSC": ("main/in/osc", b"\x00\x01\x02", "malformed"),
    "an OSC packet that ends too early": ("main/in/osc", b"/note\0\0\0,fff\0\0\0\0AB", "malformed"),
    "neither": ("main/in/xml/note", b"[1]", "neither"),
    "no name": ("main/in/9ann/json/note", b"[60, 90]", "is not a name"),
    "nothing behind json": ("main/in/json", b"[60, 90]", "neither"),
    "a session that is not here": ("other/in/json/note", b"[60, 90]", "no session"),
}


def test_odd_payloads_are_refused_with_an_answer_and_disturb_nobody(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port, "main/json/#", "other/json/#") as ear:
            await _seated(ear)
            for what, (topic, payload, word) in ODD.items():
                await ear.say(topic, raw=payload)
                error = await ear.told(f"{topic.split('/')[0]}/json/error")
                assert isinstance(error, list), what
                assert all(isinstance(part, str) and part for part in error), what
                assert word in error[1], (what, error)
            await phrase(ear, "main/in/ann/json/note")
            await ear.told("main/json/player/sideman/note")

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port))):
        asyncio.run(play(mqtt.port))


def test_a_command_that_the_broker_has_kept_is_not_obeyed_again(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port) as ear:
            await ear.say("main/in/json/panic", [], retain=True)
        async with listening(port, "main/json/#") as ear:
            with serving("--config", str(configured(tmp_path, port))):
                error = await ear.told("main/json/error")
                assert isinstance(error, list)
                assert "kept" in error[1]
                await phrase(ear, "main/in/ann/json/note")
                await ear.told("main/json/player/sideman/note")

    with broker(tmp_path) as mqtt:
        asyncio.run(play(mqtt.port))


def test_a_flood_is_cut_to_what_is_allowed_and_the_rest_counted(tmp_path: Path) -> None:
    async def play(server: LiveServer, port: int) -> None:
        async with listening(port, "main/json/#", "stage/lost") as ear:
            await _seated(ear)
            for _ in range(400):
                await ear.say("main/in/json/ping")
            async with Client("ann", port=server.port) as ann:
                await ann.ask("/ping", 1, reply="/pong")
            lost = await ear.told("stage/lost")
            assert isinstance(lost, dict)
            assert lost["in"] > 0

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port, most_in=20))) as server:
        asyncio.run(play(server, mqtt.port))


def test_rights_are_as_anybodys_who_is_not_on_this_machine(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "sideman", "token", "leader"], capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / "token").write_text(made.split()[1], encoding="utf-8")
    tokens = "[tokens]\n" + made.splitlines()[-1]

    async def tempo(port: int, expected: str) -> None:
        async with listening(port, "main/json/#") as ear:
            await _seated(ear)
            await ear.say("main/in/json/tempo", [90])
            while True:
                message = await anext(ear._messages)
                if message.retain:
                    continue
                if str(message.topic).endswith("json/error"):
                    assert expected == "refused"
                    assert "leader" in bytes_of(message).decode()
                    return
                if str(message.topic).endswith("json/tempo"):
                    assert expected == "obeyed"
                    assert json.loads(bytes_of(message)) == [90.0]
                    return

    for expected, more, keys in (("refused", "", {}), ("obeyed", tokens, {"token_file": str(tmp_path / "token")})):
        with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port, more, **keys))):
            asyncio.run(tempo(mqtt.port, expected))


def test_a_performer_by_mqtt_does_not_get_the_bridges_rights(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port, "main/json/#", "main/to/#") as ear:
            await _seated(ear)
            await ear.say("main/in/ann/json/tempo", [90])
            error = await ear.told("main/to/ann/json/error")
            assert isinstance(error, list)
            assert error[1] == "only a leader may"
            await ear.say("main/in/ann/json/join", ["human"])
            await ear.say("main/in/ann/osc", raw=build("/join", "mqtt"))
            error = await ear.told("main/to/ann/json/error")
            assert isinstance(error, list)
            assert "taken" in error[1]

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port))):
        asyncio.run(play(mqtt.port))


def test_an_evening_over_mqtt_replays_byte_for_byte(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port, "main/json/#") as ear:
            await _seated(ear)
            await phrase(ear, "main/in/ann/json/note")
            await ear.told("main/json/player/sideman/note")
            await ear.say("main/in/json/note", raw=b"[[")
            await ear.say("main/in/json/player/sideman/mode", "free")
            for _ in range(3):
                await ear.told("main/json/player/sideman/note")

    recording = tmp_path / "evening.sideman"
    more = ("--record", str(recording))
    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port)), *more):
        asyncio.run(play(mqtt.port))
    command = [sys.executable, "-m", "sideman", "replay", str(recording), "--verify"]
    verdict = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert verdict.stdout.startswith("the same, byte for byte"), verdict.stdout + verdict.stderr


def test_user_password_and_tls_are_spoken(tmp_path: Path) -> None:
    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=tmp_path)

    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
        *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"),
    )
    mosquitto()
    command = ["mosquitto_passwd", "-b", "-c", str(tmp_path / "users"), "stage", "pass"]
    subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "password").write_text("pass\n", encoding="utf-8")
    more = f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\npassword_file {tmp_path}/users"

    async def look(port: int) -> None:
        import ssl

        context = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        options = {"username": "stage", "password": "pass", "tls_context": context}
        async with listening(port, "main/json/#", **options) as ear:
            await _seated(ear)

    with broker(tmp_path, more) as mqtt:
        keys = {"user": "stage", "password_file": str(tmp_path / "password"), "ca_file": str(tmp_path / "cert.pem")}
        with serving("--config", str(configured(tmp_path, mqtt.port, tls=True, **keys))):
            asyncio.run(look(mqtt.port))


def test_messages_are_plain_osc_for_those_who_read_them_so(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with listening(port, "main/osc/#") as ear:
            message = await ear.next("main/osc/player/sideman/state")
            (state,) = parse(bytes_of(message))
            assert state.arguments == ("armed", "oracle", "answer")

    with broker(tmp_path) as mqtt, serving("--config", str(configured(tmp_path, mqtt.port))):
        asyncio.run(play(mqtt.port))
