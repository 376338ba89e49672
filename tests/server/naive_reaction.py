"""How a player that follows reacts, the slow way: lists of everything, a loop for each rule.

The twin of `reach.hpp` and `reaction.hpp`. It asks the core's `Traces`, `Peaks` and `Sampler`, which have twins of
their own, so that each number can be compared bit by bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from sideman.models import Peaks, Sampler, Traces
from sideman.pywalk import sampler_pick

HEARD, PLACES, WHOLE, PITCHES, TEMPO_BPM, TEMPI, TRIES, SOURCES = 8, 16, 4, 128, 5.0, 5, 16, 64
MELODIC, HARMONIC, SELF = range(3)


@dataclass(frozen=True)
class NaiveManner:
    """A player's parameters; `moves` None: any."""

    weights: list[float]
    decay_beats: float = 4.0
    phase: float = 0.0
    bonus: float = 1.0
    tempo: float = 0.0
    transposition: float = 0.0
    threshold: float = 0.1
    lead: int = 1
    least: int = 1
    continuity: int = 0
    taboo: int = 0
    longest_copy: int = 0
    moves: list[int] | None = None


@dataclass(frozen=True)
class Candidate:
    place: int
    shift: int
    value: int
    heights: list[float]
    onset: float
    bpm: float

    @property
    def is_pitch(self) -> bool:
        return self.value < PITCHES

    @property
    def sounding(self) -> int:
        return self.value + self.shift


@dataclass(frozen=True)
class NaivePicked:
    place: int
    shift: int
    value: int
    heights: list[float]
    bpm: float
    probability: float
    share: float
    entropy_bits: float
    rank: int
    context: int
    bound: int
    given_up: int
    copy: bool


