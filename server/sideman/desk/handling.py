"""The hands-on controls: addresses of their own for parameters that one wants under a finger."""

from __future__ import annotations

from typing import Final

from ..addresses import Value
from ..errors import Refused
from ..params import PLAYER_PARAMS
from .call import Call, Steps, command
from .parameters import one_value

#: What is switched, not faded: each change is one, however quickly the next follows.
SWITCHES: Final = frozenset({"learn", "solo", "effects", "hold", "loop"})
#: So many beats behind an event's onset is behind the event.
JUST_BEHIND: Final = 1e-3


@command("/player/<p>/volume")
def volume(call: Call) -> Steps:
    return _control(call, "volume")


@command("/player/<p>/octave")
def octave(call: Call) -> Steps:
    return _control(call, "octave")


@command("/player/<p>/speed")
def speed(call: Call) -> Steps:
    return _control(call, "speed")


@command("/player/<p>/hold")
def hold(call: Call) -> Steps:
    return _control(call, "hold")


@command("/player/<p>/loop")
def loop(call: Call) -> Steps:
    return _control(call, "loop", again=True)


@command("/player/<p>/jump")
def jump(call: Call) -> Steps:
    call.own()
    name, voice = call.player()
    if voice is None or not call.session.memory_lengths.get(voice.memory):
        raise Refused(f"{name} has heard nothing yet", "play something that it hears, or load a memory")
    yield
    voice = call.voice()
    last = voice.find(0, call.now)
    there = last.planned.why.source_beat if last is not None else -1.0
    call.changed("jump", there + JUST_BEHIND if there >= 0 else -1.0)
    call.session.cue(voice, float(call.command.arguments[0]), call.now)


@command("/player/<p>/learn")
def learn(call: Call) -> Steps:
    return _control(call, "learn")


@command("/player/<p>/solo")
def solo(call: Call) -> Steps:
    return _control(call, "solo")


@command("/player/<p>/effects")
def effects(call: Call) -> Steps:
    value, _ = one_value(PLAYER_PARAMS, "effects", call.command.arguments)
    call.session.check("effects", value)
    return _control(call, "effects", value)


def _control(call: Call, name: str, wanted: Value | None = None, *, again: bool = False) -> Steps:
    """Set the parameter of that name; who sends it is told of the change as all are. `again`: the same value acts."""
    call.own()
    yield
    kind = "switch" if name in SWITCHES else "param"
    voice, value = call.voice(), call.command.arguments[0] if wanted is None else wanted
    call.solos(name)
    if voice.settings[name] != value or (again and value):
        call.changed(f"{kind} {name}", voice.settings[name])
        call.session.put(voice, name, value, call.now)
