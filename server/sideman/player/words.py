"""What stands beside events as a model that heeds words is told of it: who plays, the chord, where a phrase ends.

A stream is told as models are taught: its performer is the other, the player itself is `SELF`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ..events import Event
from ..models import Model, heeds
from ..tokens import END_TOKEN, SELF, Around, around_tokens

#: The slot of whom it hears.
OTHER: Final = 1


class Told(NamedTuple):
    """What a model was told of the phrase that its player is playing."""

    begun_beat: float = -1.0  # its first onset; -1: nothing was told yet
    events: int = 0
    wanted: str = ""  # instruction and plan, as they were set
    around: Around | None = None


def tell_before(model: Model, state: Any, event: Event, before: Event | None, slot: int) -> None:
    """Tell what stands beside an event that comes next in a stream."""
    if heeds(model):
        was = None if before is None else Around(slot, before.chord or None)
        state.steer(around_tokens(Around(slot, event.chord or None), was))


def tell_after(model: Model, state: Any, event: Event) -> None:
    """Tell a phrase's end."""
    if event.last and heeds(model):
        state.steer((END_TOKEN,))


__all__ = ["OTHER", "SELF", "Told", "tell_after", "tell_before"]
