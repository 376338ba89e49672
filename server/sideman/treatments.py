"""The effects that come with sideman: each makes of one planned event another, and of nothing else.

Pure functions, and the table of them; `chain.py` links them, and keeps what comes out within bounds. Drums keep their
pitches.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from .controls import PRESSURE
from .events import Before, Control, Note, Planned

DRUMS_CHANNEL: Final = 10
LOUDEST: Final = 127.0
#: However it echoes, an event has at most so many notes.
MOST_NOTES: Final = 64

Arguments = tuple[float, ...]
Treat = Callable[[Planned, Arguments, Before], Planned]


@dataclass(frozen=True, slots=True)
class Knob:
    """One argument of an effect: its name, its range, what it is when left out."""

    name: str
    low: float
    high: float
    default: float


@dataclass(frozen=True, slots=True)
class Treatment:
    """An effect by its name. Without `knobs` it takes whatever numbers are given: it looks to them itself."""

    name: str
    treat: Treat
    does: str = ""
    knobs: tuple[Knob, ...] | None = None

    @property
    def usage(self) -> str:
        """How it is written."""
        return ":".join((self.name, *(knob.name for knob in self.knobs or ())))


def _pitched(event: Planned, pitch: Callable[[float], float]) -> Planned:
    """Every pitch but those of drums becomes another, and pressure goes with its key."""

    def of_note(note: Note) -> Note:
        return note if note.channel == DRUMS_CHANNEL else replace(note, pitch=pitch(note.pitch))

    def of_control(control: Control) -> Control:
        if control.kind != PRESSURE or control.number < 0 or control.channel == DRUMS_CHANNEL:
            return control
        return replace(control, number=round(pitch(control.number)))

    return replace(event, notes=tuple(map(of_note, event.notes)), controls=tuple(map(of_control, event.controls)))


def transpose(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """Moved by semitones."""
    return _pitched(event, lambda pitch: pitch + arguments[0])


def octave(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """Moved by octaves."""
    return _pitched(event, lambda pitch: pitch + 12 * arguments[0])


def inversion(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """Mirrored about a pitch: what rose falls."""
    return _pitched(event, lambda pitch: 2 * arguments[0] - pitch)


def velocity(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """A curve that leaves the loudest as it is: above 1 the soft becomes softer, below 1 louder."""
    curved = tuple(
        replace(note, velocity=LOUDEST * (max(note.velocity, 0.0) / LOUDEST) ** arguments[0]) for note in event.notes
    )
    return replace(event, notes=curved)


def delay(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """Later by so many beats."""
    later = arguments[0]
    notes = tuple(replace(note, offset_beats=note.offset_beats + later) for note in event.notes)
    controls = tuple(replace(control, offset_beats=control.offset_beats + later) for control in event.controls)
    return replace(event, notes=notes, controls=controls)


def echo(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """Heard again so many times, each so many beats later and so much softer."""
    beats, times, fade = arguments
    notes = [
        replace(note, offset_beats=note.offset_beats + beats * again, velocity=note.velocity * fade**again)
        for again in range(int(times) + 1)
        for note in event.notes
    ]
    return replace(event, notes=tuple(notes[: max(MOST_NOTES, len(event.notes))]))


def repeat(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """An ornament: each note is struck so many times in its own time."""
    times = int(arguments[0])
    if times * len(event.notes) > MOST_NOTES:
        return event
    notes = tuple(
        replace(
            note,
            offset_beats=note.offset_beats + note.duration_beats * again / times,
            duration_beats=note.duration_beats / times,
        )
        for again in range(times)
        for note in event.notes
    )
    return replace(event, notes=notes)


def retrograde(event: Planned, arguments: Arguments, before: Before) -> Planned:
    """Groups of so many events come backwards, one group late: what is played is of the group before, last first.

    The rhythm stays that of the moment; until there was a group before, all stays as it is.
    """
    back = 2 * (before.count % int(arguments[0])) + 1
    if back > len(before.events):
        return event
    mirrored = before.events[-back]
    stretch = event.span_beats / mirrored.span_beats if mirrored.span_beats > 0 else 1.0
    notes = tuple(
        replace(note, offset_beats=note.offset_beats * stretch, duration_beats=note.duration_beats * stretch)
        for note in mirrored.notes
    )
    controls = tuple(replace(control, offset_beats=control.offset_beats * stretch) for control in mirrored.controls)
    return replace(mirrored, onset_beats=event.onset_beats, span_beats=event.span_beats, notes=notes, controls=controls)


#: How far back `retrograde` may look, and every other effect can.
REACH: Final = 32

TREATMENTS: Final = {
    made.name: made
    for made in (
        Treatment("transpose", transpose, "moved by semitones", (Knob("semitones", -48, 48, 12),)),
        Treatment("octave", octave, "moved by octaves", (Knob("octaves", -4, 4, 1),)),
        Treatment("inversion", inversion, "mirrored about a pitch: what rose falls", (Knob("axis", 0, 127, 60),)),
        Treatment(
            "velocity",
            velocity,
            "a curve: above 1 the soft becomes softer, below 1 louder; the loudest stays",
            (Knob("curve", 0.1, 10, 1.5),),
        ),
        Treatment("delay", delay, "so many beats later", (Knob("beats", 0, 16, 0.5),)),
        Treatment(
            "echo",
            echo,
            "heard again, so many times, each so many beats later and so much softer",
            (Knob("beats", 0.0625, 16, 0.5), Knob("times", 1, 8, 2), Knob("fade", 0, 1, 0.6)),
        ),
        Treatment("repeat", repeat, "each note struck so many times in its own time", (Knob("times", 1, 8, 2),)),
        Treatment(
            "retrograde",
            retrograde,
            "groups of so many events come backwards, one group late, in the rhythm of the moment",
            (Knob("events", 2, 16, 4),),
        ),
    )
}
