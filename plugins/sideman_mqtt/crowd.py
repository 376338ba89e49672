"""Who is here by MQTT: the bridge's own seat in each session, and a seat for each performer that speaks over it.

It knows seats, not the broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from sideman.plugin import Gate, Guest, Message

from .config import Config
from .topics import Asked, Odd

MOST_PERFORMERS: Final = 64
#: Who has said nothing for so long gives way to another, and takes the seat again when it speaks.
IDLE_S: Final = 600.0
#: What a performer is told goes to it alone: broadcasts go to everybody through the bridge's own seat.
BROADCASTS: Final = ("/*", "/*/*", "/*/*/*", "/*/*/*/*")
EVERYDAY: Final = frozenset({"/joined", "/synced", "/done"})
ALWAYS: Final = frozenset({"/joined", "/error"})
#: After so long a silence a seat may be gone: it is asked for again.
AGAIN_S: Final = 3600.0

#: (session, performer or none, message, its packet or None)
Told = Callable[[str, str, Message, bytes | None], None]


class Crowd:
    """The seats of a bridge. `told` gets what is said to them."""

    def __init__(self, gate: Gate, config: Config, told: Told) -> None:
        self._gate = gate
        self._told = told
        self._own = {session: self._sit(session, config) for session in config.sessions}
        self._performers: dict[tuple[str, str], Performer] = {}

    def _sit(self, session: str, config: Config) -> Guest:
        def heard(message: Message, packet: bytes) -> None:
            if message.address == "/joined" and config.human_notes:
                guest.send("/listen", "/performer/*/note")
            if message.address not in EVERYDAY:
                self._told(session, "", message, packet)

        guest = self._gate.enter(config.name, heard, session=session, token=config.token())
        return guest

    def pass_on(self, order: Asked) -> None:
        """Let the server have it. Raises `Odd` for what cannot be sent."""
        own = self._own.get(order.session)
        if own is None:
            raise Odd(f"no session {order.session[:40]!r} here", f"sessions: {', '.join(self._own)}")
        if not order.who:
            self._send(own, order)
            return
        performer = self._performers.get((order.session, order.who))
        join = order.message is not None and order.message.address == "/join"
        if performer is None or join:
            performer = self._enter(order)
        now_s = asyncio.get_running_loop().time()
        if now_s - performer.spoken_s > AGAIN_S and not join:
            performer.guest.join()
        performer.spoken_s = now_s
        if not join:
            self._send(performer.guest, order)

    def _send(self, guest: Guest, order: Asked) -> None:
        if order.message is None:
            guest.send_packet(order.packet)
            return
        try:
            guest.send(order.message.address, *order.message.arguments)  # type: ignore[arg-type]  # `asked` saw to it
        except (ValueError, TypeError, OverflowError) as error:
            raise Odd(f"no OSC message can say that: {error}"[:200], "numbers of 64 bits, an address of OSC") from None

    def _enter(self, order: Asked) -> Performer:
        """A seat for a performer: of kind `human`, or as its `join` says: [kind, token]."""
        now_s = asyncio.get_running_loop().time()
        there = self._performers.pop((order.session, order.who), None)
        if there is not None:
            self._gate.forget(there.guest)
        elif len(self._performers) >= MOST_PERFORMERS:
            idlest = min(self._performers, key=lambda key: self._performers[key].spoken_s)
            if now_s - self._performers[idlest].spoken_s < IDLE_S:
                raise Odd(f"{MOST_PERFORMERS} performers are here by MQTT already", "wait until one has been silent")
            self._gate.forget(self._performers.pop(idlest).guest)
        said = order.message.arguments if order.message and order.message.address == "/join" else ()
        kind, token = (*map(str, said), "human", "")[:2] if len(said) != 1 else (str(said[0]), "")
        performer = Performer(now_s)

        def heard(message: Message, packet: bytes) -> None:
            if message.address == "/joined":
                performer.guest.send("/ignore", *BROADCASTS)
                performer.welcomed = False
            if message.address == "/synced" and not performer.welcomed:
                performer.welcomed = True  # what came since `/joined` is the state, which everybody is told
            elif message.arguments[:1] != ("/ignore",) and (performer.welcomed or message.address in ALWAYS):
                self._told(order.session, order.who, message, packet)

        performer.guest = self._gate.enter(
            order.who, heard, session=order.session, kind=kind, token=token, kept=False, host=order.who
        )
        self._performers[order.session, order.who] = performer
        return performer


class Performer:
    """Somebody who speaks over the bridge."""

    guest: Guest

    def __init__(self, now_s: float) -> None:
        self.spoken_s = now_s
        self.welcomed = False
