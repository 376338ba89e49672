"""What a performer plays."""

from __future__ import annotations

from typing import Final

from ..errors import Refused
from .call import Call, Steps, command

MAX_LABEL: Final = 200


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
