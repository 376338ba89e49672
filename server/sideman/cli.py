"""The command line: `sideman serve`, `sideman demo`, `sideman replay`. What they do is elsewhere."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from . import __version__
from .clock import SystemClock
from .errors import SetupError
from .journal import Recorder

DEFAULT_PORT = 7117
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
    config: Annotated[Path | None, typer.Option(help="settings in TOML; without it everything has a default")] = None,
    osc_port: Annotated[
        int, typer.Option(envvar="SIDEMAN_OSC_PORT", min=0, max=65535, help="UDP port for OSC; 0 picks a free one")
    ] = DEFAULT_PORT,
    http_port: Annotated[
        int, typer.Option(envvar="SIDEMAN_HTTP_PORT", min=0, max=65535, help="for the web page, which is yet to come")
    ] = DEFAULT_PORT + 1,
    host: Annotated[str, typer.Option(envvar="SIDEMAN_HOST", help="address to listen on")] = "127.0.0.1",
    seed: Annotated[int, typer.Option(envvar="SIDEMAN_SEED", min=0, help="of chance; 0 draws one")] = 0,
    record: Annotated[Path | None, typer.Option(help="record everything to this new file, for `replay`")] = None,
) -> None:
    """Start the server. When it is ready it prints one line: ready osc=HOST:PORT http=-"""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    del http_port
    if config is not None:
        raise SetupError("there is no configuration yet", "start without --config")
    asyncio.run(_serve(host, osc_port, seed, record))


async def _serve(host: str, port: int, seed: int, record: Path | None) -> None:
    from .server import Server
    from .wire import PyWire

    if not _is_loopback(host):
        raise SetupError(f"{host} can be reached from elsewhere, and there are no tokens", "listen on 127.0.0.1")
    clock = SystemClock()
    try:
        wire = PyWire(host, port, clock)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(f"UDP port {port} on {host} is taken", "end what holds it, or use --osc-port 0") from error
        raise SetupError(f"cannot listen on {host}:{port}: {error.strerror}", "give a --host of this machine") from None
    recorder = Recorder(record) if record else None
    server = Server(wire, clock, seed, recorder)
    print(f"ready osc={wire.endpoint[0]}:{wire.endpoint[1]} http=-", flush=True)
    await server.run()


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="a file that `sideman serve --record` has made")],
    verify: Annotated[bool, typer.Option("--verify", help="compare every output byte for byte; exit 1 if one differs")]
    = False,
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


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def main() -> None:
    """The entry point: an error of the set-up is one line and a documented exit status."""
    try:
        app()
    except SetupError as error:
        print(f"sideman: {error.what}; {error.cure}", file=sys.stderr)
        taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
        sys.exit(EXIT_PORT_TAKEN if taken else EXIT_SETUP)
