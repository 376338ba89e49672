"""What each command does: checked first, then done.

Each command is a generator: what stands before its `yield` only checks and may raise `Refused`, what stands behind
it does and may not fail. So a bundle is checked whole before any of it is obeyed.
"""

from __future__ import annotations

import difflib
import hmac
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from .addresses import NAME, NAME_CURE, TABLE, Value
from .commands import Command
from .errors import Refused
from .params import PLAYER_PARAMS, SESSION_PARAMS, Param, check
from .rights import Rights, digest, secret_key
from .seats import KINDS, LEASE_S, Endpoint, Seat
from .session import DEFAULT_PLAYER, Session
from .session.presence import MAX_PLAYERS
from .timeline import SECOND
from .voice import MODES, Change, Voice

MAX_LABEL: Final = 200

Steps = Generator[None, None, None]


@dataclass(slots=True)
class View:
    """What there would be after the commands of a bundle that were checked so far, over what there is."""

    made: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)


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
    view: View = field(default_factory=View)

    @property
    def sender(self) -> Seat:
        """The seat that speaks; rights were checked, so there is one."""
        assert self.seat is not None
        return self.seat

    @property
    def to(self) -> Seat | Endpoint:
        """Where the answer goes."""
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
        """Remember what the sender changes of the player, for `undo`."""
        self.voice().changed(Change(self.sender.name, what, self.now, before))

    def own(self) -> None:
        """Check that the sender may change the player that the address names."""
        name, voice = self.player()
        owner = voice.owner if voice is not None else self.sender.name
        if not self.sender.may("leader") and name != DEFAULT_PLAYER and owner != self.sender.name:
            raise Refused(f"{name} is {owner or 'the leader'}'s", "ask its owner or a leader")


COMMANDS: Final[dict[str, Callable[[Call], Steps]]] = {}


def command(template: str) -> Callable[[Callable[[Call], Steps]], Callable[[Call], Steps]]:
    """Enter a generator as what the address does."""

    def enter(does: Callable[[Call], Steps]) -> Callable[[Call], Steps]:
        COMMANDS[template] = does
        return does

    return enter


# Joining


@command("/join")
def join(call: Call) -> Steps:
    name, port, token, session, kind = (str(value) for value in call.command.arguments)
    session = session or "main"
    if not NAME.match(name):
        raise Refused(f"{name!r} is not a name", NAME_CURE)
    if name in call.session.voices or name in call.view.made:
        raise Refused(f"{name} is a player's name here", "join under another name")
    if kind not in KINDS:
        raise Refused(f"no kind {kind!r}", f"kinds: {', '.join(KINDS)}")
    seat = call.session.seats.get(session, name)
    reply = (call.source[0], int(port) or call.source[1])
    host = call.source[0]
    by_key = seat is not None and hmac.compare_digest(token.encode(), seat.key.encode())
    if seat is not None and (by_key or (seat.reply[0] == host and not token)):
        role, shown = seat.role, seat.shown
    else:
        role, shown = call.rights.role(host, token), digest(call.secret, token)
    free = seat is None or (seat.state == "lapsed" and not seat.shown)
    same_token = seat is not None and bool(token) and hmac.compare_digest(shown, seat.shown)
    if seat is not None and not free and seat.reply[0] != host and not (by_key or same_token):
        raise Refused(f"{name} is taken by {seat.reply[0]}", "join under another name, or with the seat's key as token")
    evicted = call.session.room() if seat is None else None
    if call.session.new and role != "leader":
        raise Refused(f"no session {session!r}", "a leader's /join makes it")
    yield
    now, seats = call.now, call.session.seats
    call.session.new = False
    if evicted is not None:
        call.session.gone(evicted, now)
    back = seat is not None and seat.state == "lapsed"
    if seat is None:
        key = secret_key(call.secret, session, name, now)
        seat = Seat(name, session, kind, role, key, reply)
        seats.add(seat)
        call.session.performer(name, "here", now, but=seat)
    elif seat.reply[0] != host:
        call.session.tell(now, seat.reply, "/lapsed", name)
        seats.silence(seat)
    seat.kind, seat.role, seat.shown = kind, role, shown
    seat.state = "here"
    seat.reply = reply
    seats.speak_from(seat, call.source)
    call.session.seated(seat, now)
    if back:
        call.session.performer(name, "here", now, but=seat)
    call.session.tell(now, seat, "/joined", name, session, LEASE_S, seat.key)
    call.session.tell_state(now, seat)


