"""`sideman report`: how alike what was played is to what was learned, beside what humans play."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ..errors import SetupError
from .app import app


@app.command()
def report(
    corpus: Annotated[str, typer.Option(help="what is learned from and compared with: wjd, openewld, essen …")] = "wjd",
    data: Annotated[
        Path | None, typer.Option(help="folder of the corpora [SIDEMAN_DATA, or shared/data here or above]")
    ] = None,
    split: Annotated[str, typer.Option(help="its pieces that are measured: valid or test")] = "test",
    model: Annotated[
        str | None, typer.Option(help="oracle, ngram, blend …: also let it improvise over these pieces; comma between")
    ] = None,
    pieces: Annotated[
        Path | None, typer.Option(help="instead of the split: a file of pieces, a JSON object each")
    ] = None,
    reference: Annotated[Path | None, typer.Option(help="with --pieces: what they are compared with, likewise")] = None,
    seed: Annotated[int, typer.Option(help="of the improvisations")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="the last line is one JSON object")] = False,
) -> None:
    """Longest copied runs, what is new, repetition, fit to the chords, groove, range: mean ± deviation over pieces.

    Human pieces stand in the first column; a model that improvises has as many notes and the same chords, plays at the
    default settings of a player, and has learned the corpus' training pieces. `docs/evaluation.md` says what each
    measure means. A copied run beyond 15 notes or a copied share above 0.1 is copying, not style.
    """
    from ..evaluation import corpora
    from ..plugin import bundled_models
    from ..report import lines, measures
    from ..report.improvising import Improviser

    if (pieces is None) != (reference is None):
        raise SetupError("--pieces and --reference belong together", "give both, or neither")
    if pieces is not None and reference is not None:
        train, test = lines.lines(corpora.lines(reference)), lines.lines(corpora.lines(pieces))
    else:
        read, splits = corpora.corpus(corpora.data_folder(data), corpus)
        if split not in splits:
            raise SetupError(f"no split {split!r}", f"splits: {', '.join(splits)}")
        train, test = (lines.lines([read[piece] for piece in splits[part]]) for part in ("train", split))
    if not train or not test:
        raise SetupError("no melody to compare", "the pieces need notes")
    columns = {"pieces": test}
    factories = bundled_models()
    for name in (one.strip() for one in (model or "").split(",") if one.strip()):
        if name not in factories:
            raise SetupError(f"no model {name!r}", f"models: {', '.join(sorted(factories))}")
        improviser = Improviser(factories[name], train)
        columns[name] = [improviser.over(piece, seed) for piece in test]
    learned = measures.Learned(train)
    found = {
        name: measures.summary([measures.measured(piece, learned) for piece in played])
        for name, played in columns.items()
    }
    alike = {name: measures.homogeneity(played) for name, played in columns.items()}
    print(f"{len(test)} pieces, compared with {len(train)}; mean ± standard deviation over pieces")
    print(f"{'':24}" + "".join(f"{name:>20}" for name in columns))
    for measure in found["pieces"]:
        cells = [one.get(measure) for one in found.values()]
        print(f"{measure:24}" + "".join(f"{_cell(cell):>20}" for cell in cells))
    for measure in alike["pieces"]:
        print(f"{measure:24}" + "".join(f"{one[measure]:>20.3f}" for one in alike.values()))
    if as_json:
        whole = {
            name: {**{key: list(value) for key, value in one.items()}, **alike[name]} for name, one in found.items()
        }
        print(json.dumps({"corpus": corpus, "split": split, "seed": seed, "columns": whole}))


def _cell(found: tuple[float, float] | None) -> str:
    return "-" if found is None else f"{found[0]:.3f} ± {found[1]:.3f}"
