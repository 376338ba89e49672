"""A machine voice, in three floors: what it has heard, how it chooses, how it answers."""

from __future__ import annotations

from .player import Player

__all__ = ["Player"]
