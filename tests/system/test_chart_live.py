"""A chart in real time: from the configuration and one's own folder, jumped in on the bar, and again in a replay."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sideman.replay import verify
from sideman_client import Client, Refused
from system.server import serving

pytestmark = pytest.mark.system


def test_a_real_server_loads_follows_and_jumps_and_replays_it(tmp_path: Path) -> None:
    (tmp_path / "mine.chart").write_text("[A] 2/4 Dm7 | G7 | [B] C^7 | %\n")
    config = tmp_path / "set-up.toml"
    config.write_text('[[sessions]]\nname = "main"\ntempo = 240.0\nchart = "mine"\n')

    async def play(port: int) -> list[tuple[object, ...]]:
        async with Client("ann", port=port) as ann:
            await ann.wait_for("/chart", "mine", 4)
            with pytest.raises(Refused, match=r"there are: .*anatole.*mine"):
                await ann.ask("/chart/load", "nothing")
            await ann.ask("/start")
            await ann.wait_for("/clock", 1, 1)
            await ann.ask("/at", "bar", "/chart/jump", "B", reply="/will")
            await ann.wait_for("/section", "B")
            said: list[tuple[object, ...]] = []
            for _ in range(6):
                said.append((await ann.wait_for("/clock")).arguments[:2])
            await ann.ask("/chart/load", "blues")
            await ann.wait_for("/chart", "blues", 12)
            return said

    with serving("--config", str(config), "--charts", str(tmp_path), "--record", str(tmp_path / "it")) as server:
        said = asyncio.run(play(server.port))
    assert said == [(1, 2), (3, 1), (3, 2), (4, 1), (4, 2), (1, 1)]
    verdict = verify(tmp_path / "it")
    assert verdict.difference == ""
    assert verdict.outputs > 20