@command("/confirm")
def confirm(call: Call) -> Steps:
    raise Refused("nothing to confirm", "send /join again and answer its /challenge within 5 s")
    yield


@command("/leave")
def leave(call: Call) -> Steps:
    yield
    seat = call.sender
    call.session.tell(call.now, seat.reply, "/done", "/leave")
    call.session.gone(seat, call.now)


@command("/ping")
def ping(call: Call) -> Steps:
    yield
    up, utc = call.now - call.started_ns, call.utc_ns % (24 * 3600 * SECOND)
    call.answer(
        "/pong",
        *call.command.arguments,
        up // SECOND,
        up % SECOND / SECOND,
        utc // SECOND,
        utc % SECOND / SECOND,
    )


@command("/listen")
def listen(call: Call) -> Steps:
    yield
    call.sender.rule(True, (str(pattern) for pattern in call.command.arguments))
    call.session.seats.version += 1


@command("/ignore")
def ignore(call: Call) -> Steps:
    yield
    call.sender.rule(False, (str(pattern) for pattern in call.command.arguments))
    call.session.seats.version += 1


@command("/refresh")
def refresh(call: Call) -> Steps:
    yield
    call.session.tell_state(call.now, call.sender)


@command("/deliver")
def deliver(call: Call) -> Steps:
    mode, early_ms = call.command.arguments
    if mode != "now":
        raise Refused(f"no delivery {mode!r}", "delivery: now")
    yield
    call.sender.early_ms = float(early_ms)
    call.session.seats.version += 1


@command("/latency")
def latency(call: Call) -> Steps:
    yield
    call.sender.latency_ms = float(call.command.arguments[0])


@command("/status")
def status(call: Call) -> Steps:
    yield
    lines = [*call.status(), *call.session.status()]
    for key, values in lines:
        call.answer("/status/is", key, *values)
    call.answer("/synced", len(lines))


@command("/session/set")
def session_set(call: Call) -> Steps:
    name = str(call.command.arguments[0])
    value, clipped = one_value(SESSION_PARAMS, name, call.command.arguments[1:])
    yield
    call.session.set_session_param(name, value, call.sender, call.now)
    call.answer("/session/is", name, value)
    if clipped:
        call.answer("/notice", call.command.address, f"{name} was clipped to {value}")


@command("/session/get")
def session_get(call: Call) -> Steps:
    wanted = str(call.command.arguments[0])
    known(SESSION_PARAMS, wanted)
    yield
    call.answer("/session/is", wanted, call.session.settings[wanted])


# What a performer plays


@command("/note")
def note(call: Call) -> Steps:
    yield
    pitch, velocity, channel, duration_ms = call.command.arguments
    call.session.note(
        call.sender, call.now, call.played_ns, float(pitch), float(velocity), int(channel), float(duration_ms)
    )


@command("/event")
def event(call: Call) -> Steps:
    label, duration_beats = call.command.arguments
    if not label or len(str(label).encode()) > MAX_LABEL:
        raise Refused("a label must have 1 to 200 bytes", "send a shorter label")
    yield
    call.session.event(call.sender, call.now, call.played_ns, str(label), float(duration_beats))


# Time


@command("/tempo")
def tempo(call: Call) -> Steps:
    yield
    call.session.change_tempo(call.now, float(call.command.arguments[0]))


@command("/start")
def start(call: Call) -> Steps:
    yield
    call.session.resume(call.now)


@command("/stop")
def stop(call: Call) -> Steps:
    yield
    call.session.halt(call.now, panic=False)
    for voice in call.session.voices.values():
        call.session.show(voice, call.now)
    call.session.say(call.now, "/transport", 0)


