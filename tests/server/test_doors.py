"""The doors for bridges and observers: checked when they register, apart from the music when they run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from plugins.packages import install
from sideman.errors import PluginFault
from sideman.gate import ROOM, Gate, Guest, Post
from sideman.inputs import Troubled
from sideman.journal import Recorder, read
from sideman.plugin import Registry
from sideman.replay import verify
from sideman.testing import Stage
from sideman_client import Client
from system.server import serving

#: A bridge over which an echo joins, and an observer that counts; `{run}` and `{said}` are what a test replaces.
BRIDGE = '''"""A bridge for a test."""
import asyncio
from sideman.plugin import Plugin
class Bridge:
    async def run(self, gate):
{run}
class Observer:
    count = 0
    def heard(self, time_ns, source, packet):
        if b"/tempo" in packet: print("saw", source[0], flush=True, file=__import__("sys").stderr)
    def said(self, due_ns, packet):
{said}
def setup(registry, config):
    registry.bridge("echo", Bridge())
    registry.observer("count", Observer())
plugin = Plugin("echo", setup)
'''
ECHO = """
        def heard(message, packet):
            if message.address == "/tempo" and message.arguments != (77.0,) and guest.joined:
                guest.send("/event", "tempo")
                guest.send("/beat")
        guest = gate.enter("echo", heard, kind="human")
        guest.send("/event", "before the seat is there")
        await asyncio.Event().wait()
"""
CONFIG = """
[plugins.echo]
in_process = true
"""


def installed(folder: Path, monkeypatch: pytest.MonkeyPatch, run: str = ECHO, said: str = "        pass") -> Path:
    site = install(folder, "echo_bridge", BRIDGE.format(run=run, said=said), "echo")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))
    path = folder / "sideman.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def test_what_is_no_bridge_or_observer_is_refused_when_it_registers() -> None:
    class Still:
        def run(self, gate: Gate) -> None:
            pass

    class Moving:
        async def run(self, gate: Gate) -> None:
            pass

    registry = Registry("mine")
    with pytest.raises(PluginFault, match="lacks async run"):
        registry.bridge("a", Still())  # type: ignore[arg-type]
    with pytest.raises(PluginFault, match="not a bridge's name"):
        registry.bridge("a/b", Moving())
    registry.bridge("a", Moving())
    with pytest.raises(PluginFault, match="twice"):
        registry.bridge("a", Moving())
    with pytest.raises(PluginFault, match="lacks said"):
        registry.observer("o", type("Deaf", (), {"heard": lambda *_: None})())


def test_a_bridge_in_a_process_of_its_own_is_left_out_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(tmp_path, monkeypatch)
    with serving() as server:
        assert "[plugins.echo] in_process = true" in server.log()


def test_a_guest_of_a_bridge_plays_in_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            ann.send("/listen", "/performer/*/*")
            await ann.wait_for("/performer/echo/state", "here")
            await ann.ask("/player/sideman/viewpoint", "label")
            ann.send("/tempo", 90)
            await ann.wait_for("/player/sideman/event", "tempo")
            ann.send("/tempo", 77)
            await ann.ask("/ping", reply="/pong")

    path = installed(tmp_path, monkeypatch)
    with serving("--config", str(path)) as server:
        asyncio.run(play(server.port))
        assert "echo (human, player) joined main from @echo:1" in server.log()
        assert "saw 127.0.0.1" in server.log()


@pytest.mark.parametrize(
    ("run", "said", "line"),
    [
        ("        raise RuntimeError('no cable')", "        pass", "the bridge echo has failed and stays away"),
        ("        while True: pass", "        pass", "the bridge echo does not end"),
        (ECHO, "        raise RuntimeError('no eyes')", "the observer count has failed and stays away"),
        (ECHO, "        __import__('time').sleep(60)", "joined main"),
    ],
)
def test_one_that_fails_or_hangs_makes_no_music_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str, said: str, line: str
) -> None:
    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            for pitch in (60, 62, 64):
                ann.note(pitch, 90, duration_ms=100)
                await asyncio.sleep(0.12)
            await ann.wait_for("/player/sideman/note")

    path = installed(tmp_path, monkeypatch, run, said)
    with serving("--config", str(path)) as server:
        asyncio.run(play(server.port))
    with serving("--config", str(path)) as server:
        asyncio.run(play(server.port))
        server.process.terminate()
        server.process.wait(20)
        assert line in server.log()


FAILING = """
        asked = asyncio.Event()
        gate.enter("echo", lambda message, _: asked.set() if message.arguments == (77.0,) else None)
        await asked.wait()
        raise RuntimeError("no cable")
"""
LOOKING_ONCE = """
        if b"/tempo" in packet and packet.endswith(__import__("struct").pack(">f", 77)): raise RuntimeError("no eyes")
