"""The command line: a module each command. What they do is elsewhere."""

from __future__ import annotations

import errno
import sys
from typing import Final

from ..errors import SetupError
from . import ask, doctor, evaluate, judgements, music, rehearse, report, serve, small, train
from .app import app

__all__ = [
    "app",
    "ask",
    "doctor",
    "evaluate",
    "judgements",
    "main",
    "music",
    "rehearse",
    "report",
    "serve",
    "small",
    "train",
]

EXIT_SETUP: Final = 2
EXIT_PORT_TAKEN: Final = 98


def main() -> None:
    """The entry point: an error of the set-up is one line and a documented exit status."""
    try:
        app()
    except SetupError as error:
        print(f"sideman: {error}", file=sys.stderr)
        taken = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.EADDRINUSE
        sys.exit(EXIT_PORT_TAKEN if taken else EXIT_SETUP)
