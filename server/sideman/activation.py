"""What is lit in a memory: the traces that its events leave, and what a player asks of them.

The places, the peaks and the choice among them are the core's (`Traces`, `Reach`, `Reaction`). The idea is Somax's
(Bonnasse-Gahot, "An update on the SOMax project", IRCAM 2014; Borg, "The Somax 2 theoretical model", IRCAM 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import numpy as np

from .addresses import Value
from .constraints import transpositions
from .events import Event
from .harmonic import Ear, moved, related
from .models import Floats, Manner, Reach, Traces
from .timeline import MINUTE

INFLUENCES: Final = ("melodic", "harmonic", "self")
#: So many places are lit by one influence of one event.
PLACES: Final = Reach.LIGHTS
#: What the player hears it keeps for so many events, to compare with memory.
HEARD: Final = 8
#: Values from here on are no pitches.
PITCHES: Final = 128
LABELS: Final = 256
MOST_VALUE: Final = 32_000
#: Farther than this nothing that is heard can be moved.
FARTHEST: Final = 1000

#: The semitones that are allowed; None: any.
Moves = frozenset[int] | None


def value_of(event: Event, first: int) -> int:
    """What an event is to `Traces`: its highest pitch, or (`first` is its symbol's first value) something beyond."""
    return min(max(round(event.top.pitch), 0), PITCHES - 1) if event.notes else LABELS + first % MOST_VALUE


class Traced:
    """The traces of what was learned, in its order."""

    def __init__(self) -> None:
        self.traces = Traces()
        self._ears: dict[int, Ear] = {}
        self._before: dict[int, Event] = {}

    def append(self, event: Event, stream: int, first: int) -> None:
        """An event of a stream was learned; `first` is its symbol's first value."""
        before = self._before.get(stream)
        bpm = 0.0
        if before is not None and event.onset_ns > before.onset_ns:
            beats = event.onset_beats - before.onset_beats
            bpm = max(0.0, min(beats * MINUTE / (event.onset_ns - before.onset_ns), 1000.0))
        self._before[stream] = event
        harmony = self._ears.setdefault(stream, Ear()).hear(event)
        self.traces.append(stream, value_of(event, first), harmony, event.onset_beats, bpm)

    def end(self, stream: int) -> None:
        """A break in a stream."""
        self.traces.end(stream)
        self._ears.pop(stream, None)
        self._before.pop(stream, None)


def manner_of(settings: Mapping[str, Value]) -> Manner:
    """How a player follows, from its parameters. The weights of its influences sum to 1 unless all are 0."""
    weights = [float(settings[f"weight_{name}"]) for name in INFLUENCES]
    total = sum(weights) or 1.0
    moves = transpositions(str(settings["transpositions"]))
    return Manner(
        [weight / total for weight in weights],
        float(settings["activation_decay"]),
        float(settings["phase"]),
        float(settings["continuity_bonus"]),
        float(settings["tempo_consistency"]),
        float(settings["transposition_consistency"]),
        float(settings["activation_threshold"]),
        int(settings["lead"]),
        int(settings["min_context"]),
        int(settings["continuity"]),
        int(settings["taboo"]),
        int(settings["longest_copy"]),
        None if moves is None else [move for move in moves if abs(move) <= FARTHEST],
    )


@lru_cache(maxsize=1024)
def wanted(harmony: int, shift: int, moves: Moves) -> Floats:
    """The harmonies whose places one lights, float64[n, 3]: each with how alike it is and how it is to be moved.

    A place sounds in it where it stands, or as places are moved now (`shift`). Harmony 0 is none.
    """
    shifts = [by for by in dict.fromkeys((shift, 0)) if moves is None or by in moves]
    alike = related(harmony) if harmony else ()
    return np.array([(moved(other, -by), score, by) for other, score in alike for by in shifts]).reshape(-1, 3)
