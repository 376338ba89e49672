"""The client: a seat in a session, kept by pings and taken again when the server has been away.

    async with Client("ann") as ann:
        ann.note(60, 100, duration_ms=400)
        async for message in ann:
            print(message)

Only the seat and its messages belong here; what one plays, and when, is the caller's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections import deque
from collections.abc import Callable
from fnmatch import fnmatchcase
from itertools import count
from types import TracebackType
from typing import Final, Self

from .message import Argument, Malformed, Message, build, parse

log = logging.getLogger("sideman_client")

DEFAULT_PORT: Final = 7117
NO_TOKEN: Final = "-"

_JOIN_EVERY_S: Final = 1.0
_OWN_PING: Final = "keep"  # pongs that carry it are ours and not handed on


class NobodyAnswers(ConnectionError):
    """No server gave the seat in time."""


class Refused(Exception):
    """The server's `/error`: `address` is the command, `what` is wrong with it, `cure` what would help."""

    def __init__(self, address: str, what: str, cure: str) -> None:
        super().__init__(f"{address}: {what}; {cure}" if cure else f"{address}: {what}")
        self.address = address
        self.what = what
        self.cure = cure


class _Closed(RuntimeError):
    """The client is not, or no longer, inside its `async with`."""


class Client:
    """A performer's seat: `async with` takes it and leaves it, `async for` gives what the server says.

    It pings, confirms challenges, and joins again after `silence_s` without a `/pong`. At most `queue`
    messages wait to be read; of more the oldest are dropped, counted in `dropped`. Datagrams that are not OSC
    are counted in `malformed`; those from elsewhere never arrive: the socket is connected to the server.
    """

    def __init__(
        self,
        name: str,
        host: str = "127.0.0.1",
        port: int = DEFAULT_PORT,
        *,
        token: str = NO_TOKEN,
        session: str = "main",
        kind: str = "human",
        patience_s: float = 5.0,
        ping_s: float = 2.0,
        silence_s: float = 10.0,
        queue: int = 4096,
    ) -> None:
        """`kind` is `human`, `sensor`, `bot` or `server`; joining may take `patience_s`."""
        self.name = name
        self.host = host
        self.port = port
        self.joined = False
        self.key = ""  # of the seat: serves as its token when one comes back from another address
        self.dropped = 0
        self.malformed = 0
        self._token = token
        self._session = session
        self._kind = kind
        self._patience_s = patience_s
        self._ping_s = ping_s
        self._silence_s = silence_s
        self._room = queue
        self._queue: deque[Message] = deque()
        self._readers: list[tuple[Callable[[Message], bool], asyncio.Future[Message]]] = []
        self._transport: asyncio.DatagramTransport | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._welcome: asyncio.Future[None] | None = None
        self._lease_s = 30.0
        self._heard_s = 0.0

    async def __aenter__(self) -> Self:
        """Open the socket and take the seat. Raises `NobodyAnswers` and `Refused`."""
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: _Ear(self._hear), remote_addr=(self.host, self.port), family=family
            )
        except OSError as error:
            raise NobodyAnswers(f"{self.host}:{self.port} cannot be reached ({error}); give another host") from None
        try:
            await self._join()
        except BaseException:
            self._close()
            raise
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the seat up and close the socket."""
        if self._keeper:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self.send("/leave")
        self._close()

    def send(self, address: str, *arguments: Argument) -> None:
        """Send one message. UDP does not say whether it arrives; `ask` does."""
        if self._transport is None or self._transport.is_closing():
            raise _Closed(f"{self.name} is outside its `async with`: {address} cannot be sent")
        self._transport.sendto(build(address, *arguments))

    def note(self, pitch: float, velocity: float, channel: int = 1, duration_ms: float = 0.0) -> None:
        """A note-on; with a duration no note-off is awaited, else velocity 0 ends the note."""
        self.send("/note", pitch, velocity, channel, duration_ms)

    async def ask(self, address: str, *arguments: Argument, reply: str = "/done", timeout_s: float = 5.0) -> Message:
        """Send a command and wait for its answer: `/done` with its address, or its own `reply`.

        Raises `Refused` on an `/error` to it, `TimeoutError` where nothing comes.
        """

        def answers(message: Message) -> bool:
            if message.address in ("/done", "/error"):
                return message.arguments[:1] == (address,)
            return message.address == reply

        self.send(address, *arguments)
        message = await self._read(answers, timeout_s, f"an answer to {address}")
        if message.address == "/error":
            raise _refusal(message)
        return message

    async def wait_for(self, address: str, *arguments: Argument, timeout_s: float = 10.0) -> Message:
        """The first message to `address` (`*` and `?` stand for any characters) that begins with `arguments`.

        It may have come already; the others keep waiting for whoever reads them. Raises `TimeoutError`.
        """

        def fits(message: Message) -> bool:
            same = message.address == address or fnmatchcase(message.address, address)
            return same and message.arguments[: len(arguments)] == arguments

        return await self._read(fits, timeout_s, str(Message(address, arguments)))

    def unread(self) -> list[Message]:
        """Take all messages that wait to be read at this moment."""
        messages = list(self._queue)
        self._queue.clear()
        return messages

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        """The next message, in the order of arrival."""
        try:
            return await self._read(lambda _: True, None, "a message")
        except _Closed:
            raise StopAsyncIteration from None

    async def _read(self, wanted: Callable[[Message], bool], timeout_s: float | None, what: str) -> Message:
        for place, message in enumerate(self._queue):
            if wanted(message):
                del self._queue[place]
                return message
        if self._transport is None or self._transport.is_closing():
            raise _Closed(f"{self.name} is outside its `async with`: {what} will not come")
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        reader = (wanted, future)
        self._readers.append(reader)
        try:
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            raise TimeoutError(f"{self.name} waited {timeout_s:g} s for {what} in vain") from None
        finally:
            if reader in self._readers:
                self._readers.remove(reader)

    def _hear(self, datagram: bytes) -> None:
        try:
            messages = parse(datagram)
        except Malformed:
            self.malformed += 1
            return
        for message in messages:
            if self._heed(message):
                self._give(message)

    def _heed(self, message: Message) -> bool:
        """Do what keeps the seat; whether the caller should see the message."""
        match message:
            case Message("/pong", arguments):
                self._heard_s = asyncio.get_running_loop().time()
                return arguments[:1] != (_OWN_PING,)
            case Message("/joined", (self.name, str(self._session), float(lease_s), str(key))):
                self._lease_s, self.key = lease_s, key
                self._heard_s = asyncio.get_running_loop().time()
                self.joined = True
                if self._welcome and not self._welcome.done():
                    self._welcome.set_result(None)
            case Message("/challenge", (int(number),)):
                self.send("/confirm", number)
                return False
            case Message("/error", ("/join" | "/confirm", *_)) if self._welcome and not self._welcome.done():
                self._welcome.set_exception(_refusal(message))
            case Message("/error", ("/ping", *_)):
                self._heard_s = float("-inf")  # it does not know us: join again with the next round
                return False
            case Message("/lapsed", (self.name, *_)) if self._keeper and self._since_heard() < self._lease_s / 2:
                # Not for want of pings: somebody took the seat over, and joining again would be a tug of war.
                log.warning("%s: the seat has been taken over", self.name)
                self.joined = False
                self._keeper.cancel()
        return True

    def _give(self, message: Message) -> None:
        for wanted, future in self._readers:
            if not future.done() and wanted(message):
                future.set_result(message)
                return
        if len(self._queue) >= self._room:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(message)

    async def _join(self) -> None:
        self._welcome = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._patience_s):
                while not self._welcome.done():
                    self._say_join(self._token)
                    await asyncio.wait([self._welcome], timeout=_JOIN_EVERY_S)
        except TimeoutError:
            raise NobodyAnswers(
                f"nobody answers at {self.host}:{self.port}; start the server (`sideman serve`), "
                "or give the host and port of its line `ready osc=HOST:PORT`"
            ) from None
        await self._welcome

    def _say_join(self, token: str) -> None:
        self.send("/join", self.name, 0, token, self._session, self._kind)

    async def _keep(self) -> None:
        """Ping; and when nothing comes back, join again, with the seat's key and the token in turn."""
        for turn in count():
            await asyncio.sleep(self._ping_s)
            if self._since_heard() <= self._silence_s:
                self.send("/ping", _OWN_PING)
                continue
            if self.joined:
                log.warning("%s: no answer from %s:%d; joining again", self.name, self.host, self.port)
                self.joined = False
            self._say_join(self.key if turn % 2 and self._token == NO_TOKEN else self._token)

    def _since_heard(self) -> float:
        return asyncio.get_running_loop().time() - self._heard_s

    def _close(self) -> None:
        self.joined = False
        if self._transport:
            self._transport.close()
        for _, future in self._readers:
            if not future.done():
                future.set_exception(_Closed(f"{self.name} has left"))


class _Ear(asyncio.DatagramProtocol):
    """Hands datagrams on. Errors of the system (nobody took it) are ignored: no `/pong` tells as much."""

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._hear(data)

    def error_received(self, exc: Exception) -> None:
        pass


def _refusal(message: Message) -> Refused:
    address, what, cure = (*map(str, message.arguments), "", "", "")[:3]
    return Refused(address, what, cure)
