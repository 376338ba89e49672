"""Music from a memory without a server: the same players that play on stage, asked for so many beats at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import mido

from .addresses import Value
from .band import Band
from .events import Planned, Query
from .memory import Memory

PLAYER, SESSION = "generate/out", "generate/memory"
TICKS = 480
MOST_EVENTS = 1_000_000


def generated(
    band: Band,
    memory: Memory,
    model: str,
    viewpoint: str,
    settings: Mapping[str, Value],
    beats: float,
    seed: int,
    chord: str = "",
    labels: tuple[str, ...] = (),
) -> tuple[Planned, ...]:
    """The events that a player plays from a memory, up to the one that crosses `beats`; over `labels`, one a beat."""
    band.fill(SESSION, memory)
    band.make(PLAYER, model, viewpoint, SESSION)
    band.settle()
    query = Query(
        player=PLAYER,
        epoch=0,
        revision=0,
        memory_length=0,
        seed=seed,
        ordinal=0,
        onset_beats=0.0,
        until_beats=beats,
        count=MOST_EVENTS,
        settings=settings,
        chord=chord,
    )
    return answered(band, charted(query, labels))


def charted(query: Query, labels: tuple[str, ...]) -> Query:
    """A question that is about a chart from its first beat on."""
    return replace(query, scenario=labels, chart_beat=0 if labels else -1)


def answered(band: Band, query: Query) -> tuple[Planned, ...]:
    """What a player plays over a chart, once its memory has been looked through."""
    events = band.answer(query).events
    if not events and band.jobs:
        band.settle()
        events = band.answer(query).events
    return events


def midi_of(events: tuple[Planned, ...], bpm: float, name: str) -> mido.MidiFile:
    """The events as a Standard MIDI File of one track."""
    file = mido.MidiFile(type=0, ticks_per_beat=TICKS)
    track = mido.MidiTrack()
    file.tracks.append(track)
    track.append(mido.MetaMessage("track_name", name=name.encode("latin-1", "replace").decode("latin-1")))
    track.append(mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm)))
    moments: list[tuple[int, int, int, int, int]] = []  # tick, on or off, pitch, velocity, channel
    for event in events:
        for note in event.notes:
            onset = round((event.onset_beats + note.offset_beats) * TICKS)
            end = max(onset + 1, round((event.onset_beats + note.offset_beats + note.duration_beats) * TICKS))
            pitch, channel = min(max(round(note.pitch), 0), 127), (note.channel - 1) % 16
            moments.append((onset, 1, pitch, min(max(round(note.velocity), 1), 127), channel))
            moments.append((end, 0, pitch, 0, channel))
    at = 0
    for tick, on, pitch, velocity, channel in sorted(moments):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, note=pitch, velocity=velocity, channel=channel, time=tick - at))
        at = tick
    return file


def explained(event: Planned) -> dict[str, Any]:
    """An event with its reasons, as plain data."""
    return {
        "onset_beats": event.onset_beats,
        "span_beats": event.span_beats,
        "label": event.label,
        "notes": [asdict(note) for note in event.notes],
        "why": asdict(event.why),
    }
