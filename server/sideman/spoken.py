"""Whose a packet is: who sits where it comes from, whom it joins, in whose names it speaks.

That is kept with a recording, so that of who wishes to be forgotten all is erased, from whatever port it came, and of
others who spoke from there nothing. Whether the packet was obeyed is not known here.
"""

from __future__ import annotations

from .addresses import NAME
from .osc import Malformed, Message, decode, is_pattern, match
from .reception import flat, session_to_join
from .seats import Seat, Seats


def spoken_for(packet: bytes, seats: Seats, before: Seat | None, after: Seat | None) -> frozenset[str]:
    """Session and name of each; `before` and `after` it was heard those sat there."""
    found = {key_of(seat) for seat in (before, after) if seat is not None}
    if b"/join" not in packet and b"/as/" not in packet:
        return frozenset(found)
    try:
        content = decode(packet)
    except Malformed:
        return frozenset(found)
    messages = [content] if isinstance(content, Message) else flat(content)
    for message in messages:
        if message.address == "/join" and message.arguments:
            name, session = message.arguments[0], session_to_join(message)
            if isinstance(name, str) and NAME.match(name) and NAME.match(session):
                found.add(f"{session}/{name}")
    sessions = {key.partition("/")[0] for key in found}
    for message in messages:
        _, spoken, pattern, *_ = (*message.address.split("/"), "", "")
        if spoken != "as":
            continue
        there = [seat for session in sessions for seat in seats.of(session)]
        found |= {key_of(s) for s in there if s.name == pattern or (is_pattern(pattern) and match(pattern, s.name))}
    return frozenset(found)


def key_of(seat: Seat) -> str:
    """Session and name, as one word."""
    return f"{seat.session}/{seat.name}"
