"""The grammar of a viewpoint: which tokens may come next, and the way from symbols to tokens and back.

A stream is `begin`, the components that will come, then for each event what stands beside it and its components in the
viewpoint's order; `end` closes a phrase. The model is asked only for components, so these are what `span` gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..errors import Refused
from ..events import Event
from ..viewpoint import Viewpoint
from .music import BEGIN_TOKEN, END_TOKEN, FOLLOWS, INSTRUCTIONS, MUSIC, PARTS
from .vocabulary import Range


class Standing(NamedTuple):
    """Where one is in the grammar."""

    place: int = 0  # the component that comes next, by its place in the viewpoint
    due: tuple[str, ...] = ()  # the ranges that must come before it, in order


def readable(viewpoint: str) -> bool:
    """Whether all components of a viewpoint have tokens."""
    return all(name in PARTS for name in viewpoint.split("*"))


class Grammar:
    """The tokens of one viewpoint, such as `pitch*ioi`."""

    def __init__(self, viewpoint: str) -> None:
        """Raises `Refused` for a viewpoint with a component that has no tokens."""
        if not readable(viewpoint):
            raise Refused(f"the LLM cannot read the viewpoint {viewpoint!r}", f"link some of {', '.join(PARTS)}")
        self.names = tuple(viewpoint.split("*"))
        self._parts = [MUSIC.ranges[name] for name in self.names]
        #: How a stream begins.
        self.header = (BEGIN_TOKEN, *(MUSIC.token("view", list(PARTS).index(name)) for name in self.names))

    def span(self, place: int) -> tuple[int, int]:
        """The tokens first to past - 1 that are the values 1, 2, ... of the component at a place."""
        part = self._parts[place]
        return part.first + 1, part.past

    def tokens(self, symbol: Sequence[int]) -> tuple[int, ...]:
        """A symbol's tokens, or those of its first components; raises `ValueError` for a value that is none."""
        return tuple(
            MUSIC.token(name, value) for name, value in zip(self.names[: len(symbol)], symbol, strict=True)
        )  # fmt: skip

    def symbol(self, tokens: Sequence[int]) -> tuple[int, ...]:
        """The other way; raises `ValueError` for tokens that are not the viewpoint's first components in order."""
        said = [MUSIC.read(token) for token in tokens]
        if tuple(name for name, _ in said) != self.names[: len(said)]:
            raise ValueError(f"{[name for name, _ in said]} is no beginning of {'*'.join(self.names)}")
        return tuple(value for _, value in said)

    def allowed(self, at: Standing) -> list[Range]:
        """The ranges of which the next token may be."""
        if at.due:
            return [MUSIC.ranges[at.due[0]]]
        if at.place:
            return [self._parts[at.place]]
        end = Range("control", END_TOKEN, END_TOKEN + 1)
        return [*(MUSIC.ranges[name] for name in FOLLOWS), self._parts[0], end]

    def step(self, at: Standing, token: int) -> Standing:
        """Where one is after a token; raises `ValueError` for one that may not come there."""
        if not any(part.first <= token < part.past for part in self.allowed(at)):
            name, value = MUSIC.read(token)
            raise ValueError(f"{name} {value} may not come at {at}")
        name, value = MUSIC.read(token)
        if at.due:
            more = ("density",) * value if name == "bars" else ()
            return Standing(at.place, (*more, *at.due[1:]))
        if name == "instruct":
            kinds = list(INSTRUCTIONS)
            if value >= len(kinds):
                raise ValueError(f"no instruction {value}")
            return Standing(0, INSTRUCTIONS[kinds[value]])
        if name in FOLLOWS and name != self.names[at.place]:
            return Standing(0, FOLLOWS[name])
        if token == END_TOKEN:
            return Standing()
        return Standing((at.place + 1) % len(self.names))

    def components(self, tokens: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Which tokens of a stream (from after its header) are components: the index of each and its place."""
        at = Standing()
        for index, token in enumerate(tokens):
            if not at.due and (at.place or MUSIC.read(token)[0] == self.names[0]):
                yield index, at.place
            at = self.step(at, token)


def event_symbol(viewpoint: Viewpoint, event: Event, before: Event | None, live: bool = False) -> tuple[int, ...]:
    """An event's components as the LLM reads them; of a live one what is known only as it closes is 0."""
    return tuple(
        0 if live and not component.early() else component.value(event, before) for component in viewpoint.components
    )
