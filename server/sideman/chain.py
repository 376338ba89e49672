"""Chains of effects: written as words such as `transpose:7 delay:0.5`, applied to each event as it enters the plan.

Whatever an effect does, its own mistakes included, no note leaves here outside 0 to 127, before its event, or without
a duration; an effect that fails is named, and the event goes on without it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from .controls import BEND
from .errors import Refused
from .events import Before, Control, Note, Planned
from .treatments import Arguments, Treat, Treatment

MOST_LINKS: Final = 8
MOST_ARGUMENTS: Final = 4
MOST_NOTES: Final = 128
MOST_CONTROLS: Final = 512
LEAST_BEATS: Final = 1 / 64
MOST_BEATS: Final = 64.0
_WORD: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,31})((?::[^:\s]*)*)\Z")


class Link(NamedTuple):
    """One effect of a chain, as it was written, with what it is to be called with."""

    said: str
    arguments: Arguments
    treat: Treat


@dataclass(frozen=True, slots=True)
class Fault:
    """An effect that failed, and how."""

    said: str
    reason: str


def words(text: str) -> list[tuple[str, str, Arguments]]:
    """Each effect of a chain: as it was written, its name, its numbers. Raises `ValueError` naming what is none."""
    found = []
    for word in text.split():
        match = _WORD.match(word)
        numbers = match[2].split(":")[1:] if match else []
        try:
            arguments = tuple(float(number) for number in numbers)
        except ValueError:
            match = None
            arguments = ()
        if match is None or not all(map(math.isfinite, arguments)) or len(arguments) > MOST_ARGUMENTS:
            raise ValueError(f"{word[:32]!r} is no effect: a name, and behind colons its numbers")
        found.append((word, match[1], arguments))
    if len(found) > MOST_LINKS:
        raise ValueError(f"a chain has at most {MOST_LINKS} effects, {len(found)} came")
    return found


def links(text: str, there: Mapping[str, Treatment]) -> tuple[Link, ...]:
    """The effects of a chain, ready to be applied; raises `Refused` for one that is not there or out of range."""
    try:
        named = words(text)
    except ValueError as error:
        raise Refused(str(error), "send for example transpose:7 delay:0.5") from None
    return tuple(Link(said, _arguments(there, said, name, given), there[name].treat) for said, name, given in named)


def _arguments(there: Mapping[str, Treatment], said: str, name: str, given: Arguments) -> Arguments:
    made = there.get(name)
    if made is None:
        raise Refused(f"no effect {name!r}", f"effects: {', '.join(there)}")
    if made.knobs is None:
        return given
    if len(given) > len(made.knobs):
        raise Refused(f"{said[:64]}: {name} has {len(made.knobs)} value(s), {len(given)} came", f"send {made.usage}")
    for knob, value in zip(made.knobs, given, strict=False):
        if not knob.low <= value <= knob.high:
            raise Refused(
                f"{said[:64]}: {knob.name} must be {knob.low:g} to {knob.high:g}, {value:g} came",
                f"send {made.usage}",
            )
    return (*given, *(knob.default for knob in made.knobs[len(given) :]))


def treated(event: Planned, chain: Sequence[Link], before: Before) -> tuple[Planned, list[Fault]]:
    """An event after all effects of a chain, its reasons naming those that changed it; and which failed."""
    faults: list[Fault] = []
    changed: list[str] = []
    result = event
    for link in chain:
        try:
            after = bounded(link.treat(result, link.arguments, before), event)
        except Exception as error:  # a plugin's, in this process by wish
            faults.append(Fault(link.said, f"{type(error).__name__}: {error}"[:200]))
            continue
        if after != result:
            changed.append(f"effect {link.said}")
        result = after
    if changed:
        result = replace(result, why=replace(result.why, bound_by=(*result.why.bound_by, *changed)))
    return result, faults


def bounded(made: Planned, event: Planned) -> Planned:
    """What an effect made of an event, in that event's time and within every bound; raises for what is no event."""
    if not isinstance(made, Planned):
        raise TypeError(f"it gave {type(made).__name__}, no Planned")
    if len(made.notes) > MOST_NOTES or len(made.controls) > MOST_CONTROLS:
        raise ValueError(f"it gave {len(made.notes)} notes and {len(made.controls)} controls")
    if not isinstance(made.label, str) or len(made.label.encode()) > 200:
        raise ValueError("it gave a label of more than 200 bytes")
    notes = tuple(map(_note, made.notes))
    controls = tuple(sorted(map(_control, made.controls), key=lambda control: control.offset_beats))
    gesture = tuple(map(_finite, made.gesture))
    return replace(
        made,
        onset_beats=event.onset_beats,
        span_beats=event.span_beats,
        notes=notes,
        controls=controls,
        gesture=gesture,
    )


def _note(note: Note) -> Note:
    return Note(
        folded(_finite(note.pitch)),
        _within(note.velocity, 1.0, 127.0),
        _within(note.offset_beats, 0.0, MOST_BEATS),
        _within(note.duration_beats, LEAST_BEATS, MOST_BEATS),
        int(_within(note.channel, 1, 255)),
    )


def _control(control: Control) -> Control:
    bend = control.kind == BEND
    return Control(
        str(control.kind),
        int(_within(control.number, -1, 127)),
        _within(control.value, -1.0 if bend else 0.0, 1.0 if bend else 127.0),
        _within(control.offset_beats, 0.0, MOST_BEATS),
        int(_within(control.channel, 1, 255)),
    )


def folded(pitch: float) -> float:
    """A pitch beyond what MIDI has comes back by octaves."""
    if round(pitch) > 127:
        return min(115.5 + (pitch - 115.5) % 12, 127.0)
    if round(pitch) < 0:
        return (pitch + 0.5) % 12 - 0.5
    return pitch


def _within(value: float, low: float, high: float) -> float:
    return min(max(_finite(value), low), high)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"it gave a number that is not finite: {value}")
    return value
