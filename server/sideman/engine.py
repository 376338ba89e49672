"""The whole core as one function of numbered inputs: packets and wakes in, packets and cuts out.

The live server and replay call the same engine. It reads no clock, draws no chance but the keyed one, and talks to
nobody; what a person at the terminal should read it leaves in `log`.
"""

from __future__ import annotations

from collections.abc import Sequence

from .addresses import NEVER_ANSWERED, TABLE, find
from .commands import Command, parse
from .desk import COMMANDS, Call, Steps, View
from .effects import Cut, Effect, Make, Revert, Say, Teach, Unmake
from .errors import Refused
from .events import Query
from .hub import Hub, Output
from .inputs import Begin, Datagram, End, Input, WallTime, Wake
from .osc import Bundle, Malformed, Message, decode, is_pattern, match
from .params import PLAYER_PARAMS
from .band import Band
from .seats import Endpoint, Seat, Seats
from .session import Session
from .viewpoint import VIEWPOINTS

MAIN = "main"


class Engine:
    """Sessions, their listeners and their players.

    `models` names the kinds of model that `/player/<p>/new` may ask for; `band` makes and holds the players.
    """

    def __init__(self, begin: Begin, band: Band) -> None:
        self._begin = begin
        self._band = band
        self._wall_offset_ns = 0
        self._seats = Seats()
        self._sessions: dict[str, Session] = {}
        self._hubs: dict[str, Hub] = {}
        self._out: list[Output] = []
        self.log: list[str] = []
        self.malformed = 0
        self.refused = 0
        self._last_ns = begin.time_ns
        self._add(self._new_session(MAIN, begin.time_ns))

    def feed(self, item: Input) -> list[Output]:
        """What an input causes, in order. Logical time never goes back: an older stamp counts as the last one."""
        now = self._last_ns = max(self._last_ns, item.time_ns)
        if isinstance(item, Datagram):
            self._datagram(item.source, item.packet, now)
        elif isinstance(item, Wake):
            for session in list(self._sessions.values()):
                session.wake(now)
                self._run(session, now)
        elif isinstance(item, WallTime):
            self._wall_offset_ns = item.offset_ns
        elif isinstance(item, End):
            for session in self._sessions.values():
                session.halt(now, panic=False)
                self._run(session, now)
        out, self._out = self._out, []
        return out

    @property
    def events(self) -> int:
        """How many events have been heard and played."""
        return sum(
            session.last_event + sum(session.memory_lengths.values()) for session in self._sessions.values()
        )

    def next_ns(self) -> int | None:
        """When it wants to be woken next."""
        moments = [due for session in self._sessions.values() if (due := session.agenda.next_ns()) is not None]
        return min(moments, default=None)

    def _new_session(self, name: str, now: int) -> Session:
        return Session(name, self._begin.seed, self._band.models, tuple(VIEWPOINTS), self._seats, now)

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
        else:
            self._bundle(source, content, now)

    def _message(self, source: Endpoint, message: Message, now: int) -> None:
        address = message.address
        if address in NEVER_ANSWERED:
            return
        seat = self._seats.at(source)
        try:
            for call, steps in self._checked(source, seat, message, now, View()):
                self._do(call, steps, now)
        except Refused as error:
            self._refuse(source, seat, address, error, now)
            return
        self._done(source, message, now)

    def _bundle(self, source: Endpoint, bundle: Bundle, now: int) -> None:
        """All or nothing: every message is checked against what those before it would leave, then all are done."""
        messages = [message for message in flat(bundle) if message.address not in NEVER_ANSWERED]
        seat = self._seats.at(source)
        view = View()
        checked: list[tuple[Call, Steps]] = []
        for message in messages:
            try:
                checked.extend(self._checked(source, seat, message, now, view))
            except Refused as error:
                self._refuse(source, seat, message.address, error, now)
                return
        for call, steps in checked:
            self._do(call, steps, now)
        for message in messages:
            self._done(source, message, now)

    def _checked(
        self, source: Endpoint, seat: Seat | None, message: Message, now: int, view: View
    ) -> list[tuple[Call, Steps]]:
        """The commands that a message means, each checked and ready to be done; raises `Refused`."""
        checked = []
        for concrete in self._concrete(seat, message):
            command = parse(concrete)
            session = self._session_for(seat, command, now)
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
        if call.seat is None:
            call.seat = self._seats.at(call.source)
        if call.seat is not None:
            call.session.renew(call.seat, now)
        for _ in steps:
            raise AssertionError(f"{call.command.row.template} yields twice")
        self._run(call.session, now)

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
        reached = [
            Message(concrete, message.arguments) for concrete in addresses(session) if match(address, concrete)
        ]
        if not reached:
            raise Refused(f"{address} matches nothing", f"players here: {', '.join(session.voices)}")
        return reached

    def _session_for(self, seat: Seat | None, command: Command, now: int) -> Session:
        if command.row.template != "/join":
            return self._sessions[seat.session if seat else MAIN]
        name = str(command.arguments[3]) or MAIN
        return self._sessions.get(name) or self._new_session(name, now)

    def _may(self, source: Endpoint, seat: Seat | None, command: Command) -> None:
        if seat is None:
            self.log.append(
                f"{command.address.rpartition('/')[2]} from {source[0]}:{source[1]}: not joined; send /join NAME [PORT]"
            )
            raise Refused("not joined", "send /join NAME [PORT]")
        if not seat.may(command.row.role):
            raise Refused(f"only a {command.row.role} may", "ask a leader")

    def _refuse(self, source: Endpoint, seat: Seat | None, address: str, error: Refused, now: int) -> None:
        self.refused += 1
        session = self._sessions[seat.session] if seat else self._sessions[MAIN]
        if seat is not None:
            session.renew(seat, now)
        session.tell(now, seat or source, "/error", address[:255], error.what[:300], error.cure[:300])
        self._run(session, now)

    # From effects to packets

    def _run(self, session: Session, now: int) -> None:
        """Act on what a session wants done, and on what that causes, in order."""
        for effect in session.take():
            self._act(session, effect, now)

    def _act(self, session: Session, effect: Effect, now: int) -> None:
        if isinstance(effect, Say):
            self._out.extend(self._hubs[session.name].route(effect))
        elif isinstance(effect, Query):
            session.receive(self._band.answer(effect), now)
            self._run(session, now)
        elif isinstance(effect, Teach):
            self._band.hear(effect.players, effect.learn, effect.event, effect.stream)
        elif isinstance(effect, Cut):
            self._out.append(effect)
        elif isinstance(effect, Revert):
            self._band.revert(effect.player, effect.events)
        elif isinstance(effect, Make):
            self._band.make(effect.player, effect.model, effect.viewpoint, effect.memory)
        elif isinstance(effect, Unmake):
            self._band.drop(effect.player)


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
