"""What of a sequence occurs in a reference set: the length of the longest match that ends at each place.

Source: Chang & Lawler, "Sublinear approximate string matching and biological applications", Algorithmica 12, 1994
(matching statistics), on the suffix automaton of Blumer et al., TCS 40, 1985.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence


class Reference:
    """A set of sequences; learned once, asked often. No match goes across the end of a sequence."""

    def __init__(self, sequences: Iterable[Sequence[Hashable]]) -> None:
        self._next: list[dict[Hashable, int]] = [{}]
        self._link = [-1]
        self._length = [0]
        for sequence in sequences:
            last = 0
            for symbol in sequence:
                last = self._extend(last, symbol)

    def _extend(self, last: int, symbol: Hashable) -> int:
        there = self._next[last].get(symbol)
        if there is not None:  # a sequence before this one went the same way
            if self._length[there] == self._length[last] + 1:
                return there
            return self._clone(last, symbol, there)
        made = self._state(self._length[last] + 1)
        at = last
        while at != -1 and symbol not in self._next[at]:
            self._next[at][symbol] = made
            at = self._link[at]
        if at == -1:
            self._link[made] = 0
            return made
        there = self._next[at][symbol]
        exact = self._length[there] == self._length[at] + 1
        self._link[made] = there if exact else self._clone(at, symbol, there)
        return made

    def _state(self, length: int) -> int:
        self._next.append({})
        self._link.append(0)
        self._length.append(length)
        return len(self._next) - 1

    def _clone(self, at: int, symbol: Hashable, there: int) -> int:
        clone = self._state(self._length[at] + 1)
        self._next[clone] = dict(self._next[there])
        self._link[clone] = self._link[there]
        self._link[there] = clone
        while at != -1 and self._next[at].get(symbol) == there:
            self._next[at][symbol] = clone
            at = self._link[at]
        return clone

    def matches(self, sequence: Sequence[Hashable]) -> list[int]:
        """For each place how many symbols up to it occur in a row in the reference."""
        found, state, length = [], 0, 0
        for symbol in sequence:
            while state and symbol not in self._next[state]:
                state = self._link[state]
                length = self._length[state]
            if symbol in self._next[state]:
                state, length = self._next[state][symbol], length + 1
            found.append(length)
        return found
