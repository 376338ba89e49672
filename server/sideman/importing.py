"""From pieces to a memory: every flow is kept as a session would have heard it, with a break before the next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .corpora import Flow, Piece, events_of
from .events import Event
from .memory import Memory

#: All flows of a kind are one stream, so that a model that pools few streams knows them all.
NOTES, DRUMS, LABELS = 1, 2, 3
DRUMS_CHANNEL = 10
_BREAK = Event("", 0, 0.0, 0.0)


@dataclass(slots=True)
class Summary:
    """What one file gave."""

    pieces: int = 0
    flows: int = 0
    notes: int = 0
    events: int = 0
    beats: float = 0.0
    chords: int = 0
    oddities: list[str] = field(default_factory=list)

    def line(self) -> str:
        """It in words."""
        counts = [
            _count(self.pieces, "piece"),
            _count(self.flows, "flow"),
            _count(self.notes, "note"),
            _count(self.events, "event"),
            f"{self.beats:.0f} beats",
        ]
        counts += [_count(self.chords, "chord")] if self.chords else []
        odd = f" ({'; '.join(dict.fromkeys(self.oddities))})" if self.oddities else ""
        return ", ".join(counts) + odd


def keep(memory: Memory, pieces: Iterable[Piece]) -> Summary:
    """Keep pieces in a memory; what they were."""
    summary = Summary()
    for piece in pieces:
        summary.pieces += 1
        summary.beats += piece.beats
        summary.chords += len(piece.chords)
        summary.oddities += piece.oddities
        for flow in piece.flows:
            stream = _stream(flow)
            events = events_of(piece, flow)
            for event in events:
                memory.append(event, stream)
            place = memory.append(_BREAK, stream)
            memory.forget([(place, place + 1)])
            summary.flows += 1
            summary.notes += len(flow.heard)
            summary.events += len(events)
    return summary


def _stream(flow: Flow) -> int:
    if any(heard.label for heard in flow.heard):
        return LABELS
    return DRUMS if any(heard.channel == DRUMS_CHANNEL for heard in flow.heard) else NOTES


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
