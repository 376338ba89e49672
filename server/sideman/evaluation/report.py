"""Results in words and tables: what the command prints, and docs/evaluation.md.

Only texts are made here; nothing is measured. The document is written by hand but for two places between marks: the
figures, which are written anew, and the log of runs on the test splits, which only grows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import SetupError
from .examination import Result, compare
from .tasks import TASKS

FIGURES: Final = ("<!-- figures -->\n", "<!-- end of the figures -->")
LOG: Final = ("<!-- log -->\n", "<!-- end of the log -->")
#: Most that the calibration error may be where a perfectly calibrated model would be less far off.
CALIBRATION: Final = 0.02
OTHERS: Final = (
    *("task", "uniform", "unigram", "Kneser-Ney", "the same + piece", "LSTM + piece", "aim"),
    *("plain", "oracle", "n-gram", "blend"),
)
DETAILS: Final = (
    *("task", "bits", "perplexity", "top-1", "top-3", "calibration error", "reached"),
    *("events", "pieces", "events/s", "training s"),
)
#: Which models are compared with which, event by event.
PAIRS: Final = (("ngram", "plain"), ("ngram", "oracle"), ("blend", "ngram"))


@dataclass(frozen=True, slots=True)
class Trials:
    """The results of models on one task, the n-gram among them, with what was given beside the past."""

    task: str
    given: tuple[str, ...]
    results: Mapping[str, Result]

    @property
    def name(self) -> str:
        """The task, and what was given."""
        return f"{self.task}, {' and '.join(self.given)} given" if self.given else self.task

    @property
    def aim(self) -> float:
        """The bits an event that we aim at."""
        task = TASKS[self.task]
        return task.aim_given if self.given and task.aim_given is not None else task.aim


def told(result: Result) -> str:
    """A result as the command prints it."""
    s = result.score
    rows = [
        ("task", result.task),
        ("model", f"{result.model}{', learning the running piece' if result.online else ''}"),
        ("bits per event", f"{s.bits_per_event:.4f} ± {s.standard_error:.4f} (standard error over pieces)"),
        ("perplexity", f"{s.perplexity:.3f}"),
        ("top-1, top-3", f"{s.top1:.4f}, {s.top3:.4f}"),
        ("calibration", f"{s.calibration_error:.4f} (a perfectly calibrated model: at most {s.calibrated:.4f})"),
        ("events, pieces", f"{s.events}, {s.pieces}"),
        ("speed", f"{s.events_per_s:.0f} events/s, {result.outcome.training_seconds:.1f} s of training"),
        ("settings", ", ".join(f"{name} {value}" for name, value in result.settings.items())),
    ]
    return "\n".join(f"{name:15s} {value}" for name, value in rows)


def line(trials: Trials) -> str:
    """A task's results in one line, beside what others reached."""
    task = TASKS[trials.task]
    ours = ", ".join(f"{name} {result.score.bits_per_event:.3f}" for name, result in trials.results.items())
    return f"{trials.name}: {ours} (aim {trials.aim:.2f}, best that counts {task.counting:.3f})"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, all but the first column ranged right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"


def figures(trials: Sequence[Trials], date: str, version: str) -> str:
    """The whole table, as of a date and a version."""
    parts = [f"As of {date}, sideman {version}. Bits an event on the test splits, learning the running piece.\n"]
    parts.append(
        table(
            OTHERS,
            [_beside_others(each) for each in trials],
        )
    )
    parts.append("Paired differences, ours minus theirs, with their standard error over pieces:\n")
    parts.append(table(("task", *(f"{ours} - {theirs}" for ours, theirs in PAIRS)), [_paired(each) for each in trials]))
    parts.append("The n-gram in detail; what a perfectly calibrated model would show stands in brackets:\n")
    parts.append(
        table(
            DETAILS,
            [_detail(each) for each in trials],
        )
    )
    return "\n".join(parts)


def _beside_others(trials: Trials) -> list[str]:
    task = TASKS[trials.task]
    others = (task.uniform, task.unigram, task.kneser_ney, task.counting, task.lstm)
    ours = [trials.results.get(name) for name in ("plain", "oracle", "ngram", "blend")]
    return [
        trials.name,
        *("" if value is None else f"{value:.3f}" for value in others),
        f"{trials.aim:.2f}",
        *("" if result is None else f"{result.score.bits_per_event:.3f}" for result in ours),
    ]


def _paired(trials: Trials) -> list[str]:
    row = [trials.name]
    for names in PAIRS:
        ours, theirs = (trials.results.get(name) for name in names)
        row.append("" if ours is None or theirs is None else "{:+.3f} ± {:.3f}".format(*compare(ours, theirs)))
    return row


def _detail(trials: Trials) -> list[str]:
    result = trials.results["ngram"]
    s = result.score
    predicted = s.bits_per_event <= trials.aim
    calibrated = s.calibration_error <= max(CALIBRATION, s.calibrated)
    reached = "both" if predicted and calibrated else "bits" if predicted else "calibration" if calibrated else "none"
    return [
        trials.name, f"{s.bits_per_event:.3f} ± {s.standard_error:.3f}", f"{s.perplexity:.2f}", f"{s.top1:.3f}",
        f"{s.top3:.3f}", f"{s.calibration_error:.4f} ({s.calibrated:.4f})", reached, str(s.events), str(s.pieces),
        f"{s.events_per_s:.0f}", f"{result.outcome.training_seconds:.0f}",
    ]  # fmt: skip


def filled(text: str, trials: Sequence[Trials], date: str, version: str) -> str:
    """The document with new figures and a longer log. Raises SetupError where it lacks the marks."""
    text = _between(text, FIGURES, lambda _: figures(trials, date, version))
    runs = "".join(
        f"| {date} | {version} | {each.name} | {name} | {result.score.bits_per_event:.4f} |\n"
        for each in trials
        for name, result in each.results.items()
    )
    return _between(text, LOG, lambda old: old + runs)


def _between(text: str, marks: tuple[str, str], change: Callable[[str], str]) -> str:
    start, end = (text.find(mark) for mark in marks)
    if start < 0 or end < start:
        raise SetupError(f"the document has no {marks[0].strip()}", f"put {marks[0].strip()} and {marks[1]} into it")
    start += len(marks[0])
    return text[:start] + change(text[start:end]) + text[end:]
