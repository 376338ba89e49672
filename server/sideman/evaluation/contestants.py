"""The models that can be put to a trial, by name: how each is made, with which settings, and in which order it spells.

The n-gram's view systems come from `systems`; any other name is a model of a plugin with its own defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import SetupError
from ..models import Alphabet, Blend, NGram, Oracle
from ..plugin import bundled_models
from ..systems import system_for
from .llm import TaskReader
from .spelling import SPELLINGS


@dataclass(frozen=True, slots=True)
class Contestant:
    """A model to be: `make(alphabet)` is a fresh one, `order` the places of the components as it takes them.

    `folds`: in so many parts it goes over what it is trained on again, each part as if it were new, to learn how far to
    trust its views; 0: it learns that on the way.
    """

    name: str
    make: Callable[[Alphabet], Any]
    order: tuple[int, ...]
    folds: int = 0
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line may say of a model's settings; None: as chosen for the viewpoint."""

    plain: bool = False
    order: int | None = None
    smoothing: str | None = None
    folds: int | None = None
    llm: TaskReader | None = None
    llm_share: float = 0.2  # of its word beside the blend's, chosen on `valid`
    task: str = ""


def contestant(name: str, viewpoint: str, kind: str, given: Sequence[str] = (), wish: Wish = Wish()) -> Contestant:
    """The contestant of a name for a viewpoint and a kind of music. Raises SetupError for a name that there is not."""
    natural = tuple(range(len(SPELLINGS[viewpoint].components)))
    if name == "ngram":
        return _ngram(viewpoint, kind, given, wish, natural)
    if name == "plain":
        return _ngram(viewpoint, kind, given, Wish(plain=True, order=wish.order, smoothing=wish.smoothing), natural)
    if name == "blend":
        return _blend(viewpoint, kind, given, wish, natural)
    if name in ("llm", "blend+llm"):
        return _llm(name, viewpoint, kind, given, wish, natural)
    factories = bundled_models()
    if name not in factories:
        raise SetupError(
            f"no model {name!r}", f"models: {', '.join(sorted({'ngram', 'plain', 'llm', 'blend+llm', *factories}))}"
        )
    return Contestant(name, factories[name], natural, settings={"order": spoken(viewpoint, natural)})


def spoken(viewpoint: str, order: Sequence[int]) -> list[str]:
    """The names of the viewpoint's components in an order."""
    return [SPELLINGS[viewpoint].components[place] for place in order]


def _ngram(viewpoint: str, kind: str, given: Sequence[str], wish: Wish, natural: tuple[int, ...]) -> Contestant:
    smoothing = wish.smoothing or "kneser-ney"
    if wish.plain or wish.order is not None:
        order = wish.order or 5
        settings: dict[str, Any] = {"views": 0, "n-gram order": order, "smoothing": smoothing}
        return Contestant("ngram", lambda alphabet: NGram(order, alphabet, smoothing), natural, settings=settings)
    system = system_for(viewpoint, kind, given)
    folds = system.folds if wish.folds is None else wish.folds
    settings = {
        "views": len(system.views),
        "brief views": sum(view[3] for view in system.views),
        "order": spoken(viewpoint, system.order),
        "smoothing": smoothing,
        "folds": folds,
        "kind": kind,
        "given": list(given),
    }
    return Contestant(
        "ngram",
        lambda alphabet: NGram(alphabet=alphabet, smoothing=smoothing, views=system.views),
        system.order,
        folds,
        settings,
    )


def _blend(viewpoint: str, kind: str, given: Sequence[str], wish: Wish, natural: tuple[int, ...]) -> Contestant:
    """The n-gram as it stands for the viewpoint, and the oracle."""
    ngram = _ngram(viewpoint, kind, given, wish, natural)
    return Contestant(
        "blend",
        lambda alphabet: Blend([ngram.make(alphabet), Oracle(alphabet)], names=["ngram", "oracle"]),
        ngram.order,
        ngram.folds,
        {"parts": ["ngram", "oracle"], "how": "product", "weights": "success", **ngram.settings},
    )


def _llm(
    name: str, viewpoint: str, kind: str, given: Sequence[str], wish: Wish, natural: tuple[int, ...]
) -> Contestant:
    """The LLM with its memory, or its word beside the blend's, weighed by a fixed share."""
    if wish.llm is None or not wish.task:
        raise SetupError(f"{name} needs a model", "give the folder of one with --llm, for one of the tasks")
    by, task, share = wish.llm, wish.task, wish.llm_share
    if name == "llm":
        return Contestant(name, lambda alphabet: by.make(task, viewpoint, natural, alphabet), natural)
    blend = _blend(viewpoint, kind, given, wish, natural)

    def make(alphabet: Alphabet) -> Any:
        word = by.make(task, viewpoint, blend.order, alphabet, memory_share=0.0)
        parts = [blend.make(alphabet), word]
        return Blend(parts, "mixture", "fixed", [1.0 - share, share], ["blend", "llm"])

    return Contestant(name, make, blend.order, blend.folds, {"llm share": share, **blend.settings})
