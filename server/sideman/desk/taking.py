"""Takes: recorded, and played again."""

from __future__ import annotations

from ..errors import Refused
from .call import Call, Steps, command


@command("/player/<p>/record")
def record(call: Call) -> Steps:
    call.own()
    on = bool(call.command.arguments[0])
    yield
    voice, session = call.voice(), call.session
    if on == (voice.recording is not None):
        return
    session.record(voice, on, call.now)
    voice.changes = [change for change in voice.changes if (change.what, change.before) != ("record", "")]
    call.changed("record", "" if on else session.takes.get(voice.memory, 0))


@command("/player/<p>/takes")
def takes(call: Call) -> Steps:
    call.own()
    number = int(call.command.arguments[0])
    name, voice = call.player()
    kept = call.session.takes.get(voice.memory, 0) if voice is not None else 0
    if number > kept:
        there = f"there are {kept}, from 1; 0: none" if kept else f"record one: /player/{name}/record 1"
        raise Refused(f"{name} has no take {number}", there)
    yield
    voice = call.voice()
    if number != voice.take:
        call.changed("takes", voice.take)
        call.session.play_take(voice, number, call.now)
