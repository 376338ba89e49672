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
    """Beats against nanoseconds: `anchor_beat` falls on `anchor_ns`, at the tempo `bpm`.

    From there on the tempo goes evenly in time to `to_bpm`, over `ramp_ns` (0: it stays as it is). A change of tempo
    makes a new timeline that meets the old one at the moment of the change.
    """

    anchor_ns: int
    anchor_beat: float = 0.0
    bpm: float = DEFAULT_BPM
    ramp_ns: int = 0
    to_bpm: float = DEFAULT_BPM

    @property
    def ramp_beats(self) -> float:
        """How many beats the ramp lasts."""
        return self.ramp_ns * (self.bpm + self.to_bpm) / 2 / MINUTE

    def bpm_at(self, ns: int) -> float:
        """The tempo at a moment."""
        if not self.ramp_ns or ns <= self.anchor_ns:
            return self.bpm
        elapsed = ns - self.anchor_ns
        if elapsed >= self.ramp_ns:
            return self.to_bpm
        return self.bpm + (self.to_bpm - self.bpm) * (elapsed / self.ramp_ns)

    def beat_at(self, ns: int) -> float:
        """The beat that falls on a moment."""
        elapsed = ns - self.anchor_ns
        if not self.ramp_ns or elapsed <= 0:
            return self.anchor_beat + elapsed * self.bpm / MINUTE
        if elapsed >= self.ramp_ns:
            return self.anchor_beat + self.ramp_beats + (elapsed - self.ramp_ns) * self.to_bpm / MINUTE
        mean = self.bpm + (self.to_bpm - self.bpm) * (elapsed / self.ramp_ns) / 2
        return self.anchor_beat + elapsed * mean / MINUTE

    def ns_at(self, beat: float) -> int:
        """The moment on which a beat falls, to the nearest nanosecond."""
        beats = beat - self.anchor_beat
        if not self.ramp_ns or beats <= 0:
            return self.anchor_ns + round(beats * MINUTE / self.bpm)
        ramp_beats = self.ramp_beats
        if beats >= ramp_beats:
            return self.anchor_ns + self.ramp_ns + round((beats - ramp_beats) * MINUTE / self.to_bpm)
        # The root of beats = t * (bpm + gain * t / 2) / MINUTE, in the form that loses nothing where gain is small.
        gain = (self.to_bpm - self.bpm) / self.ramp_ns
        root = math.sqrt(max(0.0, self.bpm * self.bpm + 2 * gain * beats * MINUTE))
        return self.anchor_ns + round(2 * beats * MINUTE / (self.bpm + root))

    def span_ns(self, beats: float) -> int:
        """How long so many beats last at the tempo of the anchor."""
        return round(beats * MINUTE / self.bpm)

    def span_beats(self, ns: int) -> float:
        """How many beats so many nanoseconds are at the tempo of the anchor."""
        return ns * self.bpm / MINUTE

    def with_tempo(self, now: int, bpm: float) -> Timeline:
        """The timeline from `now` on at another tempo."""
        return Timeline(now, self.beat_at(now), bpm)

    def with_ramp(self, now: int, bpm: float, beats: float) -> Timeline:
        """The timeline from `now` on, of which the tempo reaches `bpm` after so many beats."""
        start = self.bpm_at(now)
        return Timeline(now, self.beat_at(now), start, round(beats * 2 * MINUTE / (start + bpm)), bpm)

    def anchored(self, now: int) -> Timeline:
        """The same timeline, but for what was before `now`, with its anchor there."""
        left = max(0, self.anchor_ns + self.ramp_ns - max(now, self.anchor_ns)) if self.ramp_ns else 0
        return Timeline(now, self.beat_at(now), self.bpm_at(now), left, self.to_bpm)


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
