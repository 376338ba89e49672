"""Another model, another viewpoint, other parts of a blend: checked here, done by the session."""

from __future__ import annotations

from typing import Final

from ..addresses import Value
from ..errors import Refused
from ..viewpoint import check as check_viewpoint
from ..voice import Parts, Voice, Wanted
from .call import Call, Steps, command

BLEND: Final = "blend"
MOST_PARTS: Final = 8
MOST_WEIGHT: Final = 1000.0


@command("/player/<p>/model")
def model(call: Call) -> Steps:
    wanted = str(call.command.arguments[0])
    if wanted not in call.session.models:
        raise Refused(f"no model {wanted!r}", f"models here: {', '.join(call.session.models)}")
    return _exchange(call, model=wanted)


@command("/player/<p>/viewpoint")
def viewpoint(call: Call) -> Steps:
    wanted = str(call.command.arguments[0])
    check_viewpoint(wanted)
    return _exchange(call, viewpoint=wanted)


@command("/player/<p>/parts")
def parts(call: Call) -> Steps:
    return _exchange(call, parts=_parts(call.command.arguments, call.session.models))


def _exchange(call: Call, *, model: str = "", viewpoint: str = "", parts: Parts = ()) -> Steps:
    call.own()
    name, there = call.player()
    if there is None:
        raise Refused(f"{name} is only being made", f"say it in /player/{name}/new")
    if parts and _wanted(call, there).model != BLEND:
        raise Refused(f"{name} is no blend", f"send /player/{name}/model {BLEND} first")
    yield
    voice = call.voice()
    was = _wanted(call, voice)
    model = model or was.model
    parts = parts or (was.parts if model == BLEND else ())
    call.session.exchange(voice, model, viewpoint or was.viewpoint, parts, call.sender, call.command.address)


def _wanted(call: Call, voice: Voice) -> Wanted:
    """What it is about to become, or is."""
    return call.session.wanted.get(voice.name) or Wanted(voice.model, voice.viewpoint, voice.parts, None, "")


def _parts(arguments: tuple[Value, ...], models: tuple[str, ...]) -> Parts:
    """Names and weights; a name without one weighs 1. Raises `Refused`."""
    found: list[tuple[str, float]] = []
    for value in arguments:
        if isinstance(value, str):
            if value not in models or value == BLEND:
                there = ", ".join(name for name in models if name != BLEND)
                raise Refused(f"no model {value!r} that could be a part", f"models here: {there}")
            found.append((value, 1.0))
        elif not found:
            raise Refused("a weight came before any model", "send a model, then its weight, and so on")
        else:
            found[-1] = (found[-1][0], float(value))
    names = [name for name, _ in found]
    if not found or len(found) > MOST_PARTS or len(set(names)) < len(names):
        raise Refused(f"a blend has 1 to {MOST_PARTS} different parts", "send each model once, with its weight")
    if any(not 0 <= weight <= MOST_WEIGHT for _, weight in found) or not any(weight for _, weight in found):
        raise Refused(f"weights must be 0 to {MOST_WEIGHT:g}, and one above 0", "send other weights")
    return tuple(found)
