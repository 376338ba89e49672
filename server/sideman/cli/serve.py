"""`sideman serve`: the server, from its options to its ready line."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ..clock import SystemClock
from ..config import read
from ..errors import SetupError
from ..hosts import looked_up
from ..journal import Recorder
from ..server import Server
from ..settings import Settings
from ..wire import LiveWire, open_wire
from .app import app
from .checking import check as checked


@app.command()
def serve(
    config: Annotated[
        Path | None, typer.Option(envvar="SIDEMAN_CONFIG", help="settings in TOML; without it everything has a default")
    ] = None,
    osc_port: Annotated[
        int | None,
        typer.Option(envvar="SIDEMAN_OSC_PORT", min=0, max=65535, help="UDP port for OSC [7117]; 0 picks a free one"),
    ] = None,
    http_port: Annotated[
        int | None,
        typer.Option(envvar="SIDEMAN_HTTP_PORT", min=0, max=65535, help="port of the web page, which is yet to come"),
    ] = None,
    host: Annotated[str | None, typer.Option(envvar="SIDEMAN_HOST", help="address to listen on [127.0.0.1]")] = None,
    seed: Annotated[int | None, typer.Option(envvar="SIDEMAN_SEED", min=0, help="of chance; 0 draws one [0]")] = None,
    memories: Annotated[
        str | None,
        typer.Option(envvar="SIDEMAN_MEMORIES", help="folder of saved memories [where the system keeps a user's data]"),
    ] = None,
    charts: Annotated[
        str | None,
        typer.Option(envvar="SIDEMAN_CHARTS", help="folder of chord charts [where the system keeps a user's data]"),
    ] = None,
    wire: Annotated[
        str | None,
        typer.Option(envvar="SIDEMAN_WIRE", help="what sends: native (C++, Linux), python, or auto [auto]"),
    ] = None,
    record: Annotated[Path | None, typer.Option(help="record everything to this new file, for `replay`")] = None,
    open: Annotated[bool, typer.Option("--open", help="let anybody on the network join without a token")] = False,
    check: Annotated[bool, typer.Option("--check", help="try the configuration, open no port, and end")] = False,
) -> None:
    """Start the server. When it is ready it prints one line: ready osc=HOST:PORT http=-

    An option wins over its environment variable, that over the configuration, that over the default in brackets.
    Exit status: 2 for a set-up that cannot work, 98 for a port that is taken.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    settings = read(config) if config else Settings()
    said: dict[str, object] = {
        "osc_port": osc_port,
        "http_port": http_port,
        "host": host,
        "seed": seed,
        "open": open or None,
    }
    said["memories"], said["charts"] = memories, charts
    said["wire"] = wire
    settings = msgspec.structs.replace(settings, **{name: value for name, value in said.items() if value is not None})
    settings.rights().check_host(settings.host)
    if check:
        checked(settings, config)
        print(f"{config or 'the defaults'}: nothing wrong")
        return
    settings, unknown = looked_up(settings)
    for complaint in unknown:
        logging.getLogger("sideman").warning("%s", complaint)
    asyncio.run(_serve(settings, record))


def opened(settings: Settings, clock: SystemClock) -> LiveWire:
    """A wire on the port that the settings name; raises `SetupError`."""
    try:
        return open_wire(settings.wire, settings.host, settings.osc_port, clock)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"UDP port {settings.osc_port} on {settings.host} is taken{holder(settings.osc_port)}",
                "end that, or choose another with --osc-port (0 picks a free one)",
            ) from error
        raise SetupError(
            f"cannot listen on {settings.host}:{settings.osc_port}: {error.strerror}", "give a --host of this machine"
        ) from None


async def _serve(settings: Settings, record: Path | None) -> None:
    clock = SystemClock()
    wire = opened(settings, clock)
    recorder = Recorder(record) if record else None
    server = Server(wire, clock, settings, recorder)
    host, port = wire.endpoint
    await server.run(lambda: print(f"ready osc={host}:{port} http=-", flush=True))


def holder(port: int) -> str:
    """Who holds a UDP port, where the system tells: `, by PROGRAM (PID)`."""
    try:
        table = Path("/proc/net/udp").read_text().splitlines()[1:]
        inodes = {line.split()[9] for line in table if line.split()[1].endswith(f":{port:04X}")}
        for process in Path("/proc").glob("[0-9]*"):
            for handle in _handles(process):
                if handle.removeprefix("socket:[").rstrip("]") in inodes:
                    return f", by {(process / 'comm').read_text().strip()} ({process.name})"
    except OSError:
        pass
    return ""


def _handles(process: Path) -> list[str]:
    try:
        return [os.readlink(link) for link in (process / "fd").iterdir()]
    except OSError:
        return []
