"""What stands beside events as a model that heeds words is told of it: who plays, the chord, where a phrase ends.

A stream is told as models are taught: its performer is the other, the player itself is `SELF`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..events import Event
from ..tokens import END_TOKEN, SELF, Around, Carrying, around_tokens

#: The slot of whom it hears.
OTHER: Final = 1


class Told(NamedTuple):
    """What a model was told of the phrase that its player is playing."""

    begun_beat: float = -1.0  # its first onset; -1: nothing was told yet
    events: int = 0  # since what is wanted was said last
    wanted: str = ""  # instruction and plan, as they were set
    around: Around | None = None
    carrying: Carrying | None = None  # its plan, if it has one


def tell_before(state: Any, event: Event, before: Event | None, slot: int) -> None:
    """Tell a model that heeds words what stands beside an event that comes next in a stream."""
    was = None if before is None else Around(slot, before.chord or None)
    state.steer(around_tokens(Around(slot, event.chord or None), was))


def tell_after(state: Any, event: Event) -> None:
    """Tell a model that heeds words a phrase's end."""
    if event.last:
        state.steer((END_TOKEN,))


__all__ = ["OTHER", "SELF", "Told", "tell_after", "tell_before"]
