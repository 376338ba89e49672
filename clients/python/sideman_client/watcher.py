"""A listener who shows a session: everybody's notes, and of the players' notes where each came from.

It is a client like any other; how a line looks is `screen`'s matter.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from .client import Client
from .message import Message
from .screen import Screen, origin

_WHY_S: Final = 0.5


class Beats:
    """Which beat of the session it is, from the server's age and the tempo.

    Off by a constant where the tempo had changed before one came; nothing in the protocol tells the beat.
    """

    def __init__(self, up_s: float, bpm: float) -> None:
        self._anchor_s = time.monotonic()
        self._anchor_beat = up_s * bpm / 60
        self._bpm = bpm

    def now(self) -> float:
        """The beat at this moment."""
        return self._anchor_beat + (time.monotonic() - self._anchor_s) * self._bpm / 60

    def tempo(self, bpm: float) -> None:
        """The tempo changes at this moment."""
        self._anchor_beat, self._anchor_s, self._bpm = self.now(), time.monotonic(), bpm


class Watcher:
    """Shows what the session says to a client that it has for itself."""

    def __init__(self, client: Client, screen: Screen, beats: Beats, known: Collection[str]) -> None:
        """`known` are the performers whose coming and going is no news."""
        self._client = client
        self._screen = screen
        self._beats = beats
        self._known = known
        self._origins: dict[str, tuple[float, str]] = {}  # of each player's last event

    @classmethod
    async def begin(cls, client: Client, screen: Screen, known: Collection[str]) -> Watcher:
        """Ask which beat it is, and to hear what humans play too."""
        bpm = (await client.wait_for("/tempo")).numbers[0]
        up_s, up_fraction = (await client.ask("/ping", "-", reply="/pong")).numbers[:2]
        beats = Beats(up_s + up_fraction, bpm)
        await client.ask("/listen", "/performer/*/note")
        return cls(client, screen, beats, known)

    async def watch(self) -> None:
        """Show what comes, until the client leaves."""
        async for message in self._client:
            await self._show(message)

    async def _show(self, message: Message) -> None:
        match message.address.split("/"):
            case ["", "tempo"]:
                self._beats.tempo(message.numbers[0])
            case ["", "performer", name, "note"] if message.numbers[1] > 0:
                self._screen.note(self._beats.now(), name, message.numbers[0])
            case ["", "player", player, "note"]:
                beat = self._beats.now()
                source = await self._origin(player, message.numbers[-1])
                self._screen.note(beat, player, message.numbers[0], source)
            case ["", "performer", name, "state"] if name not in self._known:
                self._screen.say(f"{name} is {message.arguments[0]!s}", "dim")
            case ["", "error" | "notice"]:
                self._screen.say(str(message), "red")

    async def _origin(self, player: str, event: float) -> str:
        """Where an event came from; the notes of a chord are one event, asked about once."""
        known, text = self._origins.get(player, (None, ""))
        if known == event:
            return text
        address = f"/player/{player}/why"
        self._client.send(address, event)
        try:
            text = origin(await self._client.wait_for(address, event, timeout_s=_WHY_S))
        except TimeoutError:
            text = "?"
        self._origins[player] = (event, text)
        return text
