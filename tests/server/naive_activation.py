"""What lights up in a memory, the slow way: every place is compared with what was played, every peak moved in a loop.

The twin of `activation.hpp`, for memories so short that none of its bounds is reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST = 8
PITCHES = 128
TOGETHER = 1 / 16

Lit = tuple[int, float, int]


@dataclass
class NaiveTraces:
    """Events as (stream, value, harmony, onset), in order."""

    events: list[tuple[int, int, int, float]] = field(default_factory=list)

    def append(self, stream: int, value: int, harmony: int, onset: float) -> None:
        self.events.append((stream, value, harmony, onset))

    def flow(self, place: int) -> list[int]:
        """The places of a place's stream, in order."""
        return [other for other, event in enumerate(self.events) if event[0] == self.events[place][0]]

    def next(self, place: int) -> int:
        later = [other for other in self.flow(place) if other > place]
        return later[0] if later else -1

    def agreement(self, played: list[int], place: int, shift: int) -> int:
        upto = [self.events[other][1] for other in self.flow(place) if other <= place]
        agreed = 0
        for there, heard in zip(reversed(upto), reversed(played), strict=False):
            if there + shift != heard or (shift and there >= PITCHES) or agreed == LONGEST:
                break
            agreed += 1
        return agreed

    def melodies(self, played: list[int], moved: bool, least: int, most: int) -> list[Lit]:
        """Three and more events in any key, and (where these are fewer than `most`) one or two in this."""
        found: list[Lit] = []
        for place, (_, value, _, _) in enumerate(self.events):
            for shift in {0, played[-1] - value if moved and max(played[-3:]) < PITCHES else 0}:
                agreed = self.agreement(played, place, shift)
                if agreed >= 3:
                    found.append((place, agreed, shift))
        if len(found) < most:
            found += [(place, agreed, 0) for place in range(len(self.events))
                      if 1 <= (agreed := self.agreement(played, place, 0)) <= 2]  # fmt: skip
        found = [lit for lit in found if lit[1] >= least]
        return sorted(found, key=lambda lit: (-lit[1], lit[2] != 0, -lit[0]))[:most]

    def places_in(self, wanted: list[Lit], most: int) -> list[Lit]:
        return [(place, score, shift) for harmony, score, shift in wanted
                for place in reversed(range(len(self.events))) if self.events[place][2] == harmony][:most]  # fmt: skip


@dataclass
class NaivePeaks:
    """Peaks as [place, origin, beats beyond it, height, kind, shift]."""

    traces: NaiveTraces
    peaks: list[list[float]] = field(default_factory=list)

    def move(self, beats: float, decay: float, threshold: float) -> None:
        kept = []
        for place, origin, offset, height, kind, shift in self.peaks:
            height *= 10 ** (-beats / decay)
            offset += beats
            while (after := self.traces.next(int(place))) >= 0 and offset >= self.gap(int(place)):
                offset -= self.gap(int(place))
                place = after
            if height >= threshold and (after >= 0 or offset <= 4):
                kept.append([place, origin, offset, height, kind, shift])
        self.peaks = kept

    def gap(self, place: int) -> float:
        return self.traces.events[self.traces.next(place)][3] - self.traces.events[place][3]

    def light(self, kind: int, places: list[Lit]) -> None:
        for place, score, shift in places:
            for peak in self.peaks:
                there = int(peak[0])
                stands = (there == place and peak[2] <= TOGETHER) or (
                    self.traces.next(there) == place and self.gap(there) - peak[2] <= TOGETHER
                )
                if peak[4:] == [kind, shift] and stands:
                    peak[:4] = [place, place, 0.0, max(peak[3], score) if kind == 1 else min(peak[3] + score, 4.0)]
                    break
            else:
                self.peaks.append([place, place, 0.0, score, kind, shift])

    def candidates(self, lead: int) -> dict[tuple[int, int], list[float]]:
        """Each (place, shift) with its heights by kind."""
        found: dict[tuple[int, int], list[float]] = {}
        for peak in self.peaks:
            place, after = int(peak[0]), self.traces.next(int(peak[0]))
            if after >= 0 and peak[2] > self.gap(place) - peak[2]:
                place = after
            if peak[4] == 0:
                for _ in range(lead):
                    place = self.traces.next(place) if place >= 0 else place
            elif peak[4] == 2 and place == peak[1]:
                place = self.traces.next(place)
            if place >= 0:
                heights = found.setdefault((place, int(peak[5])), [0.0, 0.0, 0.0])
                kind = int(peak[4])
                heights[kind] = max(heights[kind], peak[3]) if kind == 1 else heights[kind] + peak[3]
        return found
