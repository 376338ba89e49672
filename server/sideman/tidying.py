"""Full garbage collections, when nobody plays: each holds everything up for tens of milliseconds.

The collector's own small rounds stay as they are; only the full ones wait here.
"""

from __future__ import annotations

import gc
from typing import Final

from .timeline import SECOND

#: Nobody has played for so long: it may be done now.
QUIET_NS: Final = SECOND // 2
#: Where it is never quiet it is done all the same, so often.
LONGEST_NS: Final = 600 * SECOND
#: So many middle rounds must pass before the collector does a full one by itself: practically never.
NEVER: Final = 1_000_000


class Tidying:
    """When the next full collection may be, and whether there is anything to collect."""

    def __init__(self, now: int) -> None:
        """What there is at the start is collected, and not looked at again."""
        self._before = young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, NEVER)
        gc.collect()
        gc.freeze()
        self._last_ns = now
        self._heard_ns = now

    def heard(self, now: int) -> None:
        """Something has come in."""
        self._heard_ns = now

    def pause(self, now: int) -> bool:
        """Whether everything was collected, for which this moment was right; asked every few seconds."""
        waited = now - self._last_ns
        if not gc.get_count()[2] or (now - self._heard_ns < QUIET_NS and waited < LONGEST_NS):
            return False
        gc.collect()
        self._last_ns = now
        return True

    def end(self) -> None:
        """Leave the collector as it was."""
        gc.set_threshold(*self._before)
        gc.unfreeze()
