"""`sideman demo`: a performer plays a tune into a server over OSC, the player answers, both flows are shown.

The performer and the watcher are two clients like any other; nothing here knows the inside of the server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from random import Random
from typing import Final

from .child import ServerEnded, serving
from .client import DEFAULT_PORT, NO_TOKEN, Client, NobodyAnswers, Refused
from .melody import TITLE
from .performer import perform
from .screen import Screen
from .watcher import Watcher

PERFORMER: Final = "melody"
WATCHER: Final = "screen"

EXIT_FAILED: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; returns the exit status: 0 on Ctrl-C and on a closed pipe too."""
    options = _options(arguments)
    try:
        asyncio.run(_run(options, Screen(sys.stdout)))
    except KeyboardInterrupt:
        pass
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains at its end
    except (ServerEnded, NobodyAnswers, Refused) as error:
        print(f"sideman demo: {error}", file=sys.stderr)
        return EXIT_FAILED
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="sideman demo",
        description=f"A performer plays {TITLE} into a server over OSC, note by note, again and again; "
        "the player answers each phrase from what it has learned; both are shown. Ctrl-C ends it.",
    )
    parser.add_argument("--connect", metavar="HOST:PORT", type=_place, help="play into a server that runs already")
    parser.add_argument("--token", default=NO_TOKEN, help="for a server that asks for one")
    parser.add_argument("--seconds", metavar="N", type=float, help="end after so many seconds")
    parser.add_argument("--once", action="store_true", help="end when the tune has been played once")
    parser.add_argument("--seed", type=int, help="of chance, in the performer and in the server")
    return parser.parse_args(arguments)


def _place(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT, for example 127.0.0.1:{DEFAULT_PORT}")
    return host, int(port)


async def _run(options: argparse.Namespace, screen: Screen) -> None:
    """Play and show until Ctrl-C, the end of the tune or of the time, whichever comes first."""
    stopped = asyncio.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):  # Windows: KeyboardInterrupt ends it
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), stopped.set)
    async with AsyncExitStack() as stack:
        works: list[asyncio.Task[None]] = []
        if options.connect:
            host, port = options.connect
        else:
            child = await stack.enter_async_context(serving(_server_options(options), _Log(screen, stopped)))
            host, port = child.host, child.port
            works.append(child.ended)
        watching = await stack.enter_async_context(Client(WATCHER, host, port, token=options.token, kind="bot"))
        playing = await stack.enter_async_context(Client(PERFORMER, host, port, token=options.token))
        watcher = await Watcher.begin(watching, screen, (PERFORMER, WATCHER))
        _introduce(screen, host, port)
        works.append(asyncio.create_task(watcher.watch()))
        works.append(asyncio.create_task(perform(playing, 1 if options.once else None, Random(options.seed))))
        works.append(asyncio.create_task(_wait(stopped)))
        done, rest = await asyncio.wait(works, timeout=options.seconds, return_when=asyncio.FIRST_COMPLETED)
        for work in rest:
            work.cancel()
        for work in done:
            work.result()


async def _wait(stopped: asyncio.Event) -> None:
    await stopped.wait()


def _server_options(options: argparse.Namespace) -> list[str]:
    """The default port, so that other patches find it; where it is taken, any free one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
            port = DEFAULT_PORT
        except OSError:
            port = 0
    seed = [] if options.seed is None else ["--seed", str(options.seed)]
    return ["--host", "127.0.0.1", "--osc-port", str(port), *seed]


class _Log:
    """Shows what the server logs, but not that the demo's own two have joined."""

    def __init__(self, screen: Screen, stopped: asyncio.Event) -> None:
        self._screen = screen
        self._stopped = stopped

    def __call__(self, line: str) -> None:
        if f" {PERFORMER} (" in line or f" {WATCHER} (" in line:
            return
        try:
            self._screen.say(f"server: {line}", "dim")
        except BrokenPipeError:
            self._stopped.set()


def _introduce(screen: Screen, host: str, port: int) -> None:
    screen.say(
        f'The performer "{PERFORMER}" plays {TITLE} into sideman\n'
        'by OSC. In its pauses the player "sideman" answers from what it has heard.\n'
        "Behind each of its notes: the note that it goes on from (whose, at which beat),\n"
        "n how many before it were alike, p how probable it was. Ctrl-C ends it.\n"
        f"Play along by OSC, UDP to {host} port {port}: /join YOURNAME, then /note PITCH\n"
        "VELOCITY CHANNEL MILLISECONDS; or in Pure Data by clients/pd/sideman-help.pd.\n"
    )
    screen.heading()
