"""`sideman doctor`: what of this machine bears on the music, each with its cure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..config import read
from ..doctor import examine
from ..settings import Settings
from .app import app
from .serve import holder


@app.command()
def doctor(
    config: Annotated[
        Path | None, typer.Option(envvar="SIDEMAN_CONFIG", help="the settings that are to be examined")
    ] = None,
) -> None:
    """Look at this machine: Python, wire, timing, buffers, ports, LLM kernel, plugins, folders, each with its cure.

    Exit status 1 if the server cannot run here.
    """
    fatal = False
    for finding in examine(read(config) if config else Settings(), holder):
        sign = "ok  " if not finding.cure else ("BAD " if finding.fatal else "look")
        print(f"{sign} {finding.what}: {finding.how}")
        if finding.cure:
            print(f"     cure: {finding.cure}")
        fatal = fatal or finding.fatal
    if fatal:
        raise typer.Exit(1)
