"""The live server as it ends: what falls due while it closes is not said, nor recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sideman import server
from sideman.cli.serve import opened
from sideman.clock import SystemClock
from sideman.journal import Recorder
from sideman.settings import Settings
from sideman.wire import Counts


def test_nothing_is_recorded_once_the_recording_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "WIRE_EVERY_S", 0.0)  # it is due again as soon as it was told
    monkeypatch.setattr(server, "WALL_TIME_EVERY_S", 0.0)
    faults: list[dict[str, object]] = []

    async def serve() -> None:
        clock, settings = SystemClock(), Settings(osc_port=0, wire="python")
        wire = opened(settings, clock)
        sent = iter(range(1_000_000))
        monkeypatch.setattr(wire, "counts", lambda: Counts(sent=next(sent)))
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        serving = server.Server(wire, clock, settings, Recorder(tmp_path / "evening"))
        await serving.run(serving.stop)

    asyncio.run(serve())
    assert faults == []
