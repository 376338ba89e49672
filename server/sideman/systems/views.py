"""What a view system is made of: features of the past, views through them, and systems of views. Data and nothing else.

Sources: Conklin & Witten, "Multiple viewpoint systems", JNMR 24(1), 1995; Pearce, IDyOM, 2005.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: What a feature looks at, its component, lag, step and modulus (cpp/include/sideman/view.hpp).
Feature = tuple[str, int, int, int, int]
#: Target component, relative to the value so many events ago, modulus, running piece alone, features nearest first.
View = tuple[int, int, int, bool, tuple[Feature, ...]]


class System(NamedTuple):
    """Views of one viewpoint; `order` is that in which components are predicted, by their places in the viewpoint."""

    order: tuple[int, ...]
    views: tuple[View, ...]
    folds: int = 8  # in so many parts what was learned is met again as if it were new, to weigh the views


def look(what: str, component: int = 0, lag: int = 1, step: int = 1, modulo: int = 0) -> Feature:
    """One feature."""
    return (what, component, lag, step, modulo)


def symbols(count: int) -> tuple[Feature, ...]:
    """The last whole symbols."""
    return tuple(look("symbol", lag=lag) for lag in range(1, count + 1))


def values(component: int, count: int) -> tuple[Feature, ...]:
    """The last values of one component."""
    return tuple(look("value", component, lag) for lag in range(1, count + 1))


def steps(component: int, count: int, modulo: int = 0) -> tuple[Feature, ...]:
    """The last steps of one component from event to event."""
    return tuple(look("step", component, lag, 1, modulo) for lag in range(1, count + 1))


def absolute(target: int, features: Sequence[Feature], brief: bool = False) -> View:
    """A view of a component's value itself."""
    return (target, 0, 0, brief, tuple(features))


def relative(target: int, features: Sequence[Feature], brief: bool = False, modulo: int = 0) -> View:
    """A view of a component's distance from the value before."""
    return (target, 1, modulo, brief, tuple(features))
