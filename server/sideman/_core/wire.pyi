"""The wire (Linux): one thread receives UDP and sends what is due, whatever Python is doing."""

from collections.abc import Iterable, Sequence
from typing import TypedDict

class Counted(TypedDict):
    """Datagrams sent, not sent, overdue, voided by a stop, lost on arrival; stops obeyed; items that wait."""

    sent: int
    dropped: int
    stale: int
    voided: int
    lost: int
    obeyed: int
    waiting: int

class Wire:
    """A UDP socket. Times are of CLOCK_MONOTONIC in ns; whatever waits for the wire's lock lets Python run."""

    def __init__(self, host: str, port: int) -> None:
        """Bind; raises `OSError` when the port is taken or the host is not ours."""

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where it listens."""

    @property
    def bell(self) -> int:
        """A file descriptor that is readable while something has arrived; `take` sees to it."""

    def start(self) -> str:
        """Begin to receive and to send. Why its thread has no real-time priority, empty if it has."""

    def send(
        self,
        due_ns: int,
        packet: bytes,
        to: Iterable[tuple[str, int]],
        player: str = "",
        off: bytes = b"",
        until_ns: int = 0,
    ) -> None:
        """Send at `due_ns`, at once (from this thread) if that has come.

        With a `player` (session/name) it is of that player's plan. With `off` it begins or ends a note that sounds
        until `until_ns`, and that `off` would end.
        """

    def cut(self, player: str, after_ns: int) -> None:
        """What of that player's plan is due after then is void; the rest leaves when it is due."""

    def flush(self) -> None:
        """Send what is due."""

    def publish(self, seats: Sequence[tuple[tuple[str, int], str]], players: Sequence[str]) -> None:
        """Who may stop which session, all of it; and the players that there are."""

    def lift(self, cut: int) -> None:
        """What this cut and those before it have voided is known to be void: what is sent from now on may leave."""

    def take(
        self, most: int
    ) -> list[tuple[int, tuple[str, int], bytes, tuple[int, tuple[str, ...], tuple[bytes, ...]] | None]]:
        """What has arrived, oldest first: time, source, packet, and if it was a stop that the wire obeyed: the cut's
        number, the players that it reached, the note-offs that were sent."""

    def close(self) -> None:
        """End the thread and wait for it; what is not due yet is not sent."""

    def counts(self) -> Counted:
        """What it has done so far."""

    def lateness(self, shares: Sequence[float]) -> tuple[int, int, list[int]]:
        """Of what waited for its time: how many, the worst in ns, and what each share of all did not exceed."""

def real_time() -> str:
    """Whether a thread may have real-time priority here: empty, or why not."""
