"""What every format is read into: a piece with its flows, each a list of notes, labels or chords in time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..events import Event, Note

#: Onsets within this of the first are one event, and a phrase ends after so long a silence, as in a session.
CHORD_S: Final = 0.03
GAP_S: Final = 1.0
LEAST_BEATS: Final = 1 / 96


class Unreadable(Exception):
    """A file that cannot be read: what is wrong with it, and what may help."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what}; {cure}")
        self.what = what
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Heard:
    """One note of a flow; a label in place of a pitch makes it an event that is no note."""

    onset_beats: float
    duration_beats: float
    pitch: float = 60.0
    velocity: float = 80.0
    channel: int = 1
    label: str = ""


@dataclass(slots=True)
class Flow:
    """What one voice plays."""

    name: str
    heard: list[Heard] = field(default_factory=list)


@dataclass(slots=True)
class Piece:
    """A piece of music: its flows, the chords under it (onset in beats, label), its tempo, and what was odd in it."""

    name: str
    flows: list[Flow] = field(default_factory=list)
    chords: list[tuple[float, str]] = field(default_factory=list)
    bpm: float = 120.0
    oddities: list[str] = field(default_factory=list)

    @property
    def notes(self) -> int:
        """How many notes and labels it has."""
        return sum(len(flow.heard) for flow in self.flows)

    @property
    def beats(self) -> float:
        """When its last note ends."""
        ends = [heard.onset_beats + heard.duration_beats for flow in self.flows for heard in flow.heard]
        return max(ends, default=0.0)


def events_of(piece: Piece, flow: Flow) -> list[Event]:
    """A flow's events as a session would have heard them: chords gathered, phrases ended by silences."""
    heard = sorted(flow.heard, key=lambda note: (note.onset_beats, note.pitch))
    beat_s = 60.0 / piece.bpm
    groups: list[list[Heard]] = []
    for note in heard:
        first = groups[-1][0] if groups else None
        together = first is not None and (note.onset_beats - first.onset_beats) * beat_s <= CHORD_S
        if together and not note.label and first is not None and not first.label:
            groups[-1].append(note)
        else:
            groups.append([note])
    starts = [onset for onset, _ in piece.chords]
    events = []
    for place, group in enumerate(groups):
        event = _event(piece, group, starts, beat_s)
        following = groups[place + 1][0].onset_beats if place + 1 < len(groups) else None
        until = event.onset_beats + event.duration_beats
        if following is None or (following - until) * beat_s > GAP_S:
            event = replace(event, span_beats=max(until - event.onset_beats, LEAST_BEATS), last=True)
        else:
            event = replace(event, span_beats=max(following - event.onset_beats, LEAST_BEATS))
        events.append(event)
    return events


def _event(piece: Piece, group: Sequence[Heard], starts: list[float], beat_s: float) -> Event:
    onset = group[0].onset_beats
    at = bisect_right(starts, onset + 1e-6) - 1
    chord = piece.chords[at][1] if at >= 0 else ""
    notes = tuple(
        Note(
            min(max(note.pitch, 0.0), 127.0),
            min(max(note.velocity, 1.0), 127.0),
            note.onset_beats - onset,
            max(note.duration_beats, LEAST_BEATS),
            min(max(note.channel, 1), 255),
        )
        for note in group
        if not note.label
    )
    span = max(max(note.duration_beats for note in group), LEAST_BEATS)
    return Event(piece.name, round(onset * beat_s * 1e9), onset, span, notes, group[0].label, False, chord)
