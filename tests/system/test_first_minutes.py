"""The README's first five minutes, run as they are printed, against a real server. Only the port is another."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

from system.sclang import SClang
from system.server import serving

pytestmark = pytest.mark.system

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
PATIENCE_S = 30.0


def shown(language: str) -> str:
    """The README's only program in a language."""
    (program,) = re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    return str(program)


def test_the_first_minutes_from_python_end_in_an_answer(tmp_path: Path) -> None:
    program = tmp_path / "first.py"

    async def play(port: int) -> None:
        text = shown("python")
        program.write_text(text.replace('Client("ann")', f'Client("ann", port={port})'), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-u", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE_S):
                async for line in process.stdout:
                    if line.startswith(b"/player/sideman/note "):
                        break
                else:
                    raise AssertionError((await process.communicate())[1].decode())
        finally:
            process.kill()
            await process.communicate()

    with serving() as server:
        asyncio.run(play(server.port))


def test_the_first_minutes_from_supercollider_end_in_an_answer(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with SClang(tmp_path) as sclang:
            await sclang.evaluate(shown("supercollider").replace('Sideman("sc")', f'Sideman("sc", port: {port})'))
            # Pitches of the phrase, 60 to 67: it has no others.
            await sclang.says("[ 6", whole=False)
            await sclang.evaluate("~me.free")
            await sclang.ends()

    with serving() as server:
        asyncio.run(play(server.port))


def test_what_the_readme_says_to_max_is_in_its_package() -> None:
    package = Path(__file__).parents[2] / "clients" / "max" / "sideman"
    names = re.findall(r"^    \[(sideman\S*) .*max", README, re.MULTILINE)
    assert names == ["sideman", "sideman.player"]
    for name in names:
        assert (package / "patchers" / f"{name}.maxpat").exists()
        assert (package / "help" / f"{name}.maxhelp").exists()
