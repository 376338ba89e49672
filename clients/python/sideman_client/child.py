"""A server of one's own as a child process: started, waited for, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

_READY: Final = re.compile(r"ready osc=(\S+):(\d+) http=")
_START_S: Final = 30.0
_END_S: Final = 5.0
_GRACE_S: Final = 0.5  # a Ctrl-C in the terminal has reached the child too


class ServerEnded(Exception):
    """The server did not start, or ended by itself; with what it said last."""


@dataclass(frozen=True, slots=True)
class Child:
    """Where the server listens, and what fails when it ends."""

    host: str
    port: int
    ended: asyncio.Task[None]  # raises `ServerEnded` when the server ends by itself


@asynccontextmanager
async def serving(options: list[str], log: Callable[[str], None]) -> AsyncIterator[Child]:
    """`sideman serve` with these options, from its ready line on; `log` gets its lines of standard error."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sideman",
        "serve",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    last = ["it said nothing"]
    reader = asyncio.create_task(_read(process.stderr, last, log))
    ended = asyncio.create_task(_ended(process, reader, last))
    try:
        assert process.stdout
        async with asyncio.timeout(_START_S):
            line = (await process.stdout.readline()).decode(errors="replace")
        found = _READY.match(line)
        if not found:
            await ended
            raise ServerEnded(f"the server said {line.strip()!r} in place of its ready line")
        yield Child(found[1], int(found[2]), ended)
    except TimeoutError:
        raise ServerEnded(f"the server was not ready within {_START_S:g} s: {last[0]}") from None
    finally:
        ended.cancel()
        await _end(process)
        await reader
        with contextlib.suppress(asyncio.CancelledError, ServerEnded):
            await ended


async def _read(stream: asyncio.StreamReader | None, last: list[str], log: Callable[[str], None]) -> None:
    assert stream
    async for line in stream:
        last[0] = line.decode(errors="replace").strip() or last[0]
        log(last[0])


async def _ended(process: asyncio.subprocess.Process, reader: asyncio.Task[None], last: list[str]) -> None:
    status = await process.wait()
    await asyncio.wait([reader])
    raise ServerEnded(f"the server has ended (status {status}): {last[0]}")


async def _end(process: asyncio.subprocess.Process) -> None:
    for end in (None, signal.SIGINT if os.name == "posix" else signal.SIGTERM, signal.SIGTERM):
        if end is not None and process.returncode is None:
            process.send_signal(end)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _GRACE_S if end is None else _END_S)
            return
    process.kill()
    await process.wait()
