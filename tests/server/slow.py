"""A deliberately simple model in Python, for tests to play as one that is slow, fails, or is asked for many at once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from sideman.models import Alphabet, Floats, Intervals, Ints, Symbol


class State:
    def __init__(self, played: Sequence[object] = ()) -> None:
        self.played = list(played)

    def copy(self) -> State:
        return State(self.played)

    def rollback(self, n: int) -> None:
        del self.played[len(self.played) - n :]


class Last:
    """What followed each symbol, and nothing more."""

    def __init__(self, alphabet: Alphabet) -> None:
        self.alphabet = alphabet
        self.learned: list[tuple[tuple[int, ...], int]] = []
        self.followers: defaultdict[object, list[tuple[tuple[int, ...], int]]] = defaultdict(list)
        self.ends: dict[int, tuple[int, ...]] = {}
        self.foreseen: list[int] = []

    def learn(self, symbols: Ints, stream: int = 0) -> None:
        for row in symbols.tolist():
            symbol = tuple(row) if isinstance(row, list) else self.alphabet.values(row)
            self.followers[self.ends.get(stream)].append((symbol, len(self.learned)))
            self.ends[stream] = symbol
            self.learned.append((symbol, stream))

    def start(self) -> State:
        return State()

    def advance(self, state: State, symbol: Symbol, at: int | None = None) -> None:
        state.played.append((self.alphabet.values(symbol) if symbol else None) if isinstance(symbol, int) else symbol)

    def predict(self, state: State, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        near = self.followers.get(state.played[-1] if state.played else None, [])
        symbols = [symbol for symbol, _ in near * 20] + [symbol for symbol, _ in self.learned]
        counts = Counter([0, *(symbol[len(prefix)] for symbol in symbols if symbol[: len(prefix)] == tuple(prefix))])
        values = sorted(counts)
        return np.array(values, np.int32), np.array([counts[value] for value in values]) / counts.total()

    def sources(self, state: State, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        values = self.alphabet.values(symbol) if isinstance(symbol, int) else tuple(symbol)
        found = [place for place, (learned, _) in enumerate(self.learned) if learned == values]
        return [place for place in reversed(found) if not any(low <= place < past for low, past in exclude)][:16]


class Many(Last):
    """One that computes for many at once."""

    def foresee(self, states: Sequence[State]) -> None:
        self.foreseen.append(len(states))


class Broken(Last):
    """One that has no idea as soon as it is asked."""

    def predict(self, state: State, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        raise RuntimeError("no idea")


class Unloadable(Last):
    """One that cannot be made."""

    def __init__(self, alphabet: Alphabet) -> None:
        raise RuntimeError("no weights")


class Forgetful(Last):
    """One that fails at the twentieth event that it learns."""

    def learn(self, symbols: Ints, stream: int = 0) -> None:
        super().learn(symbols, stream)
        if len(self.learned) >= 20:
            raise RuntimeError("full")
