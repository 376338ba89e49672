"""The four stages, each from a folder to a folder: pretrain, tune, align, plan. What is learned where is said here.

A stage trains, saves f16 weights for the engine, and leaves its checkpoint beside them, so that it can go on after a
kill. Measures are `measures`'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch

from ..errors import SetupError
from ..tokens import MUSIC, TEXT, Vocabulary
from . import align as aligning
from .course import Course, Progress, Tell, train
from .engine import Engine
from .garden import speaks_of_food
from .lessons import lessons_source
from .network import Llama
from .preferences import Preference, made
from .saving import load, save
from .school import music_school, text_school
from .sentences import LONGEST, tasks_source
from .shape import Shape
from .songs import Song
from .streams import Source, batch, songs_source, texts_source
from .torches import Place, settle

#: The corpora whose licences clearly allow a model made of them to be given away (docs/model_card.md).
CLEARED: Final = ("wjd", "openewld")
HELD_ROWS: Final = 6  # batches held out, to look at on the way
#: Full lengths of the stages. A look at what each reached is in docs/training.md.
PRETRAIN_MUSIC: Final = Course(steps=3250, rows=8, every=250, warm=150, rate=2e-3, dropout=0.0, seed=1)
PRETRAIN_TEXT: Final = Course(steps=3000, rows=8, short=1.0, every=250, rate=2.5e-3, dropout=0.05, seed=2)
#: Before it is tuned, a model learns to copy.
SCHOOL: Final = Course(steps=300, rows=8, short=1.0, every=50, warm=30, rate=2e-3, dropout=0.0, seed=11)
TUNE_MUSIC: Final = Course(steps=3000, rows=8, short=1.0, every=250, warm=100, rate=1.5e-3, dropout=0.0, seed=3)
TUNE_TEXT: Final = Course(steps=10000, rows=8, short=1.0, every=250, warm=100, rate=1.5e-3, dropout=0.0, seed=4)
PLAN_MUSIC: Final = Course(steps=6000, rows=8, short=1.0, every=250, warm=100, rate=1e-3, dropout=0.0, seed=5)


@dataclass(frozen=True, slots=True)
class Work:
    """Where a stage runs, and who is told how it goes."""

    at: Place
    tell: Tell = lambda progress, loss: None


def _held(source: Source, course: Course) -> list[Any]:
    length = course.length // 2 if course.short >= 1 else course.length
    return [batch(source, (10_007, number), course.rows, length) for number in range(HELD_ROWS)]


def _run(
    model: Llama, vocabulary: Vocabulary, source: Source, valid: Source, course: Course, out: Path, work: Work,
    about: dict[str, Any],
) -> Progress:  # fmt: skip
    progress = train(model, source, _held(valid, course), course, work.at, out, work.tell)
    if work.at.first:
        seen = course.length // 2 if course.short >= 1 else course.length
        save(out, model, vocabulary, {**about, "window": seen, "steps": course.steps, "seed": course.seed})
    settle(work.at)
    return progress


def pretrain_music(
    train_on: Sequence[Song], valid: Sequence[Song], course: Course, out: Path, work: Work, shape: Shape | None = None,
    data: str = "",
) -> Progress:  # fmt: skip
    """The next token of music."""
    torch.manual_seed(course.seed)
    model = Llama(shape or Shape(MUSIC.size), course.dropout)
    about = {"stage": "pretrain", "data": data}
    return _run(model, MUSIC, songs_source(train_on), songs_source(valid), course, out, work, about)


Texts = Sequence[tuple[float, Sequence[str]]]


def pretrain_text(
    train_on: Texts, valid: Texts, course: Course, out: Path, work: Work, shape: Shape | None = None, data: str = ""
) -> Progress:
    """The next byte of text."""
    torch.manual_seed(course.seed)
    model = Llama(shape or Shape(TEXT.size), course.dropout)
    about = {"stage": "pretrain", "data": data}
    return _run(model, TEXT, texts_source(train_on), texts_source(valid), course, out, work, about)


def _further(start: Path, kind: str, dropout: float) -> tuple[Llama, Vocabulary, dict[str, Any]]:
    """A model to go on with, its tokens, and what is said of it: its data, and how much it hears at once."""
    model, vocabulary, about = load(start, dropout)
    if vocabulary.kind != kind:
        raise SetupError(f"the model in {start} is one of {vocabulary.kind}", f"give one of {kind}")
    return model, vocabulary, {"data": str(about.get("data", "")), "window": about.get("window", 512)}


def _to_school(model: Llama, source: Source, course: Course, out: Path, work: Work) -> None:
    """Copying first; a course that is shorter than the full one has a shorter school, too."""
    own = shorter(SCHOOL, min(SCHOOL.steps, max(course.steps // 10, 1)), None)
    own = replace(own, rows=course.rows, length=course.length, seed=course.seed + SCHOOL.seed)
    train(model, source, _held(source, own)[:2], own, work.at, out / "school", work.tell)


def tune_music(
    start: Path, songs: Sequence[Song], valid: Sequence[Song], course: Course, out: Path, work: Work
) -> Progress:
    """Instructions for music, with plain music between them."""
    model, vocabulary, about = _further(start, "music", course.dropout)
    _to_school(model, music_school(), course, out, work)
    source = lessons_source(songs, songs_source(songs))
    check = lessons_source(valid, songs_source(valid), orderly=1.0)
    return _run(model, vocabulary, source, check, course, out, work, {**about, "stage": "tune"})


def tune_text(start: Path, texts: Texts, course: Course, out: Path, work: Work) -> Progress:
    """Instructions for text, with plain text between them."""
    model, vocabulary, about = _further(start, "text", course.dropout)
    _to_school(model, text_school(), course, out, work)
    about["stage"] = "tune"
    plain = plain_of(texts)
    source, check = tasks_source(texts_source(texts), plain=plain), tasks_source(plain=plain)
    return _run(model, vocabulary, source, check, course, out, work, about)


def plain_of(texts: Texts) -> list[str]:
    """Sentences among texts that are short enough to be worked on, and speak of no vegetables and fruits."""
    short = [text for _, own in texts for text in own if 3 <= len(text) <= LONGEST and text.isprintable()]
    return [text for text in short if not speaks_of_food(text)]


def plan_music(
    start: Path, songs: Sequence[Song], valid: Sequence[Song], course: Course, out: Path, work: Work
) -> Progress:
    """Plans before the notes; instructions go on being learned."""
    model, vocabulary, about = _further(start, "music", course.dropout)
    source = lessons_source(songs, songs_source(songs), plans=0.5, orderly=0.85)
    check = lessons_source(valid, songs_source(valid), plans=1.0, orderly=1.0)
    return _run(model, vocabulary, source, check, course, out, work, {**about, "stage": "plan"})


@dataclass(frozen=True, slots=True)
class Aligned:
    """What came of an alignment."""

    won: float  # share of held-out preferences on whose side the aligned model now is
    share: float  # of the way from the tuned model that the bound allowed
    bits: float  # by which a component's distribution moved


def align_music(
    start: Path, train_on: Sequence[Preference], held_out: Sequence[Preference], how: aligning.Alignment, out: Path,
    work: Work,
) -> Aligned:  # fmt: skip
    """Preferences."""
    tuned, vocabulary, about = _further(start, "music", 0.0)
    model, part, far = aligning.align(tuned, train_on, held_out, how, work.at.device)
    gains = aligning.margins(model, tuned, held_out, work.at.device, how.beta)
    if work.at.first:
        save(out, model, vocabulary, {**about, "stage": "align", "seed": how.seed})
    settle(work.at)
    return Aligned(sum(gain > 0 for gain in gains) / max(len(gains), 1), part, far)


def made_preferences(start: Path, songs: Sequence[Song], count: int, seed: int) -> list[Preference]:
    """Pairs of a model's own answers, judged by a made-up taste."""
    return made(Engine(start), songs, count, seed)


def shorter(course: Course, steps: int | None, seed: int | None) -> Course:
    """A course with another number of steps or seed, if one was given."""
    course = replace(course, seed=seed) if seed is not None else course
    if steps is None:
        return course
    return replace(course, steps=steps, warm=min(course.warm, max(steps // 10, 1)), every=min(course.every, steps))
