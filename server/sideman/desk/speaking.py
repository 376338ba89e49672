"""Speaking in the name of another seat: one machine, eight sensors.

Who may: whoever sits at the same IP as that seat, or has shown the same token for it.
"""

from __future__ import annotations

import hmac

from ..addresses import find
from ..errors import Refused
from ..osc import Message, is_pattern, match
from ..seats import Seat
from .call import Call, Steps, command

PLAYED = 3  # the section of what a performer plays


@command("/as/<n>/...")
def speak(call: Call) -> Steps:
    pattern, rest = call.command.names
    message = Message(f"/{rest}", call.command.arguments)
    found = find(message.address)
    if found is not None and found[0].section != PLAYED:
        raise Refused(f"{message.address} is not said in another's name", "only what a performer plays is")
    seats = _spoken_for(call, pattern)
    checked = [step for seat in seats for step in call.check_as(message, call.view, seat)]
    if any(inner.command.row.section != PLAYED for inner, _ in checked):  # by a pattern
        raise Refused(f"{message.address} reaches more than what a performer plays", "name what you play")
    yield
    for inner, steps in checked:
        # What a bundle's own /join has made is there by now.
        seat = inner.seat = call.session.seats.get(call.session.name, inner.sender.name)
        assert seat is not None
        inner.speaker = call.sender
        call.session.renew(seat, call.now)
        if seat.kind == "human":
            call.session.human_act(call.now)
        for _ in steps:
            raise AssertionError(f"{message.address} yields twice")


def _spoken_for(call: Call, pattern: str) -> list[Seat]:
    """The seats that a name or pattern reaches and that the sender may speak for; raises `Refused` for none."""
    there = {seat.name: seat for seat in call.session.seats.of(call.session.name)}
    there.update(call.view.seats)
    allowed = {name: seat for name, seat in there.items() if _may(call, seat)}
    reached = [
        seat for name, seat in allowed.items() if name == pattern or (is_pattern(pattern) and match(pattern, name))
    ]
    if reached:
        return reached
    if pattern in there:
        raise Refused(f"{pattern} was joined from elsewhere", "join it from here, or both with the same token")
    raise Refused(
        f"nobody here is called {pattern[:32]!r}", f"those who may be spoken for: {', '.join(allowed) or 'none'}"
    )


def _may(call: Call, seat: Seat) -> bool:
    same_token = bool(seat.shown) and hmac.compare_digest(seat.shown, call.sender.shown)
    return seat.reply[0] == call.source[0] or same_token
