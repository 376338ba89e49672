"""Music from files: one module for each format, all giving the same pieces. Nothing is learned here."""

from __future__ import annotations

from .piece import Flow, Heard, Piece, Unreadable, events_of
from .reading import FORMATS, found, read

__all__ = ["FORMATS", "Flow", "Heard", "Piece", "Unreadable", "events_of", "found", "read"]
