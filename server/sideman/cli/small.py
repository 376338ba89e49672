"""The small commands: a token, a replay, the demo, the version."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from .. import __version__
from ..addresses import ROLES
from ..errors import SetupError
from ..rights import hash_token
from .app import app


@app.command()
def token(
    role: Annotated[str, typer.Argument(help="leader, player or listener")] = "player",
) -> None:
    """Make a token: print it once, for those who join, and the line for the configuration, which keeps its hash."""
    if role not in ROLES[1:]:
        raise SetupError(f"no role {role!r}", f"roles: {', '.join(ROLES[1:])}")
    made = secrets.token_hex(12)
    print(f'token: {made}\n\n[tokens]\n{role} = ["{hash_token(made, secrets.token_bytes(16))}"]')


@app.command()
def replay(
    recording: Annotated[Path, typer.Argument(help="a file that `sideman serve --record` has made")],
    verify: Annotated[
        bool, typer.Option("--verify", help="compare every output byte for byte; exit 1 if one differs")
    ] = False,
) -> None:
    """Feed a recording to a fresh engine: print what it says, or verify that it says the same."""
    from .. import replay as again

    if not verify:
        for number, item, _, outputs in again.replayed(recording):
            for output in outputs:
                print(f"{number} {item.time_ns} {again.tell(output)}")
        return
    verdict = again.verify(recording)
    if verdict.difference:
        print(f"differs after {verdict.inputs} inputs and {verdict.outputs} outputs: {verdict.difference}")
        raise typer.Exit(1)
    if verdict.erased:
        print(
            f"from input {verdict.erased} on it cannot be exact: what somebody played was erased by /forget-me; "
            f"before it, {verdict.inputs} inputs and {verdict.outputs} outputs are the same, byte for byte"
        )
        return
    print(f"the same, byte for byte: {verdict.inputs} inputs, {verdict.outputs} outputs")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False)
def demo(context: typer.Context) -> None:
    """A bundled melody is played into the server, the player answers, both are shown. Ctrl-C ends it."""
    from sideman_client.demo import main as play

    raise typer.Exit(play(context.args))


@app.command()
def version() -> None:
    """Print the version."""
    print(f"sideman {__version__}")
