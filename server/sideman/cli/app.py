"""The application that every command joins."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="sideman listens to musicians over OSC, learns from their flow, and plays along, always subordinate to them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # as markup of its own, what stands in brackets would be left out
)
