"""Gestures: vectors from sensors and faders, clustered by distance as they come.

A vector belongs to the nearest centre within the threshold, else it becomes a centre itself, so that a symbol never
changes its meaning. The threshold is the one under which what was played repeats itself most (information rate).
Source: Wang & Dubnov, "Guided music synthesis with variable Markov oracle", AIIDE 2014.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..events import Event

Vector = tuple[float, ...]

#: The threshold is chosen from so many of the last vectors, when there are so many first, and then at each doubling.
STUDIED: Final = 256
FIRST_STUDY: Final = 8
#: Thresholds that are tried, as shares of the median distance between two vectors.
SHARES: Final = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.2)
MOST_CENTRES: Final = 4096


class Clusters:
    """Centres of one size in order of appearance, and the distance within which a vector belongs to one."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.numbers: list[int] = []
        self._centres = np.zeros((0, 0))

    def nearest(self, vector: Vector) -> int:
        """The number of the centre that a vector belongs to; 0: it has none yet."""
        if not self.numbers:
            return 0
        distances = np.sqrt(((self._centres[: len(self.numbers)] - vector) ** 2).sum(axis=1))
        at = int(distances.argmin())
        full = len(self.numbers) >= MOST_CENTRES
        return self.numbers[at] if full or distances[at] <= self.threshold else 0

    def add(self, vector: Vector, number: int) -> None:
        """A vector becomes a centre."""
        at = len(self.numbers)
        if at >= len(self._centres):
            grown = np.zeros((max(8, 2 * at), len(vector)))
            grown[:at] = self._centres[:at] if at else 0.0
            self._centres = grown
        self._centres[at] = vector
        self.numbers.append(number)

    @property
    def centres(self) -> npt.NDArray[np.float64]:
        """The centres [clusters, size]."""
        return self._centres[: len(self.numbers)]


class Gesture:
    """The cluster of a gesture's vector. Vectors of different sizes never share one."""

    name = "gesture"

    def __init__(self) -> None:
        self._clusters: dict[int, Clusters] = {}
        self._met: dict[int, deque[Vector]] = {}
        self._count: dict[int, int] = {}
        self._size = 1

    @property
    def size(self) -> int:
        """Past the number of the newest cluster."""
        return self._size

    def early(self) -> bool:
        """Known at the onset."""
        return True

    def value(self, event: Event, before: Event | None) -> int:
        """From 1; 0 for an event without gesture."""
        vector = event.numbers
        if not vector:
            return 0
        clusters = self._clusters.setdefault(len(vector), Clusters(0.0))
        found = clusters.nearest(vector)
        if not found:
            found = self._size
            self._size += 1
            clusters.add(vector, found)
        return found

    def study(self, vectors: Sequence[Vector]) -> None:
        """Choose the thresholds from what was played before anything is numbered; the last vectors count."""
        for vector in vectors:
            self.meet(vector)
        for size, met in self._met.items():
            if self._count[size] >= FIRST_STUDY:
                self._clusters[size] = Clusters(best_threshold(list(met)))

    def meet(self, vector: Vector) -> bool:
        """One more was learned; whether there are now so many that the threshold should be chosen again."""
        size = len(vector)
        self._met.setdefault(size, deque(maxlen=STUDIED)).append(vector)
        count = self._count[size] = self._count.get(size, 0) + 1
        return count >= FIRST_STUDY and count & (count - 1) == 0

    def threshold(self, size: int) -> float:
        """The distance within which vectors of a size share a cluster."""
        return self._clusters[size].threshold if size in self._clusters else 0.0

    def to_data(self) -> dict[str, Any]:
        """Thresholds and centres by size."""
        return {
            "clusters": [
                {"threshold": own.threshold, "numbers": own.numbers, "centres": own.centres.tolist()}
                for own in self._clusters.values()
            ]
        }

    def from_data(self, data: dict[str, Any]) -> None:
        """Raises `ValueError` where a number comes twice or a centre has not the size of the others."""
        clusters: dict[int, Clusters] = {}
        numbers: set[int] = set()
        for one in data["clusters"]:
            own = Clusters(float(one["threshold"]))
            for number, centre in zip(one["numbers"], one["centres"], strict=True):
                size = len(one["centres"][0])
                if number < 1 or number in numbers or len(centre) != size:
                    raise ValueError("clusters must have numbers of their own, and centres of one size")
                numbers.add(int(number))
                own.add(tuple(float(value) for value in centre), int(number))
            if own.numbers:
                clusters[own.centres.shape[1]] = own
        self._clusters, self._size = clusters, max(numbers, default=0) + 1


def best_threshold(vectors: Sequence[Vector]) -> float:
    """The threshold under which vectors, in the order in which they came, have the highest information rate."""
    points = np.array(vectors, np.float64)
    apart = np.sqrt(((points[:, None, :] - points[None, :, :]) ** 2).sum(axis=2))
    typical = float(np.median(apart[np.triu_indices(len(points), 1)])) if len(points) > 1 else 0.0
    if typical <= 0.0:
        return 0.0
    best, chosen = -1.0, 0.0
    for share in SHARES:
        rate = information_rate(_numbered(apart, share * typical))
        if rate > best:
            best, chosen = rate, share * typical
    return chosen


def _numbered(apart: npt.NDArray[np.float64], threshold: float) -> list[int]:
    """The clusters that vectors fall into, in order, given all their distances."""
    centres: list[int] = []
    symbols = []
    for at in range(len(apart)):
        if centres:
            nearest = int(np.argmin(apart[at, centres]))
            if apart[at, centres[nearest]] <= threshold:
                symbols.append(nearest + 1)
                continue
        centres.append(at)
        symbols.append(len(centres))
    return symbols


def information_rate(symbols: Sequence[int]) -> float:
    """How many bits a symbol are saved by knowing the past, on average.

    Past repeats are coded in blocks as Compror does (Lefebvre & Lecroq 2002): a block costs where it began and how long
    it is; without the past a symbol costs the logarithm of how many there are so far.
    """
    count = len(symbols)
    if not count:
        return 0.0
    repeats = _repeated_suffixes(symbols)
    blocks: list[tuple[int, int]] = []  # where each begins, and its length; 0: a symbol that was never there
    at = 0
    while at < count:
        length = 0
        while at + length < count and repeats[at + length] >= length + 1:
            length += 1
        blocks.append((at, length))
        at += max(1, length)
    longest = max(1, *(length for _, length in blocks))
    saved, distinct = 0.0, 0
    for begin, length in blocks:
        distinct += length == 0
        alone = math.log2(max(1, distinct))
        coded = alone if length == 0 else (math.log2(begin + 1) + math.log2(longest)) / length
        saved += max(0.0, alone - coded) * max(1, length)
    return saved / count


def _repeated_suffixes(symbols: Sequence[int]) -> list[int]:
    """At each place, the length of the longest suffix that was there before."""
    row = np.array(symbols)
    runs = np.zeros(len(row) + 1, np.int64)
    longest = []
    for at in range(len(row)):
        following = np.zeros_like(runs)
        following[1 : at + 1] = np.where(row[:at] == row[at], runs[:at] + 1, 0)
        longest.append(int(following[: at + 1].max()))
        runs = following
    return longest
