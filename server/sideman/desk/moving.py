"""Time: beats, tempo, metre, place, start, stop, panic."""

from __future__ import annotations

from ..errors import Refused
from .call import Call, Steps, command


@command("/beat")
def beat(call: Call) -> Steps:
    beat_in_bar = int(call.command.arguments[0])
    charted = call.view.chart if call.view.charted else call.session.chart
    if charted is not None and call.sender.kind == "server":
        beat_in_bar = 0  # a machine counts bars of its own, and here the chart says where bars begin
    if beat_in_bar > call.session.transport.beats:
        raise Refused(f"there is no beat {beat_in_bar} in a bar of {call.session.transport.beats}", "send /metre first")
    yield
    call.session.tap(call.sender, call.now, call.played_ns, beat_in_bar)


@command("/tempo")
def tempo(call: Call) -> Steps:
    yield
    call.session.change_tempo(call.now, float(call.command.arguments[0]))


@command("/tempo/ramp")
def ramp(call: Call) -> Steps:
    yield
    bpm, beats = call.command.arguments
    call.session.change_tempo(call.now, float(bpm), float(beats))


@command("/metre")
def metre(call: Call) -> Steps:
    beats, unit = (int(number) for number in call.command.arguments)
    if unit & (unit - 1):
        raise Refused(f"a beat's unit must be 1, 2, 4, 8, 16, 32 or 64, {unit} came", "for three quarters: /metre 3 4")
    if (call.view.chart if call.view.charted else call.session.chart) is not None:
        raise Refused(
            "the chart says the metre", "write it there, as in 3/4 Dm7 | G7, or take the chart away: /chart/set -"
        )
    yield
    call.session.change_metre(call.now, beats, unit, call.played_ns)


@command("/position")
def position(call: Call) -> Steps:
    yield
    call.session.place(call.now, float(call.command.arguments[0]), call.played_ns)


@command("/start")
def start(call: Call) -> Steps:
    call.view.running = True
    yield
    call.session.resume(call.now, human=call.sender.kind == "human")


@command("/stop")
def stop(call: Call) -> Steps:
    call.view.running = False
    yield
    call.session.halt(call.now, panic=False)
    for voice in call.session.voices.values():
        call.session.show(voice, call.now)
    call.session.say(call.now, "/transport", 0)


@command("/panic")
def panic(call: Call) -> Steps:
    call.view.running = False
    yield
    call.session.halt(call.now, panic=True)
    call.session.say(call.now, "/panic", call.sender.name)
    for voice in call.session.voices.values():
        call.session.show(voice, call.now)
    call.session.say(call.now, "/transport", 0)
