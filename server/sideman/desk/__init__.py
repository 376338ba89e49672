"""What each command does: checked first, then done. One module for each kind; `COMMANDS` holds them all."""

from __future__ import annotations

from ..addresses import TABLE
from . import (
    charts,
    correcting,
    exchanging,
    handling,
    joining,
    judging,
    later,
    moving,
    parameters,
    players,
    playing,
    remembering,
    speaking,
    taking,
)
from .call import COMMANDS, Call, Steps, View

__all__ = [
    "COMMANDS",
    "Call",
    "Steps",
    "View",
    "charts",
    "correcting",
    "exchanging",
    "handling",
    "joining",
    "judging",
    "later",
    "moving",
    "parameters",
    "players",
    "playing",
    "remembering",
    "speaking",
    "taking",
]

_MISSING = [row.template for row in TABLE if row.template not in COMMANDS]
assert not _MISSING, f"in the table, but not here: {_MISSING}"
