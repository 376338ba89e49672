"""Models are exchanged over a long memory in real time, and real Pure Data hears an unbroken stream meanwhile."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from pathlib import Path

import pytest

from sideman.events import Event, Note
from sideman.memory import Memory
from sideman.memoryfile import encode
from sideman.shelf import Shelf
from sideman_client import Client
from system.pd import PATCHES, PureData
from system.server import serving

pytestmark = pytest.mark.system

#: How long the memory is; `SIDEMAN_EVENTS=1000000` for the whole bar.
EVENTS = int(os.environ.get("SIDEMAN_EVENTS", "30000"))
SPAN_BEATS = 0.25
EXCHANGES = ("ngram", "oracle", "ngram", "blend", "oracle")


def long_memory() -> bytes:
    """Sixteenths that wander over two octaves, never quite the same."""
    memory, pitch = Memory(most=max(EVENTS, 100_000)), 60
    for number in range(EVENTS):
        pitch = 48 + (pitch - 48 + (1, 2, -1, 3, -2, 5, -3)[(number * number // 7 + number // 64) % 7]) % 24
        note = Note(pitch, 80.0, 0.0, SPAN_BEATS * 0.9)
        memory.append(Event("ann", number * 125_000_000, number * SPAN_BEATS, SPAN_BEATS, (note,)), 1)
    return encode(memory.snapshot(), (80.0 * EVENTS, EVENTS))


def test_pd_hears_an_unbroken_stream_while_models_are_exchanged_over_a_long_memory(tmp_path: Path) -> None:
    Shelf(tmp_path / "memories").keep("long", long_memory())

    async def play(port: int) -> list[str]:
        async with (
            PureData(PATCHES / "listens.pd", tmp_path, {"PORT": str(port)}) as pd,
            Client("ann", port=port) as ann,
        ):
            await ann.ask("/player/solo/new", "oracle", "pitch*ioi")
            ann.send("/player/solo/set", "leash", 0)
            ann.send("/memory/solo/load", "long")
            await ann.wait_for("/done", "/memory/solo/load", timeout_s=120)
            ann.send("/player/solo/mode", "free")
            ann.send("/player/solo/play")
            await ann.wait_for("/player/solo/note", timeout_s=240)
            await asyncio.sleep(1.0)
            for model in EXCHANGES:
                ann.send("/player/solo/model", model)
                await ann.wait_for("/player/solo/state", "playing", model, timeout_s=240)
                await asyncio.sleep(1.5)
            ann.send("/player/solo/stop")
            await asyncio.sleep(0.5)
            assert not pd.complaints()
            return pd.lines

    with serving("--seed", "7", "--memories", str(tmp_path / "memories")) as server:
        lines = asyncio.run(play(server.port))
    notes = [line.removeprefix("note: ").split() for line in lines if line.startswith("note: ")]
    moments = [float(line.removeprefix("ms: ")) for line in lines if line.startswith("ms: ")]
    numbers = [int(note[4]) for note in notes]
    assert numbers == sorted(set(numbers))  # none came twice, none late
    played_ms = sum(max(float(note[2]), 125.0) for note in notes)
    assert played_ms > 0.9 * (moments[-1] - moments[0])  # what it played fills the time
    gaps = sorted(later - earlier for earlier, later in pairwise(moments))
    print(f"{EVENTS} events: {len(notes)} notes, gaps of {gaps[len(gaps) // 2]:.0f} ms, at most {gaps[-1]:.0f}")
    assert gaps[len(gaps) // 2] < 300
