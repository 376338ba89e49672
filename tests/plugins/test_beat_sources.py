"""Where a beat may come from: MIDI clock from bytes, another server, Ableton Link between two peers."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.errors import PluginFault
from sideman.gate import Gate
from sideman.plugin import Registry
from sideman.testing import Stage
from sideman_client import Client
from sideman_midi import MidiBeat, commands
from sideman_midi import plugin as midi_plugin
from sideman_midi.clock import CLOCK, CONTINUE, POSITION, START, STOP, Beat, MidiClock, Started, Stopped
from sideman_midi.config import Config
from sideman_remote import Config as RemoteConfig
from sideman_remote import plugin as remote_plugin
from system.server import serving

ROOT = Path(__file__).parents[2]


def heard(*pieces: bytes) -> list[Beat | Started | Stopped]:
    clock = MidiClock()
    return [said for piece in pieces for said in clock.hear(piece)]


PULSE = bytes([CLOCK])


def test_every_twenty_fourth_pulse_is_a_beat_and_the_first_after_start_is_the_first() -> None:
    assert heard(bytes([START]), PULSE * 49) == [Started(0.0), Beat(0), Beat(1), Beat(2)]


def test_pulses_before_any_start_give_beats_of_which_nobody_knows_the_number() -> None:
    assert heard(PULSE * 25) == [Beat(None), Beat(None)]


def test_after_a_stop_pulses_go_on_without_beats_and_continue_goes_on_where_it_was() -> None:
    said = heard(bytes([START]), PULSE * 36, bytes([STOP]), PULSE * 100, bytes([CONTINUE]), PULSE * 13)
    assert said == [Started(0.0), Beat(0), Beat(1), Stopped(), Started(1.5), Beat(2)]


def test_a_song_position_counts_in_sixteenths_and_is_kept_for_continue() -> None:
    position = bytes([POSITION, 18 & 127, 18 >> 7])
    assert heard(bytes([START, STOP]), position, bytes([CONTINUE]), PULSE * 13) == [
        *(Started(0.0), Stopped(), Started(4.5), Beat(5)),
    ]


def test_pulses_stand_inside_other_messages_and_those_are_passed_over() -> None:
    note, sysex = bytes([0x90, 60, CLOCK, 90]), bytes([0xF0, 1, CLOCK, 2, 0xF7])
    said = heard(bytes([START]), note, sysex, PULSE * 22, bytes([POSITION, CLOCK, 8, CLOCK, 0]))
    assert said == [Started(0.0), Beat(0), Beat(1)]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_however_the_bytes_are_divided_they_mean_the_same(data: bytes, cuts: list[int]) -> None:
    places = sorted({0, len(data), *(min(cut, len(data)) for cut in cuts)})
    assert heard(*(data[a:b] for a, b in itertools.pairwise(places))) == heard(data)


def test_the_session_follows_a_midi_clock_of_human_unsteadiness() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    clock, config, draw = MidiClock(), Config(port="x"), random.Random(1)
    pulse_s = 60 / 97 / 24
    for number in range(24 * 24):
        for said in clock.hear(bytes([START, CLOCK] if number == 0 else [CLOCK])):
            for address, *arguments in commands(said, config):
                ann.send(str(address), *arguments)
        stage.advance(pulse_s + draw.gauss(0, 0.0005))
    (bpm,) = ann.got("/tempo")[-1]
    assert bpm == pytest.approx(97, rel=0.005)
    assert stage.engine.events == 0


def test_start_and_stop_move_the_transport_only_where_that_is_wished() -> None:
    plain, leading = Config(port="x"), Config(port="x", transport=True, beats_in_bar=3)
    assert commands(Started(6.0), plain) == commands(Stopped(), plain) == []
    assert commands(Started(6.0), leading) == [("/position", 6.0), ("/start",)]
    assert commands(Stopped(), leading) == [("/stop",)]
    assert commands(Beat(7), leading) == [("/beat", 2)]
    assert commands(Beat(None), leading) == [("/beat", 0)]


class Ports:
    """Stands where the module rtmidi does: one input whose bytes a test gives."""

    def __init__(self) -> None:
        self.callback: Any = None

    def MidiIn(self, name: str) -> Ports:
        return self

    def get_ports(self) -> list[str]:
        return ["Other:0", "Drum Machine:1"]

    def open_port(self, number: int) -> None:
        assert number == 1

    def ignore_types(self, **_: bool) -> None:
        pass

    def set_callback(self, callback: Any) -> None:
        self.callback = callback

    def close_port(self) -> None:
        self.callback = None


def test_what_a_port_hears_comes_in_as_beats_of_a_guest() -> None:
    sent: list[bytes] = []

    async def play() -> None:
        ports = Ports()
        gate = Gate("midi", Stage().clock, lambda _, packet: sent.append(packet))
        task = asyncio.create_task(MidiBeat(Config(port="drum"), ports).run(gate))
        await asyncio.sleep(0)
        from sideman.osc import encode

        (guest,) = gate.guests
        guest.hear(encode("/joined", "midi-clock", "main", 30.0, "key"))
        ports.callback(([START], 0.0))
        for _ in range(25):
            ports.callback(([CLOCK], 0.02))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert ports.callback is None

    asyncio.run(play())
    assert [packet[:5] for packet in sent] == [b"/join", b"/beat", b"/beat"]


@pytest.mark.parametrize(("plugin", "module"), [(midi_plugin, "rtmidi"), (remote_plugin, "")])
def test_a_source_is_off_unless_it_is_configured_and_odd_keys_are_named(plugin: Any, module: str) -> None:
    registry = Registry(plugin.name)
    plugin.setup(registry, {})
    assert registry.bridges == {}
    for config in ({"prot": 1}, {"session": "main"} if module else {"here": "main"}):
        with pytest.raises(PluginFault, match="plugins"):
            plugin.setup(registry, config)


def test_the_page_names_every_key_with_its_default() -> None:
    sections = (ROOT / "docs/beat.md").read_text(encoding="utf-8").split("In `[plugins.")
    for name, config in (("midi", Config), ("remote", RemoteConfig)):
        (section,) = [text for text in sections if text.startswith(name)]
        rows = dict(re.findall(r"^\| `(\w+)` \| `?([^`|]*?)`? *\|", section, re.MULTILINE))
        fields = msgspec.structs.fields(config)
        assert set(rows) == {field.name for field in fields}
        for field in fields:
            shown = "" if field.default == "" else json.dumps(field.default)
            assert rows[field.name] == shown.removesuffix(".0"), field.name


def test_without_rtmidi_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rtmidi", None)
    with pytest.raises(PluginFault, match="sideman\\[midi\\]"):
        midi_plugin.setup(Registry("midi"), {"port": "x"})


@pytest.mark.extra
def test_a_real_midi_port_gives_the_beat() -> None:
    rtmidi = pytest.importorskip("rtmidi", reason="pip install python-rtmidi")
    if not Path("/dev/snd/seq").exists():
        pytest.skip("this machine has no ALSA sequencer, and so no virtual MIDI ports")
    beats: list[bytes] = []

    async def play() -> None:
        gate = Gate("midi", Stage().clock, lambda _, packet: beats.append(packet))
        task = asyncio.create_task(MidiBeat(Config(port="virtual"), rtmidi).run(gate))
        await asyncio.sleep(0.2)
        out = rtmidi.MidiOut(name="master")
        out.open_port(next(place for place, name in enumerate(out.get_ports()) if "clock" in name))
        from sideman.osc import encode

        (guest,) = gate.guests
        guest.hear(encode("/joined", "midi-clock", "main", 30.0, "key"))
        out.send_message([START])
        for _ in range(25):
            out.send_message([CLOCK])
        await asyncio.sleep(0.5)
        task.cancel()

    asyncio.run(play())
    assert [packet[:5] for packet in beats] == [b"/join", b"/beat", b"/beat"]


def configured(folder: Path, name: str, in_process: bool = False, **keys: object) -> Path:
    path = folder / f"{name}.toml"
    lines = [f"[plugins.{name}]", "in_process = true"] if in_process else []
    lines += [f"[plugins.{name}.config]", *(f"{key} = {json.dumps(value)}" for key, value in keys.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


async def tempo_reached(client: Client, bpm: float) -> float:
    """Wait until the session's tempo is near to one."""
    async with asyncio.timeout(30):
        while True:
            message = await client.wait_for("/tempo", timeout_s=30)
            value = message.arguments[0]
            assert isinstance(value, float)
            if abs(value - bpm) < 0.03 * bpm:
                return value


