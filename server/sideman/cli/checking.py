"""A configuration tried as a server would begin with it: no port is opened, and nothing is played.

What is wrong with the file itself is `config.py`'s to say, what a command may not be the session's.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from .. import __version__
from ..band import Band
from ..elsewhere import Place
from ..engine import Engine
from ..errors import SetupError
from ..events import Query
from ..inputs import Begin
from ..plugin import Found, find
from ..settings import Settings
from ..strand import Become, Fault, Ready, Strand
from ..stranger import models_of


def check(settings: Settings, config: Path | None) -> None:
    """Raise `SetupError` with the first thing that cannot be."""
    found = complaints(settings)
    if found:
        more = f"{len(found) - 1} more behind it" if found[1:] else ""
        raise SetupError(f"{config or 'the defaults'}: {found[0]}", more)


def complaints(settings: Settings) -> list[str]:
    """What cannot be, each with its cure: of plugins, of what is said at the start, of the models of slow players."""
    found = find(settings.plugins, models_of)
    config = msgspec.json.encode(settings)
    begin = Begin(0, 1, b"check", __version__, tuple(found.strangers), config, tuple(found.slow))
    engine = Engine(begin, Band(found.factories, found.effects))
    return [*found.complaints, *engine.complaints, *_of_slow_players(engine, found)]


def _of_slow_players(engine: Engine, found: Found) -> list[str]:
    """What becomes of the players whose models are slow: loaded and made as on their own thread; none is asked."""
    said = []
    strands: dict[Place, Strand] = {}
    for place, item in engine.elsewhere.handed:
        if place.model in found.strangers or isinstance(item, Query):
            continue
        if place not in strands:
            strands[place] = Strand({**found.factories, **found.slow}, *engine.band.limits)
        for report in strands[place].do([item]):
            if isinstance(report, Fault):
                said.append(f"player {report.player}: {report.reason}")
            elif isinstance(report, Ready) and report.reason and isinstance(item, Become):
                said.append(f"player {item.player}: {report.reason}")
    return said
