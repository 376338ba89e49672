"""What of this machine bears on the music, each with its cure: Python, wire, clock, buffers, ports, plugins, folders.

It looks and measures, and changes nothing. What is printed is `cli/doctor.py`'s.
"""

from __future__ import annotations

import asyncio
import os
import platform
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .clock import SystemClock
from .models import transformer_kernels
from .plugin import find, points
from .settings import PluginSettings, Settings
from .shelf import Shelf
from .stranger import models_of
from .timeline import SECOND
from .wire import open_wire, real_time

LATE_NS: Final = 1_000_000
TIMES: Final = 100
APART_NS: Final = 2_000_000
BUFFER_BYTES: Final = 4 << 20
REAL_TIME_CURE: Final = (
    "grant it: `USER - rtprio 20` in /etc/security/limits.d/sideman.conf and log in again; LimitRTPRIO=20 for a "
    "systemd service; --cap-add SYS_NICE for a container"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: how it is, and what to do if that is not well (else empty)."""

    what: str
    how: str
    cure: str = ""
    fatal: bool = False  # the server cannot run so


def examine(settings: Settings, holder: Callable[[int], str]) -> Iterator[Finding]:
    """Everything, in order; `holder` tells who holds a UDP port."""
    yield _python()
    yield _wire()
    yield from _clock(settings)
    for name in ("rmem_max", "wmem_max"):
        yield from _buffer(name)
    yield _port("UDP port", settings.host, settings.osc_port, socket.SOCK_DGRAM, holder(settings.osc_port))
    yield _port("HTTP port", settings.host, settings.http_port, socket.SOCK_STREAM, "")
    yield _kernels()
    yield from _plugins(settings)
    yield _folder(Shelf(Path(settings.memories).expanduser() if settings.memories else None).folder)


def _python() -> Finding:
    version = f"{platform.python_implementation()} {platform.python_version()}"
    tested = platform.python_implementation() == "CPython"
    return Finding("Python", version, "" if tested else "only CPython is tested: https://www.python.org")


def _wire() -> Finding:
    if sys.platform != "linux":
        return Finding("wire", "portable", "what keeps Python busy makes notes late; Linux has a thread for them")
    why = real_time()
    if why:
        return Finding("wire", f"a thread of its own, without real-time priority: {why}", REAL_TIME_CURE)
    return Finding("wire", "a thread of its own, with real-time priority")


def _clock(settings: Settings) -> Iterator[Finding]:
    """How late the wire is on this machine, now."""
    most, p99 = asyncio.run(_lateness(settings.wire))
    cure = "" if p99 <= LATE_NS else "end what keeps the processor busy; a low-latency or PREEMPT_RT kernel helps"
    how = f"of {TIMES} packets 99 % left within {p99 / 1e6:.2f} ms of their time, all within {most / 1e6:.2f} ms"
    yield Finding("timing", how, cure)


async def _lateness(which: str) -> tuple[int, int]:
    clock = SystemClock()
    wire = open_wire(which, "127.0.0.1", 0, clock)
    wire.start(lambda _: None)
    try:
        begin = clock.now() + 5 * APART_NS
        for number in range(TIMES):
            wire.send(begin + number * APART_NS, b"", (wire.endpoint,))
        await asyncio.sleep((5 + TIMES + 10) * APART_NS / SECOND)
        counts = wire.counts()
        return counts.late_most_ns, counts.late_p99_ns
    finally:
        wire.close()


def _buffer(name: str) -> Iterator[Finding]:
    path = Path("/proc/sys/net/core") / name
    try:
        granted = int(path.read_text())
    except (OSError, ValueError):  # another system: it has its own limits, and no such file
        return
    what = {"rmem_max": "UDP buffer, receiving", "wmem_max": "UDP buffer, sending"}[name]
    cure = f"sudo sysctl -w net.core.{name}={BUFFER_BYTES}" if granted < BUFFER_BYTES // 4 else ""
    yield Finding(what, f"{granted:,} bytes", cure)


def _port(what: str, host: str, port: int, kind: socket.SocketKind, held: str) -> Finding:
    if port == 0:
        return Finding(what, "whichever is free")
    with socket.socket(socket.AF_INET, kind) as trial:
        if kind == socket.SOCK_STREAM:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            cure = "end what holds it, or choose another in the configuration"
            return Finding(what, f"{port} on {host}: {error.strerror}{held}", cure, fatal=kind == socket.SOCK_DGRAM)
    return Finding(what, f"{port} on {host} is free")


def _kernels() -> Finding:
    best, *others = transformer_kernels()
    how = f"{best}, the best of {', '.join([best, *others])}" if others else best
    cure = "" if others else "this processor has no wide instructions that are known here: a large LLM will be slow"
    return Finding("LLM kernel", how, cure)


def _plugins(settings: Settings) -> Iterator[Finding]:
    found = find(settings.plugins, models_of)
    used = [name for name in sorted(points()) if settings.plugins.get(name, PluginSettings()).enabled]
    models = ", ".join(sorted({*found.factories, *found.slow, *found.strangers}))
    yield Finding("plugins", f"{', '.join(used)}; models: {models}")
    for complaint in found.complaints:
        yield Finding("plugin left out", complaint, "mend it, or switch it off: [plugins.NAME] enabled = false")


def _folder(folder: Path) -> Finding:
    there = folder
    while not there.exists():
        there = there.parent
    if os.access(there, os.W_OK):
        return Finding("memories", str(folder))
    return Finding("memories", f"{folder} cannot be written", "give --memories FOLDER, or change its permissions")
