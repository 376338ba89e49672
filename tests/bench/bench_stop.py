"""How soon a stop has ended all that sounds, whatever Python does; and whether a note ever comes after it.

Both by the wire's own calls, as the server makes them: 8 players, and a listener on loopback. `SIDEMAN_STOPS` (200) are
timed of each kind, `SIDEMAN_TRIES` (300) come at random moments while all eight play: the bar is 10,000.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from bench.native import native
from bench.report import Cell, Table, Timing
from sideman.inputs import Obeyed
from sideman.osc import encode
from sideman.wire import Arrival
from sideman.wire.native import NativeWire

STOPS = int(os.environ.get("SIDEMAN_STOPS", "200"))
TRIES = int(os.environ.get("SIDEMAN_TRIES", "300"))
PLAYERS = tuple(f"main/p{number}" for number in range(8))
EACH = 16
SOUNDING = len(PLAYERS) * EACH
HOUR_NS = 3600 * 10**9
T = TypeVar("T")
STOPPING = ("/panic", "/stop", "/player/*/stop")


def run() -> list[Table]:
    """How long a stop takes, and what came after one."""
    rows: list[tuple[Cell, ...]] = []
    for held in (False, True):
        word = "20 of every 40 ms" if held else "no"
        timings = asyncio.run(_beside(held, _timed))
        rows += [(name, word, *timing.cells(1e-3)) for name, timing in timings.items()]
    tries = asyncio.run(_beside(False, _tried))
    return [
        Table(
            f"A stop with {len(PLAYERS)} players of {EACH} sounding notes each",
            ("what", "interpreter held", "least ms", "median ms", "p99 ms"),
            rows,
            f"From before the datagram is sent until the last of {SOUNDING} note-offs was received, {STOPS} times "
            "each, in turns; sent, received and timed in C++. The echo: a C++ thread that sends as many datagrams back "
            "in one call. All with real-time priority where the system allows. The bar: p99 at most 1 ms.",
        ),
        Table(
            f"{TRIES:,} stops at random moments, by UDP, while {len(PLAYERS)} players play",
            ("stops", "that ended notes", "notes before", "note-offs", "notes after the stop"),
            [tries],
            "After it: behind its first note-off, or in the millisecond after it was taken, in which planning went on. "
            "The bar: none in 10,000.",
        ),
    ]


@dataclass(slots=True)
class Ground:
    """A wire, whoever may stop it, and a listener; `obeyed` has the stops that the loop has taken, not yet lifted."""

    wire: NativeWire
    seat: socket.socket
    ear: socket.socket
    taken: threading.Event
    obeyed: list[Obeyed]

    def note(self, player: str, number: int, due_ns: int) -> None:
        """A note that sounds until it is stopped."""
        off = encode(f"/off/{number}")
        self.wire.send(
            due_ns, encode("/note"), (self.ear.getsockname(),), (player, 0), off, time.monotonic_ns() + HOUR_NS
        )

    def stopped(self) -> Obeyed:
        """The stop that was sent, once the loop has taken it; it bars what is planned until it is lifted."""
        if not self.taken.wait(10):
            raise TimeoutError("the wire has obeyed no stop")
        self.taken.clear()
        return self.obeyed.pop()

    def heard(self) -> list[bytes]:
        """What has come to the listener by now: `/note` or `/off/…` each, in order."""
        packets = []
        try:
            while True:
                packets.append(self.ear.recv(64).split(b"\0")[0])
        except BlockingIOError:
            return packets


async def _beside(held: bool, work: Callable[[Ground], T]) -> T:
    """Does it on a thread beside a loop that serves the wire, and that holds the interpreter half of the time."""
    sys.setswitchinterval(0.0005)
    with _ground() as ground:

        def received(arrival: Arrival) -> None:
            if isinstance(arrival, Obeyed):
                ground.obeyed.append(arrival)
                ground.taken.set()

        ground.wire.start(received)
        ground.wire.publish([(ground.seat.getsockname(), "main")], PLAYERS)
        working = asyncio.get_running_loop().run_in_executor(None, work, ground)
        while not working.done():
            until = time.perf_counter_ns() + (20_000_000 if held else 0)
            while time.perf_counter_ns() < until:
                pass
            await asyncio.sleep(0.02)
        return await working


@contextmanager
def _ground() -> Iterator[Ground]:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as seat,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
    ):
        for each in (seat, ear):
            each.bind(("127.0.0.1", 0))
            each.setblocking(False)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        wire = NativeWire("127.0.0.1", 0)
        try:
            yield Ground(wire, seat, ear, threading.Event(), [])
        finally:
            wire.close()


def _timed(ground: Ground) -> dict[str, Timing]:
    library = native("wire_native.cpp")
    library.until_heard.restype = ctypes.c_int64
    samples: dict[str, list[float]] = {"/panic": [], "/stop": [], "C++ echo": []}
    draw = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as floor:
        floor.bind(("127.0.0.1", 0))
        port = (ctypes.c_int * 1)(ground.ear.getsockname()[1])
        library.echo_begin(floor.fileno(), port, 1, SOUNDING, 1)
        try:
            for _ in range(STOPS):
                for name, found in samples.items():
                    echo = name == "C++ echo"
                    if not echo:
                        for number in range(SOUNDING):
                            ground.note(PLAYERS[number % len(PLAYERS)], number, time.monotonic_ns())
                        if ground.heard().count(b"/note") != SOUNDING:
                            raise AssertionError("not all notes have begun")
                    time.sleep(draw.uniform(0, 0.04))  # at any moment of whoever holds the interpreter
                    packet = encode("/off" if echo else name)
                    to = floor.getsockname()[1] if echo else ground.wire.endpoint[1]
                    took_ns = library.until_heard(
                        ground.seat.fileno(), ground.ear.fileno(), to, packet, len(packet), b"/off", SOUNDING
                    )
                    if took_ns < 0:
                        raise TimeoutError(f"{name}: not all note-offs came within two seconds")
                    found.append(took_ns / 1e9)
                    if not echo:
                        ground.wire.lift(ground.stopped().cut)
        finally:
            library.echo_end()
    return {name: Timing(found) for name, found in samples.items()}


def _tried(ground: Ground) -> tuple[int, int, int, int, int]:
    """Stops, those that ended notes, notes before them, note-offs, notes after them."""
    over = threading.Event()
    draw, moment = random.Random(2), random.Random(3)

    def plan() -> None:
        number = 0
        while not over.is_set():
            number += 1
            due_ns = time.monotonic_ns() + draw.randrange(-100_000, 2_000_000)
            ground.note(PLAYERS[number % len(PLAYERS)], number, due_ns)
            if number % 32 == 0:
                time.sleep(0.0005)

    planner = threading.Thread(target=plan)
    planner.start()
    ending = before = offs = after = 0
    try:
        for number in range(TRIES):
            time.sleep(moment.uniform(0.001, 0.005))
            ground.seat.sendto(encode(STOPPING[number % len(STOPPING)]), ground.wire.endpoint)
            stop = ground.stopped()
            time.sleep(0.001)
            heard = ground.heard()
            begins = next((place for place, packet in enumerate(heard) if packet != b"/note"), len(heard))
            if len(heard) - begins - heard[begins:].count(b"/note") != len(stop.offs):
                raise AssertionError("not as many note-offs came as the wire says that it has sent")
            ending += bool(stop.offs)
            before += begins
            offs += len(stop.offs)
            after += heard[begins:].count(b"/note")
            ground.wire.lift(stop.cut)
    finally:
        over.set()
        planner.join()
    return TRIES, ending, before, offs, after
