"""The whole core as one function of numbered inputs: packets and wakes in, packets and cuts out.

The live server and replay call the same engine. It reads no clock, draws no chance but the keyed one, and talks to
nobody; what a person at the terminal should read it leaves in `log`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from .addresses import NAME, NAME_CURE, NEVER_ANSWERED, TABLE, Value, find
from .agenda import Agenda
from .band import Band
from .commands import Command, parse
from .desk import COMMANDS, Call, Steps, View
from .effects import Cut, Effect, Forget, Make, Revert, Say, Teach, Unmake
from .errors import Refused
from .events import Query
from .hub import Hub, Output
from .inputs import Answered, Begin, Datagram, End, Failed, Input, Wake, WallTime
from .osc import IMMEDIATELY, Bundle, Malformed, Message, decode, is_pattern, match, unix_ns
from .params import PLAYER_PARAMS
from .rights import Challenges, is_loopback, secret_key
from .seats import Endpoint, Seat, Seats
from .session import Session
from .settings import PerformerSettings, Settings
from .timeline import SECOND
from .viewpoint import VIEWPOINTS
from .voice import STALE_NS

MAIN = "main"
#: Where answers to the configuration's own commands go.
NOWHERE: Endpoint = ("", 0)
AHEAD_NS = 2 * SECOND
MAX_HELD = 4096
MAX_SESSIONS = 16
OFF_TAGS_TOLD = 8


class Engine:
    """Sessions, their listeners and their players.

    `models` names the kinds of model that `/player/<p>/new` may ask for; `band` makes and holds the players.
    """

    def __init__(self, begin: Begin, band: Band) -> None:
        self._begin = begin
        self.settings = msgspec.json.decode(begin.config, type=Settings) if begin.config else Settings()
        self.rights = self.settings.rights()
        self.band = band
        self._wall_offset_ns = 0
        self._seats = Seats()
        self._sessions: dict[str, Session] = {}
        self._hubs: dict[str, Hub] = {}
        self._out: list[Output] = []
        self.log: list[str] = []
        #: What strangers' players are to do, in order; the shell hands it to them.
        self.handed: list[tuple[str, Effect]] = []
        self._strangers: set[str] = set()
        self._dead: set[str] = set()  # those that have failed: nothing is handed to them any more
        self._challenges = Challenges()
        self._held: dict[int, tuple[Endpoint, Bundle, int]] = {}
        self._held_count = 0
        self._bundles = Agenda()
        self._seen: dict[tuple[Endpoint, bytes], int] = {}
        self.late = 0
        self.malformed = 0
        self.refused = 0
        self._last_ns = begin.time_ns
        self._configured = Seat("configuration", MAIN, "server", "leader", "", NOWHERE)
        #: What of the configuration could not be obeyed, each with its cure.
        self.complaints: list[str] = []
        self._configure(begin.time_ns)

    def _configure(self, now: int) -> None:
        """Make what the configuration asks for, by the commands that a leader would send."""
        settings = self.settings
        names = [MAIN, *(session.name for session in settings.sessions)]
        names += [player.session for player in settings.players]
        names += [performer.session for performer in settings.performers]
        names += [output.session for output in settings.outputs]
        for name in dict.fromkeys(names):
            self._add(self._new_session(name, now))
        for output in settings.outputs:
            self._hubs[output.session].outputs.append(output)
        for performer in settings.performers:
            self._expect(performer, now)
        for name, message in settings.commands():
            try:
                for call, steps in self._checked(NOWHERE, self._configured, message, now, now, View(), name):
                    self._do(call, steps, now)
            except Refused as error:
                self.complaints.append(f"{message.address}: {error}")
        self._out.clear()

    def _expect(self, performer: PerformerSettings, now: int) -> None:
        host, _, port = performer.address.rpartition(":")
        known = bool(host) and port.isdigit()
        if performer.address and not known:
            self.complaints.append(
                f"performers: {performer.address!r} is no HOST:PORT; write for example 10.0.0.7:9000"
            )
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
            self._datagram(item.source, item.packet, now)
        elif isinstance(item, Wake):
            self._wake(now)
        elif isinstance(item, WallTime):
            self._wall_offset_ns = item.offset_ns
        elif isinstance(item, Answered):
            session = self._session_of(item.answer.player)
            if session is not None:
                session.receive(item.answer, now)
                self._run(session, now)
        elif isinstance(item, Failed):
            session = self._session_of(item.player)
            if session is not None:
                self._dead.add(item.player)
                self.log.append(f"{item.player} has failed: {item.reason}")
                session.fail(item.player.rpartition("/")[2], item.reason, now)
                self._run(session, now)
        elif isinstance(item, End):
            for session in self._sessions.values():
                session.halt(now, panic=False)
                self._run(session, now)
        out, self._out = self._out, []
        return out

    @property
    def events(self) -> int:
        """How many events have been heard and played."""
        return sum(session.last_event + sum(session.memory_lengths.values()) for session in self._sessions.values())

    def next_ns(self) -> int | None:
        """When it wants to be woken next."""
        agendas = [self._bundles, *(session.agenda for session in self._sessions.values())]
        return min((due for agenda in agendas if (due := agenda.next_ns()) is not None), default=None)

    def _session_of(self, player: str) -> Session | None:
        return self._sessions.get(player.partition("/")[0])

    def _wake(self, now: int) -> None:
        while (item := self._bundles.pop(now)) is not None:
            source, bundle, due = self._held.pop(int(str(item[0])))
            self._bundle(source, bundle, now, due)
        for session in list(self._sessions.values()):
            session.wake(now)
            self._run(session, now)

    def _new_session(self, name: str, now: int) -> Session:
        default = not any(player.session == name for player in self.settings.players)
        models = (*self.band.models, *self._begin.strangers)
        return Session(name, self._begin.seed, models, VIEWPOINTS, self._seats, now, default=default)

    def _add(self, session: Session) -> None:
        self._sessions[session.name] = session
        self._hubs[session.name] = Hub(session.name, self._seats)
        self._run(session, self._last_ns)

    # From packet to commands

    def _datagram(self, source: Endpoint, packet: bytes, now: int) -> None:
        seat = self._seats.at(source)
        try:
            content = decode(packet)
        except Malformed as error:
            self.malformed += 1
            if seat is not None:
                self._refuse(source, seat, "-", error, now)
            return
        if isinstance(content, Message):
            self._message(source, content, now)
        elif content.time_tag == IMMEDIATELY:
            self._bundle(source, content, now, now)
        else:
            self._tagged(source, content, packet, now)

    def _message(self, source: Endpoint, message: Message, now: int, *, proved: bool = False) -> None:
        address = message.address
        if address in NEVER_ANSWERED:
            return
        seat = self._seats.at(source)
        stranger = seat is None and not proved and not is_loopback(source[0])
        if stranger:
            self._stranger(source, message, now)
            return
        try:
            for call, steps in self._checked(source, seat, message, now, now, View()):
                self._do(call, steps, now)
        except Refused as error:
            self._refuse(source, seat, address, error, now, proved=proved)
            return
        self._done(source, message, now)

    def _stranger(self, source: Endpoint, message: Message, now: int) -> None:
        """Beyond loopback an unknown sender gets nothing but `/challenge`, until its address is proved its own."""
        if message.address == "/join":
            try:
                port = int(parse(message).arguments[1])
            except Refused:
                return
            number = self._challenges.ask(source, message, now, self._begin.secret)
            session = self._sessions[MAIN]
            session.tell(now, (source[0], port or source[1]), "/challenge", number)
            self._run(session, now)
        elif message.address == "/confirm":
            try:
                number = int(parse(message).arguments[0])
            except Refused:
                return
            join = self._challenges.confirmed(source, number, now)
            if join is not None:
                self._message(source, join, now, proved=True)
        else:
            self._unseated(source, message.address)

    def _tagged(self, source: Endpoint, bundle: Bundle, packet: bytes, now: int) -> None:
        """A bundle with a time: kept till then if that is near, played on arrival if it has passed."""
        seat = self._seats.at(source)
        if self._again(source, packet, now):
            return
        due = unix_ns(bundle.time_tag) - self._wall_offset_ns
        if due > now + AHEAD_NS:
            off_s = (due - now) / SECOND
            error = Refused(f"the time tag is {off_s:.1f} s ahead", "tags may be up to 2 s ahead; compare the clocks")
            self._refuse(source, seat, "#bundle", error, now)
            return
        if seat is not None:
            self._off_tags(seat, due - now, now)
        if due <= now:
            self.late += due < now
            self._bundle(source, bundle, now, due if due >= now - STALE_NS else now)
        elif len(self._held) >= MAX_HELD:
            self._refuse(source, seat, "#bundle", Refused("too many bundles wait for their time", "send fewer"), now)
        else:
            self._held_count += 1
            self._held[self._held_count] = (source, bundle, due)
            self._bundles.set(self._held_count, due)

    def _off_tags(self, seat: Seat, ahead_ns: int, now: int) -> None:
        """Tell a sender once whose tags are constantly late, by how much."""
        seat.off_tags = seat.off_tags + 1 if ahead_ns < 0 else 0
        if seat.off_tags == OFF_TAGS_TOLD:
            session = self._sessions[seat.session]
            session.tell(now, seat, "/notice", "#bundle", f"your time tags are late, by {-ahead_ns / SECOND:.3f} s now")
            self._run(session, now)

    def _again(self, source: Endpoint, packet: bytes, now: int) -> bool:
        """Whether the same tagged bundle came within the last second."""
        seen = self._seen
        while seen and next(iter(seen.values())) < now - SECOND:
            del seen[next(iter(seen))]
        if (source, packet) in seen:
            return True
        if len(seen) >= MAX_HELD:
            del seen[next(iter(seen))]
        seen[source, packet] = now
        return False

    def _bundle(self, source: Endpoint, bundle: Bundle, now: int, played_ns: int) -> None:
        """All or nothing: every message is checked against what those before it would leave, then all are done."""
        messages = [message for message in flat(bundle) if message.address not in NEVER_ANSWERED]
        seat = self._seats.at(source)
        if seat is None and not is_loopback(source[0]):
            return
        view = View()
        checked: list[tuple[Call, Steps]] = []
        for message in messages:
            try:
                checked.extend(self._checked(source, seat, message, now, played_ns, view))
            except Refused as error:
                self._refuse(source, seat, message.address, error, now)
                return
        for call, steps in checked:
            self._do(call, steps, now)
        for message in messages:
            self._done(source, message, now)

    def _checked(
        self,
        source: Endpoint,
        seat: Seat | None,
        message: Message,
        now: int,
        played_ns: int,
        view: View,
        place: str = "",
    ) -> list[tuple[Call, Steps]]:
        """The commands that a message means, each checked and ready to be done; raises `Refused`.

        They act on the sender's session, or on the one that `place` names.
        """
        checked = []
        for concrete in self._concrete(seat, message):
            command = parse(concrete)
            session = self._sessions[place] if place else self._session_for(seat, command, now)
            if command.row.role != "anyone":
                self._may(source, seat, command)
            call = Call(
                session,
                command,
                source,
                seat,
                now,
                now + self._wall_offset_ns,
                self._begin.time_ns,
                self._begin.secret,
                self.rights,
                played_ns,
                self._status,
                view,
            )
            steps = COMMANDS[command.row.template](call)
            next(steps)
            checked.append((call, steps))
        return checked

    def _do(self, call: Call, steps: Steps, now: int) -> None:
        if call.command.released:
            return
        if call.session.name not in self._sessions:
            self._add(call.session)
        if call.seat is not None:
            call.session.renew(call.seat, now)
            if call.command.row.section >= 3 and call.seat.kind == "human":
                call.session.human_act(now)
        for _ in steps:
            raise AssertionError(f"{call.command.row.template} yields twice")
        if call.command.row.template == "/join":
            self._joined(call)
        self._run(call.session, now)

    def _joined(self, call: Call) -> None:
        """Who came, from where, where answers go, and how that is changed: for the person at the terminal."""
        seat = self._seats.at(call.source)
        if seat is not None:
            host, port = call.source
            self.log.append(
                f"{seat.name} ({seat.kind}, {seat.role}) joined {seat.session} from {host}:{port}; answers go to "
                f"{seat.reply[0]}:{seat.reply[1]}; to change that: /join {seat.name} PORT"
            )

    def _done(self, source: Endpoint, message: Message, now: int) -> None:
        """Say `/done` where the table names no other answer."""
        found = find(message.address)
        seat = self._seats.at(source)
        if seat is None or (found and (found[0].quiet or found[0].replies != "/done")):
            return
        session = self._sessions[seat.session]
        session.tell(now, seat, "/done", message.address)
        self._run(session, now)

    def _concrete(self, seat: Seat | None, message: Message) -> Sequence[Message]:
        """The messages that a pattern stands for: itself, if it is none."""
        address = message.address
        if not is_pattern(address):
            return (message,)
        session = self._sessions[seat.session] if seat else self._sessions[MAIN]
        reached = [Message(concrete, message.arguments) for concrete in addresses(session) if match(address, concrete)]
        if not reached:
            raise Refused(f"{address} matches nothing", f"players here: {', '.join(session.voices)}")
        return reached

    def _session_for(self, seat: Seat | None, command: Command, now: int) -> Session:
        if command.row.template != "/join":
            return self._sessions[seat.session if seat else MAIN]
        name = str(command.arguments[3]) or MAIN
        there = self._sessions.get(name)
        if there is not None:
            return there
        if not NAME.match(name):
            raise Refused(f"{name!r} is not a session's name", NAME_CURE)
        if len(self._sessions) >= MAX_SESSIONS:
            raise Refused(f"{MAX_SESSIONS} sessions are open already", "join one of them")
        session = self._new_session(name, now)
        session.new = True
        return session

    def _may(self, source: Endpoint, seat: Seat | None, command: Command) -> None:
        if seat is None:
            self._unseated(source, command.address)
            raise Refused("not joined", "send /join NAME [PORT]")
        if not seat.may(command.row.role):
            raise Refused(f"only a {command.row.role} may", "ask a leader, or join with a leader's token")

    def _unseated(self, source: Endpoint, address: str) -> None:
        what = address.rpartition("/")[2][:32]
        self.log.append(f"{what} from {source[0]}:{source[1]}: not joined; send /join NAME [PORT]")

    def _refuse(
        self, source: Endpoint, seat: Seat | None, address: str, error: Refused, now: int, *, proved: bool = False
    ) -> None:
        self.refused += 1
        session = self._sessions[seat.session] if seat else self._sessions[MAIN]
        if seat is not None:
            session.renew(seat, now)
        elif not is_loopback(source[0]) and not proved:
            return
        session.tell(now, seat or source, "/error", address[:255], error.what[:300], error.cure[:300])
        self._run(session, now)

    def _status(self) -> list[tuple[str, tuple[Value, ...]]]:
        return [
            ("version", (self._begin.version,)),
            ("sessions", (len(self._sessions),)),
            ("malformed", (self.malformed,)),
            ("refused", (self.refused,)),
            ("late_bundles", (self.late,)),
            ("held_bundles", (len(self._held),)),
        ]

    # From effects to packets

    def _run(self, session: Session, now: int) -> None:
        """Act on what a session wants done, and on what that causes, in order."""
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
        elif effect.player in self._strangers:
            if isinstance(effect, Unmake) or effect.player not in self._dead:
                self.handed.append((effect.player, effect))
            if isinstance(effect, Unmake):
                self._strangers.discard(effect.player)
                self._dead.discard(effect.player)
        elif isinstance(effect, Query):
            session.receive(self.band.answer(effect), now)
            self._run(session, now)
        elif isinstance(effect, Revert):
            self.band.revert(effect.player, effect.events)
        elif isinstance(effect, Forget):
            self.band.forget(effect.player, effect.since_beat, effect.again)
        elif isinstance(effect, Make):
            self.band.make(effect.player, effect.model, effect.viewpoint, effect.memory)
        else:
            self.band.drop(effect.player)

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


def flat(bundle: Bundle) -> list[Message]:
    """The messages of a bundle, in order, those of its inner bundles among them."""
    messages: list[Message] = []
    for element in bundle.elements:
        if isinstance(element, Message):
            messages.append(element)
        else:
            messages.extend(flat(element))
    return messages


def addresses(session: Session) -> list[str]:
    """Every concrete address of the table in a session: what a pattern may reach."""
    concrete = []
    for row in TABLE:
        if "<p>" not in row.template:
            concrete.append(row.template)
            continue
        for player in session.voices:
            address = row.template.replace("<p>", player)
            if "<name>" in address:
                concrete.extend(address.replace("<name>", name) for name in PLAYER_PARAMS)
            else:
                concrete.append(address)
    return concrete
