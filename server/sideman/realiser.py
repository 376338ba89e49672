"""From a symbol and its source to notes: the performer's own touch, moved and stretched to what was drawn.

The source gives chord, velocities, micro-timing and legato; nothing is invented but where memory has nothing.
Every number that leaves here is finite and within its range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from .addresses import Value
from .constraints import DRUMS_CHANNEL, shift
from .controls import PRESSURE
from .events import Control, Event, Note
from .viewpoint import Viewpoint, class_beats, pitch_of, time_class

LEAST_SPAN_BEATS = 1 / 64
MOST_SPAN_BEATS = 64.0
LEGATO = 0.9


def realise(
    viewpoint: Viewpoint,
    values: tuple[int, ...],
    source: Event | None,
    last_pitch: int | None,
    settings: Mapping[str, Value],
    channel: int,
    loudness: float,
    *,
    step: int | None = None,
    chord: str = "",
) -> tuple[float, tuple[Note, ...], str]:
    """Span in beats, notes and label of the event that a symbol means.

    `channel` is where it is to sound unless a parameter says otherwise, 0 for the source's own; `loudness` multiplies
    every velocity; `step` is the interval by which the source was reached where it stands, `chord` the harmony in
    force. Without a source the notes are plain.
    """
    span = min(max(_span(viewpoint, values, source), LEAST_SPAN_BEATS), MOST_SPAN_BEATS)
    near = round(source.top.pitch) if source is not None and source.notes else None
    transpose = shift(settings)
    lowest, highest = int(settings["pitch_low"]), int(settings["pitch_high"])
    target = pitch_of(viewpoint, values, last_pitch, near=near, step=step, chord=chord, low=lowest - transpose,
                      high=highest - transpose)  # fmt: skip
    if source is None:
        if target is None:
            return span, (), ""
        source = Event("", 0, 0.0, span, (Note(target, 80.0, 0.0, span * LEGATO),))
    if not source.notes:
        return span, (), source.label
    moved = 0 if target is None else target - (round(source.top.pitch) if near is None else near)
    stretch = span / max(source.span_beats, LEAST_SPAN_BEATS)
    drums = source.notes[0].channel == DRUMS_CHANNEL
    transpose = 0 if drums else transpose
    wanted = int(settings["channel"]) or channel
    low, high = (0, 127) if drums else (lowest, highest)
    scale = float(settings["velocity_scale"])
    notes = []
    downwards = source.notes if len(source.notes) == 1 else sorted(source.notes, key=lambda note: -note.pitch)
    for place, note in enumerate(downwards[: int(settings["max_notes"])]):
        pitch = note.pitch + (0 if drums else moved) + transpose
        if not 0 <= round(pitch) <= 127 or (place and not low <= round(pitch) <= high):
            continue  # of a chord, what falls outside is left out; its top was drawn inside
        velocity = note.velocity * loudness * scale
        notes.append(
            Note(
                pitch,
                min(max(velocity, 1.0), 127.0),
                min(max(note.offset_beats, 0.0), span),
                min(max(note.duration_beats * stretch, LEAST_SPAN_BEATS), MOST_SPAN_BEATS),
                min(max(wanted or note.channel, 1), 255),
            )
        )
    return span, tuple(notes), ""


def controlled(source: Event | None, span: float, notes: tuple[Note, ...], channel: int) -> tuple[Control, ...]:
    """The controls of a source, moved and stretched as its notes were; `channel` 0 leaves them where they were."""
    if source is None or not source.controls:
        return ()
    stretch = span / max(source.span_beats, LEAST_SPAN_BEATS)
    interval = 0
    if notes and source.notes:
        interval = round(max(note.pitch for note in notes)) - round(source.top.pitch)
    moved = []
    for control in source.controls:
        number = control.number
        if control.kind == PRESSURE and number >= 0:
            number = min(max(number + interval, 0), 127)
        offset = min(max(control.offset_beats * stretch, 0.0), span)
        moved.append(replace(control, number=number, offset_beats=offset, channel=channel or control.channel))
    return tuple(sorted(moved, key=lambda control: control.offset_beats))


def at_speed(
    ratio: float, span: float, notes: tuple[Note, ...], controls: tuple[Control, ...]
) -> tuple[float, tuple[Note, ...], tuple[Control, ...]]:
    """The same so many times as fast."""
    if ratio == 1:
        return span, notes, controls
    span = max(span / ratio, LEAST_SPAN_BEATS)
    notes = tuple(
        replace(
            note,
            offset_beats=min(note.offset_beats / ratio, span),
            duration_beats=max(note.duration_beats / ratio, LEAST_SPAN_BEATS),
        )
        for note in notes
    )
    return span, notes, tuple(replace(c, offset_beats=min(c.offset_beats / ratio, span)) for c in controls)


def _span(viewpoint: Viewpoint, values: tuple[int, ...], source: Event | None) -> float:
    """The source's own span where its class is the one that was drawn, else the middle of that class."""
    at = viewpoint.place("ioi")
    if at < 0:
        return source.span_beats if source is not None else 1.0
    if source is not None and time_class(source.span_beats) == values[at]:
        return source.span_beats
    return class_beats(values[at])
