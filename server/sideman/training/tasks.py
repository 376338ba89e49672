"""The tasks of `sideman evaluate` as rows of tokens: one model for all whose symbols are music, told which task it is.

It is for evaluation only, on the same symbols and the same training splits as all that is compared there; a model that
players use reads `tokens/`. Pitches and roots are moved alike, so that every piece is met in every key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from ..evaluation.examination import of_task
from ..evaluation.llm import TASK_VOCABULARY, header, spans
from ..evaluation.tasks import TASKS
from .course import Course, Progress, train
from .network import Llama
from .saving import save
from .shape import Shape
from .stages import Work, shorter
from .streams import Chance, Row, Source, batch

Symbols = npt.NDArray[np.int32]
#: How often a row begins where its piece does.
FROM_THE_BEGINNING: Final = 0.6
MOVED_PITCH: Final = 6
HELD_BATCHES: Final = 8
COURSE: Final = Course(steps=2600, short=0.5, rows=8, length=512, rate=2.5e-3, warm=100, every=100, seed=1)
SILENT: Final = 129
ROOTS: Final = 12


def task_pieces(folder: Path, split: str) -> dict[str, list[Symbols]]:
    """The pieces of a split, `train` or `valid`, of every task whose symbols have tokens."""
    found = {}
    for name, task in TASKS.items():
        if task.viewpoint != "char":
            asked = of_task(name, folder, "valid")
            found[name] = [piece.symbols for piece in (asked.train if split == "train" else asked.test)]
    return found


def rows_source(pieces: dict[str, list[Symbols]]) -> Source:
    """Rows of all tasks, larger ones more often, but less so than they are larger."""
    names = list(pieces)
    sizes = [np.cumsum([len(piece) for piece in pieces[name]], dtype=np.float64) for name in names]
    shares = np.cumsum([size[-1] ** 0.5 for size in sizes])

    def row(chance: Chance, length: int) -> Row:
        which = min(int(np.searchsorted(shares, chance.random() * shares[-1])), len(names) - 1)
        name, size = names[which], sizes[which]
        piece = pieces[name][min(int(np.searchsorted(size, chance.random() * size[-1], side="right")), len(size) - 1)]
        return task_row(name, piece, chance, length)

    return row


def task_row(name: str, piece: Symbols, chance: Chance, length: int) -> Row:
    """A stretch of a piece, in some key."""
    viewpoint = TASKS[name].viewpoint
    parts = spans(viewpoint)
    most = (length - 2) // len(parts)
    first = 0
    if len(piece) > most // 2 and chance.random() > FROM_THE_BEGINNING:
        first = int(chance.integers(0, len(piece) - most // 2))
    moved = _moved(piece[first : first + most], viewpoint, chance)
    tokens = [*header(name), *(moved + np.array([part.first for part in parts], np.int32)).reshape(-1).tolist()]
    return tokens[:length], [0.0, 0.0, *(1.0 for _ in tokens[2:])][:length]


def _moved(piece: Symbols, viewpoint: str, chance: Chance) -> Symbols:
    made = piece.copy()
    by = int(chance.integers(-MOVED_PITCH, MOVED_PITCH))
    if viewpoint in ("beat", "change"):
        roots = made[:, 0] <= ROOTS
        made[roots, 0] = (made[roots, 0] - 1 + by) % ROOTS + 1
        return made
    sounding = made[:, 0] != SILENT
    pitches = made[sounding, 0] + by
    if pitches.size and pitches.min() >= 1 and pitches.max() < SILENT:
        made[sounding, 0] = pitches
    return made


def pretrain_tasks(folder: Path, out: Path, work: Work, steps: int | None = None, seed: int | None = None) -> Progress:
    """The next component of any task, from the corpora of a folder."""
    course = shorter(COURSE, steps, seed)
    source, valid = rows_source(task_pieces(folder, "train")), rows_source(task_pieces(folder, "valid"))
    torch.manual_seed(course.seed)
    model = Llama(Shape(TASK_VOCABULARY.size, num_hidden_layers=5), course.dropout)
    held = [batch(valid, (99, number), course.rows, course.length) for number in range(HELD_BATCHES)]
    progress = train(model, source, held, course, work.at, out, work.tell)
    if work.at.first:
        save(out, model, TASK_VOCABULARY, {"stage": "tasks", "steps": course.steps, "seed": course.seed})
    return progress
