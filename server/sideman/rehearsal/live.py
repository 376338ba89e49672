"""A rehearsal in real time: a server of its own on a UDP port, and performers who play to it over the network.

Whoever joins at that port, a patch under test, plays along with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ..osc import Malformed, Message, decode, encode
from ..seats import Endpoint
from ..server import Server
from ..testing import flattened
from .humans import JOIN, LAPSE, Act, Human, Manners
from .ledger import Ledger

LISTENER: Final = "listener"
TURN_S: Final = 10.0
AFTER_S: Final = 5.0
#: What is due is remembered until it has arrived, at most so much of it.
REMEMBERED: Final = 100_000


class Dues:
    """An observer: when each packet is due, until somebody asks."""

    def __init__(self) -> None:
        self._dues: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def heard(self, time_ns: int, source: Endpoint, packet: bytes) -> None:
        """What comes in is not asked for."""

    def said(self, due_ns: int, packet: bytes) -> None:
        """A packet goes out."""
        with self._lock:
            self._dues[packet] = due_ns
            if len(self._dues) > REMEMBERED:
                del self._dues[next(iter(self._dues))]

    def due(self, packet: bytes) -> int | None:
        """When it was due."""
        with self._lock:
            return self._dues.pop(packet, None)


class Ear(asyncio.DatagramProtocol):
    """One performer's socket, connected to the server."""

    def __init__(self, heard: Callable[[int, bytes], None]) -> None:
        self._heard = heard
        self.transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Something has arrived."""
        self._heard(time.monotonic_ns(), data)

    def send(self, address: str, *arguments: int | float | str) -> None:
        """Say something."""
        if self.transport is not None:
            self.transport.sendto(encode(address, *arguments))


async def rehearse_live(
    server: Server,
    dues: Dues,
    endpoint: Endpoint,
    humans: Sequence[Human],
    manners: Manners,
    minutes: float,
    seed: int,
    ready: Callable[[], None],
) -> Ledger:
    """The same acts as on the simulated clock, in real time; ends after `minutes`, or when the server is stopped."""
    ledger = Ledger()
    opened = asyncio.Event()

    def told() -> None:
        opened.set()
        ready()

    serving = asyncio.create_task(server.run(told))
    waiting = asyncio.create_task(opened.wait())
    await asyncio.wait([serving, waiting], return_when=asyncio.FIRST_COMPLETED)
    acts = heapq.merge(*(human.acts(seed, manners, minutes * 60) for human in humans))
    playing = asyncio.create_task(_play(acts, endpoint, ledger, dues, server))
    await asyncio.wait([serving, playing], return_when=asyncio.FIRST_COMPLETED)
    playing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await playing
    server.stop()
    await serving
    ledger.crashes += server.faults
    return ledger


async def _play(acts: Iterable[Act], endpoint: Endpoint, ledger: Ledger, dues: Dues, server: Server) -> None:
    ears: dict[str, Ear] = {}

    def all_said(time_ns: int, packet: bytes) -> None:
        try:
            content = decode(packet)
        except Malformed as error:
            ledger.errors[str(error)] += 1
            return
        kind = content.address.rpartition("/")[2] if isinstance(content, Message) else ""
        if kind in ("note", "event", "gesture"):
            due_ns = dues.due(packet)
            if due_ns is not None:
                ledger.was_late(time_ns - due_ns)
        ledger.arrived(time_ns, content)
        ledger.settle(time_ns)

    def answered(_: int, packet: bytes) -> None:
        for message in flattened(decode(packet)):
            ledger.told(message.address, message.arguments)

    listener = await _ear(endpoint, all_said)
    listener.send("/join", LISTENER, 0, "-", "main", "bot")
    begun_s = time.monotonic()
    pinging = asyncio.create_task(_keep(listener))
    try:
        for act in acts:
            await asyncio.sleep(max(0.0, begun_s + act.at_s - time.monotonic()))
            if act.address == LAPSE:
                ledger.lapses += 1
            elif act.address == JOIN:
                old, ears[act.who] = ears.get(act.who), await _ear(endpoint, answered)
                if old is not None and old.transport is not None:
                    old.transport.close()
                ears[act.who].send("/join", act.who)
                ears[act.who].send("/ignore", "/*", "/*/*", "/*/*/*")  # the listener hears for all
            else:
                ledger.did(act.address)
                ears[act.who].send(act.address, *act.arguments)
        await asyncio.sleep(AFTER_S)
        listener.send("/status")
        await asyncio.sleep(0.5)
    finally:
        pinging.cancel()
        server.stop()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0.2)  # the last note-offs are under way
        ledger.settle(time.monotonic_ns(), over=True)
        for ear in [listener, *ears.values()]:
            if ear.transport is not None:
                ear.transport.close()


async def _ear(endpoint: Endpoint, heard: Callable[[int, bytes], None]) -> Ear:
    loop = asyncio.get_running_loop()
    transport, ear = await loop.create_datagram_endpoint(lambda: Ear(heard), remote_addr=endpoint)
    ear.transport = transport
    return ear


async def _keep(ear: Ear) -> None:
    while True:
        await asyncio.sleep(TURN_S)
        ear.send("/ping")
