"""The way of one note through the server: in by UDP, out by UDP to the last listener, beside a bare asyncio echo."""

from __future__ import annotations

import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.report import Cell, Table, Timing
from bench.sockets import bound
from plugins.packages import install
from sideman.osc import Message, decode, encode
from system.server import serving

HERE = Path(__file__).resolve().parent
SAMPLES = 400
#: `follow` reacts to the first onset of a chord alone: its notes are further apart than `chord_ms`.
PAUSE_S = {"next": 0.01, "follow": 0.04}
NOTE = "/player/sideman/note"


def run() -> list[Table]:
    """One table: `next` and `follow`, one and eight listeners, alone and beside a stranger's plugin."""
    rows: list[tuple[Cell, ...]] = []
    for listeners in (1, 8):
        rows += _rows(listeners, plugin=False)
    rows += _rows(8, plugin=True)
    return [
        Table(
            "The way of one note: in by UDP, out by UDP to the last listener",
            ("what", "listeners", "min µs", "median µs", "p99 µs", "median / echo's"),
            rows,
            f"{SAMPLES} notes each, 10 ms apart (follow: 40), in turns with an asyncio echo to as many. "
            "Through learning (follow), prediction, choice, explanation and encoding; default settings, monophonic.",
        )
    ]


def _rows(listeners: int, *, plugin: bool) -> Iterator[tuple[Cell, ...]]:
    with ExitStack() as stack:
        if plugin:
            stack.enter_context(_with_plugin())
        ears = [stack.enter_context(bound()) for _ in range(listeners)]
        echo = stack.enter_context(_echo([ear.getsockname()[1] for ear in ears]))
        server = stack.enter_context(serving("--seed", "7"))
        to = ("127.0.0.1", server.port)
        for number, ear in enumerate(ears):
            ear.sendto(encode("/join", f"ear{number}"), to)
            _until(ear, "/synced")
        _teach(ears[0], to)
        if plugin:
            ears[0].sendto(encode("/player/other/new", "last"), to)
            ears[0].sendto(encode("/player/other/mode", "follow"), to)
            ears[0].sendto(encode("/player/other/play"), to)
            time.sleep(2)
        beside = ", beside a stranger's plugin" if plugin else ""
        for what in ("next", "follow"):
            ears[0].sendto(encode("/player/sideman/mode", "manual" if what == "next" else "follow"), to)
            time.sleep(1.5)
            ours, floor = _measure(what, ears, to, echo)
            yield (f"{what}{beside}", listeners, *ours.cells(), ours.median_s / floor.median_s)
            yield (f"asyncio echo, in turns with {what}{beside}", listeners, *floor.cells(), 1.0)


def _measure(what: str, ears: list[socket.socket], to: tuple[str, int], echo: tuple[str, int]) -> tuple[Timing, Timing]:
    draw = random.Random(7)
    ours: list[float] = []
    floor: list[float] = []
    ping = encode("/echo", 1.0)
    for _ in range(SAMPLES):
        if what == "next":
            packet = encode("/player/sideman/next")
        else:
            packet = encode("/note", float(draw.choice((60, 62, 64, 65, 67))), 90.0, 1, 20.0)
        for destination, sent, address, samples in ((to, packet, NOTE, ours), (echo, ping, "/echo", floor)):
            for ear in ears:
                _drain(ear)
            begun = time.perf_counter_ns()
            ears[0].sendto(sent, destination)
            _until(ears[-1], address)
            samples.append((time.perf_counter_ns() - begun) / 1e9)
            time.sleep(PAUSE_S[what] / 2)
    return Timing(ours), Timing(floor)


def _teach(ear: socket.socket, to: tuple[str, int]) -> None:
    """Some hundred notes to go on from."""
    draw = random.Random(1)
    for _ in range(300):
        ear.sendto(encode("/note", float(draw.choice((60, 62, 64, 65, 67, 69))), 90.0, 1, 10.0), to)
        time.sleep(0.004)
    time.sleep(1.2)


@contextmanager
def _echo(ports: list[int]) -> Iterator[tuple[str, int]]:
    command = [sys.executable, str(HERE / "echo.py"), *map(str, ports)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        yield "127.0.0.1", int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def _with_plugin() -> Iterator[None]:
    """CONTRIBUTING's model, installed for the server that is started next."""
    text = (HERE.parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (model,) = re.findall(r"```python\n(\"\"\"A model.*?)```", text, re.DOTALL)
    before = os.environ.get("PYTHONPATH", "")
    with tempfile.TemporaryDirectory() as folder:
        site = install(Path(folder), "sideman_last", model, "last")
        os.environ["PYTHONPATH"] = os.pathsep.join([str(site), before])
        try:
            yield
        finally:
            os.environ["PYTHONPATH"] = before


def _until(ear: socket.socket, address: str) -> None:
    while True:
        message = decode(ear.recv(4096))
        if isinstance(message, Message) and message.address == address:
            return


def _drain(ear: socket.socket) -> None:
    ear.setblocking(False)
    try:
        while True:
            ear.recv(4096)
    except BlockingIOError:
        ear.settimeout(5)
