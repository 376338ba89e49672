"""A closed alphabet: what a model says of one component, as a distribution over the symbols that there may be.

What a model keeps for the unseen is shared equally among the values it does not list; values that no symbol has after
those chosen before get nothing, and the rest sums to 1. Pure; the model's state is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
Prefix = tuple[int, ...]
#: A model's next component: values ascending from 0 (unseen), and their probabilities.
Predict = Callable[[Prefix], tuple[Ints, Floats]]

TOLERANCE: Final = 1e-6


class ClosedAlphabet:
    """The symbols of a task, and which values each component may have after a prefix."""

    def __init__(self, symbols: Iterable[Sequence[int]]) -> None:
        every = {tuple(int(value) for value in symbol) for symbol in symbols}
        self.size = len(every)
        self.components = len(next(iter(every)))
        after: dict[Prefix, set[int]] = {}
        for symbol in every:
            for place in range(len(symbol)):
                after.setdefault(symbol[:place], set()).add(symbol[place])
        self._after = {prefix: np.array(sorted(values), np.int32) for prefix, values in after.items()}
        self.symbols: Ints = np.array(sorted(every), np.int32)

    def values(self, prefix: Prefix) -> Ints:
        """What may come after a prefix, ascending."""
        return self._after[prefix]

    def distribution(self, prefix: Prefix, predict: Predict) -> Floats:
        """The probabilities of `values(prefix)`; they sum to 1. Raises ValueError where the model's do not."""
        values, p = predict(prefix)
        total = float(p.sum())
        if abs(total - 1.0) > TOLERANCE or float(p.min()) < 0.0:
            raise ValueError(f"a model's probabilities sum to {total} after {prefix}")
        allowed = self._after[prefix]
        if len(values) == len(allowed) + 1 and np.array_equal(values[1:], allowed):
            rest = p[1:]
        else:
            at = np.minimum(np.searchsorted(values, allowed), len(values) - 1)
            listed = values[at] == allowed
            everywhere = self._after[()] if not prefix else self._column(len(prefix))
            strangers = len(everywhere) - int(np.isin(everywhere, values[1:]).sum())
            rest = np.where(listed, p[at], float(p[0]) / max(strangers, 1))
        whole = float(rest.sum())
        return rest / whole if whole > 0.0 else np.full(len(allowed), 1.0 / len(allowed))

    def best(self, predict: Predict, most: int) -> list[tuple[float, Prefix]]:
        """The `most` most probable symbols, best first: no prefix is gone into that cannot lead to one of them."""
        found: list[tuple[float, Prefix]] = []

        def go(prefix: Prefix, reached: float) -> None:
            p = self.distribution(prefix, predict) * reached
            last = len(prefix) + 1 == self.components
            for i in np.argsort(-p, kind="stable"):
                if len(found) >= most and p[i] <= found[-1][0]:
                    return
                longer = (*prefix, int(self._after[prefix][i]))
                if not last:
                    go(longer, float(p[i]))
                    continue
                found.append((float(p[i]), longer))
                found.sort(key=lambda one: -one[0])
                del found[most:]

        go((), 1.0)
        return found

    def _column(self, component: int) -> Ints:
        return np.unique(self.symbols[:, component])
