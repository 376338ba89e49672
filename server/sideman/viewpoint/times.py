"""Components that look at time."""

from __future__ import annotations

from ..events import Event
from .component import time_class


class Ioi:
    """The class of the time to the next onset; at a phrase's end of the sounding length."""

    name = "ioi"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 25; 0 for an event without notes."""
        return time_class(event.span_beats) if event.notes else 0

    def early(self) -> bool:
        """Known at the close."""
        return False


class Duration:
    """The class of the sounding length."""

    name = "duration"

    def value(self, event: Event, before: Event | None) -> int:
        """1 to 25; 0 for an event without notes."""
        return time_class(event.duration_beats) if event.notes else 0

    def early(self) -> bool:
        """Known at the close."""
        return False
