"""Taking back: mute, forget, undo."""

from __future__ import annotations

from ..errors import Refused
from ..session.leash import lifts_leash
from ..voice import Change, Voice
from .call import Call, Steps, command
from .parameters import lengthens


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
    call.own_memory()
    beats = float(call.command.arguments[0])
    if beats <= 0:
        raise Refused(f"beats must be more than 0, {beats:g} came", "send how many beats back")
    yield
    call.changed("forget", call.session.forget(call.voice(), beats, call.now))


@command("/player/<p>/undo")
def undo(call: Call) -> Steps:
    call.own()
    name, voice = call.player()
    if voice is None or not _own_changes(call, voice):
        raise Refused(f"you have changed nothing of {name}", "undo takes back your own last change only")
    yield
    voice = call.voice()
    mine = _own_changes(call, voice)
    if mine:
        voice.changes.remove(mine[-1])
        call.solos(mine[-1].what.partition(" ")[2])
        call.session.undo(voice, mine[-1], call.now)


def _own_changes(call: Call, voice: Voice) -> list[Change]:
    """What the sender has changed and may take back: that it has shortened a leash only a human may."""
    mine = [change for change in voice.changes if change.by == call.sender.name]
    return mine if lengthens(call) else [change for change in mine if not lifts_leash(voice, change)]
