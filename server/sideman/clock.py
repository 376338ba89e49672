"""Time: the only place in Python that reads a clock.

Nanoseconds of a monotonic clock, and wall time as an offset to it that may step.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Nanoseconds that never go back."""

    def now(self) -> int:
        """The present moment in nanoseconds."""

    def wall_offset(self) -> int:
        """What to add to `now()` for nanoseconds since 1970, as the system's clock has it at present."""


class SystemClock:
    """The machine's monotonic clock."""

    def now(self) -> int:
        """Nanoseconds of the monotonic clock."""
        return time.monotonic_ns()

    def wall_offset(self) -> int:
        """The system's wall time less the monotonic clock, in nanoseconds."""
        return time.time_ns() - time.monotonic_ns()


class SimulatedClock:
    """A clock that moves when it is told to."""

    def __init__(self, now: int = 0, wall_offset: int = 1_767_225_600_000_000_000) -> None:
        self._now = now
        self.offset = wall_offset

    def now(self) -> int:
        """The present simulated moment in nanoseconds."""
        return self._now

    def wall_offset(self) -> int:
        """The simulated wall time less the simulated clock, in nanoseconds."""
        return self.offset

    def advance(self, to_ns: int) -> None:
        """Move on to a moment; raises `ValueError` when it has passed."""
        if to_ns < self._now:
            raise ValueError(f"a clock cannot go back from {self._now} to {to_ns}")
        self._now = to_ns
