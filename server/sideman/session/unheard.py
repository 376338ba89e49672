"""What players will play and others will hear, and what those will react to: values that wait for their moment."""

from __future__ import annotations

from dataclasses import dataclass

from ..events import Control
from ..streams import Held, Mark


@dataclass(frozen=True, slots=True)
class Unheard:
    """What a player will play, or a controller that it will move; void if its epoch is over before it is due."""

    due_ns: int
    epoch: int
    depth: int
    what: Held | Mark | Control
    until_ns: int


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a player that follows is to react to at the next half beat, and how long the chain is then."""

    stream: int
    onset_ns: int
    depth: int