"""


@pytest.mark.parametrize(
    ("run", "said", "kind", "name", "reason"),
    [
        (FAILING, "        pass", "bridge", "echo", "RuntimeError: no cable"),
        (ECHO, LOOKING_ONCE, "observer", "count", "RuntimeError: no eyes"),
    ],
)
def test_all_are_told_of_one_that_fails_and_the_status_shows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: str, said: str, kind: str, name: str, reason: str
) -> None:
    async def play(port: int) -> None:
        trouble = f"it has failed and stays away until the server starts again: {reason}"
        async with Client("ann", port=port) as ann, Client("bob", port=port) as bob:
            ann.send("/listen", "/performer/*/*")
            await ann.wait_for("/performer/echo/state", "here")
            ann.send("/tempo", 77)
            for each in (ann, bob):
                await each.wait_for("/notice", f"#{kind}", f"the {kind} {name} is in trouble: {trouble}")
            bob.send("/status")
            await bob.wait_for("/status/is", "trouble", kind, name, trouble)

    with serving("--config", str(installed(tmp_path, monkeypatch, run, said))) as server:
        asyncio.run(play(server.port))


def test_trouble_is_told_when_it_begins_changes_and_ends_and_a_recording_of_it_replays(tmp_path: Path) -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob", 0, "-", "loft")
    gone = stage.performer("gone")
    stage.advance(20)
    ann.send("/ping")
    bob.send("/ping")
    stage.advance(15)
    for performer in (ann, bob, gone):
        performer.clear()
    told = [Troubled(stage.clock.now(), "bridge", "mqtt", trouble) for trouble in ("", "no broker", "no broker", "")]
    for item in told[:3]:
        stage.feed(item)
    ann.send("/status")
    assert [values for values in ann.got("/status/is") if values[0] == "trouble"] == [
        ("trouble", "bridge", "mqtt", "no broker")
    ]
    stage.feed(told[3])
    for performer in (ann, bob):
        assert performer.got("/notice") == [
            ("#bridge", "the bridge mqtt is in trouble: no broker"),
            ("#bridge", "the bridge mqtt is well again"),
        ]
    assert gone.heard() == []
    ann.clear()
    ann.send("/status")
    assert "trouble" not in {values[0] for values in ann.got("/status/is")}
    path = tmp_path / "evening.sideman"
    recorder = Recorder(path)
    for number, (came, outputs) in enumerate(zip(stage.inputs, stage.outputs_of, strict=True), 1):
        recorder.input(number, came)
        for output in outputs:
            recorder.output(output)
    recorder.close()
    assert verify(path).difference == ""
    assert [frame[1] for frame in read(path) if isinstance(frame[1], Troubled)] == told


def test_what_troubles_a_bridge_is_told_and_recorded_though_no_string_of_osc_can_hold_it(tmp_path: Path) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.clear()
    recorder = Recorder(tmp_path / "evening.sideman")
    for number, trouble in enumerate(("broker\0 gone", "no file \udcff"), 1):
        item = Troubled(stage.clock.now(), "bridge", "mqtt", trouble)
        recorder.input(number, item)
        stage.feed(item)
        ann.send("/status")
    recorder.close()
    assert [values[3] for values in ann.got("/status/is") if values[0] == "trouble"] == ["broker gone", "no file ?"]


class Hall:
    """A gate on a stage: what guests send is fed, what is said to them is handed back."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.gate = Gate("hall", stage.clock, stage.packet)
        self._read = 0

    async def settle(self, seconds: float = 0.0) -> None:
        """Let time pass, and everything arrive."""
        self.stage.advance(seconds)
        while self._read < len(self.stage.outputs) or seconds:
            seconds = 0
            sent, self._read = self.stage.outputs[self._read :], len(self.stage.outputs)
            for output in sent:
                places = [place for place in getattr(output, "to", ()) if place[0].startswith("@hall")]
                self.gate.hand(output, places)
            for _ in range(3):
                await asyncio.sleep(0)
        self.gate.flush()
        self.gate.close()


def test_a_guest_is_let_in_by_the_challenge_and_what_it_said_before_is_heard() -> None:
    async def play() -> list[str]:
        hall, heard = Hall(Stage()), list[str]()
        guest = hall.gate.enter("guest", lambda message, _: heard.append(message.address), kind="human")
        guest.send("/player/sideman/param/temperature", 0.7)
        await hall.settle()
        assert guest.joined
        return heard

    heard = asyncio.run(play())
    assert heard[0] == "/joined"
    assert heard[-1] == "/player/sideman/is"
    assert "/challenge" not in heard


def test_a_cut_takes_back_what_was_handed_to_a_gate_and_is_not_due() -> None:
    async def play() -> tuple[int, int]:
        stage = Stage()
        hall, notes = Hall(stage), list[int]()
        hall.gate.enter("guest", lambda message, _: notes.append(1) if message.address.endswith("/note") else None)
        await hall.settle()
        ann = stage.performer("ann")
        ann.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5)])
        stage.advance(2)
        ann.send("/player/sideman/stop")
        await hall.settle()
        await hall.settle(5)
        return len(notes), len(ann.got("/player/sideman/note"))

    hallway, direct = asyncio.run(play())
    assert hallway == direct > 0


def test_a_guest_without_a_seat_keeps_only_so_much() -> None:
    sent: list[bytes] = []

    async def play() -> None:
        gate = Gate("hall", Stage().clock, lambda _, packet: sent.append(packet))
        guest: Guest = gate.enter("guest", lambda *_: None)
        for number in range(1000):
            guest.send("/ping", number)
        assert len(sent) == 1
        from sideman.osc import encode

        guest.hear(encode("/joined", "guest", "main", 30.0, "key"))

    asyncio.run(play())
    assert len(sent) == 1 + 64


def test_a_post_is_bounded_and_counts_what_it_drops() -> None:
    taken: list[int] = []

    async def play() -> int:
        post: Post[int] = Post(asyncio.get_running_loop(), taken.append, turn=10)
        for number in range(ROOM + 5):
            post.put(number)
        post.put(-1, always=True)
        while len(taken) < ROOM + 1:
            await asyncio.sleep(0)
        return post.dropped

    assert asyncio.run(play()) == 5
    assert taken == [*range(ROOM), -1]
