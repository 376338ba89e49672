"""Which wire: the C++ core's where there is one, else the portable one, or the one that is asked for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..clock import Clock
from ..errors import SetupError
from .contract import LiveWire
from .portable import PyWire

if TYPE_CHECKING or sys.platform == "linux":
    from .native import NativeWire
    from .native import real_time as native_real_time

WIRES = ("auto", "native", "python")


def real_time() -> str:
    """Whether a thread may have real-time priority here: empty, or why not."""
    return native_real_time() if sys.platform == "linux" else "this system is not Linux"


def open_wire(which: str, host: str, port: int, clock: Clock) -> LiveWire:
    """Bind a wire; raises `OSError` when the port is taken or the host is not ours, `SetupError` for no such wire."""
    if which not in WIRES:
        raise SetupError(f"no wire {which!r}", f"wires: {', '.join(WIRES)}")
    if which == "python" or (which == "auto" and sys.platform != "linux"):
        return PyWire(host, port, clock)
    if sys.platform != "linux":
        raise SetupError("the native wire needs Linux", "leave out --wire, or say --wire python")
    return NativeWire(host, port)
