"""How late the wire is while Python is busy, and how far apart a fan-out to many listeners leaves.

`SIDEMAN_TICKS` events (1,000), `SIDEMAN_APART_MS` apart (5): the bar is 10,000 at 5 ms.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import sys
import time
from contextlib import ExitStack

from bench.native import native
from bench.report import Cell, Table, Timing
from sideman.clock import SystemClock
from sideman.wire import open_wire
from sideman.wire.native import NativeWire

TICKS = int(os.environ.get("SIDEMAN_TICKS", "1000"))
APART_NS = round(float(os.environ.get("SIDEMAN_APART_MS", "5")) * 1e6)
LISTENERS = 256
TIMES = 100


def run() -> list[Table]:
    """Lateness under a held interpreter, and the fan-out."""
    return [_lateness(), _fan_out()]


def _lateness() -> Table:
    rows: list[tuple[Cell, ...]] = []
    for busy in (False, True):
        for name, cells in asyncio.run(_ticks(busy)).items():
            rows.append((name, "20 of every 40 ms" if busy else "no", *cells))
    return Table(
        f"Lateness of {TICKS:,} events {APART_NS / 1e6:g} ms apart, all three at once",
        ("what", "interpreter held", "least ms", "median ms", "p99 ms"),
        rows,
        "The wire's as it counts them itself, before sending (p99 within 12.5 %); the bare thread has no real-time "
        "priority. The bar: the wire's p99 at most 0.2 ms or twice the bare thread's, and a fiftieth of asyncio's.",
    )


async def _ticks(busy: bool) -> dict[str, tuple[float, float, float]]:
    """Least, median and p99 of each, in milliseconds."""
    clock = SystemClock()
    loop = asyncio.get_running_loop()
    sys.setswitchinterval(0.0005)
    library = native("timer_native.cpp")
    bare = (ctypes.c_int64 * TICKS)()
    called: list[float] = []

    def called_at(due: int) -> None:
        called.append((clock.now() - due) / 1e9)

    wire = NativeWire("127.0.0.1", 0)
    wire.start(lambda _: None)
    begin = clock.now() + 200_000_000
    shift_s = loop.time() - clock.now() / 1e9
    for number in range(TICKS):
        due = begin + number * APART_NS
        wire.send(due, b"", (("127.0.0.1", wire.endpoint[1]),))
        loop.call_at(due / 1e9 + shift_s, called_at, due)
    library.begin(ctypes.c_int64(begin), ctypes.c_int64(APART_NS), ctypes.c_int64(TICKS), bare)
    end = begin + TICKS * APART_NS + 50_000_000
    while clock.now() < end:
        if busy:
            until = clock.now() + 20_000_000
            while clock.now() < until:
                pass
        await asyncio.sleep(0.02)
    library.end()
    least, median, p99 = (late_ns / 1e6 for late_ns in wire.lateness(0.0, 0.5, 0.99))
    wire.close()
    return {
        "wire": (least, median, p99),
        "bare C++ thread": Timing([ns / 1e9 for ns in bare]).cells(1e-3),
        "asyncio call_at": Timing(called).cells(1e-3),
    }


def _fan_out() -> Table:
    samples: list[float] = []
    with ExitStack() as stack:
        crowd = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(LISTENERS)]
        for ear in crowd:
            ear.bind(("127.0.0.1", 0))
            ear.setblocking(False)
        to = tuple(ear.getsockname() for ear in crowd)
        wire = open_wire("native", "127.0.0.1", 0, SystemClock())
        for _ in range(TIMES):
            begun = time.perf_counter_ns()
            wire.send(0, b"/player/sideman/note", to)
            samples.append((time.perf_counter_ns() - begun) / 1e9)
            for ear in crowd:
                ear.recv(64)
        wire.close()
    return Table(
        f"Fan-out of one event to {LISTENERS} listeners by UDP",
        ("what", "least ms", "median ms", "p99 ms"),
        [("from the call to the last datagram received", *Timing(samples).cells(1e-3))],
        f"{TIMES} times; on loopback a datagram is in the listener's buffer when sending returns. The bar: 1 ms.",
    )
