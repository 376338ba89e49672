"""liblo's programs: oscsend says one message, oscsendfile plays a file in time, oscdump prints what it hears."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest


def find_tool(name: str) -> str:
    """The program; where it is missing the test is skipped with the command that brings it, in CI it fails."""
    found = shutil.which(name)
    if found:
        return found
    missing = f"{name} is missing: apt-get install liblo-tools"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


async def oscsend(port: int, address: str, types: str = "", *values: str | float) -> None:
    """One message from a port that the system picks."""
    words = [types, *map(str, values)] if types else []
    await _run("oscsend", "127.0.0.1", str(port), address, *words)


async def oscsendfile(port: int, folder: Path, lines: Iterable[tuple[float, str]]) -> None:
    """Messages such as `/note ff 60 90` at so many seconds from the first, in bundles, all from one port."""
    file = folder / "messages.txt"
    file.write_text("".join(f"{int(at):08x}.{int(at % 1 * 2**32):08x} {line}\n" for at, line in lines))
    await _run("oscsendfile", "127.0.0.1", str(port), str(file))


async def _run(name: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(find_tool(name), *arguments)
    assert await asyncio.wait_for(process.wait(), 30) == 0, arguments


class OscDump:
    """oscdump on a free port of this machine, while one is inside `async with`; `lines` are without time tags."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._program = find_tool("oscdump")
        self._changed = asyncio.Condition()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            self._program, "-L", str(self.port), stdout=asyncio.subprocess.PIPE
        )
        self._reader = asyncio.create_task(self._read())
        while "/ready" not in self.lines:  # it does not say when it listens
            await oscsend(self.port, "/ready")
            await asyncio.sleep(0.02)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            async with self._changed:
                self.lines.append(line.decode().strip().partition(" ")[2])
                self._changed.notify_all()

    async def hears(self, beginning: str, times: int = 1, limit_s: float = 15.0) -> None:
        """Wait until so many lines begin so; the failure shows all that came."""
        try:
            async with asyncio.timeout(limit_s), self._changed:
                await self._changed.wait_for(lambda: len(self.after(beginning)) >= times)
        except TimeoutError:
            heard = "\n".join(self.lines)
            raise AssertionError(f"no {beginning!r} {times} times in {limit_s:g} s, but:\n{heard}") from None

    def after(self, beginning: str) -> list[str]:
        """What follows, in the lines that begin so."""
        return [line.removeprefix(beginning) for line in self.lines if line.startswith(beginning)]
