"""How much of a phrase an answer has repeated, so that it ends before it is a copy.

It compares symbols, whoever's memory they come from: the same phrase played three times has three places.
"""

from __future__ import annotations

from collections.abc import Sequence

Symbol = tuple[int, ...]


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
