"""What a stream has played lately, as a player that follows compares it with its memory.

Values only; what lights what, and what is played of it, is `following.py`'s and the core's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from ..activation import HEARD
from ..events import Event
from ..harmonic import WINDOW

#: So many events of a stream are kept: as many as anything looks back at.
KEPT: Final = max(HEARD, WINDOW)


@dataclass(slots=True)
class Flow:
    """What a stream has played lately. What follows from it is asked for only when its player reacts."""

    performer: str
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT))
