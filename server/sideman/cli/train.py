"""`sideman train`: the four stages by which the small LLM is made. The work is `training`'s, which needs PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import SetupError
from .app import app

if TYPE_CHECKING:
    from ..training.stages import Work

train = typer.Typer(
    help="Make a small LLM of one's own: pretrain, tune, align, plan (needs PyTorch: pip install 'sideman[train]').",
    no_args_is_help=True,
)
app.add_typer(train, name="train")

Out = Annotated[Path, typer.Option(help="folder for the model; a course that was broken off there goes on")]
Start = Annotated[Path, typer.Option("--from", help="folder of the model to begin with")]
Files = Annotated[
    Path | None, typer.Option(help="folder or file: MIDI, MusicXML, JSON Lines; of text: .txt, JSON Lines")
]
Corpora = Annotated[list[str] | None, typer.Option("--corpus", help="one of --data, its train split; may be repeated")]
Data = Annotated[Path | None, typer.Option(help="folder of the corpora [SIDEMAN_DATA, or shared/data here or above]")]
Steps = Annotated[int | None, typer.Option(min=1, help="length of the course [as the shipped model's]")]
Seed = Annotated[int | None, typer.Option(help="of all chance [as the shipped model's]")]
Device = Annotated[str, typer.Option(help="cpu, cuda, auto: a GPU where there is one")]
Kind = Annotated[str, typer.Option(help="music or text")]


def _work(device: str) -> Work:
    from ..training.torches import torch_or_refuse

    torch_or_refuse()
    from ..training import torches
    from ..training.stages import Work

    at = torches.place(device)
    return Work(at, _teller() if at.first else (lambda progress, loss: None))


def _teller() -> Callable[[Any, float], None]:
    """A line for each look at what is held out, with the curve so far."""
    from rich.console import Console

    console = Console(stderr=True)

    def tell(progress: Any, loss: float) -> None:
        if progress.curve and progress.curve[-1][0] == progress.step:
            step, trained, held = progress.curve[-1]
            console.print(
                f"step {step:6}  {progress.seconds:7.0f} s  {trained:6.3f} bits a token, held out {held:6.3f}  "
                f"{curve([point[2] for point in progress.curve])}"
            )

    return tell


def curve(values: list[float], width: int = 40) -> str:
    """A row of values as blocks of eight heights."""
    shown = values[-width:]
    low, high = min(shown), max(shown)
    return "".join("▁▂▃▄▅▆▇█"[round(7 * (value - low) / (high - low or 1))] for value in shown)


def _songs(files: Path | None, corpora: list[str] | None, data: Path | None) -> tuple[list[Any], list[Any], str]:
    """Songs to train on, songs held out, and their names: one in twenty of files, the valid split of corpora."""
    from ..evaluation.corpora import data_folder
    from ..training import songs
    from ..training.stages import CLEARED

    if files is not None:
        every = songs.songs_of_files(files)
        return [s for i, s in enumerate(every) if i % 20 or len(every) < 2], every[::20], files.name
    folder = data_folder(data)
    names = corpora or list(CLEARED)
    train_on, valid = (
        [song for name in names for song in songs.songs_of_corpus(folder, name, split)] for split in ("train", "valid")
    )
    return train_on, valid, ", ".join(names)


def _texts(files: Path | None, data: Path | None) -> tuple[Any, Any, str]:
    from ..evaluation.corpora import data_folder
    from ..training import letters

    if files is not None:
        every = letters.texts_of_files(files)
        return [(1.0, [t for i, t in enumerate(every) if i % 20 or len(every) < 2])], [(1.0, every[::20])], files.name
    folder = data_folder(data)
    return letters.shipped_texts(folder, "train"), letters.shipped_texts(folder, "valid"), letters.SHIPPED


def _kind(kind: str) -> str:
    if kind not in ("music", "text"):
        raise SetupError(f"no kind {kind!r}", "music or text")
    return kind


@train.command()
def pretrain(
    out: Out,
    kind: Kind = "music",
    files: Files = None,
    corpus: Corpora = None,
    data: Data = None,
    steps: Steps = None,
    seed: Seed = None,
    device: Device = "auto",
) -> None:
    """The next token: of music in all keys and several tempi, or of text byte by byte."""
    work = _work(device)
    from ..training import stages, torches

    if _kind(kind) == "music":
        songs, valid, said = _songs(files, corpus, data)
        course = stages.shorter(stages.PRETRAIN_MUSIC, steps, seed)
        stages.pretrain_music(songs, valid, course, out, work, data=said)
    else:
        texts, held, said = _texts(files, data)
        course = stages.shorter(stages.PRETRAIN_TEXT, steps, seed)
        stages.pretrain_text(texts, held, course, out, work, data=said)
    torches.leave(work.at)


@train.command()
def tune(
    start: Start,
    out: Out,
    kind: Kind = "music",
    files: Files = None,
    corpus: Corpora = None,
    data: Data = None,
    steps: Steps = None,
    seed: Seed = None,
    device: Device = "auto",
) -> None:
    """Instructions, with examples made by rule: key, tonic, beats, sparser, higher …; vegetables into fruits."""
    work = _work(device)
    from ..training import stages, torches

    if _kind(kind) == "music":
        songs, valid, _ = _songs(files, corpus, data)
        stages.tune_music(start, songs, valid, stages.shorter(stages.TUNE_MUSIC, steps, seed), out, work)
    else:
        texts, _, _ = _texts(files, data)
        stages.tune_text(start, texts, stages.shorter(stages.TUNE_TEXT, steps, seed), out, work)
    torches.leave(work.at)


@train.command()
def plan(
    start: Start,
    out: Out,
    files: Files = None,
    corpus: Corpora = None,
    data: Data = None,
    steps: Steps = None,
    seed: Seed = None,
    device: Device = "auto",
) -> None:
    """Plans before the notes: where the phrase ends, its shape, how many notes in each bar."""
    work = _work(device)
    from ..training import stages, torches

    songs, valid, _ = _songs(files, corpus, data)
    stages.plan_music(start, songs, valid, stages.shorter(stages.PLAN_MUSIC, steps, seed), out, work)
    torches.leave(work.at)


@train.command()
def align(
    start: Start,
    out: Out,
    preferences: Annotated[
        Path | None, typer.Option(help="JSON Lines with before, liked, disliked [else made by a rule, to test with]")
    ] = None,
    recording: Annotated[
        list[Path] | None,
        typer.Option(help="made by `sideman serve --record`: what was liked in it and disliked; may be repeated"),
    ] = None,
    bound: Annotated[float, typer.Option(min=0.0, help="bits by which a distribution may move on average")] = 0.0002,
    pairs: Annotated[int, typer.Option(min=4, help="of preferences made by rule, so many")] = 480,
    files: Files = None,
    corpus: Corpora = None,
    data: Data = None,
    seed: Seed = None,
    device: Device = "auto",
) -> None:
    """Preferences: what was liked becomes more probable than what was not, within a bound."""
    work = _work(device)
    from ..training import stages
    from ..training.align import Alignment
    from ..training.preferences import read
    from ..training.recorded import of_recordings

    how = Alignment(bound_bits=bound, seed=seed or 0)
    if recording:
        every = of_recordings(recording)
    elif preferences is not None:
        every = read(preferences)
    else:
        songs, _, _ = _songs(files, corpus, data)
        every = stages.made_preferences(start, songs, pairs, how.seed)
    if len(every) < 4:
        raise SetupError(f"{len(every)} preferences are too few", "four at least, of which one in four is held out")
    held = every[::4]
    result = stages.align_music(start, [one for i, one in enumerate(every) if i % 4], held, how, out, work)
    print(
        f"{result.won:.0%} of {len(held)} held-out preferences won; moved by {result.bits:.3f} bits, "
        f"{result.share:.0%} of the way"
    )


@train.command()
def tasks(out: Out, data: Data = None, steps: Steps = None, seed: Seed = None, device: Device = "auto") -> None:
    """For `sideman evaluate --llm` alone: the symbols of all its musical tasks, from their train splits."""
    work = _work(device)
    from ..evaluation.corpora import data_folder
    from ..training import torches
    from ..training.tasks import pretrain_tasks

    pretrain_tasks(data_folder(data), out, work, steps, seed)
    torches.leave(work.at)


@train.command("all")
def everything(
    out: Annotated[Path, typer.Option(help="folder for the models of all stages")],
    data: Data = None,
    document: Annotated[
        Path | None, typer.Option(help="write the tables into this document (docs/training.md)")
    ] = None,
    device: Device = "auto",
) -> None:
    """Every stage in full, of music and text, as the shipped models were made, and what each reached."""
    work = _work(device)
    from ..evaluation.corpora import data_folder
    from ..training import full, torches

    tables = full.everything(data_folder(data), out, work)
    if document is not None and work.at.first:
        document.write_text(full.filled(document.read_text(encoding="utf-8"), tables), encoding="utf-8")
    torches.leave(work.at)
