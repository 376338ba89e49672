"""What a performer plays."""

from __future__ import annotations

from typing import Final

from ..controls import BEND, CONTROL, PRESSURE
from ..errors import Refused
from ..harmony import opaque
from .call import Call, Steps, command

MAX_LABEL: Final = 200
MOST_NUMBERS: Final = 16
MOST_GESTURES: Final = 64
LARGEST: Final = 1e9


@command("/note")
def note(call: Call) -> Steps:
    yield
    pitch, velocity, channel, duration_ms = call.command.arguments
    call.session.note(
        call.sender, call.now, call.played_ns, float(pitch), float(velocity), int(channel), float(duration_ms)
    )


@command("/control")
def control(call: Call) -> Steps:
    yield
    number, value, channel = call.command.arguments
    _control(call, CONTROL, int(number), float(value), int(channel))


@command("/bend")
def bend(call: Call) -> Steps:
    yield
    value, channel = call.command.arguments
    _control(call, BEND, 0, float(value), int(channel))


@command("/pressure")
def pressure(call: Call) -> Steps:
    yield
    value, pitch = call.command.arguments
    _control(call, PRESSURE, int(pitch), float(value), 1)


def _control(call: Call, kind: str, number: int, value: float, channel: int) -> None:
    call.session.control(call.sender, call.now, call.played_ns, kind, number, value, channel)


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


@command("/gesture")
def gesture(call: Call) -> Steps:
    return _gesture(call, "")


@command("/gesture/<name>")
def named_gesture(call: Call) -> Steps:
    return _gesture(call, call.command.names[0])


def _gesture(call: Call, name: str) -> Steps:
    vector = tuple(float(value) for value in call.command.arguments)
    if not 1 <= len(vector) <= MOST_NUMBERS:
        raise Refused(f"a gesture has 1 to {MOST_NUMBERS} numbers, {len(vector)} came", "send fewer, or two gestures")
    if any(abs(value) > LARGEST for value in vector):
        raise Refused(f"a gesture's numbers lie within {LARGEST:g}", "scale what the sensor sends")
    known = call.view.gestures.get((call.sender.name, name), 0)
    if call.seat is not None and call.view.seat is None:
        known = known or call.session.gesture_size(call.seat, name)
    if known and known != len(vector):
        raise Refused(
            f"this gesture has {known} numbers, {len(vector)} came", f"send {known}, or another as /gesture/NAME"
        )
    if not known and call.seat is not None and call.session.gesture_names(call.seat) >= MOST_GESTURES:
        raise Refused(f"more than {MOST_GESTURES} gestures of one performer", "send them under fewer names")
    call.view.gestures[call.sender.name, name] = len(vector)
    yield
    call.session.gesture(call.sender, call.now, call.played_ns, name, vector)


@command("/text")
def text(call: Call) -> Steps:
    typed = str(call.command.arguments[0])
    if not typed:
        raise Refused("a text must have at least one character", "send what was typed")
    yield
    call.session.text(call.sender, call.now, call.played_ns, typed)
