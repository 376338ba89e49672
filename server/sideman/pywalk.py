"""The way through any model, in Python: the same choices as the core's `Walk` makes through an oracle.

A model by the contract says what may come next and where it stands in memory; drawing, masks, continuity, taboo and
the choice of a source are done here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ._core import model as _core
from .models import Floats, Intervals, Model, Sampler, chance

SOURCE_PURPOSE: Final = 1000
REMEMBERED: Final = 64
LEVELS: Final = (
    0,
    _core.GAVE_UP_TABOO,
    _core.GAVE_UP_TABOO | _core.GAVE_UP_CONTINUITY,
    _core.GAVE_UP_TABOO | _core.GAVE_UP_CONTINUITY | _core.GAVE_UP_AVOID,
)


@dataclass(slots=True)
class PyChoice:
    """What was chosen, from where in memory, and why; see the core's `Choice`."""

    values: tuple[int, ...] = ()
    position: int = -1
    context: int = 0
    raw: float = 1.0
    probability: float = 1.0
    entropy_bits: float = 0.0
    rank: int = 0
    bound: int = 0
    given_up: int = 0


class PyWalk:
    """A player's way through a model that is not the core's. `min_context` is the model's own affair here."""

    def __init__(self, model: Model, components: int, state: Any = None) -> None:
        self._model = model
        self._components = components
        self._state = model.start() if state is None else state
        self._begin_event = getattr(model, "begin_event", None)
        self._last = -1
        self._run = 0
        self._recent: list[int] = []

    def copy(self) -> PyWalk:
        """A walk of its own from here."""
        other = PyWalk(self._model, self._components, self._state.copy())
        other._last, other._run, other._recent = self._last, self._run, list(self._recent)
        return other

    def choose(
        self,
        sampler: Sampler,
        seed: int,
        player: int,
        ordinal: int,
        masks: Sequence[Floats | None] = (),
        continuity: int = 8,
        taboo: int = 0,
        min_context: int = 0,
        avoid: Intervals = (),
    ) -> PyChoice | None:
        """Choose the next event and go on by it; None when the masks leave nothing."""
        if self._begin_event is not None:
            self._begin_event()
        choice: PyChoice | None = None
        for level in LEVELS:
            exclude = self._excluded(level, continuity, taboo, avoid)
            choice = self._drawn(sampler, seed, player, ordinal, masks, exclude)
            if choice is None:
                return None
            sources = self._model.sources(self._state, choice.values, exclude)
            if sources:
                choice.given_up = level
                self._find_source(choice, sources, chance(seed, player, ordinal, SOURCE_PURPOSE))
                break
        assert choice is not None
        self._go_on(choice)
        return choice

    def _find_source(self, choice: PyChoice, sources: list[int], draw: int) -> None:
        """The successor of the last source if it is among them, else a draw among those of the longest context."""
        if self._last >= 0 and self._last + 1 in sources:
            choice.position = self._last + 1
        else:
            contexts = self._contexts(sources)
            tied = sum(context == contexts[0] for context in contexts)
            choice.position = sources[draw * tied >> 64]
        choice.context = self._contexts([choice.position])[0]

    def _go_on(self, choice: PyChoice) -> None:
        self._model.advance(self._state, choice.values, choice.position if choice.position >= 0 else None)
        self._run = self._run + 1 if choice.position == self._last + 1 and choice.position >= 0 else 1
        self._last = choice.position
        self._recent = [*self._recent, choice.position][-REMEMBERED:]

    def _contexts(self, positions: Sequence[int]) -> list[int]:
        """How long the context of each position agrees, where the model tells; else in order of length."""
        tell = getattr(self._model, "contexts", None)
        if tell is None:
            return [len(positions) - place for place in range(len(positions))] if len(positions) > 1 else [0]
        return [int(context) for context in tell(self._state, positions)]

    def _excluded(self, level: int, continuity: int, taboo: int, avoid: Intervals) -> list[tuple[int, int]]:
        exclude = [] if level & _core.GAVE_UP_AVOID else list(avoid)
        if not level & _core.GAVE_UP_CONTINUITY and 0 < continuity <= self._run:
            exclude.append((self._last + 1, self._last + 2))
        if not level & _core.GAVE_UP_TABOO and taboo:
            exclude += [(position, position + 1) for position in reversed(self._recent[-taboo:])]
        return exclude

    def _drawn(
        self,
        sampler: Sampler,
        seed: int,
        player: int,
        ordinal: int,
        masks: Sequence[Floats | None],
        exclude: Intervals,
    ) -> PyChoice | None:
        choice = PyChoice()
        for component in range(self._components):
            values, p = self._model.predict(self._state, choice.values, exclude)
            weights = np.ones(len(values))
            weights[0] = 0.0 if values[0] == 0 else 1.0
            mask = masks[component] if component < len(masks) else None
            if mask is not None:
                inside = values < len(mask)
                weights *= np.where(inside, mask[np.where(inside, values, 0)], 0.0)
                if bool(np.any((weights[1:] == 0.0) & (p[1:] > 1e-3))):
                    choice.bound |= 1 << component
            if not np.any(weights * p > 0):
                return None
            weighed = sampler.weigh(p, weights)
            picked = sampler_pick(weighed, chance(seed, player, ordinal, component))
            choice.values = (*choice.values, int(values[picked]))
            choice.raw *= float(p[picked])
            choice.probability *= float(weighed[picked])
            choice.entropy_bits -= sum(float(q) * math.log2(q) for q in p if q > 0)
            choice.rank = max(choice.rank, int(np.sum(p > p[picked])))
        return choice


_PLAIN: Final = Sampler()


def sampler_pick(weighed: Floats, draw: int) -> int:
    """The index that a draw falls on in what a sampler has weighed already."""
    return _PLAIN.pick(weighed, draw)
