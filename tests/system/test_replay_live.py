"""Live runs, recorded, replay byte for byte: what real programs did at real times on a real network."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from plugins.packages import install
from plugins.test_strangers import FAILURES, SOUND
from sideman_client import Client
from sideman_client.message import build, parse
from system.pd import PATCHES, PureData
from system.sclang import SClang
from system.server import serving

pytestmark = pytest.mark.system


def replayed(path: Path) -> subprocess.CompletedProcess[str]:
    """`sideman replay FILE --verify`."""
    command = [sys.executable, "-m", "sideman", "replay", str(path), "--verify"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


async def phrase(client: Client, *pitches: int) -> None:
    for pitch in pitches:
        client.note(pitch, 90, duration_ms=120)
        await asyncio.sleep(0.15)


async def answered(client: Client) -> None:
    """Wait until the default player has answered."""
    async for message in client:
        if message.address == "/player/sideman/state" and message.arguments[0] == "armed":
            return


def test_a_run_with_pd_and_python_replays_byte_for_byte(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with PureData(PATCHES / "voice.pd", tmp_path, {"PORT": str(port)}) as pd:
            async with Client("ann", port=port) as ann:
                await phrase(ann, 60, 62, 64)
                await answered(ann)
                await ann.ask("/player/sideman/mode", "free")
                await asyncio.sleep(1)
                await ann.ask("/tempo", 90)
                await asyncio.sleep(1)
                await ann.ask("/panic")
            await pd.ends(limit_s=20)

    path = tmp_path / "evening.sideman"
    with serving("--record", str(path)) as server:
        asyncio.run(play(server.port))
    verdict = replayed(path)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert verdict.stdout.startswith("the same, byte for byte: ")
    inputs, outputs = (int(word) for word in verdict.stdout.split() if word.isdigit())
    assert inputs > 30
    assert outputs > 60


def test_another_output_than_the_recorded_one_is_found(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            await phrase(ann, 60, 62, 64, 60, 64, 62, 60, 62)
            await answered(ann)
            await ann.ask("/player/sideman/mode", "free")
            await asyncio.sleep(2)

    path = tmp_path / "evening.sideman"
    with serving("--record", str(path), "--seed", "7") as server:
        asyncio.run(play(server.port))
    # The same inputs under another seed: the recording says 7 in its first frame, whose checksum is mended.
    import struct
    import zlib

    data = bytearray(path.read_bytes())
    at = len(b"sideman recording\n") + 2
    length, _, kind = struct.unpack_from("<IIB", data, at)
    body = data[at + 9 : at + 9 + length]
    assert struct.unpack_from("<Q", body, 16)[0] == 7
    struct.pack_into("<Q", body, 16, 8)
    data[at : at + 9 + length] = struct.pack("<IIB", length, zlib.crc32(body), kind) + body
    path.write_bytes(data)
    verdict = replayed(path)
    assert verdict.returncode == 1
    assert "differs after" in verdict.stdout
    assert "input " in verdict.stdout


def take_over(port: int, key: str) -> None:
    """Somebody at 127.0.0.2 takes ann's seat by its key."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.2", 0))
        other.settimeout(5)
        other.sendto(build("/join", "ann", 0, key), ("127.0.0.1", port))
        addresses = []
        while "/synced" not in addresses:
            addresses += [message.address for message in parse(other.recv(4096))]
        assert addresses[0] == "/joined"


def test_a_run_with_everyone_and_everything_that_goes_wrong_replays_byte_for_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = SOUND.format(replaced=FAILURES["loops for ever"][0], setup="pass")
    site = install(tmp_path, "bad_plugin", bad, "bad")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")]))

    async def play(port: int) -> None:
        async with PureData(PATCHES / "voice.pd", tmp_path, {"PORT": str(port)}) as pd, SClang(tmp_path) as sc:
            await sc.evaluate(f'~me = Sideman("sc", "127.0.0.1", {port}); ~me.join;')
            async with Client("ann", port=port) as ann:
                await sc.evaluate("Routine { [72, 71, 69].do { |pitch| ~me.note(pitch, 90, 0.1); 0.15.wait } }.play;")
                await phrase(ann, 60, 62, 64, 65)
                await answered(ann)
                await ann.ask("/player/bad/new", "bad")
                ann.send("/player/bad/play")
                await phrase(ann, 67, 65, 64, 62)
                failed = await ann.wait_for("/player/bad/state", "failed", timeout_s=15)
                assert failed.arguments[0] == "failed"
                for words in (["/join", "si", "lo", "0"], ["/note", "fff", "60", "90", "1"]):
                    subprocess.run(["oscsend", f"osc.udp://127.0.0.1:{port}", *words], check=True, timeout=10)
                await ann.ask("/player/sideman/mode", "follow")
                await phrase(ann, 60, 67, 64)
                await ann.ask("/player/sideman/mode", "free")
                await asyncio.sleep(0.7)
                await ann.ask("/panic")
                joined = ann.key
                await asyncio.to_thread(take_over, port, joined)
            await pd.ends(limit_s=20)
            await sc.ends()

    path = tmp_path / "evening.sideman"
    with serving("--record", str(path)) as server:
        asyncio.run(play(server.port))
        log = server.log()
    assert "main/bad has failed: plugin bad did not answer predict in time" in log
    verdict = replayed(path)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
