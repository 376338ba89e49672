"""Stops over a real network, by both wires: what sounds is ended, nothing follows, each run replays."""

from __future__ import annotations

import random
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from sideman_client.message import build, parse
from system.server import serving
from system.test_replay_live import replayed

pytestmark = pytest.mark.system

WIRES = ("python", *(("native",) if sys.platform == "linux" else ()))
PLAYERS = tuple(f"voice{number}" for number in range(4))


class Heard(NamedTuple):
    """A message, and when it came, in seconds."""

    time_s: float
    address: str
    arguments: tuple[object, ...]

    @property
    def kind(self) -> str:
        """What a player says: `note`, `off`, `state` …; empty: no player says it."""
        return self.address.rpartition("/")[2] if self.address.startswith("/player/") else ""

    @property
    def which(self) -> tuple[object, ...]:
        """Of a note or its off: the player, the pitch, the channel and the event."""
        return self.address.split("/")[2], self.arguments[0], *self.arguments[-2:]


class Ear:
    """A socket that has joined."""

    def __init__(self, port: int, name: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._to = ("127.0.0.1", port)
        self.send("/join", name)
        self.until("/synced")

    def send(self, address: str, *arguments: str | float) -> None:
        self._socket.sendto(build(address, *arguments), self._to)

    def until(self, address: str, first: object = None) -> None:
        """Hear all that comes up to a message to an address (with that first argument)."""
        while True:
            for heard in self._receive(10):
                if heard.address == address and first in (None, heard.arguments[0]):
                    return

    def rest(self, seconds: float) -> list[Heard]:
        """All that comes in so many seconds more."""
        end = time.monotonic() + seconds
        heard: list[Heard] = []
        while (left := end - time.monotonic()) > 0:
            try:
                heard += self._receive(left)
            except TimeoutError:
                break
        return heard

    def _receive(self, limit_s: float) -> list[Heard]:
        self._socket.settimeout(limit_s)
        packet = self._socket.recv(65536)
        now = time.monotonic()
        return [Heard(now, message.address, message.arguments) for message in parse(packet)]

    def close(self) -> None:
        self._socket.close()


@contextmanager
def ensemble(port: int) -> Iterator[tuple[Ear, Ear]]:
    """Somebody who plays and stops, and somebody who listens, among players that go on freely."""
    ann, bob = Ear(port, "ann"), Ear(port, "bob")
    draw = random.Random(1)
    for _ in range(80):
        ann.send("/note", draw.choice((60, 62, 64, 65, 67, 69)), 90, 1, 400)
        time.sleep(0.04)  # more than `chord_ms`: each is an event
    ann.send("/player/sideman/mode", "free")
    ann.until("/done", "/player/sideman/mode")
    for name in PLAYERS:
        ann.send(f"/player/{name}/new", "oracle", "pitch*ioi", "sideman")
    ann.send("/player/*/play")
    bob.until(f"/player/{PLAYERS[-1]}/note")
    try:
        yield ann, bob
    finally:
        ann.close()
        bob.close()


def sounding(heard: list[Heard], at_s: float) -> set[tuple[object, ...]]:
    """The notes that surely sound at a moment: they go on for 50 ms more, and nothing has ended them before."""
    notes: dict[tuple[object, ...], float] = {}
    for message in heard:
        if message.kind == "note" and message.time_s <= at_s:
            duration_ms = message.arguments[2]
            assert isinstance(duration_ms, float)
            notes[message.which] = message.time_s + duration_ms / 1000
        elif message.kind == "off" and message.time_s <= at_s:
            notes.pop(message.which, None)
    return {note for note, end_s in notes.items() if end_s > at_s + 0.05}


@pytest.mark.parametrize("wire", WIRES)
def test_after_a_stop_at_any_moment_nothing_follows_and_nothing_hangs(wire: str, tmp_path: Path) -> None:
    path = tmp_path / "evening.sideman"
    draw = random.Random(2)
    ended = 0
    with (
        serving("--wire", wire, "--seed", "7", "--record", str(path)) as server,
        ensemble(server.port) as (ann, bob),
    ):
        for turn in range(24):
            address = ("/panic", "/stop", "/player/*/stop")[turn % 3]
            before = bob.rest(draw.uniform(0.2, 0.4))
            ann.rest(0.03)  # all that has come for her until now
            stopped_s = time.monotonic()
            ann.send(address)
            after = bob.rest(0.06)
            answers = ann.rest(0.06)
            offs = [message.which for message in after if message.kind == "off"]
            assert sounding(before, stopped_s) <= set(offs)
            ended += len(offs)
            # Notes that were on their way come before their player has stopped, and none after.
            for name in (*PLAYERS, "sideman"):
                kinds = [message.kind for message in after if message.address.startswith(f"/player/{name}/")]
                assert "note" not in kinds[kinds.index("state") :]
            if address == "/panic":
                said = [message.address.rpartition("/")[2] for message in answers if message.kind != "note"]
                while said[0] == "off":
                    said.pop(0)
                assert said == ["panic", *["state"] * (len(PLAYERS) + 1), "transport", "done"]
            assert not [message for message in bob.rest(0.3) if message.kind == "note"]
            ann.send("/player/*/play" if address == "/player/*/stop" else "/start")
    assert ended > 50
    verdict = replayed(path)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
