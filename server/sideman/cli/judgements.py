"""`sideman judgements`: what performers liked and disliked in a recorded evening, with its context."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from .app import app


@app.command()
def judgements(
    recording: Annotated[Path, typer.Argument(help="a file made by `sideman serve --record`")],
) -> None:
    """One JSON object a line: who judged which event of which player, the event with its reasons, what went before.

    Of several judgements by one performer on one event the last counts (`value` 1: liked, -1: disliked).
    """
    from ..replay import judged

    for judgement in judged(recording):
        print(json.dumps(judgement.plain()))
