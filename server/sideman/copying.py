"""How much of a phrase, or of memory, a player has repeated, so that it goes on otherwise before it is a copy.

It compares symbols, whoever's memory they come from: the same phrase played three times has three places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

Symbol = tuple[int, ...]

#: So many places in memory are followed, the longest first.
FOLLOWED: Final = 256


class Copying:
    """Follows the answer through the phrase: at every place, how many symbols up to there it has just repeated."""

    def __init__(self, phrase: Sequence[Symbol]) -> None:
        self._phrase = tuple(phrase)
        self._runs = [0] * (len(self._phrase) + 1)

    def went(self, symbol: Symbol) -> None:
        """The answer has gone on by a symbol."""
        runs = [0] * len(self._runs)
        for place, played in enumerate(self._phrase):
            if played == symbol:
                runs[place + 1] = self._runs[place] + 1
        self._runs = runs

    def forbidden(self) -> Symbol | None:
        """The symbol that would repeat all but one of the phrase's events in a row; None: none would."""
        most = max(1, len(self._phrase) - 2)
        for place, symbol in enumerate(self._phrase):
            if self._runs[place] >= most:
                return symbol
        return None

    def copy(self) -> Copying:
        """Its own from here."""
        other = Copying(self._phrase)
        other._runs = list(self._runs)
        return other


@dataclass(frozen=True, slots=True)
class Trail:
    """Where in memory a line may be a copy: places that agree with its last events, each with how many do.

    It knows the places that a model named as sources on the way, so that a step costs no more in a larger memory.
    """

    runs: tuple[tuple[int, int], ...] = ()  # place of the last event, and how many up to there are the line's own
    line: tuple[int, ...] = ()  # the last symbols' ids

    def after(
        self, symbol: int, sources: Iterable[int], symbol_at: Callable[[int], int], past: int, most: int
    ) -> Trail:
        """The trail when the line goes on by a symbol, of which `sources` are places; `past` ends the memory.

        `most`: more than so many events of agreement need not be told apart.
        """
        line = (*self.line, symbol)[-most - 1 :]
        runs = {
            place + 1: min(run, most) + 1
            for place, run in self.runs
            if place + 1 < past and symbol_at(place + 1) == symbol
        }
        for place in sources:
            if 0 <= place < past and place not in runs and symbol_at(place) == symbol:
                run = 1
                while run < len(line) and place >= run and symbol_at(place - run) == line[-1 - run]:
                    run += 1
                runs[place] = run
        longest = sorted(runs.items(), key=lambda found: (-found[1], -found[0]))
        return Trail(tuple(longest[:FOLLOWED]), line)

    @property
    def longest(self) -> int:
        """How many of the last events are as some place has them."""
        return self.runs[0][1] if self.runs else 0
