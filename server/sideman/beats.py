"""Following a human beat: taps in, the present period and the moment of the next beat out.

Only the estimate belongs here; what a session does with it does not. Times are int nanoseconds on any one clock.

Several memories of the intervals heard, from the last one to the last 128, each give a mean; they are mixed by how
right each has been of late, since one drummer rushes and another is a clock. To that comes what is regular within
four beats (a backbeat that lies early). A tap that comes far too soon is a doubled one, after about two periods one
was missed, and one that is merely late moves the next beat only so far, until a second confirms it. The mixing is
that of prediction with expert advice (Vovk 1990; Herbster & Warmuth, "Tracking the best expert", 1998), chosen on the
validation tracks of the Weimar Jazz Database against alpha-beta filters and linear prediction.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from typing import Final

from .timeline import SECOND

SLOWEST_S: Final = 60 / 30
#: Jazz goes beyond 300 (the fastest tracks of the Weimar Jazz Database are near 320).
FASTEST_S: Final = 60 / 400
#: How many of the last intervals each of the memories holds.
MEMORIES: Final = (1, 2, 4, 8, 16, 32, 64, 128)
#: How strongly one error speaks against a memory, and how much of what is held against it stays from beat to beat.
SEVERITY: Final = 0.6
PATIENCE: Final = 0.97
#: Of each error this share is laid to the beat's place among four.
HABIT: Final = 0.015
PLACES: Final = 4
#: Below this share of a period a tap is a doubled one, beyond the other a tap was missed.
DOUBLED: Final = 0.6
MISSED: Final = 1.6
MOST_MISSED: Final = 8
#: Who has not missed a tap in so many beats has not missed every second one since: the tempo is halved.
RELIABLE: Final = 16
#: An error beyond so many times the usual one, and beyond this share of the period, is believed only if confirmed.
SURPRISE: Final = 6.0
SURPRISE_SHARE: Final = 0.12
#: So many intervals in a row that agree to this share make a tempo of their own: more where they are shorter than a
#: period, since two taps in a row may have been doubled.
AGREEMENT: Final = 0.15
FASTER: Final = 5
SLOWER: Final = 3
FIRST_ERROR_S: Final = 0.015
LEAST_ERROR_S: Final = 0.004
MOST_ERROR_S: Final = 0.1
RATE: Final = 0.05


class BeatFollower:
    """A phase-locked estimate of somebody's beat. It knows nothing until the first tap."""

    __slots__ = (
        *("_against", "_base", "_before", "_habits", "_intervals", "_missed", "_never_missed", "_place", "_raw"),
        *("_surprised", "_variance", "ignored"),
    )

    def __init__(self) -> None:
        self.ignored = 0  # taps that were taken for doubled ones
        self._missed = False  # whether the last tap came after a missed one
        self._never_missed = True
        self._raw: deque[int] = deque(maxlen=FASTER + 1)  # the last taps as they came
        self._forget()
        self._base: int | None = None  # where the last beat fell

    def _forget(self) -> None:
        self._intervals: deque[float] = deque(maxlen=MEMORIES[-1])  # s, the newest last
        self._against = [0.0] * len(MEMORIES)
        self._habits = [0.0] * PLACES
        self._place = 0  # of the next beat, among four
        self._variance = FIRST_ERROR_S**2
        self._surprised = 0.0
        self._before: tuple[deque[float], list[float], list[float], float] | None = None  # the halving, while in doubt

    @property
    def period_ns(self) -> int | None:
        """The time from the last beat to the next; None before the second tap."""
        return round(self._predicted() * SECOND) if self._intervals else None

    @property
    def bpm(self) -> float | None:
        """The tempo without the place's habit; None before the second tap."""
        return 60.0 / self._mixed() if self._intervals else None

    @property
    def next_ns(self) -> int | None:
        """The moment of the next beat; None before the second tap."""
        if self._base is None or not self._intervals:
            return None
        return self._base + round(self._predicted() * SECOND)

    def tap(self, ns: int) -> int:
        """A tap at `ns`; how many beats have passed since the last that counted.

        0: it was a doubled one, or an earlier moment; 1: the next beat, also the very first; more: taps were missed.
        """
        if self._raw and ns <= self._raw[-1]:
            return 0
        self._raw.append(ns)
        if self._base is None:
            self._base = ns
            return 1
        elapsed_ns = ns - self._base
        if not self._intervals:
            return self._second(ns, elapsed_ns)
        if self._another_tempo(FASTER) or (self._another_tempo(SLOWER) and self._spans_s(1)[0] > self._mixed()):
            return self._begin_again(ns, SLOWER)
        share = elapsed_ns / (self._predicted() * SECOND)
        if share < DOUBLED and not self._restored(elapsed_ns):
            self.ignored += 1
            return 0
        self._before = None
        share = elapsed_ns / (self._predicted() * SECOND)
        beats = 1 if share < MISSED else round(share)
        if beats > MOST_MISSED:
            self._forget()
            self._base = ns
            return beats
        if beats > 1 and self._never_missed and len(self._intervals) > RELIABLE and self._another_tempo(2):
            before = (self._intervals, self._against, self._habits, self._variance)
            self._begin_again(ns, 2)
            self._before = before
            return 1
        if beats == 1 and self._missed:
            self._never_missed = False
        self._missed = beats > 1
        self._follow(ns, elapsed_ns / SECOND, beats)
        return beats

    def _restored(self, elapsed_ns: int) -> bool:
        """Whether a tap shows that the tempo was not halved after all: then it is again the one before."""
        if self._before is None:
            return False
        halved = (self._intervals, self._against, self._habits, self._variance)
        self._intervals, self._against, self._habits, self._variance = self._before
        if elapsed_ns < DOUBLED * self._predicted() * SECOND:
            self._intervals, self._against, self._habits, self._variance = halved
            return False
        self._never_missed = False
        return True

    def _second(self, ns: int, elapsed_ns: int) -> int:
        """The second tap gives the tempo, if it is one; else it is another first."""
        if elapsed_ns < FASTEST_S * SECOND:
            self.ignored += 1
            return 0
        self._base = ns
        if elapsed_ns <= SLOWEST_S * SECOND:
            self._intervals.append(elapsed_ns / SECOND)
        return 1

    def _spans_s(self, count: int) -> list[float]:
        """The last intervals as they came, at most `count`."""
        raw = list(self._raw)[-count - 1 :]
        return [(later - earlier) / SECOND for earlier, later in pairwise(raw)]

    def _another_tempo(self, count: int) -> bool:
        """Whether the last `count` intervals, as they came, agree on a tempo that is clearly another."""
        spans = self._spans_s(count)
        mean = sum(spans) / len(spans)
        if len(spans) < count or not FASTEST_S <= mean <= SLOWEST_S:
            return False
        if max(abs(span - mean) for span in spans) > AGREEMENT * mean:
            return False
        return not DOUBLED <= mean / self._mixed() <= MISSED

    def _begin_again(self, ns: int, count: int) -> int:
        """The last `count` intervals make the tempo."""
        self._forget()
        self._intervals.extend(self._spans_s(count))
        self._base = ns
        return 1

    def _means(self) -> list[float]:
        """The mean interval of each memory, in s."""
        means, total, count = [], 0.0, 0
        newest_first = reversed(self._intervals)
        for size in MEMORIES:
            while count < size and count < len(self._intervals):
                total += next(newest_first)
                count += 1
            means.append(total / count)
        return means

    def _mixed(self) -> float:
        least = min(self._against)
        shares = [math.exp(least - against) for against in self._against]
        means = self._means()
        return sum(share * mean for share, mean in zip(shares, means, strict=True)) / sum(shares)

    def _predicted(self) -> float:
        return min(max(self._mixed() + self._habits[self._place], FASTEST_S), SLOWEST_S)

    def _follow(self, ns: int, elapsed_s: float, beats: int) -> None:
        interval_s = elapsed_s / beats
        error_s = interval_s - self._predicted()
        limit_s = max(SURPRISE * math.sqrt(self._variance), SURPRISE_SHARE * interval_s)
        if abs(error_s) > limit_s and self._surprised * error_s <= 0:
            # Perhaps a late or an early tap: the beat goes where it may have been, and the next tap decides.
            self._surprised = error_s
            believed_s = math.copysign(limit_s, error_s)
            self._base = ns - round((error_s - believed_s) * beats * SECOND)
            self._place = (self._place + beats) % PLACES
            return
        self._surprised = 0.0
        judged = interval_s - self._habits[self._place]
        for number, mean in enumerate(self._means()):
            loss = min((judged - mean) ** 2, MOST_ERROR_S**2) / (2 * self._variance)
            self._against[number] = PATIENCE * self._against[number] + SEVERITY * loss
        self._variance += RATE * (min(error_s**2, MOST_ERROR_S**2) - self._variance)
        self._variance = max(self._variance, LEAST_ERROR_S**2)
        if beats == 1:
            self._habits[self._place] += HABIT * min(max(error_s, -0.03), 0.03)
            mean = sum(self._habits) / PLACES
            self._habits = [habit - mean for habit in self._habits]
        self._intervals.extend([interval_s] * beats)
        self._place = (self._place + beats) % PLACES
        self._base = ns
