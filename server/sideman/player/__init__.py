"""A machine voice, in four floors: what it has heard, how it chooses, how it follows, how it answers."""

from __future__ import annotations

from .player import Player

__all__ = ["Player"]
