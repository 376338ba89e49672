"""The bridge itself: a connection that comes back by itself, seats in sessions, and what goes to and fro.

aiomqtt ends with each connection; the seats, the outbox and the state stay. Music never waits for any of this: it all
happens on a thread of its own, and whatever waits is bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import math
import random
import secrets
import socket
import ssl
from typing import Any, Final

import aiomqtt

from sideman.errors import PluginFault
from sideman.plugin import Gate, Message

from .config import Config
from .crowd import Crowd
from .outbox import Outbox
from .topics import Asked, Odd, asked, is_state, out_topic, payload_of

log = logging.getLogger("sideman")
#: paho and aiomqtt say much that the line of this bridge says better.
QUIET: Final = logging.getLogger("sideman.mqtt.client")
QUIET.setLevel(logging.CRITICAL)

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
KEEPALIVE_S: Final = 15
HEARTBEAT_S: Final = 5.0
#: So long without an echo of the own heartbeat, and the connection counts as lost.
DEAF_S: Final = 16.0
GOODBYE_S: Final = 1.0
#: Small packets that wait for one another's acknowledgement (Nagle) come 40 ms late.
NO_DELAY: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
QUEUE_IN: Final = 1000
QUEUE_OUT: Final = 1000


class Deaf(Exception):
    """The broker does not send back what it is sent."""


class MqttBridge:
    """One broker, and this server's sessions on it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._server = f"{config.prefix}/{config.server_name}"

    async def run(self, gate: Gate) -> None:
        """Carry to and fro until cancelled; a lost connection is made again, ever less often, at most every 30 s."""
        asyncio.get_running_loop().set_exception_handler(_of_a_dead_socket)
        self._outbox = Outbox(self._config.queue)
        self._crowd = Crowd(gate, self._config, self._said)
        self._second, self._taken, self._lost_in, self._told = 0, 0, 0, (0, 0)
        pause_s, down = FIRST_S, False
        place = f"{self._config.host}:{self._config.broker_port}"
        while True:
            try:
                async with self._client() as client:
                    log.info("mqtt: connected to %s, as %s", place, self._server)
                    gate.trouble("")
                    pause_s, down = FIRST_S, False
                    await self._connected(client)
            except (aiomqtt.MqttError, OSError, PluginFault, Deaf) as error:
                if not down:
                    log.warning("mqtt: %s: %s; trying again, ever less often, at most every 30 s", place, error)
                    gate.trouble(f"{place}: {error}; it tries again, ever less often, at most every 30 s")
                down = True
            await asyncio.sleep(pause_s * random.uniform(0.8, 1.2))
            pause_s = min(2 * pause_s, LONGEST_S)

    def _client(self) -> aiomqtt.Client:
        config = self._config
        return aiomqtt.Client(
            config.host,
            config.broker_port,
            username=config.user or None,
            password=config.password(),
            identifier=f"sideman-{config.server_name}-{secrets.token_hex(4)}",
            will=aiomqtt.Will(f"{self._server}/online", b"0", qos=1, retain=True),
            keepalive=KEEPALIVE_S,
            tls_context=ssl.create_default_context(cafile=config.ca_file or None) if config.tls else None,
            max_queued_incoming_messages=QUEUE_IN,
            max_queued_outgoing_messages=QUEUE_OUT,
            socket_options=[NO_DELAY],
            logger=QUIET,
        )

    async def _connected(self, client: aiomqtt.Client) -> None:
        """Until the connection is lost, or the server ends."""
        self._heard_s = asyncio.get_running_loop().time()
        await client.subscribe(f"{self._server}/heartbeat")
        await client.subscribe(f"{self._config.prefix}/+/in/#", qos=1)
        await client.publish(f"{self._server}/online", b"1", qos=1, retain=True)
        self._outbox.again()
        tasks = [asyncio.create_task(work) for work in (self._send(client), self._take(client), self._beat(client))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except asyncio.CancelledError:
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._goodbye(client, tasks)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _goodbye(self, client: aiomqtt.Client, tasks: list[asyncio.Task[None]]) -> None:
        """What still waits (the ends of notes), then that this server is gone."""
        tasks[0].cancel()
        while len(self._outbox):
            await client.publish(*_arguments(await self._outbox.next()))
        await client.publish(f"{self._server}/online", b"0", qos=1, retain=True)

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            topic, payload, retain = await self._outbox.next()
            await client.publish(topic, payload, 0, retain, timeout=math.inf)

    async def _beat(self, client: aiomqtt.Client) -> None:
        """The own heartbeat must come back: a broker may hold a connection that leads nowhere."""
        while True:
            await client.publish(f"{self._server}/heartbeat", b"", timeout=math.inf)
            lost = (self._lost_in, self._outbox.dropped)
            if lost != self._told:
                log.warning("mqtt: %d messages from the broker and %d to it were too many, and are lost", *lost)
                self._outbox.event(f"{self._server}/lost", b'{"in":%d,"out":%d}' % lost)
                self._told = lost
            await asyncio.sleep(HEARTBEAT_S)
            if asyncio.get_running_loop().time() - self._heard_s > DEAF_S:
                raise Deaf("it sends nothing back")

    async def _take(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            topic = str(message.topic)
            if topic == f"{self._server}/heartbeat":
                self._heard_s = asyncio.get_running_loop().time()
                continue
            payload = message.payload if isinstance(message.payload, bytes) else str(message.payload or "").encode()
            self._came(topic, payload, bool(message.retain))

    def _came(self, topic: str, payload: bytes, retained: bool) -> None:
        """Something came from the broker: done, or refused with an answer; of too many a second the rest are lost."""
        second = int(asyncio.get_running_loop().time())
        if second != self._second:
            self._second, self._taken = second, 0
        self._taken += 1
        if self._taken > self._config.most_in:
            self._lost_in += 1
            return
        order: Asked | None = None
        try:
            if retained:
                raise Odd("a command that the broker has kept is not obeyed", "publish it without the retain flag")
            order = asked(self._config.prefix, topic, payload)
            self._crowd.pass_on(order)
        except Odd as odd:
            session = topic.removeprefix(self._config.prefix + "/").partition("/in/")[0]
            self._said(session, order.who if order else "", Message("/error", (topic[:255], odd.what, odd.cure)), None)

    def _said(self, session: str, who: str, message: Message, packet: bytes | None) -> None:
        """To the broker: what a session says, or what is said to one performer of the bridge alone."""
        place = f"{self._config.prefix}/{session}" + (f"/to/{who}" if who else "")
        for form in self._config.formats:
            if form == "osc" and packet is None:
                continue
            topic = out_topic(f"{place}/{form}", message)
            payload = payload_of(message) if form == "json" else packet or b""
            if who or not is_state(message):
                self._outbox.event(topic, payload)
                continue
            self._outbox.state(topic, payload)
            if message.arguments[:1] == ("gone",):
                self._forget(f"{place}/{form}{message.address.removesuffix('state')}")

    def _forget(self, base: str) -> None:
        """Who is gone has no state any more: the last word is told, and the broker keeps nothing."""
        for topic in [topic for topic in self._outbox.kept if topic.startswith(base)]:
            if topic.endswith("/state"):
                self._outbox.event(topic, self._outbox.kept[topic])
            self._outbox.state(topic, b"")


def _of_a_dead_socket(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """aiomqtt may watch a socket that paho has closed meanwhile; that the connection is lost it says besides."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno == errno.EBADF:
        log.debug("mqtt: %s", context.get("message"))
    else:
        loop.default_exception_handler(context)


def _arguments(parcel: tuple[str, bytes, bool]) -> tuple[str, bytes, int, bool]:
    topic, payload, retain = parcel
    return topic, payload, 0, retain
