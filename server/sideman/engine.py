"""The whole core as one function of numbered inputs: packets and wakes in, packets and cuts out.

The live server and replay call the same engine. It reads no clock, draws no chance but the keyed one, and talks to
nobody; what a person at the terminal should read it leaves in `log`.
"""

from __future__ import annotations

from .addresses import Value
from .band import Band
from .desk import View
from .errors import Refused
from .hub import Output
from .inputs import (
    Answered,
    Begin,
    Built,
    Datagram,
    End,
    Failed,
    Input,
    Loaded,
    Obeyed,
    Saved,
    Troubled,
    Wake,
    WallTime,
    Wired,
)
from .osc import Message
from .reception import MAIN, Reception
from .rights import secret_key
from .seats import NOWHERE, Seat
from .settings import PerformerSettings, Settings, spoken
from .spoken import spoken_for


class Engine(Reception):
    """Sessions, their listeners and their players.

    `models` names the kinds of model that `/player/<p>/new` may ask for; `band` makes and holds the players."""

    def __init__(self, begin: Begin, band: Band) -> None:
        super().__init__(begin, band)
        self._configured = Seat("configuration", MAIN, "server", "leader", "", NOWHERE)
        #: What of the configuration could not be obeyed, each with its cure.
        self.complaints: list[str] = []
        #: The last packet, who sat where it came from before it was heard, and who sits there now.
        self._heard: tuple[bytes, Seat | None, Seat | None] = (b"", None, None)
        self._troubles: dict[tuple[str, str], str] = {}  # of plugins' bridges and observers
        self._configure(begin.time_ns)

    def _configure(self, now: int) -> None:
        """Make what the configuration asks for, by the commands that a leader would send."""
        settings = self.settings
        self.complaints += settings.faults()
        if self.complaints:
            settings = Settings()
        names = [MAIN, *(session.name for session in settings.sessions)]
        names += [player.session for player in settings.players]
        names += [performer.session for performer in settings.performers]
        names += [output.session for output in settings.outputs]
        for name in dict.fromkeys(names):
            session = self._new_session(name, now)
            session.lasting = True
            self._add(session)
        for output in settings.outputs:
            self._gear[output.session].outputs.append(output)
        for performer in settings.performers:
            self._expect(performer, now)
        try:
            for name, message in settings.commands():
                self._said_at_the_start(self._configured, name, message, now)
            for performer in settings.performers:
                seat = self._seats.get(performer.session, performer.name)
                assert seat is not None
                for line in performer.say:
                    self._said_at_the_start(seat, performer.session, spoken(line), now)
        except Refused as error:
            self.complaints.append(str(error))
        self._out.clear()

    def _said_at_the_start(self, seat: Seat, session: str, message: Message, now: int) -> None:
        try:
            for call, steps in self._checked(NOWHERE, seat, message, now, now, View(), session):
                self._do(call, steps, now, delayed=True)
        except Refused as error:
            self.complaints.append(f"{message.address}: {error}")

    def _expect(self, performer: PerformerSettings, now: int) -> None:
        host, _, port = performer.address.rpartition(":")
        known = bool(host)
        reply = (host, int(port)) if known else NOWHERE
        seat = Seat(
            performer.name,
            performer.session,
            performer.kind,
            performer.role,
            secret_key(self._begin.secret, performer.session, performer.name, now),
            reply,
        )
        seat.lasting = True
        seat.state = "here" if known else "lapsed"
        self._seats.add(seat)
        if known:
            self._seats.speak_from(seat, reply)

    def feed(self, item: Input) -> list[Output]:
        """What an input causes, in order. Logical time never goes back: an older stamp counts as the last one."""
        now = self._last_ns = max(self._last_ns, item.time_ns)
        if isinstance(item, Datagram):
            self._packet(item, now)
        elif isinstance(item, Wake):
            self._wake(now)
        elif isinstance(item, Obeyed):
            self._obeyed(item, now)
        elif isinstance(item, Wired):
            self._wired = item
        elif isinstance(item, Troubled):
            self._troubled(item, now)
        elif isinstance(item, WallTime):
            self._wall_offset_ns = item.offset_ns
            for each in self._sessions.values():
                self._hubs[each.name].wall_offset_ns = item.offset_ns
                each.heed_wall_time(now)  # what was tagged by the old one is void
                self._run(each, now)
        elif isinstance(item, Answered):
            session = self._session_of(item.answer.player)
            if session is not None:
                session.receive(item.answer, now)
                self._run(session, now)
        elif isinstance(item, Failed):
            session = self._session_of(item.player)
            if session is not None:
                self.elsewhere.leave(item.player, None)
                self.log.append(f"{item.player} has failed: {item.reason}")
                session.fail(item.player.rpartition("/")[2], item.reason, now)
                self._run(session, now)
        elif isinstance(item, Built):
            self._learned(item, now)
        elif isinstance(item, Saved):
            self._run_errand(item.errand, b"", item.reason, now)
        elif isinstance(item, Loaded):
            self._run_errand(item.errand, item.data, item.reason, now)
        elif isinstance(item, End):
            for session in self._sessions.values():
                session.halt(now, panic=False)
                self._run(session, now)
        out, self._out = self._out, []
        return out

    def _troubled(self, item: Troubled, now: int) -> None:
        """All who are here hear of it: over a bridge somebody may be with them who is not heard any more."""
        key, trouble = (item.kind, item.name), item.trouble
        if self._troubles.get(key, "") == trouble:
            return
        self._troubles.pop(key, None)
        if trouble:
            self._troubles[key] = trouble
        what = f"the {item.kind} {item.name} {'is in trouble: ' + trouble if trouble else 'is well again'}"
        for session in self._sessions.values():
            for seat in self._seats.of(session.name):
                if seat.state == "here":
                    session.tell(now, seat, "/notice", f"#{item.kind}", what)
            self._run(session, now)

    def _status(self) -> list[tuple[str, tuple[Value, ...]]]:
        troubles = (("trouble", (*key, trouble)) for key, trouble in self._troubles.items())
        return [*super()._status(), *troubles]

    def _learned(self, item: Built, now: int) -> None:
        """A job is done elsewhere, or (in a replay) is still to be done: it learns the same then."""
        job = self.band.job(item.job)
        self.building = [other for other in self.building if other is not job]
        if job is None:
            return
        if self.band.is_void(job) and not (job.elsewhere and item.reason):
            self.band.renew(job)
            self._work(now)
            return
        if not job.done and not item.reason:
            job.build()
        self._built(job, item.reason, now)
        self._work(now)

    def _packet(self, item: Datagram | Obeyed, now: int) -> None:
        before = self._seats.at(item.source)
        self._datagram(item.source, item.packet, now)
        self._heard = (item.packet, before, self._seats.at(item.source))

    @property
    def spoke(self) -> frozenset[str]:
        """Whose the last packet was: session and name of each. Only who records asks."""
        packet, before, after = self._heard
        return spoken_for(packet, self._seats, before, after)

    def _obeyed(self, item: Obeyed, now: int) -> None:
        """A stop, as any other, though the wire has done what is urgent; whom it did not stop after all plans anew."""
        reached = []
        for key in item.players:
            session = self._session_of(key)
            voice = session.voices.get(key.rpartition("/")[2]) if session is not None else None
            if session is not None and voice is not None:
                reached.append((session, voice, voice.epoch))
        self._packet(item, now)
        for session, voice, epoch in reached:
            if voice.epoch == epoch:
                session.overtaken(voice, now)
                self._run(session, now)

    def _wake(self, now: int) -> None:
        while (waiting := self._waiting.pop(now)) is not None:
            self._bundle(waiting.source, waiting.bundle, now, waiting.due_ns)
        for session in list(self._sessions.values()):
            while session.wake(now):
                self._run(session, now)
            self._run(session, now)

    def next_ns(self) -> int | None:
        """When it wants to be woken next."""
        moments = [self._waiting.next_ns(), *(session.agenda.next_ns() for session in self._sessions.values())]
        return min((moment for moment in moments if moment is not None), default=None)
