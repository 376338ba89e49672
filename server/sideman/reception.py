"""From packets to commands: who speaks, whether they may, what a pattern reaches, and bundles whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .addresses import NAME, NAME_CURE, NEVER_ANSWERED, TABLE, Value, find
from .band import Band
from .commands import Command, parse
from .desk import COMMANDS, Call, Steps, View
from .effects import Effect, Obey
from .errors import Refused
from .house import House
from .inputs import Begin, Wired
from .osc import IMMEDIATELY, Bundle, Malformed, Message, decode, is_pattern, match, unix_ns
from .params import PLAYER_PARAMS
from .rights import Challenges, is_loopback
from .seats import NOWHERE, Endpoint, Seat
from .session import Session
from .session.delaying import DROPPED
from .timeline import SECOND
from .voice import STALE_NS
from .waiting import MAX_HELD, Waiting, WaitingRoom

MAIN = "main"
AHEAD_NS = 2 * SECOND
MAX_SESSIONS = 16
OFF_TAGS_TOLD = 8


class Reception(House):
    """What arrives, checked and obeyed or refused."""

    def __init__(self, begin: Begin, band: Band) -> None:
        super().__init__(begin, band)
        self._challenges = Challenges()
        self._waiting = WaitingRoom()
        self._wired: Wired | None = None
        self._seen: dict[tuple[Endpoint, bytes], int] = {}
        self.late = 0
        self.malformed = 0
        self.refused = 0

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
        seat = self._seats.at(source)
        if address in NEVER_ANSWERED:
            if seat is not None:
                self._sessions[seat.session].renew(seat, now)
            return
        stranger = seat is None and not proved and not is_loopback(source[0])
        if stranger:
            self._stranger(source, message, now)
            return
        try:
            for call, steps in self._checked(source, seat, message, now, now, View()):
                self._do(call, steps, now)
        except Refused as error:
            to = source if seat is not None else reply_to(source, message)
            self._refuse(to, seat, address, error, now, proved=proved)
            return
        self._done(source, message, now)

    def _stranger(self, source: Endpoint, message: Message, now: int) -> None:
        """Beyond loopback an unknown sender gets nothing but `/challenge`, until its address is proved its own."""
        if message.address == "/join":
            number = self._challenges.ask(source, message, now, self._begin.secret)
            session = self._sessions[MAIN]
            session.tell(now, reply_to(source, message), "/challenge", number)
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
            return
        sender = (seat.session, seat.name) if seat is not None else ("", source[0])
        if self._waiting.is_full(sender):
            self._refuse(source, seat, "#bundle", Refused("too many bundles wait for their time", "send fewer"), now)
        else:
            self._waiting.add(Waiting(source, bundle, due, sender))

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
        named: Seat | None = None,
    ) -> list[tuple[Call, Steps]]:
        """The commands that a message means, each checked and ready to be done; raises `Refused`.

        They act on the sender's session, or on the one that `place` names; `named` is whose they are, if not the
        sender's.
        """
        checked = []
        seat = named or view.seat or seat
        for concrete in self._concrete(seat, message, view):
            command = parse(concrete)
            session = self._sessions[place] if place else self._session_for(seat, command, now, view)
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
                partial(self._check, source, seat, now, played_ns, place),
                partial(self._check_as, source, now, played_ns, place),
                view,
            )
            steps = COMMANDS[command.row.template](call)
            next(steps)
            checked.append((call, steps))
        return checked

    def _check(
        self,
        source: Endpoint,
        seat: Seat | None,
        now: int,
        played_ns: int,
        place: str,
        message: Message,
        view: View,
    ) -> list[tuple[Call, Steps]]:
        return self._checked(source, seat, message, now, played_ns, view, place)

    def _check_as(
        self, source: Endpoint, now: int, played_ns: int, place: str, message: Message, view: View, named: Seat
    ) -> list[tuple[Call, Steps]]:
        return self._checked(source, named, message, now, played_ns, view, place, named)

    def _act(self, session: Session, effect: Effect, now: int) -> None:
        if isinstance(effect, Obey):
            self._obey(session, effect, now)
        else:
            super()._act(session, effect, now)

    def _obey(self, session: Session, delayed: Obey, now: int) -> None:
        """A delayed command, checked again; if who gave it has left, it is dropped. It is nobody's act by now."""
        seat, message = delayed.by, delayed.message
        configured = delayed.source == NOWHERE
        if not configured and self._seats.get(session.name, seat.name) is not seat:
            return
        if session.is_dropped(delayed, now):
            self._act_on(session, now)
            return
        try:
            checked = self._checked(delayed.source, seat, message, now, delayed.played_ns, View(), session.name)
        except Refused as error:
            self.refused += 1
            session.tell(now, seat, "/error", message.address, error.what[:300], error.cure[:300])
            self._act_on(session, now)
            return
        for call, steps in checked:
            self._do(call, steps, now, delayed=True)
        if is_done(message):
            session.tell(now, seat, "/done", message.address)
        self._act_on(session, now)

    def _do(self, call: Call, steps: Steps, now: int, *, delayed: bool = False) -> None:
        if call.command.released:
            seat = self._seats.at(call.source)
            if seat is not None:
                self._sessions[seat.session].renew(seat, now)
                self._run(self._sessions[seat.session], now)
            return
        if call.session.name not in self._sessions:
            if len(self._sessions) >= MAX_SESSIONS and (closable := self._closable()):
                self.close(closable[0], now)
            self._add(call.session)
        if call.view.seat is not None and call.command.row.template != "/join":
            call.seat = self._seats.at(call.source)  # the bundle's own /join has made it real
        if call.seat is not None and not delayed:
            call.session.renew(call.seat, now)
            if call.command.row.section >= 3 and call.seat.kind == "human":
                call.session.human_act(now)
        panics = call.session.panics
        for _ in steps:
            raise AssertionError(f"{call.command.row.template} yields twice")
        if call.session.panics != panics:
            self._drop_waiting(call.session, now)
        if call.command.row.template == "/join":
            self._joined(call)
        self._run(call.session, now)

    def _drop_waiting(self, session: Session, now: int) -> None:
        """After a panic: what was to be done there later is dropped, and who sent it is told. What is played stays."""
        at = self._seats.at
        for waiting in self._waiting.drop(lambda each: commands(each.bundle, session.name, at(each.source))):
            session.tell(now, at(waiting.source) or waiting.source, "/notice", "#bundle", DROPPED)

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
        seat = self._seats.at(source)
        if seat is None or not is_done(message):
            return
        session = self._sessions[seat.session]
        session.tell(now, seat, "/done", message.address)
        self._run(session, now)

    def _concrete(self, seat: Seat | None, message: Message, view: View) -> Sequence[Message]:
        """The messages that a pattern stands for: itself, if it is none."""
        address = message.address
        if not is_pattern(address) or address.startswith("/as/"):  # whose own pattern it reads itself
            return (message,)
        session = view.session or self._sessions[seat.session if seat else MAIN]
        reached = [Message(concrete, message.arguments) for concrete in addresses(session) if match(address, concrete)]
        if not reached:
            raise Refused(f"{address} matches nothing", f"players here: {', '.join(session.voices) or 'none'}")
        return reached

    def _session_for(self, seat: Seat | None, command: Command, now: int, view: View) -> Session:
        if command.row.template != "/join":
            if view.session is not None:
                return view.session
            return self._sessions[seat.session if seat else MAIN]
        name = str(command.arguments[3]) or MAIN
        there = self._sessions.get(name) or view.opened.get(name)
        if there is not None:
            return there
        if not NAME.match(name):
            raise Refused(f"{name!r} is not a session's name", NAME_CURE)
        if len(self._sessions) - len(self._closable()) + len(view.opened) >= MAX_SESSIONS:
            raise Refused(f"{MAX_SESSIONS} sessions are open already", "join one of them")
        session = view.opened[name] = self._new_session(name, now)
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
            ("held_bundles", (len(self._waiting),)),
            *self._status_of_wire(),
        ]

    def _status_of_wire(self) -> list[tuple[str, tuple[Value, ...]]]:
        """What it said last, seconds ago at most: nothing where there is none, as in a rehearsal."""
        wired = self._wired
        if wired is None:
            return []
        return [
            ("wire", (wired.said,)),
            ("wire_sent", (wired.sent,)),
            ("wire_dropped", (wired.dropped,)),
            ("wire_stale", (wired.stale,)),
            ("wire_late_p99_ms", (wired.late_p99_ns / 1e6,)),
            ("wire_late_most_ms", (wired.late_most_ns / 1e6,)),
        ]


