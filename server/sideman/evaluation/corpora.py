"""Corpora read from disk: one JSON object a line, and which pieces are for training, choosing and testing.

Files are read here and nowhere else in this folder; what their lines mean is `spelling`'s.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import SetupError
from .spelling import Piece, given, spell

VARIABLE: Final = "SIDEMAN_DATA"
PLACE: Final = Path("shared") / "data"


def data_folder(said: Path | None) -> Path:
    """The folder of corpora: as said, else SIDEMAN_DATA, else `shared/data` here, above or beside."""
    if said is None and os.environ.get(VARIABLE):
        said = Path(os.environ[VARIABLE])
    if said is not None:
        if not said.is_dir():
            raise SetupError(f"{said} is not a folder", f"give the folder of corpora by --data or {VARIABLE}")
        return said
    here = Path.cwd().resolve()
    for above in (here, *here.parents, *Path(__file__).resolve().parents):
        if (above / PLACE).is_dir():
            return above / PLACE
    raise SetupError("no folder of corpora found", f"give one by --data FOLDER or {VARIABLE}, or put it at {PLACE}")


def lines(path: Path) -> list[dict[str, Any]]:
    """Every line of a file of JSON objects, packed by gzip or plain."""
    read: list[dict[str, Any]] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    fields = json.loads(line)
                    if not isinstance(fields, dict):
                        raise SetupError(f"{path}:{number}: not a JSON object", "one object a line")
                    read.append(fields)
    except (OSError, EOFError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SetupError(
            f"cannot read {path}: {error}", "a file of JSON objects, one a line, packed by gzip or plain"
        ) from None
    if not read:
        raise SetupError(f"{path} holds no piece", "give a file with at least one")
    return read


def corpus(folder: Path, name: str) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """A corpus of the folder: its lines by the pieces' ids, and the ids of each split."""
    path = folder / name
    if not path.is_dir():
        raise SetupError(f"{folder} holds no corpus {name}", f"give the folder that does by --data or {VARIABLE}")
    try:
        splits: dict[str, list[str]] = json.loads((path / "splits.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise SetupError(f"cannot read {path / 'splits.json'}: {error}", "it names the pieces of each split") from None
    return {fields["id"]: fields for fields in lines(path / f"{name}.jsonl.gz")}, splits


def pieces(read: Sequence[dict[str, Any]], viewpoint: str, names: Sequence[str] = ()) -> list[Piece]:
    """The lines' symbols in a viewpoint, and what is given of each by `names`; pieces without any are left out."""
    made: list[Piece] = []
    for number, fields in enumerate(read, 1):
        symbols = spell(fields, viewpoint)
        if len(symbols):
            made.append(
                Piece(
                    str(fields.get("id", number)),
                    str(fields.get("title", "")),
                    symbols,
                    given(fields, names, len(symbols)),
                )
            )
    return made
