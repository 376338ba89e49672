"""The effect that CONTRIBUTING shows, really installed: it plays in the server's process, if that is allowed."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

import pytest

from plugins.packages import install
from sideman_client import Client
from system.server import serving

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where the plugin is installed."""
    text = re.findall(r"```python\n(\"\"\"An effect.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL)[0]
    paths = [str(install(tmp_path, "sideman_gaps", text, "gaps")), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return tmp_path


def test_a_plugins_effect_is_used_like_any_other(site: Path) -> None:
    config = site / "effects.toml"
    config.write_text("[plugins.gaps]\nin_process = true\n", encoding="utf-8")

    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            await ann.ask("/player/sideman/effects", "gaps:1")
            for pitch in (60, 62, 64):
                ann.note(pitch, 90, duration_ms=80)
                await asyncio.sleep(0.12)
            await ann.wait_for("/player/sideman/state", "playing")
            await ann.wait_for("/player/sideman/state", "armed")
            why = await ann.ask("/player/sideman/why", reply="/player/sideman/why")
            assert str(why.arguments[-1]).endswith("effect gaps:1")

    with serving("--seed", "7", "--config", str(config)) as server:
        asyncio.run(play(server.port))


def test_a_strangers_effect_is_left_out_with_the_cure(site: Path) -> None:
    with serving() as server:
        assert "[plugins.gaps] in_process = true" in server.log()
