"""The form: a chart set or loaded, a loop of it, a jump in it."""

from __future__ import annotations

from ..addresses import NAME, NAME_CURE, Value
from ..chart import Chart, read
from ..errors import Refused
from .call import Call, Steps, command


@command("/chart/set")
def set_chart(call: Call) -> Steps:
    text = str(call.command.arguments[0])
    chart = read(text, metre=call.session.metre) if text else None
    call.view.charted, call.view.chart = True, chart
    yield
    call.session.set_chart(chart, call.now)


@command("/chart/load")
def load(call: Call) -> Steps:
    name = str(call.command.arguments[0])
    if not NAME.match(name):
        raise Refused(f"{name!r} is not a name", NAME_CURE)
    yield
    call.session.load_chart(name, call.sender, call.command.address)


@command("/chart/loop")
def loop(call: Call) -> Steps:
    chart = _chart(call)
    first, last = call.command.arguments
    beats = (0, 0)
    if not _is_off(first):
        beats = (_beats(chart, first)[0], _beats(chart, first if last == "" else last)[1])
        if beats[0] >= beats[1]:
            raise Refused(f"{last} comes before {first}", "send the first bar, then the last one")
    yield
    call.session.loop(call.now, call.played_ns, beats)


@command("/chart/jump")
def jump(call: Call) -> Steps:
    place = _beats(_chart(call), call.command.arguments[0])[0]
    yield
    call.session.jump(call.now, call.played_ns, place)


def _chart(call: Call) -> Chart:
    chart = call.view.chart if call.view.charted else call.session.chart
    if chart is None:
        raise Refused("there is no chart", "send one: /chart/set Dm7 | G7 | C^7 | %")
    return chart


def _is_off(value: Value) -> bool:
    return value in (0, "0", "off", "")


def _beats(chart: Chart, value: Value) -> tuple[int, int]:
    """The beats [first, past) of a bar or of a section; of a name that could be both the section."""
    if isinstance(value, str) and value in chart.sections:
        return chart.section_at(value)
    try:
        bar = float(value)
    except ValueError:
        return chart.section_at(str(value))
    if bar != int(bar):
        raise Refused(f"there is no bar {bar:g}", f"send a whole number, 1 to {chart.length}")
    first = chart.bar_at(int(bar))
    return first, first + chart.form[first].beats
