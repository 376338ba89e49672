"""A blend of models of any origin, in Python: the same predictions as the core's `Blend` makes from its own.

What becomes of the parts' distributions is the core's `Blending`, as there; here is who is asked, and who learns, when.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ._core import model as _core
from .contract import Floats, Intervals, Ints, Masks, Model, Placed, Symbol

MOST_SOURCES: Final = 16


class PyBlendState:
    """Where a player stands in each part."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)

    def copy(self) -> PyBlendState:
        """A state of its own at the same place."""
        return PyBlendState([part.copy() for part in self.parts])

    def rollback(self, n: int) -> None:
        """Take back the last n advances, n at most 64."""
        for part in self.parts:
            part.rollback(n)


class PyBlend:
    """Models that learn the same symbols and predict as one; see the core's `Blend` for the arguments.

    Raises `ValueError` for what is no `how`, `weights` or `shares`.
    """

    def __init__(
        self,
        parts: Sequence[Model],
        alphabet: _core.Alphabet,
        how: str = "product",
        weights: str = "success",
        shares: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.parts = tuple(parts)
        self.names = tuple(names) if names is not None else tuple(str(i + 1) for i in range(len(parts)))
        if len(self.names) != len(self.parts):
            raise ValueError("names must be one a part")
        self.alphabet = alphabet
        self._blending = _core.Blending(alphabet.components, len(self.parts), how, weights, shares)
        self._ears: dict[int, PyBlendState] = {}
        self._symbols: list[int] = []

    def __len__(self) -> int:
        return len(self._symbols)

    def learn(self, symbols: Ints, stream: int = 0) -> int:
        """Teach all parts the same symbols, int32[n] ids or int32[n, components] values; the position of the first."""
        first = len(self._symbols)
        for place in range(len(symbols)):
            one = symbols[place : place + 1]
            identity = int(one[0]) if one.ndim == 1 else self.alphabet.intern(one[0].tolist())
            one = np.array([self.alphabet.values(identity)], np.int32)
            ear = self._ears.setdefault(stream, self.start()) if self._blending.learns else None
            if ear is not None:
                values = self.alphabet.values(identity)
                for component, value in enumerate(values):
                    self._mixed(ear, values[:component], ())
                    self._blending.learn(component, value)
            for part in self.parts:
                part.learn(one, stream)
            self._symbols.append(identity)
            if ear is not None:
                self.advance(ear, identity, len(self._symbols) - 1)
        return first

    def end(self, stream: int = 0) -> None:
        """A break: the stream's context ends in every part that knows of breaks."""
        for part in self.parts:
            if isinstance(part, Placed):
                part.end(stream)
        if stream in self._ears:
            self.advance(self._ears[stream], 0)

    def start(self) -> PyBlendState:
        """A state that has heard nothing."""
        return PyBlendState([part.start() for part in self.parts])

    def advance(self, state: PyBlendState, symbol: Symbol, at: int | None = None) -> None:
        """Go on by a symbol, an id or a tuple; 0 breaks the context."""
        if isinstance(symbol, int) and symbol:
            symbol = self.alphabet.values(symbol)
        for part, own in zip(self.parts, state.parts, strict=True):
            part.advance(own, symbol, at)

    def predict(self, state: PyBlendState, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        """The next component given those chosen, blended."""
        return self._mixed(state, prefix, exclude)[:2]

    def sources(self, state: PyBlendState, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        """At most 16 positions that support a symbol, longest context first."""
        found = {
            position
            for part, own in zip(self.parts, state.parts, strict=True)
            for position in part.sources(own, symbol, exclude)
        }
        positions = sorted(found, reverse=True)
        contexts = dict(zip(positions, self.contexts(state, positions), strict=True))
        return sorted(positions, key=lambda position: -contexts[position])[:MOST_SOURCES]

    def symbol_at(self, position: int) -> int:
        """The id of the symbol at a position."""
        return self._symbols[position]

    def longest_vote(self, state: PyBlendState, exclude: Intervals = ()) -> int:
        """The longest of the parts' contexts, of those that know theirs."""
        return max((part.longest_vote(own, exclude) for part, own in self._placed_parts(state)), default=0)

    def contexts(self, state: PyBlendState, positions: Sequence[int]) -> list[int]:
        """How many events before each position agree with what was played, for the part where most do."""
        every = [part.contexts(own, positions) for part, own in self._placed_parts(state)]
        return [max(one) for one in zip(*every, strict=True)] if every else [0] * len(positions)

    def speaks(self, state: PyBlendState, exclude: Intervals = (), min_context: int = 0, masks: Masks = ()) -> bool:
        """Whether any part has a word to say under these wishes; of one that cannot tell it is taken for granted."""
        placed = self._placed_parts(state)
        return len(placed) < len(self.parts) or any(
            part.speaks(own, exclude, min_context, masks) for part, own in placed
        )

    def tell(
        self,
        state: PyBlendState,
        prefix: Sequence[int],
        value: int,
        exclude: Intervals,
        words: list[tuple[float, float]],
    ) -> None:
        """Add to `words` each part's weight, and multiply its probability, for a component's value."""
        weights = self._mixed(state, prefix, exclude)[2]
        said = self._blending.said(value)
        before = words or [(0.0, 1.0)] * len(said)
        share = 1.0 / self.alphabet.components
        words[:] = [(weight + share * own, p * q) for (weight, p), own, q in zip(before, weights, said, strict=True)]

    def _placed_parts(self, state: PyBlendState) -> list[tuple[Placed, Any]]:
        return [(part, own) for part, own in zip(self.parts, state.parts, strict=True) if isinstance(part, Placed)]

    def _mixed(
        self, state: PyBlendState, prefix: Sequence[int], exclude: Intervals
    ) -> tuple[Ints, Floats, list[float]]:
        evidence = np.ones(len(self.parts))
        for place in range(len(prefix)) if self._blending.weighs_prefixes else ():
            self._blending.mix(place, self._said(state, prefix[:place], exclude), evidence if place else ())
            evidence *= self._blending.said(prefix[place])
        given = evidence if prefix and self._blending.weighs_prefixes else ()
        return self._blending.mix(len(prefix), self._said(state, prefix, exclude), given)

    def _said(self, state: PyBlendState, prefix: Sequence[int], exclude: Intervals) -> list[tuple[Ints, Floats]]:
        return [part.predict(own, tuple(prefix), exclude) for part, own in zip(self.parts, state.parts, strict=True)]
