"""Through which views an n-gram sees what is played, by the names of a viewpoint's components.

A pitch is expected for what it is and for the step that leads to it, so that a phrase is known in another key; a class
of time for what the rhythm was. Each view's word counts as much as it has been right (docs/models.md).
Source: Conklin & Witten, "Multiple viewpoint systems for music prediction", JNMR 24(1), 1995.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

#: What a feature looks at, its component, lag, step and modulus (cpp/include/sideman/view.hpp).
Feature = tuple[str, int, int, int, int]
#: Target component, relative to the value so many events ago, modulus, running piece alone, features nearest first.
View = tuple[int, int, int, bool, list[Feature]]

ORDER: Final = 4
#: Components whose values are places on a scale, so that steps between them mean something.
STEPPING: Final = ("pitch",)
TIMES: Final = ("ioi", "duration")


def views(names: Sequence[str]) -> list[View]:
    """The views of a viewpoint; none where its plain symbols say all."""
    if not set(names) & set(STEPPING):
        return []
    return [view for target, name in enumerate(names) for view in _of(target, name, names)]


def _of(target: int, name: str, names: Sequence[str]) -> Iterator[View]:
    chosen: list[Feature] = [("chosen", other, 1, 1, 0) for other in range(target - 1, -1, -1)]
    yield target, 0, 0, False, [*chosen, *(("symbol", 0, lag, 1, 0) for lag in range(1, ORDER + 1))]
    if name in STEPPING:
        steps: list[Feature] = [("step", target, lag, 1, 0) for lag in range(1, ORDER + 1)]
        yield target, 1, 0, False, steps
        for other, kind in enumerate(names):
            if kind in TIMES:
                linked: list[Feature] = []
                for lag in range(1, ORDER):
                    linked += [("step", target, lag, 1, 0), ("value", other, lag, 1, 0)]
                yield target, 1, 0, False, linked
    if name in TIMES and len(names) > 1:
        yield target, 0, 0, False, [("value", target, lag, 1, 0) for lag in range(1, ORDER + 1)]
