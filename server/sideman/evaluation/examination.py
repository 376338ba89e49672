"""An examination: a task or a pair of files, read, spelled, and put to one or several models.

It joins the parts of this folder; the command line and the report only ask here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import SetupError
from .closed import ClosedAlphabet
from .contestants import Contestant, Wish, contestant
from .corpora import corpus, lines, pieces
from .score import Outcome, Score, difference, score
from .spelling import GIVEN, SPELLINGS, Piece, kind_of
from .tasks import SPLITS, TASKS
from .trial import trial


@dataclass(frozen=True, slots=True)
class Examination:
    """What is asked: pieces to learn from and to be tried with, in a viewpoint, with what is given beside the past."""

    task: str
    viewpoint: str
    kind: str
    train: list[Piece]
    test: list[Piece]
    symbols: frozenset[tuple[int, ...]]  # the closed alphabet, in the viewpoint's own order
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """What a model reached."""

    task: str
    model: str
    online: bool
    score: Score
    outcome: Outcome
    settings: dict[str, Any] = field(default_factory=dict)

    def spoken(self) -> dict[str, Any]:
        """The figures as one flat object."""
        return {
            "task": self.task, "model": self.model, "online": self.online, **asdict(self.score),
            "training_s": round(self.outcome.training_seconds, 2), "settings": self.settings,
        }  # fmt: skip


def check_given(names: Sequence[str]) -> None:
    """Raises SetupError for a name that nothing can be given by."""
    known = sorted(set(GIVEN.values()))
    for name in names:
        if name not in known:
            raise SetupError(f"nothing called {name!r} can be given", f"there is {' and '.join(known)}")


def of_task(name: str, folder: Path, split: str = "test", given: Sequence[str] = ()) -> Examination:
    """One of the fourteen tasks, on the corpora of a folder."""
    if name not in TASKS:
        raise SetupError(f"no task {name!r}", f"tasks: {', '.join(TASKS)}")
    if split not in SPLITS:
        raise SetupError(f"no split {split!r} to be tried on", f"splits: {', '.join(SPLITS)}")
    check_given(given)
    task = TASKS[name]
    read, splits = corpus(folder, task.corpus)
    missing = [piece for part in ("train", split) for piece in splits[part] if piece not in read]
    if missing:
        raise SetupError(f"{task.corpus} lacks the piece {missing[0]}", "fetch the corpus anew")
    spelled = {
        part: pieces([read[piece] for piece in splits[part]], task.viewpoint, given) for part in ("train", *SPLITS)
    }
    return _examination(name, task.viewpoint, list(read.values()), spelled["train"], spelled[split], given, spelled)


def of_files(train: Path, test: Path, viewpoint: str, given: Sequence[str] = ()) -> Examination:
    """Two files of one kind: what is learned from, and what is tried."""
    if viewpoint not in SPELLINGS:
        raise SetupError(f"no viewpoint {viewpoint!r} here", f"viewpoints: {', '.join(SPELLINGS)}")
    check_given(given)
    known, unknown = lines(train), lines(test)
    spelled = {"train": pieces(known, viewpoint, given), "test": pieces(unknown, viewpoint, given)}
    return _examination(f"{test.name}", viewpoint, known, spelled["train"], spelled["test"], given, spelled)


def _examination(
    name: str,
    viewpoint: str,
    read: Sequence[dict[str, Any]],
    train: list[Piece],
    test: list[Piece],
    given: Sequence[str],
    spelled: dict[str, list[Piece]],
) -> Examination:
    if not train or not test:
        raise SetupError("no piece to learn from or none to try", f"{viewpoint} finds nothing in them")
    kind = Counter(kind_of(fields) for fields in read).most_common(1)[0][0]
    symbols = frozenset(
        tuple(symbol) for part in spelled.values() for piece in part for symbol in piece.symbols.tolist()
    )
    return Examination(name, viewpoint, kind, train, test, symbols, tuple(given))


def examine(asked: Examination, model: str, online: bool, wish: Wish = Wish()) -> Result:  # noqa: B008
    """Put a model to an examination."""
    candidate = contestant(model, asked.viewpoint, asked.kind, asked.given, wish)
    closed = ClosedAlphabet([symbol[place] for place in candidate.order] for symbol in asked.symbols)
    outcome = trial(candidate, _ordered(asked.train, candidate), _ordered(asked.test, candidate), closed, online)
    return Result(asked.task, model, online, score(outcome), outcome, candidate.settings)


def _ordered(given: Sequence[Piece], candidate: Contestant) -> list[Piece]:
    order = list(candidate.order)
    return [piece._replace(symbols=piece.symbols[:, order].copy()) for piece in given]


def compare(ours: Result, theirs: Result) -> tuple[float, float]:
    """Our bits an event minus theirs, event by event, and its standard error over pieces."""
    return difference(ours.outcome, theirs.outcome)
