"""UDP sockets of those who play and listen in the benchmarks."""

from __future__ import annotations

import socket


def bound() -> socket.socket:
    """A socket on a free port of loopback that waits 5 s at most."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind(("127.0.0.1", 0))
    made.settimeout(5)
    return made
