"""Pure Data without a window: runs a patch of ours, collects what its `print` objects say, ends it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ROOT = Path(__file__).parents[2]
ABSTRACTIONS = ROOT / "clients" / "pd"
PATCHES = Path(__file__).parent / "patches"

#: What Pd says of a patch that it cannot make whole.
COMPLAINTS = (
    "couldn't create",
    "can't find",
    "error:",
    "no such object",
    "no method for",
    "connection failed",
)


def find_pd() -> str:
    """The program; where it is missing the test is skipped with the command that brings it."""
    found = shutil.which("pd")
    if found:
        return found
    pytest.skip("Pure Data is missing: apt-get install puredata-core")


class PureData:
    """A patch that runs while one is inside `async with`.

    `words` replaces words of the patch's text (a port that is not known before) on its way into `folder`.
    """

    def __init__(self, patch: Path, folder: Path, words: Mapping[str, str] | None = None) -> None:
        text = patch.read_text()
        for word, value in (words or {}).items():
            text = text.replace(word, value)
        self.patch = folder / patch.name
        self.patch.write_text(text)
        self.lines: list[str] = []
        self._program = find_pd()
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        options = ["-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-path", str(ABSTRACTIONS)]
        self._process = await asyncio.create_subprocess_exec(
            self._program, *options, "-open", str(self.patch), stderr=asyncio.subprocess.PIPE
        )
        self._reader = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stderr
        async for line in self._process.stderr:
            async with self._changed:
                self.lines.append(line.decode(errors="replace").strip())
                self._changed.notify_all()

    async def says(self, line: str, times: int = 1, limit_s: float = 15.0) -> None:
        """Wait until it has printed this line so many times; the failure shows all that it printed."""
        try:
            async with asyncio.timeout(limit_s), self._changed:
                await self._changed.wait_for(lambda: self.lines.count(line) >= times)
        except TimeoutError:
            printed = "\n".join(self.lines)
            raise AssertionError(f"Pd did not print {line!r} {times} times in {limit_s:g} s, but:\n{printed}") from None

    async def ends(self, limit_s: float = 10.0) -> None:
        """Wait until the patch has ended Pd by itself, with status 0 and without a complaint."""
        try:
            status = await asyncio.wait_for(self._process.wait(), limit_s)
        except TimeoutError:
            raise AssertionError("the patch did not end Pd; it printed:\n" + "\n".join(self.lines)) from None
        await self._reader
        assert status == 0
        assert not self.complaints()

    def after(self, prefix: str) -> list[str]:
        """What follows a prefix, in the lines that begin with it."""
        return [line.removeprefix(prefix) for line in self.lines if line.startswith(prefix)]

    def complaints(self) -> list[str]:
        """Lines in which Pd complains."""
        return [line for line in self.lines if any(complaint in line for complaint in COMPLAINTS)]
