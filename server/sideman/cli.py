"""The command line: `sideman serve`, `sideman demo`, `sideman replay`. What they do is elsewhere."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from . import __version__
from .addresses import ROLES
from .clock import SystemClock
from .config import read
from .engine import Engine
from .errors import SetupError
from .inputs import Begin
from .journal import Recorder
from .plugin import bundled
from .rights import hash_token
from .server import Server
from .settings import Settings
from .wire import PyWire

EXIT_SETUP = 2
EXIT_PORT_TAKEN = 98

app = typer.Typer(
    help="sideman listens to musicians over OSC, learns from their flow, and plays along, always subordinate to them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


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
    said = {"osc_port": osc_port, "http_port": http_port, "host": host, "seed": seed, "open": open or None}
    settings = msgspec.structs.replace(settings, **{name: value for name, value in said.items() if value is not None})
    settings.rights().check_host(settings.host)
    if check:
        _check(settings, config)
        return
    asyncio.run(_serve(settings, record))


def _check(settings: Settings, config: Path | None) -> None:
    complaints = Engine(Begin(0, 1, b"check", __version__, (), msgspec.json.encode(settings)), bundled()).complaints
    if complaints:
        raise SetupError(
            f"{config}: {complaints[0]}", f"{len(complaints)} such in all" if complaints[1:] else "mend it"
        )
    print(f"{config or 'the defaults'}: nothing wrong")


async def _serve(settings: Settings, record: Path | None) -> None:
    clock = SystemClock()
    try:
        wire = PyWire(settings.host, settings.osc_port, clock)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"UDP port {settings.osc_port} on {settings.host} is taken{holder(settings.osc_port)}",
                "end that, or choose another with --osc-port (0 picks a free one)",
            ) from error
        raise SetupError(
            f"cannot listen on {settings.host}:{settings.osc_port}: {error.strerror}", "give a --host of this machine"
        ) from None
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


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="leader, player or listener")] = "player",
) -> None:
    """Make a token: print it once, for those who join, and the line for the configuration, which keeps its hash."""
    if role not in ROLES[1:]:
        raise SetupError(f"no role {role!r}", f"roles: {', '.join(ROLES[1:])}")
    made = secrets.token_hex(12)
    print(f'token: {made}\n\n[tokens]\n{role} = ["{hash_token(made, secrets.token_bytes(16))}"]')


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="a file that `sideman serve --record` has made")],
    verify: Annotated[
        bool, typer.Option("--verify", help="compare every output byte for byte; exit 1 if one differs")
    ] = False,
) -> None:
    """Feed a recording to a fresh engine: print what it says, or verify that it says the same."""
    from . import replay as again

    if not verify:
        for number, item, _, outputs in again.replayed(recording):
            for output in outputs:
                print(f"{number} {item.time_ns} {again.tell(output)}")
        return
    verdict = again.verify(recording)
    if verdict.difference:
        print(f"differs after {verdict.inputs} inputs and {verdict.outputs} outputs: {verdict.difference}")
        raise typer.Exit(1)
    print(f"the same, byte for byte: {verdict.inputs} inputs, {verdict.outputs} outputs")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def demo(context: typer.Context) -> None:
    """A bundled melody is played into the server, the player answers, both are shown. Ctrl-C ends it."""
    from sideman_client.demo import main as play

    raise typer.Exit(play(context.args))


@app.command()
def version() -> None:
    """Print the version."""
    print(f"sideman {__version__}")


def main() -> None:
    """The entry point: an error of the set-up is one line and a documented exit status."""
    try:
        app()
    except SetupError as error:
        print(f"sideman: {error.what}; {error.cure}", file=sys.stderr)
        taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
        sys.exit(EXIT_PORT_TAKEN if taken else EXIT_SETUP)
