"""What a stream has played lately, as a player that follows compares it with its memory.

Values only; what lights what, and what is played of it, is `following.py`'s and the core's.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from ..activation import HEARD
from ..harmonic import Ear


@dataclass(slots=True)
class Flow:
    """What a stream has played lately, as the traces see it."""

    performer: str
    values: deque[int] = field(default_factory=lambda: deque(maxlen=HEARD))
    ear: Ear = field(default_factory=Ear)
