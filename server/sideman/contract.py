"""What a model must be able to do, whoever wrote it, and what more a model that knows its places can do.

Types only: the models themselves are in the core, in plugins and in `pyblend`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Symbol = int | Sequence[int]
Intervals = Sequence[tuple[int, int]]
Masks = Sequence[Floats | None]


class ModelState(Protocol):
    """Where one player stands in a model."""

    def copy(self) -> Any:
        """A state of its own at the same place."""

    def rollback(self, n: int) -> None:
        """Take back the last n advances, n at most 64."""


@runtime_checkable
class Model(Protocol):
    """The contract of docs/models.md: symbols are ids from 1, or tuples of component values from 1; 0 is unseen."""

    def learn(self, symbols: Ints, stream: int = 0) -> Any:
        """Learn int32[n] ids or int32[n, components] values, in order, in a stream's own context."""

    def start(self) -> Any:
        """A state that has heard nothing."""

    def advance(self, state: Any, symbol: Symbol, at: int | None = None) -> None:
        """Go on by a symbol; `at` is the position that was played, 0 as the symbol breaks the context."""

    def predict(self, state: Any, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        """Values int32[m] ascending from 0, and their probabilities float64[m] that sum to 1."""

    def sources(self, state: Any, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        """At most 16 positions that support a symbol, longest context first."""


@runtime_checkable
class Placed(Model, Protocol):
    """A model that knows its places: the oracle, the n-gram, blends. A stranger's need not."""

    def end(self, stream: int = 0) -> None:
        """A break: the stream's context ends, and nothing is predicted across it."""

    def symbol_at(self, position: int) -> int:
        """The id of the symbol at a position."""

    def longest_vote(self, state: Any, exclude: Intervals = ()) -> int:
        """The longest context of any place that has a word to say about what comes next."""

    def contexts(self, state: Any, positions: Sequence[int]) -> list[int]:
        """How many events before each position agree with what was played."""

    def speaks(self, state: Any, exclude: Intervals = (), min_context: int = 0, masks: Masks = ()) -> bool:
        """Whether memory has a word to say under these wishes, or only the model's last resort would speak."""


@runtime_checkable
class Foreseeing(Model, Protocol):
    """A model that computes better for many at once: it is told before it is asked."""

    def foresee(self, states: Sequence[Any]) -> None:
        """The next `predict` of each of these states is about to be asked, without a prefix."""


METHODS: Final = ("learn", "start", "advance", "predict", "sources")


def probability(model: Model, state: Any, symbol: Sequence[int]) -> float:
    """The probability of a symbol: the product over its components."""
    product = 1.0
    for place in range(len(symbol)):
        values, p = model.predict(state, tuple(symbol[:place]))
        at = int(np.searchsorted(values, symbol[place]))
        known = at < len(values) and values[at] == symbol[place]
        product *= float(p[at if known else 0])
    return product
