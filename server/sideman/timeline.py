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
    """Where the form stands: `position` (from 0) at `since_beat` of the timeline, moving only while it runs.

    Bars of `beats` are counted from the position `bar_position`, where bar number `bar` (from 1) begins.
    """

    running: bool = False
    position: float = 0.0
    since_beat: float = 0.0
    beats: int = 4
    unit: int = 4
    bar_position: float = 0.0
    bar: int = 1

    def position_at(self, beat: float) -> float:
        """The position when the timeline stands at `beat`."""
        return self.position + (beat - self.since_beat if self.running else 0.0)

    def run(self, beat: float, running: bool) -> Transport:
        """Started or stopped at a beat of the timeline, going on from where it was."""
        return replace(self, running=running, position=self.position_at(beat), since_beat=beat)

    def placed(self, beat: float, position: float) -> Transport:
        """At another position when the timeline stands at `beat`."""
        return replace(self, position=position, since_beat=beat)

    def with_metre(self, beat: float, beats: int, unit: int) -> Transport:
        """Another metre from the bar on that is under way at a beat of the timeline."""
        bar, start = self._bar(self.position_at(beat))
        return replace(self, beats=beats, unit=unit, bar_position=start, bar=bar)

    def with_beat_in_bar(self, position: float, beat_in_bar: int) -> Transport:
        """The whole position nearest to `position` is that beat (from 1) of its bar; the bar keeps its number."""
        bar, start = self._bar(round(position))
        wanted = round(position) - (beat_in_bar - 1)
        if wanted - start > self.beats / 2:
            bar += 1
        elif start - wanted > self.beats / 2:
            bar -= 1
        return replace(self, bar_position=float(wanted), bar=bar)

    def next_beat(self, beat: float) -> float:
        """The timeline's beat on which the next whole position falls, at or after `beat`."""
        position = self.position_at(beat)
        return beat + (math.ceil(position - 1e-9) - position)

    def bar_and_beat(self, position: float) -> tuple[int, int]:
        """Bar and beat in the bar, both from 1, of a position; bars before the first count down to 0 and below."""
        bar, start = self._bar(round(position))
        return bar, round(position - start) + 1

    def _bar(self, position: float) -> tuple[int, float]:
        """The number of the bar that holds a position, and where it begins."""
        bars = math.floor((position - self.bar_position) / self.beats + 1e-9)
        return self.bar + bars, self.bar_position + bars * self.beats