@pytest.mark.system
def test_a_session_follows_the_clock_of_another_server(tmp_path: Path) -> None:
    async def play(leader: int, follower: int) -> None:
        async with Client("ann", port=follower) as ann, Client("bob", port=leader) as bob:
            await bob.ask("/tempo", 150)
            await bob.ask("/start")
            await tempo_reached(ann, 150)
            await bob.ask("/tempo", 100)
            await tempo_reached(ann, 100)

    with serving() as leader:
        path = configured(tmp_path, "remote", host="127.0.0.1", port=leader.port)
        with serving("--config", str(path)) as follower:
            asyncio.run(play(leader.port, follower.port))
            assert "following the beat of" in follower.log()


def namespace() -> list[str]:
    """A network of its own with nothing but loopback: Link speaks to all that it finds."""
    if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("Link would speak on every network here: needs root, unshare and ip for one of its own")
    made = ["unshare", "--net", "sh", "-c"]
    if subprocess.run([*made, "ip link set lo up"], capture_output=True, check=False).returncode:
        pytest.skip("Link would speak on every network here: this system makes no network of its own")
    return made


def words(lines: Iterable[str]) -> list[list[str]]:
    return [line.split() for line in lines if line.startswith("/")]


@pytest.mark.extra
@pytest.mark.system
def test_two_peers_of_link_share_a_beat_and_the_session_follows() -> None:
    pytest.importorskip("aalink", reason="pip install aalink (GPL-3, and so no dependency of sideman)")
    inside = f"exec {sys.executable} {ROOT / 'tests/plugins/link_inside.py'}"
    lo = "ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && "
    done = subprocess.run([*namespace(), lo + inside], capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    beats = words(done.stdout.splitlines())[3:]  # after the phase is shared
    assert [word[0] for word in beats] == ["/beat"] * len(beats)
    places = [int(word[1]) for word in beats]
    assert all(later == earlier % 4 + 1 for earlier, later in itertools.pairwise(places))
    gaps = [float(b[2]) - float(a[2]) for a, b in itertools.pairwise(beats)]
    assert sum(gaps) / len(gaps) == pytest.approx(60 / 137, rel=0.02)
