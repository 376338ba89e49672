"""`sideman evaluate`: how well a model predicts music that it never saw."""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..errors import SetupError
from .app import app


@app.command()
def evaluate(
    task: Annotated[
        str | None,
        typer.Option(help="one of the fourteen: wjd.pitch, jsb.satb …; an unknown one lists all"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="folder of the corpora [SIDEMAN_DATA, or shared/data here or above]")
    ] = None,
    train: Annotated[
        Path | None, typer.Option(help="instead of a task: pieces to learn from, a file with a JSON object a line")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="instead of a task: pieces to be tried with, likewise")] = None,
    viewpoint: Annotated[
        str | None, typer.Option(help="of these files: pitch, pitchdur, satb, beat, change, char")
    ] = None,
    model: Annotated[
        str, typer.Option(help="ngram, blend, oracle, plain (an n-gram without views), llm, blend+llm")
    ] = "ngram",
    online: Annotated[bool, typer.Option("--online", help="the model learns the running piece as it passes")] = False,
    given: Annotated[str, typer.Option(help="what is known beside the past: chord, bar, or chord,bar")] = "",
    split: Annotated[str, typer.Option(help="of the task: settings are chosen on valid, test is for reports")] = "test",
    against: Annotated[str | None, typer.Option(help="another model, for a paired difference")] = None,
    order: Annotated[int | None, typer.Option(min=1, max=16, help="a plain n-gram of this order")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="a plain n-gram, through no views")] = False,
    smoothing: Annotated[str | None, typer.Option(help="of the n-gram: kneser-ney or ppm [kneser-ney]")] = None,
    folds: Annotated[
        int | None, typer.Option(min=0, max=100, help="of the training pieces, to weigh views by [as chosen]")
    ] = None,
    llm: Annotated[
        Path | None, typer.Option(help="folder of a model of `sideman train tasks`, for --model llm and blend+llm")
    ] = None,
    llm_share: Annotated[float, typer.Option(min=0, max=1, help="of its word beside the blend's")] = 0.2,
    everything: Annotated[
        Path | None, typer.Option(help="write the whole table on test into this document (docs/evaluation.md)")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="the last line is one JSON object")] = False,
) -> None:
    """Bits per event of a model on pieces that it never saw, with the error over pieces, and how well it is calibrated.

    Each piece begins with nothing before it and helps no other; the alphabet is closed. `docs/evaluation.md` holds the
    protocol, the whole table and what others reached.
    """
    from ..evaluation import examination
    from ..evaluation.contestants import Wish
    from ..evaluation.corpora import data_folder
    from ..evaluation.llm import TaskReader
    from ..evaluation.report import told

    if everything is not None:
        _everything(everything, data_folder(data))
        return
    names = [name.strip() for name in given.split(",") if name.strip()]
    if (task is None) == (train is None or test is None):
        raise SetupError("nothing to evaluate on", "give --task, or --train, --test and --viewpoint")
    if task is not None:
        asked = examination.of_task(task, data_folder(data), split, names)
    else:
        assert train is not None
        assert test is not None
        if viewpoint is None:
            raise SetupError("--train and --test need a viewpoint", "give --viewpoint pitch, for example")
        asked = examination.of_files(train, test, viewpoint, names)
    reader = TaskReader(llm) if llm is not None else None
    wish = Wish(plain, order, smoothing, folds, reader, llm_share, task or "")
    result = examination.examine(asked, model, online, wish)
    print(told(result))
    spoken = result.spoken()
    if against is not None:
        other = examination.examine(asked, against, online, Wish(llm=reader, llm_share=llm_share, task=task or ""))
        difference, error = examination.compare(result, other)
        print(f"against {against} ({other.score.bits_per_event:.4f}): {difference:+.4f} ± {error:.4f} bits an event")
        spoken["against"] = {"model": against, "difference": difference, "standard_error": error}
    if as_json:
        sys.stdout.flush()
        print(json.dumps(spoken))


def _everything(document: Path, folder: Path) -> None:
    """Every task on its test split, with every model; the document is written anew after each task."""
    from ..evaluation import examination, report
    from ..evaluation.tasks import ALL_GIVEN, MODELS, TASKS

    text = document.read_text(encoding="utf-8")
    today = datetime.date.today().isoformat()
    trials: list[report.Trials] = []
    for given in ((), ALL_GIVEN):
        for name, task in TASKS.items():
            if given and task.aim_given is None:
                continue
            asked = examination.of_task(name, folder, "test", given)
            results = {model: examination.examine(asked, model, True) for model in MODELS}
            trials.append(report.Trials(name, given, results))
            print(report.line(trials[-1]), flush=True)
            document.write_text(report.filled(text, trials, today, __version__), encoding="utf-8")
