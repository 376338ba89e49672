"""What of the MQTT bridge needs no broker: its configuration, topics and payloads, and what waits."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.errors import PluginFault
from sideman.plugin import Message, Registry
from sideman_mqtt import plugin
from sideman_mqtt.config import Config
from sideman_mqtt.outbox import Outbox, Parcel
from sideman_mqtt.topics import Odd, arguments_of, asked, is_state, out_topic, payload_of

PAGE = Path(__file__).parents[2] / "docs/mqtt.md"


def test_nothing_is_brought_where_no_broker_is_named() -> None:
    registry = Registry("mqtt")
    plugin.setup(registry, {})
    assert registry.bridges == {}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"port": 1883}, "names no broker"),
        ({"host": "x", "prot": 1}, "prot"),
        ({"host": "x", "port": "many"}, "port"),
        ({"host": "x", "prefix": "a/#"}, "prefix"),
        ({"host": "x", "formats": ["xml"]}, "formats"),
        ({"host": "x", "queue": 0}, "range"),
        ({"host": "x", "password_file": "/path/to/nothing"}, "password_file"),
    ],
)
def test_a_configuration_that_cannot_be_is_refused_by_key(config: dict[str, object], words: str) -> None:
    with pytest.raises(PluginFault, match=words):
        plugin.setup(Registry("mqtt"), config)


def test_a_trial_of_the_configuration_finds_it(tmp_path: Path) -> None:
    path = tmp_path / "sideman.toml"
    path.write_text('[plugins.mqtt.config]\nhost = "broker"\nprot = 1\n', encoding="utf-8")
    command = [sys.executable, "-m", "sideman", "serve", "--check", "--config", str(path)]
    tried = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert tried.returncode == 2
    assert "[plugins.mqtt.config]" in tried.stderr
    assert "prot" in tried.stderr


def test_without_aiomqtt_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("sideman_mqtt.bridge")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiomqtt", None)
    with pytest.raises(PluginFault, match=re.escape("pip install 'sideman[mqtt]'")):
        plugin.setup(Registry("mqtt"), {"host": "127.0.0.1"})


def test_the_page_names_every_key_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]*?)`? *\|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    for field in msgspec.structs.fields(Config):
        default = field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
        assert rows[field.name] == ("" if default == "" else msgspec.json.encode(default).decode().replace(",", ", "))
    assert len(rows) == len(msgspec.structs.fields(Config))


words = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(st.one_of(st.integers(-(2**31), 2**31 - 1), st.floats(allow_nan=False, allow_infinity=False), words)))
def test_what_goes_out_as_json_comes_in_as_it_was(values: list[int | float | str]) -> None:
    assert list(arguments_of(payload_of(Message("/x", tuple(values))))) == values


@given(st.binary(max_size=300), st.text(max_size=30))
def test_whatever_comes_is_understood_or_odd(payload: bytes, topic: str) -> None:
    try:
        order = asked("sideman", f"sideman/main/in/{topic}", payload)
    except Odd as odd:
        assert odd.what
        assert odd.cure
    else:
        assert (order.message is None) == bool(topic.removeprefix(f"{order.who}/").startswith("osc"))


def test_state_is_told_from_what_happens() -> None:
    assert is_state(Message("/player/bass/is", ("taboo", 3)))
    assert is_state(Message("/performer/ann/state", ("here",)))
    assert is_state(Message("/player/bass/takes", (0, 2)))
    assert is_state(Message("/player/bass/record", (1,)))
    assert is_state(Message("/chart/loop", (5, 8)))
    assert is_state(Message("/session/is", ("chord_ms", 30.0)))
    assert not is_state(Message("/player/bass/note", (60,)))
    assert out_topic("sideman/main/json", Message("/player/bass/is", ("taboo", 3))).endswith("/player/bass/is/taboo")


def test_events_are_bounded_and_the_last_of_each_state_is_kept() -> None:
    async def play() -> tuple[list[Parcel], int]:
        outbox = Outbox(3)
        for number in range(10):
            outbox.event("note", b"%d" % number)
            outbox.state("tempo", b"%d" % number)
        outbox.state("gone", b"")
        return [await outbox.next() for _ in range(len(outbox))], outbox.dropped

    sent, dropped = asyncio.run(play())
    assert sent == [
        *(Parcel("tempo", b"9", True), Parcel("gone", b"", True)),
        *(Parcel("note", b"7"), Parcel("note", b"8"), Parcel("note", b"9")),
    ]
    assert dropped == 7


def test_a_broker_that_knows_nothing_is_told_all_that_is_and_nothing_that_was() -> None:
    async def play() -> list[Parcel]:
        outbox = Outbox(10)
        outbox.state("tempo", b"120")
        outbox.state("metre", b"4")
        while len(outbox):
            await outbox.next()
        outbox.event("note", b"60")
        outbox.again()
        return [await outbox.next() for _ in range(len(outbox))]

    assert asyncio.run(play()) == [Parcel("tempo", b"120", True), Parcel("metre", b"4", True)]