@command("/panic")
def panic(call: Call) -> Steps:
    yield
    call.session.halt(call.now, panic=True)
    call.session.say(call.now, "/panic", call.sender.name)
    for voice in call.session.voices.values():
        call.session.show(voice, call.now)
    call.session.say(call.now, "/transport", 0)


# Players


@command("/player/<p>/new")
def new(call: Call) -> Steps:
    name = call.command.names[0]
    model, viewpoint, memory = (str(value) for value in call.command.arguments)
    memory = memory or name
    asked = (model, viewpoint, memory)
    session = call.session
    voice = session.voices.get(name) if name not in call.view.dropped else None
    made = call.view.made.get(name) or ((voice.model, voice.viewpoint, voice.memory) if voice else None)
    if made is not None and made != asked:
        raise Refused(
            f"{name} is there already, as {' '.join(made)}", f"/player/{name}/drop it first, or take another name"
        )
    if made is None:
        if len(session.voices) + len(call.view.made) >= MAX_PLAYERS:
            raise Refused(f"there are {MAX_PLAYERS} players already", "drop one with /player/NAME/drop")
        if session.seats.get(session.name, name) is not None:
            raise Refused(f"{name} is a performer's name here", "take another name")
        if model not in session.models:
            raise Refused(f"no model {model!r}", f"models here: {', '.join(session.models)}")
        if viewpoint not in session.viewpoints:
            raise Refused(f"no viewpoint {viewpoint!r}", f"viewpoints here: {', '.join(session.viewpoints)}")
        if not NAME.match(memory):
            raise Refused(f"{memory!r} is not a memory's name", NAME_CURE)
    call.view.made[name] = asked
    yield
    there = session.voices.get(name)
    if there is not None:
        call.answer(f"/player/{name}/state", *there.states())
        return
    added = session.add_voice(name, model, viewpoint, memory, call.sender.name, call.now)
    session.show(added, call.now, always=True)


@command("/player/<p>/drop")
def drop(call: Call) -> Steps:
    call.own()
    name = call.command.names[0]
    if name == DEFAULT_PLAYER and not call.sender.may("leader"):
        raise Refused(f"{name} is everybody's", "ask a leader")
    call.view.dropped.add(name)
    call.view.made.pop(name, None)
    yield
    call.session.drop(call.voice(), call.now)


@command("/player/<p>/hear")
def hear(call: Call) -> Steps:
    call.own()
    names = tuple(str(name) for name in call.command.arguments if name != "")
    for name in names:
        if name != "*" and not NAME.match(name):
            raise Refused(f"{name!r} is not a name", NAME_CURE)
    if len(names) > 64:
        raise Refused("more than 64 names", "hear * (all humans), or fewer")
    yield
    voice = call.voice()
    if voice.hears != names:
        call.changed("hear", voice.hears)
        voice.hears = names
        call.session.say(call.now, f"/player/{voice.name}/hears", *names)


@command("/player/<p>/learn")
def learn(call: Call) -> Steps:
    call.own()
    yield
    call.changed("learn", int(call.voice().learn))
    call.voice().learn = bool(call.command.arguments[0])


@command("/player/<p>/mode")
def mode(call: Call) -> Steps:
    call.own()
    wanted = str(call.command.arguments[0])
    if wanted not in MODES:
        raise Refused(f"no mode {wanted!r}", f"modes: {', '.join(MODES)}")
    yield
    call.changed("mode", call.voice().mode)
    call.session.change_mode(call.voice(), wanted, call.now)


@command("/player/<p>/play")
def play(call: Call) -> Steps:
    call.own()
    name, there = call.player()
    if there is not None and there.failed:
        raise Refused(f"{name} has failed: {there.failed}", f"/player/{name}/drop it and make it again")
    yield
    beats = float(call.command.arguments[0])
    if beats == 0:
        _stop(call)
    else:
        call.session.arm(call.voice(), call.now, beats, human=call.sender.kind == "human")


@command("/player/<p>/stop")
def stop_player(call: Call) -> Steps:
    call.player()
    yield
    _stop(call)


def _stop(call: Call) -> None:
    voice = call.voice()
    call.session.disarm(voice, call.now)
    voice.halted, voice.beats_left = False, -1.0
    call.session.show(voice, call.now)


