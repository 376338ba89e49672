"""`sideman doctor`: what of this machine bears on the music, each with its cure."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
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
    osc_port: Annotated[int | None, typer.Option(envvar="SIDEMAN_OSC_PORT", min=0, max=65535, help="UDP port")] = None,
    http_port: Annotated[
        int | None, typer.Option(envvar="SIDEMAN_HTTP_PORT", min=0, max=65535, help="TCP port")
    ] = None,
    host: Annotated[str | None, typer.Option(envvar="SIDEMAN_HOST", help="address to listen on")] = None,
    memories: Annotated[str | None, typer.Option(envvar="SIDEMAN_MEMORIES", help="folder of saved memories")] = None,
    wire: Annotated[str | None, typer.Option(envvar="SIDEMAN_WIRE", help="native, python, or auto")] = None,
) -> None:
    """Look at this machine: Python, wire, timing, buffers, ports, LLM kernel, plugins, folders, each with its cure.

    Options and environment variables as of `serve`. Exit status 1 if the server cannot run here.
    """
    said = {"osc_port": osc_port, "http_port": http_port, "host": host, "memories": memories, "wire": wire}
    settings = read(config) if config else Settings()
    settings = msgspec.structs.replace(settings, **{name: value for name, value in said.items() if value is not None})
    fatal = False
    for finding in examine(settings, holder):
        sign = "ok  " if not finding.cure else ("BAD " if finding.fatal else "look")
        print(f"{sign} {finding.what}: {finding.how}")
        if finding.cure:
            print(f"     cure: {finding.cure}")
        fatal = fatal or finding.fatal
    if fatal:
        raise typer.Exit(1)
