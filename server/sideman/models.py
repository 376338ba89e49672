"""The models that predict, under the names by which plugins and players know them (docs/models.md).

What is native is the C++ core's; a blend is native where all of its parts are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from ._core import model as _core
from .contract import (
    METHODS,
    Floats,
    Foreseeing,
    Intervals,
    Ints,
    Masks,
    Model,
    ModelState,
    Placed,
    Symbol,
    probability,
)
from .llm import Unfit, llm_factory
from .pyblend import PyBlend
from .views import views

Alphabet = _core.Alphabet
Choice = _core.Choice
NativeModel = _core.NativeModel
NGram = _core.NGram
NGramState = _core.NGramState
LLM = _core.LLM
Manner = _core.Manner
Reader = _core.Reader
Oracle = _core.Oracle
Peaks = _core.Peaks
Picked = _core.Picked
Reach = _core.Reach
Reaction = _core.Reaction
Sampler = _core.Sampler
Scenario = _core.Scenario
State = _core.State
Traces = _core.Traces
Transformer = _core.Transformer
Walk = _core.Walk
chance = _core.chance
transformer_kernels = _core.transformer_kernels

GAVE_UP_AVOID: Final = _core.GAVE_UP_AVOID
GAVE_UP: Final = {
    _core.GAVE_UP_TABOO: "gave up taboo",
    _core.GAVE_UP_CONTINUITY: "gave up continuity",
    _core.GAVE_UP_MIN_CONTEXT: "gave up min_context",
    _core.GAVE_UP_AVOID: "gave up avoiding the phrase",
}

#: Values below this share of the most probable one are not drawn: a back-off's crumbs are no music. The oracle's come
#: from nowhere, those of the others from shorter contexts. Chosen by `sideman report` on pieces kept for choosing.
MIN_P: Final = 0.1
MIN_P_ORACLE: Final = 0.25

ModelFactory = Callable[[Alphabet], Model]


def viewing_ngram(alphabet: Alphabet) -> NGram:
    """An n-gram that sees what is played through the views of its viewpoint, where the alphabet tells its names."""
    return NGram(alphabet=alphabet, views=views(getattr(alphabet, "names", ())) or None)


def heeds(model: Model) -> bool:
    """Whether a model heeds words that stand beside events: an LLM, or a blend with one in it."""
    if isinstance(model, _core.Blend):
        return any(heeds(part) for part in model.parts)  # type: ignore[arg-type]
    return isinstance(model, LLM)


def least_share(model: Model) -> float:
    """The share of the most probable value below which none is drawn from a model."""
    return MIN_P_ORACLE if isinstance(model, Oracle) else MIN_P


def Blend(
    parts: Sequence[Model],
    how: str = "product",
    weights: str = "success",
    shares: Sequence[float] | None = None,
    names: Sequence[str] | None = None,
    alphabet: Alphabet | None = None,
) -> _core.Blend | PyBlend:
    """Several models that learn the same symbols and predict as one, through the core where all parts are native.

    `how`: "product" or "mixture", of each component; `weights`: "fixed", "entropy" (the surer counts the more) or
    "success" (the righter of late). `shares`, one a part, are where the weights begin, `names` what `why` calls the
    parts. Parts that are not the core's need the `alphabet` they share. Raises `ValueError` naming what is wrong.
    """
    native = [part for part in parts if isinstance(part, NativeModel)]
    if len(native) == len(parts):
        return _core.Blend(native, how, weights, shares, names)
    if alphabet is None:
        raise ValueError("parts that are not the core's need the alphabet that they share")
    return PyBlend(parts, alphabet, how, weights, shares, names)


def blended(
    factories: Mapping[str, ModelFactory],
    parts: Sequence[tuple[str, float]],
    how: str = "product",
    weights: str = "success",
) -> ModelFactory:
    """A factory of blends of (model, weight) pairs, each made by its own. A part of weight 0 is not made.

    Raises `KeyError` for an unknown model.
    """
    parts = [(name, share) for name, share in parts if share > 0]
    makers = [factories[name] for name, _ in parts]
    names, shares = [name for name, _ in parts], [share for _, share in parts]

    def make(alphabet: Alphabet) -> Model:
        return Blend([maker(alphabet) for maker in makers], how, weights, shares, names, alphabet)

    return make


__all__ = [
    "GAVE_UP",
    "GAVE_UP_AVOID",
    "LLM",
    "METHODS",
    "Alphabet",
    "Blend",
    "Choice",
    "Floats",
    "Foreseeing",
    "Intervals",
    "Ints",
    "Manner",
    "Masks",
    "Model",
    "ModelFactory",
    "ModelState",
    "NGram",
    "NGramState",
    "NativeModel",
    "Oracle",
    "Peaks",
    "Picked",
    "Placed",
    "PyBlend",
    "Reach",
    "Reaction",
    "Reader",
    "Sampler",
    "Scenario",
    "State",
    "Symbol",
    "Traces",
    "Transformer",
    "Unfit",
    "Walk",
    "blended",
    "chance",
    "heeds",
    "least_share",
    "llm_factory",
    "probability",
    "transformer_kernels",
    "viewing_ngram",
]