def is_done(message: Message) -> bool:
    """Whether `/done` answers it: the table names no other answer, and it is not one that only errors answer."""
    found = find(message.address)
    return found is None or (not found[0].quiet and found[0].replies == "/done")


def reply_to(source: Endpoint, message: Message) -> Endpoint:
    """Where somebody without a seat hears: at the reply port that a `/join` names, else where it came from."""
    if message.address == "/join":
        try:
            return source[0], int(parse(message).arguments[1]) or source[1]
        except Refused:
            pass
    return source


def session_to_join(message: Message) -> str:
    """The session that a `/join` names; what it says wrong is answered when it is obeyed."""
    try:
        return str(parse(message).arguments[3]) or MAIN
    except Refused:
        return MAIN


def flat(bundle: Bundle) -> list[Message]:
    """The messages of a bundle, in order, those of its inner bundles among them."""
    messages: list[Message] = []
    for element in bundle.elements:
        if isinstance(element, Message):
            messages.append(element)
        else:
            messages.extend(flat(element))
    return messages


def commands(bundle: Bundle, session: str, seat: Seat | None) -> bool:
    """Whether a bundle of this seat does more in that session than to sit there and play."""
    place = seat.session if seat is not None else MAIN
    for message in flat(bundle):
        if message.address == "/join":
            place = session_to_join(message)
        found = find(message.address)
        if place == session and (found is None or found[0].section > 3):
            return True
    return False


def addresses(session: Session) -> list[str]:
    """Every concrete address of the table in a session: what a pattern may reach."""
    concrete = []
    for row in TABLE:
        if "<p>" not in row.template:
            concrete += [row.template] if "<" not in row.template else []
            continue
        for player in session.voices:
            address = row.template.replace("<p>", player)
            if "<name>" in address:
                concrete.extend(address.replace("<name>", name) for name in PLAYER_PARAMS)
            else:
                concrete.append(address)
    return concrete
