"""All sessions of a server, their listeners and their players: what a session wants done is done here.

Our own players are asked in the same breath; what strangers' are to do is left for the shell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from .band import Band
from .chart import read_bytes
from .effects import (
    Clear,
    Cut,
    Effect,
    Errand,
    Exchange,
    Forget,
    ForgetPerformer,
    Make,
    Revert,
    Say,
    Teach,
    Unmake,
)
from .errors import Refused
from .events import Query
from .hub import Hub, Output
from .inputs import Begin
from .learned import Job, Key
from .memory import SEGMENT, Memory, Snapshot
from .memoryfile import Damaged
from .seats import NOWHERE, Endpoint, Seats
from .session import Session
from .settings import Settings

#: What remains when an errand fails.
CURES: Final = {
    "save": "the file that was there stays",
    "load": "the memory stays as it is",
    "chart": "the chart stays as it is",
}


@dataclass(slots=True)
class Running:
    """An errand under way: what to write of which memory, or what was made of what was read."""

    errand: Errand
    snapshot: Snapshot | None
    velocity: tuple[float, int] = (0.0, 0)
    memory: Memory | None = None


class House:
    """Sessions by name, each with its hub, and the band that plays in them."""

    def __init__(self, begin: Begin, band: Band) -> None:
        self._begin = begin
        self.settings = msgspec.json.decode(begin.config, type=Settings) if begin.config else Settings()
        self.rights = self.settings.rights()
        self.band = band
        limits = self.settings.limits
        band.limit(min(SEGMENT, limits.memory_events), limits.memory_events, limits.memory_mb * 1_000_000)
        self._seats = Seats()
        self._sessions: dict[str, Session] = {}
        self._hubs: dict[str, Hub] = {}
        self._out: list[Output] = []
        self._last_ns = begin.time_ns
        self.log: list[str] = []
        #: What strangers' players are to do, in order; the shell hands it to them.
        self.handed: list[tuple[str, Effect]] = []
        #: What is to be learned on another thread; whoever takes it feeds a `Built`.
        self.building: list[Job] = []
        self._postponed: list[tuple[Session, Query]] = []  # asked once what is quickly learned is learned
        #: What is to be read or written on the disk, by number; whoever takes it feeds a `Saved` or a `Loaded`.
        self.errands: list[int] = []
        self._errands: dict[int, Running] = {}
        self._errand_numbers = 0
        #: Who is to be erased from the recording, with the addresses that they spoke from.
        self.erasures: list[tuple[str, frozenset[Endpoint]]] = []
        self._strangers: set[str] = set()
        self._dead: set[str] = set()  # those that have failed: nothing is handed to them any more

    @property
    def events(self) -> int:
        """How many events have been heard and played."""
        return sum(session.last_event + sum(session.memory_lengths.values()) for session in self._sessions.values())

    def _session_of(self, player: str) -> Session | None:
        return self._sessions.get(player.partition("/")[0])

    def _new_session(self, name: str, now: int) -> Session:
        default = not any(player.session == name for player in self.settings.players)
        models = (*self.band.models, *self._begin.strangers)
        return Session(name, self._begin.seed, models, self._seats, now, default=default)

    def _add(self, session: Session) -> None:
        self._sessions[session.name] = session
        self._hubs[session.name] = Hub(session.name, self._seats)
        self._run(session, self._last_ns)

    def _run(self, session: Session, now: int) -> None:
        """Act on what a session wants done, and on what that causes, in order; then on what is quickly learned."""
        self._act_on(session, now)
        self._work(now)

    def _act_on(self, session: Session, now: int) -> None:
        for effect in session.take():
            self._act(session, effect, now)

    def _act(self, session: Session, effect: Effect, now: int) -> None:
        if isinstance(effect, Say):
            self._out.extend(self._hubs[session.name].route(effect))
        elif isinstance(effect, Cut):
            self._out.append(effect)
        elif isinstance(effect, Teach):
            self._teach(effect)
        elif isinstance(effect, Make) and effect.model in self._begin.strangers:
            self._strangers.add(effect.player)
            self.handed.append((effect.player, effect))
        elif effect.player and effect.player in self._strangers:
            if isinstance(effect, Unmake) or effect.player not in self._dead:
                self.handed.append((effect.player, effect))
            if isinstance(effect, Unmake):
                self._strangers.discard(effect.player)
                self._dead.discard(effect.player)
        elif isinstance(effect, Query):
            if self.band.jobs:  # what it is to play from may be about to change
                self._postponed.append((session, effect))
            else:
                self._ask(session, effect, now)
        elif isinstance(effect, Exchange):
            if effect.model in self._begin.strangers:
                session.not_taken(effect.player, "the model of a plugin in a process of its own can only be made", now)
                self._act_on(session, now)
            else:
                self.band.prepare(effect.player, Key(effect.memory, effect.viewpoint, effect.model, effect.parts))
        elif isinstance(effect, Clear):
            self.band.clear(effect.memory, effect.again)
        elif isinstance(effect, Errand):
            self._errand_numbers += 1
            running = Running(effect, None)
            if effect.what == "save":
                memory = self.band.memory(effect.memory)
                running = Running(effect, memory.snapshot(), (memory.velocity_sum, memory.velocity_count))
            self._errands[self._errand_numbers] = running
            self.errands.append(self._errand_numbers)
        elif isinstance(effect, ForgetPerformer):
            erased = self.band.forget_performer(effect.session, effect.performer)
            self.erasures.append((effect.performer, frozenset(effect.to.sources)))
            session.tell(now, effect.to, "/forgotten", erased)
            self._act_on(session, now)
        elif isinstance(effect, Revert):
            self.band.revert(effect.player, effect.events)
        elif isinstance(effect, Forget):
            self.band.forget(effect.player, effect.since_beat, effect.again)
        elif isinstance(effect, Make):
            self.band.make(effect.player, effect.model, effect.viewpoint, effect.memory)
        else:
            self.band.drop(effect.player)

    def _ask(self, session: Session, query: Query, now: int) -> None:
        """Ask one of our own players, if that is still what its session wants to know."""
        if session.awaits(query):
            session.receive(self.band.answer(query), now)
            self._act_on(session, now)

    def _work(self, now: int) -> None:
        """What is quickly learned is learned now, the rest is left for another thread; then who waited is asked.

        Only between the effects of a session: what it wanted cut and reverted is so before anything is switched in.
        """
        while self.band.jobs or self._postponed:
            if not self.band.jobs:
                self._ask(*self._postponed.pop(0), now)
                continue
            job = self.band.jobs.pop(0)
            if not job.done and not job.small:
                self.building.append(job)
                continue
            reason = ""
            if not job.done:
                try:
                    job.build()
                except Exception as error:  # a plugin's model, in this process by wish
                    reason = f"{type(error).__name__}: {error}"
            self._built(job, reason, now)

    def _built(self, job: Job, reason: str, now: int) -> None:
        """Switch in what was learned: the players that it concerns let their unsent plans go and plan anew."""
        names = self.band.users(job)
        if reason:
            self.log.append(f"a model could not be loaded: {reason}")
            self.band.abandon(job)
            for name in names:
                if (session := self._session_of(name)) is not None and name in job.waiting:
                    session.not_taken(name, reason, now)
                    self._act_on(session, now)
            return
        for name in names:
            if (session := self._session_of(name)) is not None:
                session.let_go(name, now)
                self._act_on(session, now)
        self.band.switch(job)
        owner, _, memory = job.name.partition("/")
        if owner in self._sessions:
            self._sessions[owner].memory_lengths[memory] = self.band.positions(job.name)
        for name in names:
            if (session := self._session_of(name)) is not None:
                key = self.band.key_of(name)
                session.taken(name, key.model, key.viewpoint, key.parts, now)
                self._act_on(session, now)

    def running(self, number: int) -> Running:
        """An errand that was taken from `errands`."""
        return self._errands[number]

    def _run_errand(self, number: int, data: bytes, reason: str, now: int) -> None:
        """An errand was run elsewhere: a memory is saved, or the file of a memory or chart is here."""
        running = self._errands.pop(number, None)
        if running is None:
            return
        errand = running.errand
        session = self._sessions[errand.memory.partition("/")[0]]
        if not reason and errand.what == "load":
            try:
                memory = running.memory or self.band.decode(data)
                self.band.load(errand.memory, memory)
            except Damaged as error:
                reason = str(error)
        if not reason and errand.what == "chart":
            try:
                session.set_chart(read_bytes(data, errand.name, session.metre), now)
            except Refused as error:
                reason = str(error)
        if reason:
            cure = CURES[errand.what]
            if errand.to.reply == NOWHERE:
                self.log.append(f"the configuration: {errand.address} {errand.name}: {reason}")
            session.tell(now, errand.to, "/error", errand.address, f"{errand.name}: {reason}"[:400], cure)
        else:
            session.tell(now, errand.to, "/done", errand.address)
        self._run(session, now)
        self._work(now)

    def _teach(self, effect: Teach) -> None:
        """Our own players hear it now, strangers' are handed it."""
        if not self._strangers.intersection(effect.players):
            self.band.hear(effect.players, effect.learn, effect.event, effect.stream)
            return
        pairs = list(zip(effect.players, effect.learn, strict=True))
        ours = [pair for pair in pairs if pair[0] not in self._strangers]
        self.band.hear([name for name, _ in ours], [learn for _, learn in ours], effect.event, effect.stream)
        for name, learn in pairs:
            if name in self._strangers and name not in self._dead:
                self.handed.append((name, Teach((name,), (learn,), effect.event, effect.stream)))
