"""An LLM as a contestant: trained on the symbols of the tasks themselves, and joined to what counts.

The weight of its word is fixed, chosen on `valid`: one that learns on what the LLM was trained on would trust it too
much.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

from ..errors import SetupError
from ..llm import Unfit, transformer
from ..models import LLM, Alphabet, Reader
from ..tokens import Vocabulary
from .spelling import SPELLINGS
from .tasks import TASKS

TASK_VOCABULARY: Final = Vocabulary(
    "tasks", {"control": 16, "task": 16, "pitch": 130, "span": 14, "root": 14, "kind": 14}
)
_BEGIN: Final = TASK_VOCABULARY.token("control", 1)
#: The voices of a chorale take a token each, a melody of 400 notes with their lengths 800.
WINDOW: Final = 512


class Span(NamedTuple):
    """The tokens of a component's values from 0."""

    first: int
    past: int


def header(task: str) -> tuple[int, int]:
    """How a piece of a task begins."""
    return _BEGIN, TASK_VOCABULARY.token("task", list(TASKS).index(task))


def spans(viewpoint: str) -> list[Span]:
    """The tokens of each component of a viewpoint, in its own order; raises `SetupError` where it has none."""
    names = SPELLINGS[viewpoint].components
    if any(name not in TASK_VOCABULARY.ranges for name in names):
        raise SetupError(f"the LLM has no tokens for {viewpoint}", "leave --llm out for this task")
    return [Span(*TASK_VOCABULARY.ranges[name][1:]) for name in names]


class TaskReader:
    """One engine for all tasks, from the folder of a model that `sideman train tasks` made."""

    def __init__(self, folder: Path) -> None:
        """Raises `SetupError` for a folder with no such model."""
        try:
            engine, config = transformer(
                folder, sequences=8, window=WINDOW + 64, weights_as="f32", cache_as="f32", rollback=64
            )
            TASK_VOCABULARY.check(config.get("sideman"))
        except (Unfit, ValueError) as error:
            raise SetupError(f"--llm: {error}", "give the folder of a model that `sideman train tasks` made") from None
        self.reader = Reader(engine)

    def make(self, task: str, viewpoint: str, order: tuple[int, ...], alphabet: Alphabet, **mixing: Any) -> LLM:
        """The contestant's part: components in the given order, which must be the viewpoint's own."""
        own = spans(viewpoint)
        if order != tuple(range(len(own))):
            raise SetupError(f"{viewpoint} is spelled in another order than the LLM's", "leave --llm out for this task")
        return LLM(self.reader, list(header(task)), [(part.first, part.past) for part in own], -1, alphabet, **mixing)
