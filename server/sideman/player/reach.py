"""How far a player that follows has come: what streams have played lately, what is lit, what it played itself.

Values only; what lights what, and what is played of it, is `following.py`'s.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field, replace
from typing import Final

from ..activation import HEARD, Standing
from ..harmonic import Ear
from ..models import Peaks

#: So many of its last sources are remembered, for taboo.
SOURCES: Final = 64


@dataclass(slots=True)
class Flow:
    """What a stream has played lately, as the traces see it."""

    performer: str
    values: deque[int] = field(default_factory=lambda: deque(maxlen=HEARD))
    ear: Ear = field(default_factory=Ear)


@dataclass(slots=True)
class Reach:
    """How far a player that follows has come: what is lit, what it played, and until when."""

    peaks: Peaks = field(default_factory=Peaks)
    beat: float = -math.inf  # up to which time has moved the peaks
    standing: Standing = field(default_factory=Standing)
    run: int = 0  # of events in a row from one place that nothing it heard had lit
    copied: int = 0  # of events in a row from one place
    sources: tuple[int, ...] = ()
    played: tuple[int, ...] = ()  # its own last values

    def copy(self) -> Reach:
        """The same, apart from this."""
        return replace(self, peaks=self.peaks.copy())
