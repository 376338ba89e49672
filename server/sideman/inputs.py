"""Everything that crosses into the pure core: numbered, with its logical time.

The core is a function of these: fed again in the same order they give the same output, byte for byte.
"""

from __future__ import annotations

from typing import NamedTuple

from .events import Answer
from .seats import Endpoint


class Begin(NamedTuple):
    """The start: what chance and secrets are made from, which version wrote this, what the configuration says."""

    time_ns: int
    seed: int
    secret: bytes
    version: str
    strangers: tuple[str, ...] = ()  # models in processes of their own, whose answers come as inputs
    config: bytes = b""  # the part of the configuration that the core obeys, as JSON
    slow: tuple[str, ...] = ()  # models on a thread of their own, whose answers come as inputs too


class WallTime(NamedTuple):
    """Wall time as nanoseconds to add to the session's clock; it may step."""

    time_ns: int
    offset_ns: int


class Datagram(NamedTuple):
    """A packet as it arrived, from whom, and when."""

    time_ns: int
    source: Endpoint
    packet: bytes


class Obeyed(NamedTuple):
    """A stop that the wire has obeyed on arrival: these players' plans are void since then, and their notes are ended.

    `cut` is its number among the wire's; `offs` are the packets that ended the notes, sent to those who had got them.
    The same comes of it as of a `Datagram`; whoever sends that does not say these again.
    """

    time_ns: int
    source: Endpoint
    packet: bytes
    cut: int
    players: tuple[str, ...]
    offs: tuple[bytes, ...]


class Wired(NamedTuple):
    """What the wire says of itself, and what it has done by then: packets, and lateness of what waited for its time."""

    time_ns: int
    said: str
    sent: int
    dropped: int
    stale: int
    late_p99_ns: int
    late_most_ns: int


class Troubled(NamedTuple):
    """What keeps a plugin's bridge or observer (`kind`) from its work, in words; without any it is well again."""

    time_ns: int
    kind: str
    name: str
    trouble: str


class Wake(NamedTuple):
    """A moment that the core had asked for has come."""

    time_ns: int


class Answered(NamedTuple):
    """A model that is slow or in another process has answered."""

    time_ns: int
    answer: Answer


class Failed(NamedTuple):
    """A model that is slow or in another process has failed or was cut off, and why."""

    time_ns: int
    player: str
    reason: str


class Built(NamedTuple):
    """What a job was to learn is learned, and may be switched in; or it failed, and why."""

    time_ns: int
    job: int
    reason: str = ""


class Saved(NamedTuple):
    """An errand was run: a memory is saved, or is not, and why."""

    time_ns: int
    errand: int
    reason: str = ""


class Loaded(NamedTuple):
    """An errand was run: what a memory's file holds, or why it cannot be had."""

    time_ns: int
    errand: int
    data: bytes
    reason: str = ""


class Erased(NamedTuple):
    """Here stood what somebody played who wished to be forgotten; from here on no replay is exact."""

    time_ns: int


class End(NamedTuple):
    """The server stops: what sounds is ended."""

    time_ns: int


Input = (
    Begin
    | WallTime
    | Datagram
    | Obeyed
    | Wired
    | Troubled
    | Wake
    | Answered
    | Failed
    | Built
    | Saved
    | Loaded
    | Erased
    | End
)
