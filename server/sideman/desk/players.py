"""Making, ending and leading players."""

from __future__ import annotations

from ..addresses import NAME, NAME_CURE
from ..errors import Refused
from ..events import PartWord
from ..judgement import words
from ..session import DEFAULT_PLAYER
from ..session.presence import MAX_PLAYERS
from ..viewpoint import check as check_viewpoint
from ..voice import MODES
from .call import Call, Steps, command
from .parameters import lengthens


@command("/player/<p>/new")
def new(call: Call) -> Steps:
    name = call.command.names[0]
    model, viewpoint, memory = (str(value) for value in call.command.arguments)
    memory = memory or name
    asked = (model, viewpoint, memory)
    session = call.session
    voice = session.voices.get(name) if name not in call.view.dropped else None
    made = call.view.made.get(name) or (voice.made if voice else None)
    if made is not None and made != asked:
        raise Refused(
            f"{name} is there already, as {' '.join(made)}", f"/player/{name}/drop it first, or take another name"
        )
    if made is None:
        if len(session.voices) + len(call.view.made) >= MAX_PLAYERS:
            raise Refused(f"there are {MAX_PLAYERS} players already", "drop one with /player/NAME/drop")
        if session.seats.get(session.name, name) is not None:
            raise Refused(f"{name} is a performer's name here", "take another name")
        if model not in session.models:
            raise Refused(f"no model {model!r}", f"models here: {', '.join(session.models)}")
        check_viewpoint(viewpoint)
        if not NAME.match(memory):
            raise Refused(f"{memory!r} is not a memory's name", NAME_CURE)
    call.view.made[name] = asked
    yield
    there = session.voices.get(name)
    if there is not None:
        call.answer(f"/player/{name}/state", *there.states())
        return
    leash = session.kept_leash(name)
    added = session.add_voice(name, model, viewpoint, memory, call.sender.name, call.now)
    session.show(added, call.now, always=True)
    if leash != added.leash and not lengthens(call):
        session.put(added, "leash", leash, call.now)


@command("/player/<p>/drop")
def drop(call: Call) -> Steps:
    call.own()
    name = call.command.names[0]
    if name == DEFAULT_PLAYER and not call.sender.may("leader"):
        raise Refused(f"{name} is everybody's", "ask a leader")
    call.view.dropped.add(name)
    call.view.made.pop(name, None)
    yield
    call.session.drop(call.voice(), call.now)


@command("/player/<p>/hear")
def hear(call: Call) -> Steps:
    call.own()
    names = tuple(str(name) for name in call.command.arguments if name != "")
    for name in names:
        if name != "*" and not NAME.match(name):
            raise Refused(f"{name!r} is not a name", NAME_CURE)
    if len(names) > 64:
        raise Refused("more than 64 names", "hear * (all humans), or fewer")
    yield
    voice = call.voice()
    if voice.hears != names:
        call.changed("hear", voice.hears)
        voice.hears = names
        call.session.say(call.now, f"/player/{voice.name}/hears", *names)


@command("/player/<p>/mode")
def mode(call: Call) -> Steps:
    call.own()
    wanted = str(call.command.arguments[0])
    if wanted not in MODES:
        raise Refused(f"no mode {wanted!r}", f"modes: {', '.join(MODES)}")
    yield
    voice = call.voice()
    if voice.mode != wanted:
        call.changed("mode", (voice.mode, str(voice.take)))
    call.session.change_mode(call.voice(), wanted, call.now)
    _tell_what_it_waits_for(call)


@command("/player/<p>/play")
def play(call: Call) -> Steps:
    call.own()
    call.player()
    yield
    beats = float(call.command.arguments[0])
    if beats == 0:
        _stop(call)
    else:
        call.session.arm(call.voice(), call.now, beats, human=call.sender.kind == "human")
        _tell_what_it_waits_for(call)


def _tell_what_it_waits_for(call: Call) -> None:
    """Who is to play over a chart that is not there, or stands still, hears of it."""
    voice, session = call.voice(), call.session
    if voice.mode != "chart" or not voice.armed or session.charts:
        return
    lacks = "the transport stands: it waits for /start"
    if session.chart is None:
        lacks = "there is no chart: it waits for one, such as /chart/set Dm7 | G7 | C^7 | %"
    call.answer("/notice", f"/player/{voice.name}/mode", f"{voice.name} is to play over a chart, but {lacks}")


@command("/player/<p>/stop")
def stop_player(call: Call) -> Steps:
    call.player()
    yield
    _stop(call)


def _stop(call: Call) -> None:
    voice = call.voice()
    call.session.disarm(voice, call.now)
    voice.halted, voice.beats_left = False, -1.0
    call.session.show(voice, call.now)


@command("/player/<p>/next")
def next_event(call: Call) -> Steps:
    call.own()
    name, voice = call.player()
    if voice is None or not voice.armed:
        raise Refused(f"{name} is not armed", f"send /player/{name}/play first")
    if voice.leashed and call.sender.kind != "human":
        raise Refused(f"{name} is leashed", "only a human brings it back, by an onset that it hears or by play")
    if not call.session.memory_lengths.get(voice.memory):
        raise Refused(f"{name} has heard nothing yet", "play something that it hears")
    yield
    call.session.trigger(call.voice(), call.now)


@command("/player/<p>/why")
def why(call: Call) -> Steps:
    name, voice = call.player()
    number = int(call.command.arguments[0])
    played = voice.find(number, call.now) if voice else None
    if played is None:
        what = f"event {number} is not remembered" if number else "it has played nothing yet"
        raise Refused(f"{name}: {what}", "ask for a later event, or for 0, the last")
    yield
    reason = played.planned.why
    call.answer(
        f"/player/{name}/why",
        played.number,
        reason.model,
        reason.probability,
        reason.source,
        reason.source_beat,
        reason.context,
        "; ".join(
            (*map(_part_said, reason.parts), *map(_lit_said, reason.lit), *reason.bound_by, *words(played.judged))
        ),
    )


def _part_said(part: PartWord) -> str:
    return f"{part.name} gave {part.probability:.2g} at weight {part.weight:.2f}"


def _lit_said(lit: tuple[str, float]) -> str:
    influence, height = lit
    return f"{influence} lit it {height:.2f}"
