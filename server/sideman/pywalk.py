"""The way through any model, in Python: the same choices as the core's `Walk` makes through its own.

A model by the contract says what may come next and where it stands in memory; drawing, masks, continuity, taboo and
the choice of a source are done here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ._core import model as _core
from .models import Floats, Intervals, Masks, Model, NativeModel, Placed, Sampler, Walk, chance

SOURCE_PURPOSE: Final = 1000
REMEMBERED: Final = 64


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
    parts: list[tuple[float, float]] = field(default_factory=list)
    sources: list[int] = field(default_factory=list)


def walk(model: Model, components: int, state: Any = None) -> Walk | PyWalk:
    """A way through a model from a state on (None: from where nothing was heard): the core's own where it can be."""
    if isinstance(model, NativeModel):
        return Walk(model, state)
    return PyWalk(model, components, state.copy() if state is not None else None)


class PyWalk:
    """A player's way through a model. One that does not know its places has no use for `min_context`."""

    def __init__(self, model: Model, components: int, state: Any = None) -> None:
        self._model = model
        self._components = components
        self._state = model.start() if state is None else state
        self._begin_event = getattr(model, "begin_event", None)
        self._tell = getattr(model, "tell", None)
        self._last = -1
        self._run = 0
        self._recent: list[int] = []

    @property
    def state(self) -> Any:
        """Where it stands in the model."""
        return self._state

    def copy(self) -> PyWalk:
        """A walk of its own from here."""
        other = PyWalk(self._model, self._components, self._state.copy())
        other._last, other._run, other._recent = self._last, self._run, list(self._recent)
        return other

    def steer(self, tokens: Sequence[int]) -> None:
        """Words before the next event: no model in Python heeds any."""

    def word(self, first: int, past: int) -> list[float] | None:
        """None: no model in Python has words."""
        return None

    def choose(
        self,
        sampler: Sampler,
        seed: int,
        player: int,
        ordinal: int,
        masks: Masks = (),
        continuity: int = 8,
        taboo: int = 0,
        min_context: int = 0,
        avoid: Intervals = (),
    ) -> PyChoice | None:
        """Choose the next event and go on by it; None when the masks leave nothing."""
        if self._begin_event is not None:
            self._begin_event()
        chosen: tuple[PyChoice, list[int]] | None = None
        for level in self._levels(continuity, taboo, min_context, avoid):
            exclude = self._excluded(level, continuity, taboo, avoid)
            least = 0 if level & _core.GAVE_UP_MIN_CONTEXT else min_context
            if isinstance(self._model, Placed) and not self._model.speaks(self._state, exclude, least, masks):
                continue
            choice = self._drawn(sampler, seed, player, ordinal, masks, exclude)
            if choice is None:
                return None
            sources = self._model.sources(self._state, choice.values, exclude)
            choice.given_up = level
            chosen = (choice, sources)
            if sources or isinstance(self._model, Placed):
                break
        if chosen is None or (not chosen[1] and not isinstance(self._model, Placed)):
            exclude = self._excluded(0, continuity, taboo, avoid)
            choice = self._drawn(sampler, seed, player, ordinal, masks, exclude)
            if choice is None:
                return None
            chosen = (choice, self._model.sources(self._state, choice.values, exclude))
        if chosen[1]:
            self._find_source(*chosen, chance(seed, player, ordinal, SOURCE_PURPOSE))
        self._go_on(chosen[0])
        return chosen[0]

    def _levels(self, continuity: int, taboo: int, min_context: int, avoid: Intervals) -> list[int]:
        """What is given up, step by step, of what is wished for."""
        levels = [0]
        for bit, wished in (
            (_core.GAVE_UP_TABOO, taboo > 0 and bool(self._recent)),
            (_core.GAVE_UP_CONTINUITY, 0 < continuity <= self._run),
            (_core.GAVE_UP_MIN_CONTEXT, min_context > 0 and isinstance(self._model, Placed)),
            (_core.GAVE_UP_AVOID, len(avoid) > 0),
        ):
            if wished:
                levels.append(levels[-1] | bit)
        return levels

    def _find_source(self, choice: PyChoice, sources: list[int], draw: int) -> None:
        """The successor of the last source if it is among them, else a draw among those of the longest context."""
        choice.sources = sources
        if self._last >= 0 and self._last + 1 in sources:
            choice.position = self._last + 1
        else:
            contexts = self._contexts(sources)
            tied = sum(context == contexts[0] for context in contexts)
            choice.position = sources[draw * tied >> 64]
        choice.context = self._contexts([choice.position])[0]

    def _go_on(self, choice: PyChoice) -> None:
        self._model.advance(self._state, choice.values, choice.position if choice.position >= 0 else None)
        follows = choice.position >= 0 and choice.position == self._last + 1
        self._run = self._run + 1 if follows else int(choice.position >= 0)
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
        masks: Masks,
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
            if self._tell is not None:
                self._tell(self._state, choice.values, int(values[picked]), exclude, choice.parts)
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
