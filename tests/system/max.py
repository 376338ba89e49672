"""Our Max patches on the stand-in for Max, in real time and with real sockets, as Max has them.

What `udpsend` sends leaves from a port of its own, at which nothing is heard; `udpreceive` hears at another.
"""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from clients.max_machine import Atom, Max, Message, Patch
from sideman_client.message import build, parse

ABSTRACTIONS = Path(__file__).parents[2] / "clients" / "max" / "sideman" / "patchers"
TICK_S = 0.005


class LiveMax:
    """[sideman NAME 127.0.0.1 PORT ...] and [sideman.player sideman NAME] while one is inside `async with`."""

    def __init__(self, name: str, port: int) -> None:
        self.max = Max(ABSTRACTIONS)
        self._mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", 0))
        self._ear.setblocking(False)
        self.reply_port = int(self._ear.getsockname()[1])
        self.player: Patch = self.max.open("sideman.player", "sideman", name)
        self.seat: Patch = self.max.open("sideman", name, "127.0.0.1", port, self.reply_port)
        self._said = 0

    async def __aenter__(self) -> Self:
        self._clock = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clock.cancel()
        await asyncio.wait([self._clock])
        self._mouth.close()
        self._ear.close()

    def say(self, *message: Atom) -> None:
        """A message goes into [sideman]."""
        self.seat.take(0, message)

    async def says(self, patch: Patch, outlet: int, message: Message, limit_s: float = 15.0) -> None:
        """Wait until a message has come out of an outlet."""
        try:
            async with asyncio.timeout(limit_s):
                while message not in patch.said(outlet):
                    await asyncio.sleep(TICK_S)
        except TimeoutError:
            raise AssertionError(f"no {message} at outlet {outlet}, but lately {patch.outputs[-30:]}") from None

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        opened = loop.time()
        while True:
            self.max.advance((loop.time() - opened) * 1000 - self.max.now)
            self._send()
            try:
                packet = self._ear.recv(4096)
            except BlockingIOError:
                await asyncio.sleep(TICK_S)
                continue
            for message in parse(packet):
                assert all(isinstance(word, int | float | str) for word in message.arguments)
                words = [word for word in message.arguments if isinstance(word, int | float | str)]
                self.max.hear(self.reply_port, message.address, *words)

    def _send(self) -> None:
        for sent in self.max.sent[self._said :]:
            address, *words = sent.message
            self._mouth.sendto(build(str(address), *words), (sent.host, sent.port))
        self._said = len(self.max.sent)
