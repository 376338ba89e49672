"""What a performer plays."""

from __future__ import annotations

from typing import Final

from ..errors import Refused
from ..harmony import opaque
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


@command("/chord")
def chord(call: Call) -> Steps:
    label = str(call.command.arguments[0])
    if len(label.encode()) > MAX_LABEL:
        raise Refused("a chord's label must have at most 200 bytes", "send a shorter label")
    yield
    call.session.change_harmony(call.sender, label, call.now)
    if opaque(label):
        call.answer("/notice", "/chord", f"{label[:32]!r} is not understood: it is learned as a mere label")
