"""Taking back: mute, forget, undo."""

from __future__ import annotations

from ..errors import Refused
from .call import Call, Steps, command


@command("/player/<p>/mute")
def mute(call: Call) -> Steps:
    call.own()
    yield
    if call.voice().muted != bool(call.command.arguments[0]):
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
