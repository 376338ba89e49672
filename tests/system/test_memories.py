"""Memories of a real server: kept on the disk, there again after a restart, and erased from a recording."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from sideman_client.message import Message, build, parse
from system.server import LiveServer, serving

pytestmark = pytest.mark.system

TUNE = [48, 50, 52, 53, 55, 53, 52, 50] * 6


def until(ears: socket.socket, address: str, seconds: float = 10.0) -> Message:
    """The next message to that address."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ears.settimeout(max(0.01, deadline - time.monotonic()))
        for message in parse(ears.recv(65536)):
            if message.address == "/error":
                raise AssertionError(message)
            if message.address == address:
                return message
    raise AssertionError(f"no {address}")


def joined(server: LiveServer, name: str) -> socket.socket:
    ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ears.bind(("127.0.0.1", 0))
    ears.connect((server.host, server.port))
    ears.send(build("/join", name))
    until(ears, "/synced")
    return ears


def test_a_memory_is_there_again_after_a_restart(tmp_path: Path) -> None:
    folder, recording = tmp_path / "memories", tmp_path / "evening.sideman"
    with serving("--memories", str(folder), "--record", str(recording)) as server, joined(server, "ann") as ann:
        for pitch in TUNE:
            ann.send(build("/note", pitch, 90, 1, 20.0))
            time.sleep(0.04)
        ann.send(build("/memory/sideman/save", "evening"))
        assert until(ann, "/done").arguments == ("/memory/sideman/save",)
        assert [path.name for path in folder.iterdir()] == ["evening.memory"]
        ann.send(build("/forget-me"))
        assert int(until(ann, "/forgotten").arguments[0]) >= len(TUNE) - 1
    with serving("--memories", str(folder)) as server, joined(server, "bob") as bob:
        bob.send(build("/memory/sideman/load", "evening"))
        assert until(bob, "/done").arguments == ("/memory/sideman/load",)
        bob.send(build("/player/sideman/mode", "free"))
        bob.send(build("/player/sideman/play"))
        assert until(bob, "/player/sideman/note").arguments[0] in TUNE
    assert b"/note\x00\x00\x00,iiif" not in recording.read_bytes()
