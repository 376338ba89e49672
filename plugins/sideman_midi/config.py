"""What `[plugins.midi.config]` may say."""

from __future__ import annotations

import msgspec


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table, with its defaults."""

    port: str = ""  # part of the name of the port to listen at; "virtual" opens one; nothing is done without
    session: str = "main"
    beats_in_bar: int = 4
    transport: bool = False  # whether start, stop and position move the session's too (a leader's right)
    token_file: str = ""  # its first line is the token that gives it
    latency_ms: float = 0.0  # of the way here
