"""The models that predict, under the names by which plugins and players know them (docs/models.md).

All but the contract is the C++ core's; `PyWalk` chooses with a model of any origin as the core's `Walk` does with its
own.
"""

from __future__ import annotations

from typing import Final

from ._core import model as _core
from .contract import METHODS, Floats, Intervals, Ints, Masks, Model, ModelState, Placed, Symbol, probability

Alphabet = _core.Alphabet
Choice = _core.Choice
NativeModel = _core.NativeModel
NGram = _core.NGram
NGramState = _core.NGramState
Oracle = _core.Oracle
Sampler = _core.Sampler
State = _core.State
Walk = _core.Walk
chance = _core.chance

GAVE_UP_AVOID: Final = _core.GAVE_UP_AVOID
GAVE_UP: Final = {
    _core.GAVE_UP_TABOO: "gave up taboo",
    _core.GAVE_UP_CONTINUITY: "gave up continuity",
    _core.GAVE_UP_MIN_CONTEXT: "gave up min_context",
    _core.GAVE_UP_AVOID: "gave up avoiding the phrase",
}

__all__ = [
    "GAVE_UP",
    "GAVE_UP_AVOID",
    "METHODS",
    "Alphabet",
    "Choice",
    "Floats",
    "Intervals",
    "Ints",
    "Masks",
    "Model",
    "ModelState",
    "NGram",
    "NGramState",
    "NativeModel",
    "Oracle",
    "Placed",
    "Sampler",
    "State",
    "Symbol",
    "Walk",
    "chance",
    "probability",
]
