"""The bridges and observers of plugins at work, each on a thread of its own, so that none can make music wait.

A bridge that fails is named in the log and to all performers, and stays away; an observer that lags loses what it could
not take.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from .clock import Clock
from .effects import Cut
from .gate import ROOM, SIGN, TURN, Gate, Post
from .hub import Output
from .inputs import Datagram, Input, Obeyed
from .plugin import Bridge, Observer
from .seats import Endpoint

log = logging.getLogger("sideman")

#: So long a bridge may take to say good-bye.
END_S: Final = 3.0
Arrived = tuple[int, Endpoint, bytes]
#: Told of which kind and name what troubles it, in words, on the thread of that.
Tell = Callable[[str, str, str], None]
AWAY: Final = "it has failed and stays away until the server starts again"


class Bridging:
    """All bridges and observers of a server. `receive` is where their datagrams go, on the server's loop."""

    def __init__(self, bridges: Mapping[str, Bridge], observers: Mapping[str, Observer], clock: Clock) -> None:
        self._spans = [Span(name, bridge, clock) for name, bridge in bridges.items()]
        self._watches = [Watch(name, observer) for name, observer in observers.items()]
        self.any = bool(bridges or observers)

    def start(self, receive: Callable[[int, Endpoint, bytes], None], tell: Tell) -> None:
        """Begin, on the loop that runs."""
        for span in self._spans:
            span.start(Post(asyncio.get_running_loop(), lambda arrived: receive(*arrived), TURN), tell)
        for watch in self._watches:
            watch.start(tell)

    def heard(self, item: Input) -> None:
        """An input, for the observers."""
        if isinstance(item, Datagram | Obeyed):
            for watch in self._watches:
                watch.put((item.time_ns, item.source, item.packet))

    def divert(self, output: Output) -> Output:
        """Hand on what is for guests of bridges; what is left for the wire, which may be for nobody."""
        if isinstance(output, Cut):
            for span in self._spans:
                span.hand(output, ())
            return output
        for watch in self._watches:
            watch.put((output.due_ns, None, output.packet))
        ours = [place for place in output.to if place[0].startswith(SIGN)]
        if not ours:
            return output
        for span in self._spans:
            span.hand(output, [place for place in ours if place[0].partition("/")[0] == span.host])
        return output._replace(to=tuple(place for place in output.to if not place[0].startswith(SIGN)))

    def close(self) -> None:
        """Let every bridge say good-bye, and end the threads."""
        for span in self._spans:
            span.cancel()
        for span in self._spans:
            span.join()
        for watch in self._watches:
            watch.close()


class Span:
    """One bridge on its thread."""

    def __init__(self, name: str, bridge: Bridge, clock: Clock) -> None:
        self.name = name
        self.host = SIGN + name
        self._bridge = bridge
        self._clock = clock
        self._gate: Gate | None = None
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"bridge {name}", daemon=True)

    def start(self, post: Post[Arrived], tell: Tell) -> None:
        """Begin; returns when the bridge's loop runs."""
        self._post, self._tell = post, tell
        self._thread.start()
        self._ready.wait(END_S)

    def hand(self, output: Output, ours: Sequence[Endpoint]) -> None:
        """From the server's thread."""
        if self._gate is not None:
            self._gate.hand(output, ours)

    def cancel(self) -> None:
        """Ask it to end, once it has taken what was handed to it."""
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)

    def join(self) -> None:
        """Wait until it has ended, but not for ever."""
        self._thread.join(END_S)
        if self._thread.is_alive():
            log.warning("the bridge %s does not end, and is left behind", self.name)

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:
            log.error("the bridge %s has failed and stays away: %s: %s", self.name, type(error).__name__, error)
            self._tell("bridge", self.name, f"{AWAY}: {type(error).__name__}: {error}")

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        gate = Gate(self.name, self._clock, self._pass_in, lambda what: self._tell("bridge", self.name, what))
        keeper = asyncio.create_task(gate.keep())
        self._gate = gate
        self._ready.set()
        try:
            await self._bridge.run(gate)
        except asyncio.CancelledError:
            return
        finally:
            keeper.cancel()
            gate.close()

    def _pass_in(self, source: Endpoint, packet: bytes) -> None:
        self._post.put((self._clock.now(), source, packet))


class Watch:
    """One observer on its thread."""

    def __init__(self, name: str, observer: Observer) -> None:
        self.name = name
        self._observer = observer
        self._items: deque[tuple[int, Endpoint | None, bytes]] = deque()
        self._there = threading.Semaphore(0)
        self._ended = False
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name=f"observer {name}", daemon=True)

    def start(self, tell: Tell) -> None:
        """Begin."""
        self._tell = tell
        self._thread.start()

    def put(self, item: tuple[int, Endpoint | None, bytes]) -> None:
        """What came in from an endpoint, or (None) went out."""
        if self._ended:
            return
        if len(self._items) >= ROOM:
            self.dropped += 1
            return
        self._items.append(item)
        self._there.release()

    def close(self) -> None:
        """End, once it has seen what it was given, or after a while."""
        self._ended = True
        self._there.release()
        if self._thread.is_alive():
            self._thread.join(END_S)
        if self.dropped:
            log.warning("the observer %s was too slow for %d packets", self.name, self.dropped)

    def _run(self) -> None:
        while True:
            self._there.acquire()
            if not self._items:
                return
            time_ns, source, packet = self._items.popleft()
            try:
                if source is None:
                    self._observer.said(time_ns, packet)
                else:
                    self._observer.heard(time_ns, source, packet)
            except Exception as error:
                self._ended = True
                log.error("the observer %s has failed and stays away: %s: %s", self.name, type(error).__name__, error)
                self._tell("observer", self.name, f"{AWAY}: {type(error).__name__}: {error}")
                return
