"""Musical time: the map from beats to nanoseconds, and back, as values and pure functions.

No clock is read here: whoever asks brings `now`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND
DEFAULT_BPM: Final = 120.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """Beats against nanoseconds at one tempo: `anchor_beat` falls on `anchor_ns`.

    A change of tempo makes a new timeline that meets the old one at the moment of the change.
    """

    anchor_ns: int
    anchor_beat: float = 0.0
    bpm: float = DEFAULT_BPM

    def beat_at(self, ns: int) -> float:
        """The beat that falls on a moment."""
        return self.anchor_beat + (ns - self.anchor_ns) * self.bpm / MINUTE

    def ns_at(self, beat: float) -> int:
        """The moment on which a beat falls, to the nearest nanosecond."""
        return self.anchor_ns + round((beat - self.anchor_beat) * MINUTE / self.bpm)

    def span_ns(self, beats: float) -> int:
        """How long so many beats last."""
        return round(beats * MINUTE / self.bpm)

    def span_beats(self, ns: int) -> float:
        """How many beats so many nanoseconds are."""
        return ns * self.bpm / MINUTE

    def with_tempo(self, now: int, bpm: float) -> Timeline:
        """The timeline from `now` on at another tempo."""
        return replace(self, anchor_ns=now, anchor_beat=self.beat_at(now), bpm=bpm)


@dataclass(frozen=True, slots=True)
class Transport:
    """Where the form stands: `position` (from 0) at `since_beat` of the timeline, moving only while it runs."""

    running: bool = False
    position: float = 0.0
    since_beat: float = 0.0
    beats: int = 4
    unit: int = 4

    def position_at(self, beat: float) -> float:
        """The position when the timeline stands at `beat`."""
        return self.position + (beat - self.since_beat if self.running else 0.0)

    def run(self, beat: float, running: bool) -> Transport:
        """Started or stopped at a beat of the timeline, going on from where it was."""
        return replace(self, running=running, position=self.position_at(beat), since_beat=beat)

    def next_beat(self, beat: float) -> float:
        """The timeline's beat on which the next whole position falls, at or after `beat`."""
        position = self.position_at(beat)
        return beat + (math.ceil(position - 1e-9) - position)

    def bar_and_beat(self, position: float) -> tuple[int, int]:
        """Bar and beat in the bar, both from 1, of a position."""
        whole = round(position)
        return whole // self.beats + 1, whole % self.beats + 1
