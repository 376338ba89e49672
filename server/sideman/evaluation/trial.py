"""A trial: a model learns what it is trained on, then says of each event of further pieces how probable it was.

The protocol: each piece begins with nothing before it; of a piece the model may learn what has passed (`online`), and
forgets it when the piece ends, so that no piece helps another. The loop is here; figures are made in `score`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..models import Alphabet
from .closed import ClosedAlphabet, Floats, Ints, Prefix
from .contestants import Contestant
from .score import Outcome
from .spelling import Piece

CORPUS: Final = 0  # the stream of what was trained on
RUNNING: Final = 1  # that of the piece under trial
GUESSES: Final = 3
LATE: Final = 20  # the weights' mean is over about the last 1 / (LATE + 1) of the training


class LateMean:
    """The mean of arrays that come one by one, of n the t-th counting as t to the power of `late`, nearly.

    So it is over a share of all that came, whose beginnings it forgets (polynomial-decay averaging: Shamir & Zhang,
    "Stochastic gradient descent for non-smooth optimization", ICML 2013).
    """

    def __init__(self, late: int = LATE) -> None:
        self._late = late
        self._count = 0
        self.value: Floats | None = None  # None before the first

    def add(self, array: npt.NDArray[Any]) -> None:
        """Take in one more, of the same shape as the others."""
        self._count += 1
        if self.value is None:
            self.value = np.array(array, np.float64)
        self.value += (array - self.value) * ((self._late + 1) / (self._late + self._count))


class Pupil:
    """A model in training and under trial, whatever of `unlearn`, `piece`, `end`, `know` and `weights` it has."""

    def __init__(self, contestant: Contestant, train: Sequence[Piece], closed: ClosedAlphabet) -> None:
        self._contestant = contestant
        self._train = train
        self._closed = closed
        self.model: Any = None
        self._learn_all()

    def _learn_all(self) -> None:
        alphabet = Alphabet(self._closed.components)
        for symbol in self._closed.symbols.tolist():
            alphabet.intern(symbol)
        self.model = self._contestant.make(alphabet)
        self._has = {name for name in ("unlearn", "piece", "end", "know") if hasattr(self.model, name)}
        self._weighs = hasattr(self.model, "weights")
        self._looks_around = hasattr(self.model.start(), "around")
        if "know" in self._has:
            self.model.know(self._closed.symbols)
        foldable = self._looks_around and "unlearn" in self._has and self._contestant.folds > 0
        self._mean = LateMean()
        places = [self._study(piece, not foldable) for piece in self._train]
        if foldable:
            self._weigh(places)
        if self._mean.value is not None:
            # Weights follow the piece that was learned last. A piece under trial should not begin where that one ended.
            self.model.weights = self._mean.value
        if self._weighs:
            self._weights = self.model.weights

    def _study(self, piece: Piece, weigh: bool) -> tuple[int, int]:
        """Learn a piece of the corpus; its positions."""
        first = self.position()
        self.learn(piece.symbols, piece.given, CORPUS, weigh)
        self.end(CORPUS)
        if weigh and self._weighs and self._looks_around:
            self._mean.add(self.model.weights)
        return first, self.position()

    def _weigh(self, places: list[tuple[int, int]]) -> None:
        """Learn how far to trust each view from pieces met as those under trial will be.

        A fold of the corpus is forgotten; each of its pieces is met by a model that knows neither it nor its
        neighbours, which may be variants of it; then the fold is learned again.
        """
        order = sorted(range(len(self._train)), key=lambda i: self._train[i].title)
        for fold in np.array_split(np.array(order), min(self._contestant.folds, len(order))):
            for i in fold:
                self.model.unlearn(*places[i])
            for i in fold:
                self.model.unlearn(*self._study(self._train[i], True))
            for i in fold:
                places[i] = self._study(self._train[i], False)

    def learn(self, symbols: Ints, given: Ints, stream: int, weigh: bool = True) -> None:
        """Learn symbols of one piece in order; views of the running piece begin anew where a corpus' piece does."""
        if stream == CORPUS:
            self.begin()
        if self._looks_around:
            self.model.learn(symbols, stream, given, weigh)
        else:
            self.model.learn(symbols, stream)

    def begin(self) -> None:
        """A piece begins."""
        if "piece" in self._has:
            self.model.piece()

    def end(self, stream: int) -> None:
        """A piece ends."""
        if "end" in self._has:
            self.model.end(stream)

    def start(self) -> Any:
        """The state of one who has heard nothing."""
        return self.model.start()

    def beside(self, state: Any, given: Ints) -> None:
        """Tell a state what is given of the next event."""
        if self._looks_around:
            state.around = given.tolist()

    def forget(self, first: int) -> None:
        """Forget the running piece, which began at a position."""
        if "unlearn" not in self._has:
            self._learn_all()
            return
        self.model.unlearn(first, len(self.model))
        if self._weighs:
            self.model.weights = self._weights

    def position(self) -> int:
        """Where the next event would be learned."""
        return len(self.model) if "unlearn" in self._has else 0


def trial(
    contestant: Contestant, train: Sequence[Piece], test: Sequence[Piece], closed: ClosedAlphabet, online: bool
) -> Outcome:
    """Train a contestant and put it to the test; the order of components is the contestant's throughout."""
    began = perf_counter()
    pupil = Pupil(contestant, train, closed)
    trained = perf_counter()
    rows: list[tuple[float, float, bool, bool, int]] = []
    seconds = 0.0
    for number, piece in enumerate(test):
        start = perf_counter()
        first = pupil.position()
        rows += [(*row, number) for row in _piece(pupil, piece, closed, online)]
        seconds += perf_counter() - start
        if online:
            pupil.forget(first)
    bits, confidence, top1, top3, pieces = zip(*rows, strict=True)
    return Outcome(
        np.array(bits), np.array(confidence), np.array(top1), np.array(top3), np.array(pieces), seconds,
        trained - began,
    )  # fmt: skip


def _piece(
    pupil: Pupil, piece: Piece, closed: ClosedAlphabet, online: bool
) -> Iterator[tuple[float, float, bool, bool]]:
    """Of each event: bits, the best guess's probability, whether it came, whether one of three came."""
    pupil.begin()
    state = pupil.start()
    for i, symbol in enumerate(piece.symbols.tolist()):
        known: dict[Prefix, Any] = {}
        pupil.beside(state, piece.given[i])

        def predict(prefix: Prefix, state: Any = state, known: dict[Prefix, Any] = known) -> Any:
            if prefix not in known:
                known[prefix] = pupil.model.predict(state, prefix)
            return known[prefix]

        bits = 0.0
        for place in range(len(symbol)):
            prefix = tuple(symbol[:place])
            p = closed.distribution(prefix, predict)
            bits -= math.log2(p[np.searchsorted(closed.values(prefix), symbol[place])])
        best = closed.best(predict, GUESSES)
        came = tuple(symbol)
        yield bits, best[0][0], best[0][1] == came, any(guess == came for _, guess in best)
        if online:
            pupil.learn(piece.symbols[i : i + 1], piece.given[i : i + 1], RUNNING)
        pupil.model.advance(state, symbol)
    pupil.end(RUNNING)
