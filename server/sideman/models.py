"""The models that predict, and the contract that they share (docs/models.md).

`Oracle`, `NGram` and `Alphabet` are the C++ core's. A model of any origin has the methods of `Model`; `PyWalk`
chooses with any of them exactly as the core's `Walk` does with an oracle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ._core import model as _core

Alphabet = _core.Alphabet
Choice = _core.Choice
NGram = _core.NGram
NGramState = _core.NGramState
Oracle = _core.Oracle
Sampler = _core.Sampler
State = _core.State
Walk = _core.Walk
chance = _core.chance

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Symbol = int | Sequence[int]
Intervals = Sequence[tuple[int, int]]

GAVE_UP: Final = {
    _core.GAVE_UP_TABOO: "gave up taboo",
    _core.GAVE_UP_CONTINUITY: "gave up continuity",
    _core.GAVE_UP_MIN_CONTEXT: "gave up min_context",
    _core.GAVE_UP_AVOID: "gave up avoiding the phrase",
}


class ModelState(Protocol):
    """Where one player stands in a model."""

    def copy(self) -> Any:
        """A state of its own at the same place."""

    def rollback(self, n: int) -> None:
        """Take back the last n advances, n at most 64."""


@runtime_checkable
class Model(Protocol):
    """The contract of DESIGN §3: symbols are ids from 1, or tuples of component values from 1; 0 is unseen."""

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
