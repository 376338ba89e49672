"""Parameters of players and of the session, set and asked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ..addresses import Value
from ..commands import text
from ..errors import Refused
from ..params import PLAYER_PARAMS, SESSION_PARAMS, AnyParam, TextParam, check
from ..seats import NOWHERE
from ..session.leash import is_longer
from .call import Call, Steps, command


@command("/session/set")
def session_set(call: Call) -> Steps:
    name = str(call.command.arguments[0])
    value, clipped = one_value(SESSION_PARAMS, name, call.command.arguments[1:])
    yield
    call.session.set_session_param(name, value, call.sender, call.now)
    call.answer("/session/is", name, value)
    if clipped:
        call.answer("/notice", call.command.address, f"{name} was clipped to {value}")


@command("/session/get")
def session_get(call: Call) -> Steps:
    wanted = str(call.command.arguments[0])
    known(SESSION_PARAMS, wanted)
    yield
    call.answer("/session/is", wanted, call.session.settings[wanted])


@command("/player/<p>/param/<name>")
def param(call: Call) -> Steps:
    return _param(call, call.command.names[1], call.command.arguments)


@command("/player/<p>/set")
def set_value(call: Call) -> Steps:
    return _param(call, str(call.command.arguments[0]), call.command.arguments[1:])


def _param(call: Call, name: str, values: Sequence[Value]) -> Steps:
    call.own()
    value, clipped = one_value(PLAYER_PARAMS, name, values)
    if name == "leash":
        _may_leash(call, float(value))
    call.session.check(name, value)
    yield
    if call.voice().settings[name] != value:
        call.changed(f"param {name}", call.voice().settings[name])
    call.solos(name)
    call.session.set_param(call.voice(), name, value, call.sender, call.now)
    call.answer(f"/player/{call.command.names[0]}/is", name, value)
    if clipped:
        call.answer("/notice", call.command.address, f"{name} was clipped to {value}")


def _may_leash(call: Call, beats: float) -> None:
    """Only humans, and the configuration, let players play on longer without a human."""
    name, voice = call.player()
    before = float(voice.settings["leash"]) if voice is not None else call.session.kept_leash(name)
    if is_longer(beats, before) and not lengthens(call):
        raise Refused(f"only a human lets {name} play on for longer", f"a shorter leash may be set: below {before:g}")


def lengthens(call: Call) -> bool:
    """Whether the sender may let players play on longer without a human."""
    return call.sender.kind == "human" or call.source == NOWHERE


@command("/player/<p>/get")
def get(call: Call) -> Steps:
    name, _ = call.player()
    wanted = str(call.command.arguments[0])
    known(PLAYER_PARAMS, wanted)
    yield
    call.answer(f"/player/{name}/is", wanted, call.voice().settings[wanted])


def known(table: Mapping[str, AnyParam], name: str) -> None:
    """Raise `Refused`, naming the nearest, where a table has no such parameter."""
    if name not in table:
        near = difflib.get_close_matches(name[:32], table, n=1)
        raise Refused(
            f"no parameter {name[:32]!r}", f"did you mean {near[0]}?" if near else f"parameters: {', '.join(table)}"
        )


def one_value(table: Mapping[str, AnyParam], name: str, values: Sequence[Value]) -> tuple[Value, bool]:
    """The one value of a parameter as it will be in force, and whether it was clipped; raises `Refused`."""
    known(table, name)
    if isinstance(table[name], TextParam):
        return check(table, name, " ".join(text(value, name) for value in values))
    if len(values) != 1:
        raise Refused(f"{name} takes one value, {len(values)} came", f"send {name} and its value")
    return check(table, name, values[0])
