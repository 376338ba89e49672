"""A full house in real time: 64 performers at 20 events a second, 32 players; deadlines missed, cores used."""

from __future__ import annotations

import os
import random
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.report import Cell, Table
from bench.sockets import bound
from sideman.osc import Message, decode, encode
from system.server import serving

PERFORMERS = 64
PLAYERS = 32
RATE_HZ = 20.0
#: `CROWD_S=600 make bench ARGS=crowd` for ten minutes.
SECONDS = float(os.environ.get("CROWD_S", "60"))
COUNTED = ("missed_deadlines", "late", "events_by_stand_ins", "malformed", "refused")


def run() -> list[Table]:
    """One table, a row for each house."""
    rows = [
        _row("each player hears two", hears_two=True),
        _row("every player hears all, one memory for all", shared=True),
        _row("every player hears all, a memory each"),
    ]
    return [
        Table(
            f"{PERFORMERS} performers at {RATE_HZ:.0f} events/s, {PLAYERS} players, {SECONDS:.0f} s each",
            ("house", "cores used", "heard/s", "played/s", "packets/s to listeners", *COUNTED),
            rows,
            "Players: oracle, `pitch*ioi`, mode `free`. Every performer but the first listens to every "
            "player; the machine also runs who plays. Cores: processor time of the server by the time that passed.",
        )
    ]


def _row(house: str, *, hears_two: bool = False, shared: bool = False) -> tuple[Cell, ...]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = folder / "crowd.toml"
        config.write_text("".join(_player(number, hears_two=hears_two, shared=shared) for number in range(PLAYERS)))
        server = stack.enter_context(serving("--seed", "7", "--config", str(config)))
        seats = [stack.enter_context(bound()) for _ in range(PERFORMERS)]
        to = ("127.0.0.1", server.port)
        for number, seat in enumerate(seats):
            seat.sendto(encode("/join", f"p{number}"), to)
            time.sleep(0.005)
        ears = stack.enter_context(bound())
        ears.sendto(encode("/join", "p0"), to)  # a second port of the first, who listens to nobody and asks
        ears.sendto(encode("/ignore", "/*/*/*"), to)
        _play(seats, to, 5.0)  # the memories hold something, everybody plays
        before, cpu_s, begun = _status(ears, to), _cpu_s(server.process.pid), time.monotonic()
        _play(seats, to, SECONDS)
        spent_s = time.monotonic() - begun
        cores = (_cpu_s(server.process.pid) - cpu_s) / spent_s
        after = _status(ears, to)
        gone = {key: after[key] - before[key] for key in after}
        heard, played = gone["heard"] / spent_s, gone["played"] / spent_s
        return (house, cores, heard, played, played * (PERFORMERS - 1), *(int(gone[key]) for key in COUNTED))


def _player(number: int, *, hears_two: bool, shared: bool) -> str:
    hears = f'["p{2 * number % PERFORMERS}", "p{(2 * number + 1) % PERFORMERS}"]' if hears_two else '["*"]'
    memory = 'memory = "all"\n' if shared else ""
    return f'[[players]]\nname = "v{number}"\nmode = "free"\nhear = {hears}\n{memory}'


def _play(seats: list[socket.socket], to: tuple[str, int], seconds: float) -> None:
    """Everybody plays at an even pace, one after another; what comes back is left to the system."""
    draw = random.Random(7)
    begun, sent = time.monotonic(), 0
    while (now := time.monotonic() - begun) < seconds:
        while sent < now * RATE_HZ * len(seats):
            number = sent % len(seats)
            pitch = 36.0 + 12 * (number % 5) + draw.choice((0, 2, 4, 5, 7, 9, 11))
            seats[number].sendto(encode("/note", pitch, 90.0, 1, 40.0), to)
            sent += 1
        time.sleep(0.001)


def _status(ears: socket.socket, to: tuple[str, int]) -> dict[str, float]:
    """The numbers in `/status`; it is asked again where a packet was lost."""
    for _ in range(10):
        ears.sendto(encode("/status"), to)
        found: dict[str, float] = {}
        try:
            while True:
                message = decode(ears.recv(4096))
                if isinstance(message, Message) and message.address == "/synced" and found:
                    return found
                if isinstance(message, Message) and message.address == "/status/is":
                    key, *values = message.arguments
                    if len(values) == 1 and isinstance(values[0], int | float):
                        found[str(key)] = float(values[0])
        except TimeoutError:
            continue
    raise TimeoutError("the server does not answer /status")


def _cpu_s(process: int) -> float:
    """Processor seconds that a process has used, in all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
