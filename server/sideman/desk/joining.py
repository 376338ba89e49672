"""Taking a seat and leaving it, and what one hears there."""

from __future__ import annotations

import hmac

from ..addresses import NAME, NAME_CURE
from ..errors import Refused
from ..osc import pattern_fault
from ..rights import digest, secret_key
from ..seats import KINDS, LEASE_S, Seat
from ..timeline import SECOND
from .call import Call, Steps, command


@command("/join")
def join(call: Call) -> Steps:
    name, port, token, session, kind = (str(value) for value in call.command.arguments)
    session = session or "main"
    if not NAME.match(name):
        raise Refused(f"{name!r} is not a name", NAME_CURE)
    if name in call.session.voices or name in call.view.made:
        raise Refused(f"{name} is a player's name here", "join under another name")
    if kind and kind not in KINDS:
        raise Refused(f"no kind {kind!r}", f"kinds: {', '.join(KINDS)}")
    seat = call.session.seats.get(session, name)
    # Who does not say what it is stays what it was: a bot that comes again would else be taken for a human.
    held = call.view.seats.get(name) or seat
    kind = kind or (held.kind if held is not None and held.session == session else KINDS[0])
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
    call.view.seat = call.view.seats[name] = Seat(name, session, kind, role, "", reply, shown=shown)
    call.view.session = call.session
    yield
    now, seats = call.now, call.session.seats
    call.session.new = False
    seat = seats.get(session, name)  # which the bundle may have taken or left meanwhile
    if seat is None and evicted is not None:
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
    return _rule(call, wanted=True)


@command("/ignore")
def ignore(call: Call) -> Steps:
    return _rule(call, wanted=False)


def _rule(call: Call, *, wanted: bool) -> Steps:
    patterns = [str(pattern) for pattern in call.command.arguments]
    for pattern in patterns:
        fault = pattern_fault(pattern) or ("" if pattern.startswith("/") else "it does not begin with /")
        if fault:
            raise Refused(f"{pattern[:64]!r} matches nothing: {fault}", "send a pattern like /performer/*/note")
    yield
    call.sender.rule(wanted, patterns)
    call.session.seats.version += 1


@command("/refresh")
def refresh(call: Call) -> Steps:
    yield
    call.session.tell_state(call.now, call.sender)


@command("/deliver")
def deliver(call: Call) -> Steps:
    mode, early_ms = call.command.arguments
    if mode not in ("now", "ahead"):
        raise Refused(f"no delivery {mode!r}", "delivery: now, ahead")
    yield
    call.sender.early_ms, call.sender.ahead = float(early_ms), mode == "ahead"
    call.session.seats.version += 1
    call.session.heed_leads()


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
