"""Music to be trained on: pieces from MIDI files and JSON Lines as events, with what stands beside each.

What is read here is what a session would have heard. Variation (keys, tempo) is here too; tokens are `streams`'.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..corpora import Flow, Heard, Piece, Unreadable, events_of, found, read
from ..errors import SetupError
from ..evaluation.corpora import corpus, lines
from ..events import Event, Note
from ..harmony import parse

#: What a note's pitch may become by transposition.
LOWEST: Final = 24
HIGHEST: Final = 103


@dataclass(frozen=True, slots=True)
class Song:
    """One voice of a piece: its events in order, the changes of chord under it, how long a bar is."""

    name: str
    events: tuple[Event, ...]
    chords: tuple[tuple[float, str], ...] = ()  # onset in beats, label
    places: tuple[float, ...] = ()  # of each event, its beat in the bar; empty: not known

    def cut(self, first: int, past: int) -> Song:
        """Some of its events, with all of its chords."""
        return replace(self, events=self.events[first:past], places=self.places[first:past])


def song_of(fields: Mapping[str, Any]) -> Song | None:
    """A line of a corpus with notes; None for one without."""
    notes = fields.get("notes")
    if not notes:
        return None
    tempo = fields.get("tempo")
    piece = Piece(str(fields.get("id", "")), bpm=min(max(float(tempo or 120.0), 10.0), 400.0))
    piece.chords = [(float(c[0]), str(c[3] if len(c) > 3 else c[2])) for c in fields.get("chords", ())]
    velocities = len(notes[0]) == 4
    flow = Flow("notes", [Heard(n[0], n[1], n[2], n[3] if velocities else 80.0) for n in notes])
    events = events_of(piece, flow)
    return Song(piece.name, tuple(events), tuple(piece.chords), tuple(_places(fields, events)))


def _places(fields: Mapping[str, Any], events: Sequence[Event]) -> list[float]:
    """The place in the bar of each event: by the beats that were marked, else by the metre."""
    beats = fields.get("beats")
    if beats:
        last = len(beats) - 1
        return [
            beats[min(max(int(e.onset_beats), 0), last)][2] - 1 + e.onset_beats - int(e.onset_beats) for e in events
        ]
    metre = str(fields.get("meter") or "")
    top, _, bottom = metre.partition("/")
    if not (top.isdigit() and bottom.isdigit()):
        return []
    bar = int(top) * 4 / int(bottom)
    return [event.onset_beats % bar for event in events]


def songs_of_corpus(data: Path, name: str, split: str) -> list[Song]:
    """The songs of one split of a corpus."""
    read_lines, splits = corpus(data, name)
    made = [song_of(read_lines[own]) for own in splits[split] if own in read_lines]
    return [song for song in made if song is not None and len(song.events) > 1]


def songs_of_files(place: Path) -> list[Song]:
    """The songs of a folder or file of MIDI, MusicXML or JSON Lines; raises `SetupError` where there is none."""
    songs: list[Song] = []
    for path in found([place]) if place.is_dir() else [place]:
        if path.name.endswith((".jsonl", ".jsonl.gz", ".json")):
            songs += [song for fields in lines(path) if (song := song_of(fields)) is not None]
            continue
        try:
            for piece in read(path):
                songs += [_voice(piece, flow) for flow in piece.flows]
        except Unreadable:
            continue  # a folder of files found somewhere holds broken ones, and they are no reason to stop
    songs = [song for song in songs if len(song.events) > 1 and all(event.notes for event in song.events)]
    if not songs:
        raise SetupError(f"{place} holds no music", "give a folder of MIDI files or JSON Lines with notes")
    return songs


def _voice(piece: Piece, flow: Flow) -> Song:
    events = [event for event in events_of(piece, flow) if event.notes]
    return Song(f"{piece.name} {flow.name}", tuple(events), tuple(piece.chords))


@lru_cache(maxsize=4096)
def moved(label: str, semitones: int) -> str:
    """A chord's label elsewhere; what is not understood stays."""
    chord = parse(label)
    return chord.moved(semitones).label if chord is not None else label


def varied(song: Song, semitones: int = 0, factor: float = 1.0, jitter: np.ndarray | None = None) -> Song:
    """The same in another key, slower by a factor, each span longer or shorter by its own `jitter` (a factor).

    Where time is changed, places in the bar are no longer known.
    """
    timed = factor != 1.0 or jitter is not None
    events = []
    for number, event in enumerate(song.events):
        by = factor * (float(jitter[number]) if jitter is not None else 1.0)
        notes = tuple(
            Note(note.pitch + semitones, note.velocity, note.offset_beats, note.duration_beats * by)
            for note in event.notes
        )
        events.append(
            Event("", 0, event.onset_beats * factor, event.span_beats * by, notes, "", event.last,
                  moved(event.chord, semitones) if semitones else event.chord)
        )  # fmt: skip
    chords = tuple((onset * factor, moved(label, semitones)) for onset, label in song.chords)
    return Song(song.name, tuple(events), chords, () if timed else song.places)


def room(song: Song) -> tuple[int, int]:
    """By how many semitones it may be moved down and up and stay within an instrument's reach."""
    pitches = [note.pitch for event in song.events for note in event.notes]
    return min(0, max(LOWEST - round(min(pitches)), -6)), max(0, min(HIGHEST - round(max(pitches)), 6))


def chords_ahead(song: Song) -> list[tuple[str, str | None, float]]:
    """Of each event: the chord in force, the next that is another, and in how many beats it comes."""
    starts = [start for start, _ in song.chords]
    changes: list[tuple[float, str] | None] = [None] * len(starts)  # of each chord, the next that is another
    for at in range(len(starts) - 2, -1, -1):
        following = song.chords[at + 1]
        changes[at] = following if following[1] != song.chords[at][1] else changes[at + 1]
    told: list[tuple[str, str | None, float]] = []
    for event in song.events:
        at = bisect_right(starts, event.onset_beats + 1e-6) - 1
        change = changes[at] if at >= 0 else (song.chords[0] if starts else None)
        now = song.chords[at][1] if at >= 0 else ""
        told.append((now, change[1], change[0] - event.onset_beats) if change else (now, None, 0.0))
    return told
