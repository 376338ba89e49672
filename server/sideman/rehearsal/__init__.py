"""Rehearsal: virtual performers with human failings play in a session, on a simulated clock or against a live server,
and what came of it is held against the error budget."""

from .humans import Act, Human, Manners, humans
from .ledger import Ledger, Line
from .live import Dues, rehearse_live
from .simulated import rehearse
from .tunes import tunes

__all__ = ["Act", "Dues", "Human", "Ledger", "Line", "Manners", "humans", "rehearse", "rehearse_live", "tunes"]
