"""Everyone in one session at once: Pd, sclang, liblo's programs, our Max patches, a python-osc performer."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sideman_client import Client, Message
from sideman_client.message import build
from system.liblo import OscDump, oscsendfile
from system.max import LiveMax
from system.pd import PATCHES, PureData
from system.sclang import SClang
from system.server import LiveServer, serving

pytestmark = pytest.mark.system

#: One performer of each kind and the pitches that it plays; Pd's are those of its patch.
PLAYED = {"pd": (60, 62, 64, 65), "sc": (72, 71, 69), "lo": (48, 50, 52), "mx": (55, 57, 59), "ann": (84, 83, 81)}

#: What listens with bare hands, for what the other programs do not show: the types and sizes of packets.
BARE = "eve"

PHRASE_GAP_S = 0.25


async def heard_until(client: Client, last: Callable[[Message], bool]) -> list[Message]:
    """All that a client hears, up to the message that is the last."""
    heard = []
    async for message in client:
        heard.append(message)
        if last(message):
            break
    return heard


def is_state(state: str) -> Callable[[Message], bool]:
    """Whether a message says that the default player is in a state."""
    return lambda message: message.address == "/player/sideman/state" and message.arguments[0] == state


def types(packet: bytes) -> set[int]:
    """The types of a message's arguments."""
    tags = packet[packet.index(b"\0,") + 2 :]
    return set(tags[: tags.index(b"\0")])


async def play_all(ann: Client, sc: SClang, mx: LiveMax, dump: OscDump, port: int, folder: Path) -> None:
    """Each plays its phrase, all at the same time; the tempo is Pd's cue."""
    ann.send("/tempo", 121)
    await sc.evaluate(
        f"Routine {{ {list(PLAYED['sc'])}.do {{ |pitch| ~me.note(pitch, 90, 0.2); {PHRASE_GAP_S}.wait }} }}.play;"
    )
    lines = [(0.0, f"/join si lo {dump.port}"), (0.1, "/listen s /performer/*/note")]
    lines += [(at * PHRASE_GAP_S, f"/note ffif {pitch} 90 1 200") for at, pitch in enumerate(PLAYED["lo"], 1)]
    filed = asyncio.create_task(oscsendfile(port, folder, lines))
    for mine, maxs in zip(PLAYED["ann"], PLAYED["mx"], strict=True):
        ann.note(mine, 90, duration_ms=200)
        mx.say("/note", maxs, 90, 1, 200)
        await asyncio.sleep(PHRASE_GAP_S)
    await filed


def test_everyone_hears_everyone_and_the_same_answers_in_the_types_that_all_understand(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        port = server.port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as eve:
            eve.bind(("127.0.0.1", 0))
            eve.settimeout(5)
            eve.sendto(build("/join", BARE), ("127.0.0.1", port))
            async with (
                PureData(PATCHES / "duo.pd", tmp_path, {"PORT": str(port)}) as pd,
                SClang(tmp_path) as sc,
                OscDump() as dump,
                LiveMax("mx", port) as mx,
            ):
                await pd.says("joined: 1")
                await sc.evaluate(
                    f'~me = Sideman("sc", "127.0.0.1", {port});'
                    '~me.onNote = { |...note| ("note:" + note[0..4].join(" ")).postln };'
                    '~me.onPerformerNote = { |...note| ("heard:" + note.join(" ")).postln };'
                    '~me.onState = { |state| ("state:" + state).postln };'
                    '~me.onJoined = { ~me.sendMsg("/listen", "/performer/*/note") };'
                    '~me.onMessage = { |...words| words.join(" ").postln };'
                    "~me.join;"
                )
                await sc.says("/done /listen")
                await mx.says(mx.seat, 1, (1,))
                mx.say("/listen", "/performer/*/note")
                await mx.says(mx.seat, 0, ("/done", "/listen"))
                async with Client("ann", port=port) as ann:
                    await ann.ask("/listen", "/performer/*/note")
                    await play_all(ann, sc, mx, dump, port, tmp_path)
                    heard = await heard_until(ann, is_state("playing"))
                    heard += await heard_until(ann, lambda message: message.address == "/player/sideman/note")
                    heard += await heard_until(ann, is_state("armed"))
                    ann.send("/panic")
                    heard += await heard_until(ann, is_state("panicked"))
                    await pd.says("state: panicked oracle answer")
                    await sc.says("state: panicked")
                    await dump.hears('/player/sideman/state sss "panicked"')
                    await mx.says(mx.player, 2, ("panicked", "oracle", "answer"))

                    notes = [note.arguments for note in heard if note.address == "/player/sideman/note"]
                    rounded = [(note[0], note[1], note[3], note[4]) for note in notes]
                    assert notes
                    assert {note[0] for note in notes} <= {pitch for phrase in PLAYED.values() for pitch in phrase}
                    assert mx.player.said(0) == notes
                    assert [tuple(map(int, _but_length(line))) for line in sc.after("note: ")] == rounded
                    assert [tuple(map(int, _but_length(line))) for line in pd.after("note: ")] == rounded
                    assert [
                        tuple(map(int, _but_length(line))) for line in dump.after("/player/sideman/note iifii ")
                    ] == rounded

                    for name, pitches in PLAYED.items():
                        ours = [
                            note.arguments[0]
                            for note in heard
                            if note.address == f"/performer/{name}/note" and note.arguments[1]
                        ]
                        assert ours == ([] if name == "ann" else list(pitches))
                        lines = [line.split() for line in sc.after("heard: ")]
                        assert [int(pitch) for pitch, velocity, _, who in lines if who == name and velocity != "0"] == (
                            [] if name == "sc" else list(pitches)
                        )
                        words = [message[1:] for message in mx.seat.said(0) if message[0] == f"/performer/{name}/note"]
                        assert [word[0] for word in words if word[1]] == ([] if name == "mx" else list(pitches))
                    assert [line for line in pd.after("ann: ") if " 90 " in line] == ["84 90 1", "83 90 1", "81 90 1"]
                mx.say("leave")
                await pd.ends()
                await sc.ends()
                assert not mx.max.printed
                assert not pd.after("refused: ")
            eve.sendto(build("/ping"), ("127.0.0.1", port))
            packets: list[bytes] = []
            while not packets or not packets[-1].startswith(b"/pong\0"):
                packets.append(eve.recv(65536))
            assert len(packets) > 20
            assert set().union(*map(types, packets)) <= set(b"ifs")
            assert max(map(len, packets)) <= 1000

    recording = tmp_path / "everyone.sideman"
    with serving("--seed", "7", "--record", str(recording)) as server:
        asyncio.run(play(server))
    command = [sys.executable, "-m", "sideman", "replay", str(recording), "--verify"]
    verdict = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr


def _but_length(line: str) -> list[str]:
    """A note's words without its length, which each program prints in its own way."""
    pitch, velocity, _, channel, event = line.split()
    return [pitch, velocity, channel, event]
