"""`sideman rehearse`: virtual performers play, and what came of it is held against the error budget."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ..clock import SystemClock
from ..config import read as read_config
from ..corpora import Piece, Unreadable, found, read
from ..errors import SetupError
from ..journal import Recorder
from ..rehearsal import Dues, Human, Ledger, Manners, humans, rehearse_live, tunes
from ..rehearsal import rehearse as simulate
from ..server import Server
from ..settings import Settings, Tokens
from .app import app
from .serve import opened


@app.command()
def rehearse(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="what they play, as for `import`; without any, two old tunes")
    ] = None,
    minutes: Annotated[float, typer.Option(min=0.1, max=100_000, help="how long they play")] = 10,
    performers: Annotated[int, typer.Option(min=1, max=64, help="how many; each takes the next voice")] = 4,
    seed: Annotated[int, typer.Option(min=1, help="of chance: theirs and the players'")] = 1,
    jitter_ms: Annotated[float, typer.Option(min=0, max=500, help="standard deviation of their onsets")] = 15,
    drop_outs: Annotated[float, typer.Option(min=0, max=1000, help="of each, an hour; half outlast the lease")] = 6,
    late_s: Annotated[float, typer.Option(min=0, max=3600, help="by which the last of them arrives")] = 20,
    missed: Annotated[float, typer.Option(min=0, max=1, help="share of the beats that are not tapped")] = 0.05,
    doubled: Annotated[float, typer.Option(min=0, max=1, help="share of the taps that come twice")] = 0.03,
    commands: Annotated[
        float, typer.Option(min=0, max=10_000, help="an hour: modes, tempo, stop, start, panic, by who leads")
    ] = 40,
    live: Annotated[bool, typer.Option("--live", help="in real time against a server, which a patch may join")] = False,
    osc_port: Annotated[int, typer.Option(min=0, max=65535, help="with --live: its UDP port; 0 picks a free one")] = 0,
    config: Annotated[Path | None, typer.Option(help="the server's configuration in TOML")] = None,
    record: Annotated[Path | None, typer.Option(help="record everything to this new file, for `replay`")] = None,
) -> None:
    """Rehearse: virtual performers play in a session, as humans do: unsteadily, late, with taps missed and doubled.

    They drop out and come back. The report counts what was played and what went wrong.

    On a simulated clock an hour takes seconds, and the same seed plays the same. With --live it is real time over UDP;
    the server's line `ready osc=HOST:PORT` says where a patch can join. Exit status 1 if the error budget was broken:
    0 crashes, 0 stuck notes, at most 1 event in 100,000 over 5 ms late, at most 0.1 % fall-backs.
    """
    manners = Manners(
        jitter_ms=jitter_ms,
        drop_outs=drop_outs,
        late_s=min(late_s, minutes * 30),
        missed=missed,
        doubled=doubled,
        commands=commands,
    )
    settings = read_config(config) if config else Settings()
    # They are on this machine, and have no tokens to show.
    settings = msgspec.structs.replace(settings, host="127.0.0.1", tokens=Tokens())
    names = [seat.name for seat in settings.performers if seat.kind == "human" and seat.session == "main"]
    player = settings.players[0].name if settings.players else "sideman"
    cast = humans(_pieces(paths) if paths else tunes(), performers, manners, names, player)
    if not cast:
        raise SetupError("nobody has anything to play", "name files with notes in them")
    recorder = Recorder(record) if record else None
    begun = time.monotonic()
    if live:
        ledger = asyncio.run(_live(settings, recorder, osc_port, cast, manners, minutes, seed))
    else:
        ledger = simulate(cast, manners, minutes, seed, settings, recorder, _ticker(minutes))
        if recorder:
            recorder.close()
    heading = "in real time" if live else f"simulated in {time.monotonic() - begun:.1f} s"
    print(f"{minutes:g} minutes with {len(cast)} performers, seed {seed}, {heading}")
    for line in ledger.lines():
        verdict = {True: "  kept", False: "  BROKEN", None: ""}[line.kept]
        print(f"  {line.what:22}{line.value}{verdict}")
    if not ledger.kept:
        raise typer.Exit(1)


def _pieces(paths: list[Path]) -> list[Piece]:
    pieces: list[Piece] = []
    for file in found(paths):
        try:
            pieces += read(file)
        except Unreadable as error:
            raise SetupError(f"{file}: {error.what}", error.cure) from None
    return pieces


def _ticker(minutes: float) -> Callable[[float], None] | None:
    """Shows how far it is, where a person looks on."""
    if not sys.stderr.isatty():
        return None

    def tell(seconds: float) -> None:
        print(f"\r{seconds / 60:.1f} of {minutes:g} minutes ", end="", file=sys.stderr, flush=True)

    return tell


async def _live(
    settings: Settings,
    recorder: Recorder | None,
    osc_port: int,
    cast: Sequence[Human],
    manners: Manners,
    minutes: float,
    seed: int,
) -> Ledger:
    clock = SystemClock()
    settings = msgspec.structs.replace(settings, osc_port=osc_port, seed=settings.seed or seed)
    wire = opened(settings, clock)
    dues = Dues()
    server = Server(wire, clock, settings, recorder, {"rehearsal": dues})
    host, port = wire.endpoint

    def ready() -> None:
        print(f"ready osc={host}:{port} http=-", flush=True)

    ledger = await rehearse_live(server, dues, (host, port), cast, manners, minutes, seed, ready)
    ledger.overdue += wire.counts().stale
    return ledger
