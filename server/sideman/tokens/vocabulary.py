"""A vocabulary: disjoint ranges of tokens, each token one value of one range. What the ranges mean is not known here.

A model is of use only with the vocabulary that it was trained with, so its `config.json` holds it under `sideman`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

#: Raised whenever a token changes its meaning. 2: a plan is said again as it is carried out.
VERSION: Final = 2
#: The engine takes rows by sixteen.
_ROUND: Final = 16


class Range(NamedTuple):
    """Tokens first to past - 1: the values 0, 1, 2, ... of one thing."""

    name: str
    first: int
    past: int


class Vocabulary:
    """Ranges one after another from token 0."""

    def __init__(self, kind: str, sizes: Mapping[str, int]) -> None:
        self.kind = kind
        self.ranges: dict[str, Range] = {}
        first = 0
        for name, size in sizes.items():
            self.ranges[name] = Range(name, first, first + size)
            first += size
        self.used = first
        self.size = -(-first // _ROUND) * _ROUND  # the rows of the embedding
        self._of = [part for part in self.ranges.values() for _ in range(part.first, part.past)]

    def token(self, name: str, value: int) -> int:
        """The token of a value; raises `ValueError` for one that its range has not."""
        part = self.ranges[name]
        if not 0 <= value < part.past - part.first:
            raise ValueError(f"{name} has the values 0 to {part.past - part.first - 1}, not {value}")
        return part.first + value

    def read(self, token: int) -> tuple[str, int]:
        """The range and the value of a token; raises `ValueError` for one that has no meaning."""
        if not 0 <= token < self.used:
            raise ValueError(f"no token {token}; there are 0 to {self.used - 1}")
        part = self._of[token]
        return part.name, token - part.first

    def to_data(self) -> dict[str, Any]:
        """What a model's config.json says of it, under `sideman`."""
        ranges = [[part.name, part.first, part.past] for part in self.ranges.values()]
        return {"version": VERSION, "kind": self.kind, "vocab_size": self.size, "ranges": ranges}

    def check(self, data: Any) -> None:
        """Raise `ValueError` that names what is different, if a model was trained with another vocabulary."""
        own = self.to_data()
        if not isinstance(data, Mapping):
            raise ValueError("config.json has no section `sideman`: nobody knows what this model's tokens mean")
        for name, said in own.items():
            if data.get(name) != said:
                raise ValueError(f"the model's tokens have another {name}: {data.get(name)!r}, not {said!r}")


def vocabulary_of(data: Any, known: Mapping[str, Vocabulary]) -> Vocabulary:
    """The vocabulary that a section `sideman` speaks of, checked; raises `ValueError` if it is none of these."""
    kind = data.get("kind") if isinstance(data, Mapping) else None
    if not isinstance(kind, str) or kind not in known:
        raise ValueError(f"the model's tokens are of kind {kind!r}; there are {', '.join(known)}")
    known[kind].check(data)
    return known[kind]
