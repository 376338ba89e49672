"""What waits for the broker: events in a bounded queue, state as the last value of each topic, which is never lost.

It knows no network; all of it belongs to one loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, NamedTuple

#: So many topics of state are kept; performers and players come and go.
MOST_KEPT: Final = 10_000


class Parcel(NamedTuple):
    """A message for the broker."""

    topic: str
    payload: bytes
    retain: bool = False


class Outbox:
    """Filled without waiting, emptied by whoever is connected."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._events: deque[Parcel] = deque()
        self._changed: dict[str, None] = {}
        self._there = asyncio.Event()
        self.kept: dict[str, bytes] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._events) + len(self._changed)

    def event(self, topic: str, payload: bytes) -> None:
        """Something happens: of too much that waits, the oldest is dropped and counted."""
        if len(self._events) >= self._room:
            self._events.popleft()
            self.dropped += 1
        self._events.append(Parcel(topic, payload))
        self._there.set()

    def state(self, topic: str, payload: bytes) -> None:
        """Something is so from now on; an empty payload: it is no more."""
        if topic not in self.kept and len(self.kept) >= MOST_KEPT:
            self.dropped += 1
            return
        self.kept[topic] = payload
        self._changed.pop(topic, None)
        self._changed[topic] = None
        self._there.set()

    def again(self) -> None:
        """A broker that may know nothing is to be told the whole state, and nothing of what has passed."""
        self._events.clear()
        self._changed = dict.fromkeys(self.kept)
        self._there.set()

    async def next(self) -> Parcel:
        """The next to be sent, state first; waits where there is none."""
        while True:
            if self._changed:
                topic = next(iter(self._changed))
                del self._changed[topic]
                payload = self.kept[topic]
                if not payload:
                    del self.kept[topic]
                return Parcel(topic, payload, True)
            if self._events:
                return self._events.popleft()
            self._there.clear()
            await self._there.wait()
