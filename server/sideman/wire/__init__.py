"""What carries packets: `send` when they are due, `cut` what a player was still to say. One module each wire."""

from __future__ import annotations

from .choosing import WIRES, open_wire, real_time
from .contract import Arrival, Counts, Epoch, LiveWire, Stoppers, Wire
from .heap import Heap
from .portable import PyWire
from .simulated import SimWire

__all__ = [
    "WIRES",
    "Arrival",
    "Counts",
    "Epoch",
    "Heap",
    "LiveWire",
    "PyWire",
    "SimWire",
    "Stoppers",
    "Wire",
    "open_wire",
    "real_time",
]
