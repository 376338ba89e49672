"""A command for the next beat, bar or section."""

from __future__ import annotations

from typing import Final

from ..addresses import find
from ..errors import Refused
from ..osc import Message
from ..session.delaying import MOST_PENDING, MOST_PENDING_OF_ONE, WHENS
from ..session.state import Pending
from .call import Call, Steps, command

#: What is done on the beat itself; all else is done just before it, so that what sounds on it is as the command says.
ON_THE_BEAT: Final = frozenset({"/tempo", "/tempo/ramp", "/beat", "/player/<p>/next"})


@command("/at")
def at(call: Call) -> Steps:
    when, address, *arguments = call.command.arguments
    if when not in WHENS:
        raise Refused(f"no moment {when!r}", f"moments: {', '.join(WHENS)}")
    chart = call.view.chart if call.view.charted else call.session.chart
    if when == "section" and (chart is None or not chart.sections):
        raise Refused("there are no sections", "name them in the chart: /chart/set [A] Dm7 | G7")
    running = call.session.transport.running if call.view.running is None else call.view.running
    message = Message(str(address), tuple(arguments))
    # What comes before it in a bundle is there; what it will leave is not yet, unless it is done at once.
    view = call.view.copied() if running else call.view
    checked = call.check(message, view)
    rows = [inner.command.row for inner, _ in checked]
    for row in rows:
        if row.section not in (4, 5) or row.template == "/at":
            raise Refused(f"{row.template} cannot be delayed", "what can be is in sections 4 and 5 of the protocol")
    waiting = len(call.session.pending) + call.view.delayed
    mine = sum(pending.by.name == call.sender.name for pending in call.session.pending) + call.view.delayed
    if waiting >= MOST_PENDING or mine >= MOST_PENDING_OF_ONE:
        many = f"{mine} commands of yours" if waiting < MOST_PENDING else f"{waiting} commands"
        raise Refused(f"{many} wait already", "send fewer, or /panic, which drops them")
    call.view.delayed += running
    yield
    call.answer("/will", when, address, *arguments)
    doing = [(inner, steps) for inner, steps in checked if not inner.command.released]
    if not doing:
        return
    if running:
        on_beat = all(row.template in ON_THE_BEAT for row in rows)
        call.session.delay(Pending(str(when), message, call.source, call.sender, on_beat), call.now)
        return
    for inner, steps in doing:
        inner.seat = call.seat
        for _ in steps:
            raise AssertionError(f"{inner.command.row.template} yields twice")
    found = find(message.address)
    if found is None or (not found[0].quiet and found[0].replies == "/done"):
        call.answer("/done", message.address)