@dataclass
class NaiveReach:
    """How far a player has come, and what it does next."""

    traces: Traces
    manner: NaiveManner
    lost: list[tuple[int, int]]
    peaks: Peaks = field(default_factory=Peaks)
    beat: float = -math.inf
    place: int = -1
    shift: int = 0
    bpm: float = 0.0
    run: int = 0
    copied: int = 0
    sources: list[int] = field(default_factory=list)
    played: list[int] = field(default_factory=list)

    @property
    def following(self) -> int:
        return self.traces.next(self.place) if self.place >= 0 else -1

    def melodic(self, played: list[int], least: int) -> list[tuple[int, float, int]]:
        moves = self.manner.moves
        moved = moves is None or any(moves)
        found = self.traces.melodies(played, moved, max(1, least), PLACES, self.lost)
        return [(place, min(1.0, agreed / WHOLE), by) for place, agreed, by in found if moves is None or by in moves]

    def react(
        self,
        beat: float,
        heard: list[int],
        wanted: list[tuple[int, float, int]],
        weights: list[list[float]],
        kept: int,
        sampler: Sampler,
        draw: int,
    ) -> NaivePicked | None:
        manner, traces = self.manner, self.traces
        self.peaks.move(traces, max(0.0, beat - self.beat) if self.beat > -math.inf else 0.0, manner.decay_beats,
                        manner.threshold)  # fmt: skip
        self.beat = beat
        self.peaks.light(traces, MELODIC, self.melodic(heard, manner.least))
        self.peaks.light(traces, HARMONIC, traces.places_in(wanted, PLACES, self.lost))
        places, shifts, values, heights, onsets, tempos = self.peaks.candidates(traces, manner.lead, self.lost)
        found = [Candidate(*row) for row in zip(places.tolist(), shifts.tolist(), values.tolist(), heights.tolist(),
                                                onsets.tolist(), tempos.tolist(), strict=True)]  # fmt: skip
        lit = [self.score(one) for one in found]
        if not any(lit):
            return None
        scores, bound, given_up = self.allowed(found, lit, weights, kept)
        copy = False
        for _ in range(TRIES):
            if not any(scores):
                return None
            weighed = sampler.weigh(np.array(scores))
            at = sampler_pick(weighed, draw)
            if not self.copies(found[at]):
                break
            copy = True
            scores = [0.0 if one.sounding == found[at].sounding else score
                      for one, score in zip(found, scores, strict=True)]  # fmt: skip
        else:
            return None
        shares = [score / sum(scores) for score in scores]
        one = found[at]
        entropy_bits = -sum(share * math.log2(share) for share in shares if share > 0)
        return NaivePicked(
            one.place, one.shift, one.value, one.heights, one.bpm, float(weighed[at]), shares[at],
            entropy_bits, sum(share > shares[at] for share in shares),
            self.context(one, heard), bound, given_up, copy)  # fmt: skip

    def score(self, one: Candidate) -> float:
        manner = self.manner
        score = sum(height * weight for height, weight in zip(one.heights, manner.weights, strict=True))
        score *= 1.0 - manner.phase * (abs((one.onset - self.beat + 0.5) % 1.0 - 0.5) * 2.0)
        if self.place >= 0 and (one.place, one.shift) == (self.following, self.shift):
            score *= manner.bonus
        if self.place >= 0 and one.shift != self.shift:
            score *= 1.0 - manner.transposition
        if manner.tempo and self.bpm and one.bpm > 0:
            off = (one.bpm - self.bpm) / TEMPO_BPM
            score *= 1.0 - manner.tempo * (1.0 - 1.0 / (1.0 + off * off))
        if one.is_pitch and not 0 <= one.sounding < PITCHES:
            return 0.0
        if one.is_pitch and manner.moves is not None and one.shift not in manner.moves:
            return 0.0
        return max(score, 0.0)

    def allowed(
        self, found: list[Candidate], lit: list[float], rows: list[list[float]], kept: int
    ) -> tuple[list[float], int, int]:
        """Scores under the wishes, and bits of what bound and of what was given up; taboo goes first."""
        manner = self.manner
        wishes = [(bit, [row[min(max(one.sounding, 0), 127)] if one.is_pitch else 1.0 for one in found])
                  for bit, row in enumerate(rows)]  # fmt: skip
        if manner.continuity and self.run >= manner.continuity:
            wishes.append((len(rows), [0.0 if one.place == self.following and not one.heights[MELODIC] else 1.0
                                       for one in found]))  # fmt: skip
        if manner.taboo and self.sources:
            wishes.append((len(rows) + 1, [float(one.place not in self.sources[-manner.taboo :]) for one in found]))
        given_up = 0
        while True:
            scores, bound = lit, 0
            for bit, free in wishes:
                if any(weight < 1 and score > 0 for weight, score in zip(free, lit, strict=True)):
                    bound |= 1 << bit
                scores = [score * weight for score, weight in zip(scores, free, strict=True)]
            if any(scores) or len(wishes) <= kept:
                return scores, bound, given_up
            given_up |= 1 << wishes.pop()[0]

    def copies(self, one: Candidate) -> bool:
        most = self.manner.longest_copy
        if most >= HEARD:
            return one.place == self.following and self.copied >= most
        return bool(most and self.traces.melodies([*self.played, one.sounding], False, most + 1, 1, self.lost))

    def context(self, one: Candidate, heard: list[int]) -> int:
        place = one.place
        for _ in range(self.manner.lead):
            place = next((other for other in range(place) if self.traces.next(other) == place), -1)
        return self.traces.agreement(heard, place, one.shift) if place >= 0 else 0

    def go(self, place: int, shift: int, value: int, bpm: float, carried: bool) -> None:
        follows = place == self.following
        self.run = 0 if carried else self.run + 1 if follows else 1
        self.copied = self.copied + 1 if follows else 1
        mean = self.bpm + (bpm - self.bpm) / TEMPI if bpm and self.bpm else bpm or self.bpm
        self.place, self.shift, self.bpm = place, shift, mean
        self.sources = [*self.sources, place][-SOURCES:]
        self.played = [*self.played, value + shift if value < PITCHES else value][-HEARD:]
        lights = self.melodic(self.played, 1)
        if not any((lit, by) == (place, shift) for lit, _, by in lights):
            lights.append((place, 1.0 / WHOLE, shift))
        self.peaks.light(self.traces, SELF, lights)


def manners(**given: object) -> NaiveManner:
    """A manner with all influences alike, but for what is given."""
    return replace(NaiveManner([1 / 3] * 3), **given)  # type: ignore[arg-type]
