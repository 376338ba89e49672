"""SuperCollider's language without a window: evaluates code that a test sends it, collects its post window.

sclang runs with a configuration of its own, so that nothing of the user's is read or changed, and is ended by its id.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

ROOT = Path(__file__).parents[2]
QUARK = ROOT / "clients" / "supercollider"

START_S = 90.0

#: What sclang posts where code fails.
COMPLAINTS = ("ERROR", "WARNING", "FAILURE", "Primitive '", "syntax error", "not understood")

#: Evaluates the files 1.scd, 2.scd and so on as they appear. (By files and not by OSC, since sclang listens on every
#: interface, and whoever sends it a packet should not be able to have code evaluated.)
LISTENER = """
var next = 1;
SkipJack({
    var path = "FOLDER" +/+ next ++ ".scd";
    if (File.exists(path)) {
        try { path.load } { |error| error.reportError };
        "evaluated %".format(next).postln;
        next = next + 1;
    }
}, 0.02, name: "listener");
"listening".postln;
"""


def find_sclang() -> str:
    """The program; where it is missing the test is skipped with the command that brings it, in CI it fails."""
    found = shutil.which("sclang")
    if found:
        return found
    missing = "SuperCollider is missing: apt-get install --no-install-recommends supercollider-language"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


class SClang:
    """An interpreter that runs while one is inside `async with`; its files are in `folder`."""

    def __init__(self, folder: Path, include: Iterable[Path] = (QUARK,)) -> None:
        self.lines: list[str] = []
        self.configuration = folder / "sclang_conf.yaml"
        self._folder = folder
        self._program = find_sclang()
        self._changed = asyncio.Condition()
        self._evaluated = 0
        paths = "".join(f"\n    - {path}" for path in include) or " []"
        self.configuration.write_text(f"includePaths:{paths}\nexcludePaths: []\npostInlineWarnings: true\n")

    async def __aenter__(self) -> Self:
        script = self._folder / "listener.scd"
        script.write_text(LISTENER.replace("FOLDER", str(self._folder)))
        self._process = await asyncio.create_subprocess_exec(
            self._program,
            *("-D", "-l", str(self.configuration), str(script)),
            env=self._environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        self._reader = asyncio.create_task(self._read())
        try:
            await self._until(lambda: "listening" in self.lines, "that it listens", START_S)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    async def evaluate(self, code: str, limit_s: float = 15.0) -> None:
        """Evaluate code and wait until it is done."""
        self._send(code)
        await self.says(f"evaluated {self._evaluated}", limit_s=limit_s)

    async def says(self, line: str, times: int = 1, limit_s: float = 15.0, *, whole: bool = True) -> None:
        """Wait until it has posted this line (or, if not `whole`, lines that begin so) so many times.

        The failure shows all that it posted.
        """

        def said() -> bool:
            posted = self.lines.count(line) if whole else len(self.after(line))
            return posted >= times

        await self._until(said, f"{line!r} {times} times", limit_s)

    async def ends(self, limit_s: float = 15.0) -> None:
        """Let it end itself; without a complaint so far, and with status 0."""
        self._send("0.exit")
        status = await asyncio.wait_for(self._process.wait(), limit_s)
        await self._reader
        assert status == 0
        assert not self.complaints(), "\n".join(self.lines)

    def after(self, prefix: str) -> list[str]:
        """What follows a prefix, in the lines that begin with it."""
        return [line.removeprefix(prefix) for line in self.lines if line.startswith(prefix)]

    def complaints(self) -> list[str]:
        """Lines in which sclang complains."""
        return [line for line in self.lines if any(complaint in line for complaint in COMPLAINTS)]

    def _send(self, code: str) -> None:
        self._evaluated += 1
        written = self._folder / "unfinished.scd"
        written.write_text(code)
        written.rename(self._folder / f"{self._evaluated}.scd")

    def _environment(self) -> dict[str, str]:
        runtime = self._folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        ours = {
            "HOME": str(self._folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CONFIG_HOME": str(self._folder),
            "XDG_DATA_HOME": str(self._folder),
            "QT_QPA_PLATFORM": "offscreen",
        }
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            ours |= {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox"}
        return os.environ | ours

    async def _end(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout
        async for line in self._process.stdout:
            async with self._changed:
                self.lines.append(line.decode(errors="replace").strip())
                self._changed.notify_all()

    async def _until(self, true: Callable[[], bool], what: str, limit_s: float) -> None:
        try:
            async with asyncio.timeout(limit_s), self._changed:
                await self._changed.wait_for(true)
        except TimeoutError:
            posted = "\n".join(self.lines)
            raise AssertionError(f"sclang did not post {what} in {limit_s:g} s, but:\n{posted}") from None
