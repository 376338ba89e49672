"""All sessions of a server, their listeners and their players: what a session wants done is done here.

Our own players are asked in the same breath; what those are to do whose models live elsewhere is left for the shell.
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
    Keep,
    Make,
    Revert,
    Say,
    StandIn,
    Teach,
)
from .elsewhere import Elsewhere, Parts
from .errors import Refused
from .events import Query
from .gear import Gear
from .hub import Hub, Output
from .inputs import Begin
from .judgement import Judgement
from .learned import Job, Key
from .memory import SEGMENT, Memory, Snapshot, Take
from .memoryfile import Damaged
from .seats import NOWHERE, Endpoint, Seats
from .session import Session
from .settings import Settings
from .standin import answer_instead, stand_in

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
        self._wall_offset_ns = 0
        self._sessions: dict[str, Session] = {}
        self._hubs: dict[str, Hub] = {}
        self._gear: dict[str, Gear] = {}
        self._out: list[Output] = []
        self._last_ns = begin.time_ns
        self.log: list[str] = []
        #: The players whose models are slow or in other processes, and what they are to do.
        self.elsewhere = Elsewhere(begin.strangers, begin.slow)
        self._becoming: dict[str, tuple[str, str, Parts]] = {}  # model, viewpoint and parts that are on their way
        #: What is to be learned on another thread; whoever takes it feeds a `Built`.
        self.building: list[Job] = []
        self._postponed: list[tuple[Session, Query]] = []  # asked once what is quickly learned is learned
        #: What is to be read or written on the disk, by number; whoever takes it feeds a `Saved` or a `Loaded`.
        self.errands: list[int] = []
        self._errands: dict[int, Running] = {}
        self._errand_numbers = 0
        #: Who is to be erased from the recording: session and name.
        self.erasures: list[tuple[str, str]] = []

    @property
    def events(self) -> int:
        """How many events have been heard and played."""
        return sum(session.last_event + sum(session.memory_lengths.values()) for session in self._sessions.values())

    def take_judgements(self) -> list[Judgement]:
        """What was judged since this was asked last; they are then the caller's."""
        taken = [judgement for session in self._sessions.values() for judgement in session.judgements]
        for session in self._sessions.values():
            session.judgements.clear()
        return taken

    @property
    def seating(self) -> int:
        """It rises whenever `stoppers` may have changed."""
        return self._seats.version

    def stoppers(self) -> list[tuple[Endpoint, str]]:
        """Who may stop which session, by the ports that they speak from."""
        return self._seats.stoppers()

    def players(self) -> list[str]:
        """The keys of all players."""
        return [voice.key for session in self._sessions.values() for voice in session.voices.values()]

    def _session_of(self, player: str) -> Session | None:
        return self._sessions.get(player.partition("/")[0])

    def _new_session(self, name: str, now: int) -> Session:
        default = not any(player.session == name for player in self.settings.players)
        away = (*self._begin.strangers, *self._begin.slow)
        models = (*self.band.models, *away)
        session = Session(name, self._begin.seed, models, self._seats, now, default=default)
        session.slow = frozenset(away)
        session.treatments |= self.band.treatments
        return session

    def _add(self, session: Session) -> None:
        self._sessions[session.name] = session
        hub = self._hubs[session.name] = Hub(session.name, self._seats)
        hub.wall_offset_ns = self._wall_offset_ns
        self._gear[session.name] = Gear(session.name)
        self._run(session, self._last_ns)

    def _closable(self) -> list[Session]:
        """The sessions that may be closed to make room for another, which is first first: those that the configuration
        does not name and in which nobody is; who has lapsed only keeps what was learned there."""
        busy = {running.errand.memory.partition("/")[0] for running in self._errands.values()} | self.band.learning
        empty = []
        for session in self._sessions.values():
            seats = self._seats.of(session.name)
            knows = any(session.memory_lengths.values())
            left = all(seat.state == "lapsed" for seat in seats) and not (seats and knows)
            if left and not session.lasting and session.name not in busy:
                empty.append((knows, session.left_ns, session))
        return [session for *_, session in sorted(empty, key=lambda item: item[:2])]

    def close(self, session: Session, now: int) -> None:
        """A session in which nobody is ends, with its players and memories."""
        for seat in self._seats.of(session.name):
            session.gone(seat, now)
        for voice in list(session.voices.values()):
            session.drop(voice, now)
        self._run(session, now)
        self.band.close(session.name)
        del self._sessions[session.name], self._hubs[session.name], self._gear[session.name]
        self.log.append(f"the session {session.name} is closed: nobody is there, and another was wanted")

    def _run(self, session: Session, now: int) -> None:
        """Act on what a session wants done, and on what that causes, in order; then on what is quickly learned."""
        self._act_on(session, now)
        self._work(now)

    def _act_on(self, session: Session, now: int) -> None:
        for effect in session.take():
            self._act(session, effect, now)

    def _act(self, session: Session, effect: Effect, now: int) -> None:
        if isinstance(effect, Say):
            if (gear := self._gear[session.name]).outputs:
                self._out.extend(gear.route(effect, now))
            self._out.extend(self._hubs[session.name].route(effect))
        elif isinstance(effect, Cut):
            self._out.append(effect)
            self._out.extend(self._gear[session.name].cut(effect))
        elif isinstance(effect, Teach):
            self.band.hear(effect.players, effect.learn, effect.event, effect.stream)
            self.elsewhere.teach(effect, self.band)
        elif isinstance(effect, Query):
            if self.band.jobs:  # what it is to play from may be about to change
                self._postponed.append((session, effect))
            else:
                self._ask(session, effect, now)
        elif isinstance(effect, StandIn):
            if session.awaits(effect.query):
                session.stood_in(answer_instead(self.band, effect.query, effect.reason), now)
                self._act_on(session, now)
        elif isinstance(effect, Exchange):
            self._exchange(session, effect, now)
        elif isinstance(effect, Clear):
            self.band.clear(effect.memory, effect.again)
            self.elsewhere.changed(effect.memory, self.band)
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
            for name in session.memory_lengths:
                self.elsewhere.changed(f"{effect.session}/{name}", self.band)
            self.erasures.append((effect.session, effect.performer))
            session.tell(now, effect.to, "/forgotten", erased)
            self._act_on(session, now)
        elif isinstance(effect, Revert):
            if effect.player not in self.elsewhere:  # there each question says what was played
                self.band.revert(effect.player, effect.events)
        elif isinstance(effect, Forget):
            self.band.forget(effect.player, effect.since_beat, effect.again)
            self.elsewhere.changed(self.band.key_of(effect.player).memory, self.band)
        elif isinstance(effect, Keep):
            self.band.keep_take(effect.memory, Take(effect.first, effect.since_beats, effect.span_beats))
        elif isinstance(effect, Make):
            self._make(effect)
        else:
            self.elsewhere.leave(effect.player, None)
            self.band.drop(effect.player)

    def _make(self, effect: Make) -> None:
        """A new player; where its model lives elsewhere, the one that is here stands in for it."""
        place = self.elsewhere.place(effect.player, effect.model)
        model = effect.model if place is None else stand_in(self.band.models)
        self.band.make(effect.player, model, effect.viewpoint, effect.memory)
        if place is not None:
            self.elsewhere.become(effect.player, place, Key(effect.memory, effect.viewpoint, effect.model), self.band)
            self.elsewhere.settle(effect.player, place)

    def _exchange(self, session: Session, effect: Exchange, now: int) -> None:
        """Another model, here or elsewhere, takes over when it is ready."""
        strangers = [name for name, _ in ((effect.model, 1.0), *effect.parts) if self.elsewhere.is_strangers(name)]
        if strangers:
            reason = f"{strangers[0]} runs in a process of its own, and a player can only be made with it"
            session.not_taken(effect.player, reason, now)
            self._act_on(session, now)
            return
        self._give_up(effect.player)
        place = self.elsewhere.place(effect.player, effect.model, effect.parts)
        key = Key(effect.memory, effect.viewpoint, effect.model, effect.parts)
        if place is None:
            self.band.prepare(effect.player, key)
        else:
            job = self.band.prepare(effect.player, Key(effect.memory, effect.viewpoint, stand_in(self.band.models)))
            job.elsewhere = True
            self.elsewhere.become(effect.player, place, key, self.band, job.number)
        self._becoming[effect.player] = (effect.model, effect.viewpoint, effect.parts)

    def _ask(self, session: Session, query: Query, now: int) -> None:
        """Ask a player, if that is still what its session wants to know."""
        if not session.awaits(query):
            return
        if query.player in self.elsewhere:
            self.elsewhere.ask(query)
        else:
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
            if job.elsewhere or (not job.done and not job.small):
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
                    self._give_up(name)
                    session.not_taken(name, reason, now)
                    self._act_on(session, now)
            return
        for name in names:
            if (session := self._session_of(name)) is not None:
                session.let_go(name, now)
                self._act_on(session, now)
        waiting = set(job.waiting)
        self.band.switch(job)
        owner, _, memory = job.name.partition("/")
        if owner in self._sessions:
            self._sessions[owner].memory_lengths[memory] = self.band.positions(job.name)
            if job.loads:
                self.elsewhere.changed(job.name, self.band)
            self._sessions[owner].taken_over(memory, len(self.band.memory(job.name).takes), now)
        for name in names:
            if (session := self._session_of(name)) is not None:
                key = self.band.key_of(name)
                became = key.model, key.viewpoint, key.parts
                if name in waiting and name in self._becoming:
                    became = self._becoming.pop(name)
                    self.elsewhere.settle(name, self.elsewhere.place(name, became[0], became[2]))
                session.taken(name, *became, now)
                self._act_on(session, now)

    def _give_up(self, player: str) -> None:
        """It does not become what it was to become."""
        if player in self._becoming:
            model, _, parts = self._becoming.pop(player)
            self.elsewhere.abandon(player, self.elsewhere.place(player, model, parts))

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
