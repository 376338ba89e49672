"""What performers think of what was played: a judgement with its event and what went before, for later training.

A recording holds them as it holds everything; `sideman judgements` lists them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from .events import Planned

LIKE: Final = 1
DISLIKE: Final = -1
#: So many of the events before the one that is judged go with it.
CONTEXT_EVENTS: Final = 16


@dataclass(frozen=True, slots=True)
class Judgement:
    """Somebody's word on one event of a player."""

    at_ns: int
    session: str
    player: str
    by: str
    event: int  # its number
    value: int  # LIKE, DISLIKE, or 0: taken back
    planned: Planned
    before: tuple[Planned, ...]  # what the player had played before it, oldest first

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def words(judged: tuple[tuple[str, int], ...]) -> tuple[str, ...]:
    """Who liked an event and who did not, in words."""
    return tuple(f"{'liked' if value > 0 else 'disliked'} by {by}" for by, value in judged)