@command("/player/<p>/next")
def next_event(call: Call) -> Steps:
    call.own()
    name, voice = call.player()
    if voice is None or not voice.armed:
        raise Refused(f"{name} is not armed", f"send /player/{name}/play first")
    if not call.session.memory_lengths.get(voice.memory):
        raise Refused(f"{name} has heard nothing yet", "play something that it hears")
    yield
    call.session.trigger(call.voice(), call.now)


@command("/player/<p>/why")
def why(call: Call) -> Steps:
    name, voice = call.player()
    number = int(call.command.arguments[0])
    played = voice.find(number, call.now) if voice else None
    if played is None:
        what = f"event {number} is not remembered" if number else "it has played nothing yet"
        raise Refused(f"{name}: {what}", "ask for a later event, or for 0, the last")
    yield
    reason = played.planned.why
    call.answer(
        f"/player/{name}/why",
        played.number,
        reason.model,
        reason.probability,
        reason.source,
        reason.source_beat,
        reason.context,
        "; ".join(reason.bound_by),
    )


@command("/player/<p>/param/<name>")
def param(call: Call) -> Steps:
    return _param(call, call.command.names[1], call.command.arguments)


@command("/player/<p>/set")
def set_value(call: Call) -> Steps:
    return _param(call, str(call.command.arguments[0]), call.command.arguments[1:])


def _param(call: Call, name: str, values: Sequence[Value]) -> Steps:
    call.own()
    value, clipped = one_value(PLAYER_PARAMS, name, values)
    yield
    call.changed(f"param {name}", call.voice().settings[name])
    call.session.set_param(call.voice(), name, value, call.sender, call.now)
    call.answer(f"/player/{call.command.names[0]}/is", name, value)
    if clipped:
        call.answer("/notice", call.command.address, f"{name} was clipped to {value}")


@command("/player/<p>/mute")
def mute(call: Call) -> Steps:
    call.own()
    yield
    call.changed("mute", int(call.voice().muted))
    call.session.set_mute(call.voice(), bool(call.command.arguments[0]), call.now)


@command("/player/<p>/forget")
def forget(call: Call) -> Steps:
    call.own()
    beats = float(call.command.arguments[0])
    if beats <= 0:
        raise Refused(f"beats must be more than 0, {beats:g} came", "send how many beats back")
    yield
    call.changed("forget", call.session.forget(call.voice(), beats, call.now))


@command("/player/<p>/undo")
def undo(call: Call) -> Steps:
    call.own()
    name, voice = call.player()
    if voice is None or not any(change.by == call.sender.name for change in voice.changes):
        raise Refused(f"you have changed nothing of {name}", "undo takes back your own last change only")
    yield
    voice = call.voice()
    mine = [change for change in voice.changes if change.by == call.sender.name]
    if mine:
        voice.changes.remove(mine[-1])
        call.session.undo(voice, mine[-1], call.now)


@command("/player/<p>/get")
def get(call: Call) -> Steps:
    name, _ = call.player()
    wanted = str(call.command.arguments[0])
    known(PLAYER_PARAMS, wanted)
    yield
    call.answer(f"/player/{name}/is", wanted, call.voice().settings[wanted])


def known(table: Mapping[str, Param], name: str) -> None:
    """Raise `Refused`, naming the nearest, where a table has no such parameter."""
    if name not in table:
        near = difflib.get_close_matches(name[:32], table, n=1)
        raise Refused(
            f"no parameter {name[:32]!r}", f"did you mean {near[0]}?" if near else f"parameters: {', '.join(table)}"
        )


def one_value(table: Mapping[str, Param], name: str, values: Sequence[Value]) -> tuple[Value, bool]:
    """The one value of a parameter as it will be in force, and whether it was clipped; raises `Refused`."""
    known(table, name)
    if len(values) != 1:
        raise Refused(f"{name} takes one value, {len(values)} came", f"send {name} and its value")
    return check(table, name, values[0])


_MISSING = [row.template for row in TABLE if row.template not in COMMANDS]
assert not _MISSING, f"in the table, but not here: {_MISSING}"
