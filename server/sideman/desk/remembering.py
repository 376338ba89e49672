"""Memories: saved, loaded, cleared; and a performer's wish to be forgotten."""

from __future__ import annotations

from ..addresses import NAME, NAME_CURE
from ..errors import Refused
from .call import Call, Steps, command


@command("/memory/<m>/save")
def save(call: Call) -> Steps:
    memory, name = _memory(call), _name(call)
    yield
    call.session.run_errand("save", memory, name, call.sender, call.command.address)


@command("/memory/<m>/load")
def load(call: Call) -> Steps:
    memory, name = _memory(call), _name(call)
    yield
    call.session.run_errand("load", memory, name, call.sender, call.command.address)


@command("/memory/<m>/clear")
def clear(call: Call) -> Steps:
    memory = _memory(call)
    yield
    call.session.clear(memory, call.sender, call.now)


@command("/forget-me")
def forget_me(call: Call) -> Steps:
    yield
    call.session.forget_performer(call.sender, call.now)


def _memory(call: Call) -> str:
    name = call.command.names[0]
    there = call.session.memory_lengths
    if name not in there and name not in {memory for _, _, memory in call.view.made.values()}:
        raise Refused(f"no memory {name!r}", f"memories here: {', '.join(there) or 'none'}")
    return name


def _name(call: Call) -> str:
    name = str(call.command.arguments[0])
    if not NAME.match(name):
        raise Refused(f"{name!r} is not a name", NAME_CURE)
    return name
