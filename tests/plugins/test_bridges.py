"""The bridge that CONTRIBUTING shows, really installed: who comes over it plays, and reads what is answered."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from pathlib import Path

import pytest

from plugins.packages import install
from system.server import serving

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_who_comes_over_a_bridge_of_lines_is_answered_in_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = re.findall(r"```python\n(\"\"\"A bridge.*?)```", CONTRIBUTING.read_text(encoding="utf-8"), re.DOTALL)[0]
    paths = [str(install(tmp_path, "sideman_lines", text, "lines")), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "lines.toml"
    config.write_text(f"[plugins.lines]\nin_process = true\nconfig = {{ port = {port} }}\n", encoding="utf-8")

    async def play() -> list[str]:
        async with asyncio.timeout(20):
            while True:
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    break
                except ConnectionRefusedError:  # its thread has only just begun
                    await asyncio.sleep(0.05)
            for pitch in (60, 62, 64):
                writer.write(f"{pitch} 90\n".encode())
                await asyncio.sleep(0.3)
            lines = [(await reader.readline()).decode().split()[0] for _ in range(2)]
            writer.close()
            return lines

    with serving("--seed", "7", "--config", str(config)):
        assert set(asyncio.run(play())) <= {"60", "62", "64"}
