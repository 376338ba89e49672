"""Time: tempo, start, stop, panic."""

from __future__ import annotations

from .call import Call, Steps, command


@command("/tempo")
def tempo(call: Call) -> Steps:
    yield
    call.session.change_tempo(call.now, float(call.command.arguments[0]))


@command("/start")
def start(call: Call) -> Steps:
    yield
    call.session.resume(call.now)


@command("/stop")
def stop(call: Call) -> Steps:
    yield
    call.session.halt(call.now, panic=False)
    for voice in call.session.voices.values():
        call.session.show(voice, call.now)
    call.session.say(call.now, "/transport", 0)


@command("/panic")
def panic(call: Call) -> Steps:
    yield
    call.session.halt(call.now, panic=True)
    call.session.say(call.now, "/panic", call.sender.name)
    for voice in call.session.voices.values():
        call.session.show(voice, call.now)
    call.session.say(call.now, "/transport", 0)
