"""Runs inside a network of its own: another peer of Link at 137 a minute, and the bridge's beats, printed."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "plugins"))

import aalink

from sideman.gate import Gate
from sideman.osc import Message, decode, encode
from sideman.plugin import Registry
from sideman.testing import Stage
from sideman_link import plugin

BEATS = 12


async def main() -> None:
    """Let the other peer be there first, then follow it for some beats."""
    peer = aalink.Link(137.0)
    peer.enabled = True
    await peer.sync(4)
    registry = Registry("link")
    plugin.setup(registry, {})
    ended = asyncio.Event()
    count = 0

    def came(_: object, packet: bytes) -> None:
        nonlocal count
        message = decode(packet)
        if isinstance(message, Message) and message.address == "/beat":
            count += 1
            print("/beat", message.arguments[0], time.monotonic(), flush=True)
            if count == BEATS:
                ended.set()

    gate = Gate("link", Stage().clock, came)
    task = asyncio.create_task(registry.bridges["link"].run(gate))
    await asyncio.sleep(0)
    (guest,) = gate.guests
    guest.hear(encode("/joined", "link", "main", 30.0, "key"))
    async with asyncio.timeout(30):
        await ended.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    peer.enabled = False


asyncio.run(main())
