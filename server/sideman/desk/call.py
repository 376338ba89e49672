"""One command in its circumstances, and the table of what commands do.

Each command is a generator: what stands before its `yield` only checks and may raise `Refused`, what stands behind
it does and may not fail. So a bundle is checked whole before any of it is obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Final

from ..addresses import Value
from ..chart import Chart
from ..commands import Command
from ..errors import Refused
from ..osc import Message
from ..rights import Rights
from ..seats import Endpoint, Seat
from ..session import DEFAULT_PLAYER, Session
from ..voice import Change, Voice

Steps = Generator[None, None, None]


@dataclass(slots=True)
class View:
    """What there would be after the commands of a bundle that were checked so far, over what there is."""

    made: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)
    seat: Seat | None = None  # that a `/join` among them would take
    session: Session | None = None  # the one that it would be in
    opened: dict[str, Session] = field(default_factory=dict)  # those that they would make
    running: bool | None = None  # the transport, if a command among them would start or stop it
    delayed: int = 0  # commands that they leave for later
    charted: bool = False  # whether a `/chart/set` among them would change the chart, to this one
    chart: Chart | None = None
    seats: dict[str, Seat] = field(default_factory=dict)  # all that the `/join`s among them would take
    gestures: dict[tuple[str, str], int] = field(default_factory=dict)  # how many numbers a seat's have, by name

    def copied(self) -> View:
        """The same, to be changed by itself."""
        return replace(
            self, made=dict(self.made), dropped=set(self.dropped), gestures=dict(self.gestures), seats=dict(self.seats)
        )


@dataclass(slots=True)
class Call:
    """One command in its circumstances."""

    session: Session
    command: Command
    source: Endpoint
    seat: Seat | None
    now: int
    utc_ns: int
    started_ns: int
    secret: bytes
    rights: Rights
    played_ns: int  # when it was played: `now`, or the time tag of a bundle that came late
    status: Callable[[], list[tuple[str, tuple[Value, ...]]]]
    check: Callable[[Message, View], list[tuple[Call, Steps]]]  # of another message of this sender
    check_as: Callable[[Message, View, Seat], list[tuple[Call, Steps]]]  # of a message in another's name
    view: View = field(default_factory=View)
    speaker: Seat | None = None  # who sent it in the name of `seat`

    @property
    def sender(self) -> Seat:
        """The seat that speaks; rights were checked, so there is one."""
        assert self.seat is not None
        return self.seat

    @property
    def to(self) -> Seat | Endpoint:
        """Where the answer goes."""
        if self.speaker is not None:
            return self.speaker
        return self.seat if self.seat is not None else self.source

    def answer(self, address: str, *arguments: Value) -> None:
        """Say something to the sender alone."""
        self.session.tell(self.now, self.to, address, *arguments)

    def player(self) -> tuple[str, Voice | None]:
        """The player that the address names: None if an earlier command of the bundle makes it."""
        name = self.command.names[0]
        voice = self.session.voices.get(name)
        if name in self.view.made:
            return name, None
        if voice is None or name in self.view.dropped:
            there = [other for other in self.session.voices if other not in self.view.dropped]
            raise Refused(f"no player {name!r}", f"players here: {', '.join(there) or 'none'}; /player/{name}/new")
        return name, voice

    def voice(self) -> Voice:
        """The player that the address names, when the time has come to act on it."""
        return self.session.voices[self.command.names[0]]

    def changed(self, what: str, before: Value | tuple[str, ...]) -> None:
        """Remember what the sender changes of the player, for `undo`; what it is to be it must not be already."""
        self.voice().changed(Change(self.sender.name, what, self.now, before))

    def own(self) -> None:
        """Check that the sender may change the player that the address names."""
        name, voice = self.player()
        if voice is not None and not self.may_change(voice):
            raise Refused(f"{name} is {voice.owner or 'the leader'}'s", "ask its owner or a leader")

    def may_change(self, voice: Voice) -> bool:
        """Whether a player is the sender's, or everybody's."""
        return self.sender.may("leader") or voice.name == DEFAULT_PLAYER or voice.owner == self.sender.name

    def solos(self, name: str) -> None:
        """Where that parameter is `solo`: it is to silence only what the sender may change."""
        if name == "solo":
            voice = self.voice()
            voice.solo_over_all = self.sender.may("leader") or (voice.solo_over_all and bool(voice.settings[name]))
            self.session.shadow(self.now)

    def own_memory(self) -> None:
        """Check that no player that the sender may not change plays from the memory of the one that it names."""
        name, voice = self.player()
        memory = voice.memory if voice is not None else self.view.made[name][2]
        for other in self.session.voices.values():
            if other.memory == memory and other.name not in self.view.dropped and not self.may_change(other):
                raise Refused(f"{other.name} plays from {memory} too", "ask a leader")


COMMANDS: Final[dict[str, Callable[[Call], Steps]]] = {}


def command(template: str) -> Callable[[Callable[[Call], Steps]], Callable[[Call], Steps]]:
    """Enter a generator as what the address does."""

    def enter(does: Callable[[Call], Steps]) -> Callable[[Call], Steps]:
        COMMANDS[template] = does
        return does

    return enter
