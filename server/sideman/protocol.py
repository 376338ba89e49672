"""`python -m sideman.protocol` prints docs/protocol.md, made from the tables that the server itself obeys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .addresses import BROADCASTS, TABLE, Address
from .params import PLAYER_PARAMS, SESSION_PARAMS, AnyParam

SECTIONS = {2: "Joining", 3: "What a performer plays", 4: "Time", 5: "Players"}
INTRODUCTION = """\
# The OSC protocol

This page is made from the server's own tables (`python -m sideman.protocol`); do not edit it by hand.

Messages are OSC 1.0 packets over UDP, by default to port 7117. `<p>` is a player's name (a machine voice), `<n>` a
performer's (a human or a sensor), `<m>` a memory's. Types: `i` whole number, `f` number, `s` string, `any` number or
string; numbers and numeric strings are accepted for one another where nothing is lost. What is out of the range that
stands in brackets behind the meaning is an error. Arguments in brackets may be left out. `-` stands for an empty
string. An address without arguments takes one optional number, and 0 does nothing (a button's release).

Every command is answered to its sender alone: by its own reply where the table names one, else by `/done s:address`,
or, if it cannot be obeyed, by `/error s:address s:what s:cure`, and then nothing has changed.
"""


def page() -> Iterator[str]:
    """The lines of the page."""
    yield INTRODUCTION
    for number, title in SECTIONS.items():
        yield f"## {title}\n"
        yield "| to the server | who | meaning | answered by |"
        yield "|---|---|---|---|"
        for row in TABLE:
            if row.section == number:
                answer = "errors only" if row.quiet else f"`{row.replies}`"
                yield f"| `{cell(row.usage)}` | {row.role} | {cell(row.does)}{ranges(row)} | {answer} |"
        yield ""
    yield "## What the server says\n"
    yield "| from the server | meaning |"
    yield "|---|---|"
    for broadcast in BROADCASTS:
        yield f"| `{cell(broadcast.template)} {cell(broadcast.arguments)}` | {cell(broadcast.means)} |"
    yield "\n## Parameters of a player\n"
    yield "`/player/<p>/param/<name> value`, `/player/<p>/get name`. A value beyond its range is clipped.\n"
    yield from parameters(PLAYER_PARAMS.values())
    yield "\n## Parameters of the session\n"
    yield from parameters(SESSION_PARAMS.values())


def ranges(row: Address) -> str:
    """The least and the most that its arguments may be, where there is such."""
    said = [f"`{one.name}` {one.low:.9g} to {one.high:.9g}" for one in row.arguments if one.low is not None]
    return f" ({', '.join(said)})" if said else ""


def parameters(table: Iterable[AnyParam]) -> Iterator[str]:
    """The rows of a table of parameters."""
    yield "| name | range | default | unit | meaning |"
    yield "|---|---|---|---|---|"
    for param in table:
        yield f"| `{param.name}` | {param.range} | {param.said} | {param.unit} | {param.does} |"


def cell(text: str) -> str:
    """Text that may stand in a cell of a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print("\n".join(page()))
