"""What is to be done on a beat, a bar or a section to come: kept here until then, whatever the tempo does meanwhile.

That a command may be given is checked by who hands it in, and again when it is done.
"""

from __future__ import annotations

from typing import Final

from ..effects import Obey
from ..osc import Message
from ..seats import Seat
from .charting import Charting
from .state import Pending

#: So much before its beat a command is done: what sounds on the beat was planned before, and is to be as it says.
EARLY_NS: Final = 10_000_000
MOST_PENDING: Final = 256
#: So many of one performer's, that others have room.
MOST_PENDING_OF_ONE: Final = MOST_PENDING // 4
WHENS: Final = ("beat", "bar", "section")
#: What is said to whose command a panic has dropped.
DROPPED: Final = "it waits no more: /panic came before"


class Delaying(Charting):
    """Commands that wait for their time; while the transport stands they go on waiting."""

    def delay(self, pending: Pending, now: int) -> None:
        """Keep a command until its time comes."""
        self.pending.append(pending)
        self._await_early(now)

    def halt(self, now: int, *, panic: bool) -> None:
        """Halt; what was to be done later is dropped by a panic, and who gave it is told."""
        super().halt(now, panic=panic)
        if panic:
            self.panics += 1
            dropped, self.pending = self.pending, []
            for pending in dropped:
                self._tell_dropped(pending.message, pending.by, now)
        self._await_early(now)

    def is_dropped(self, delayed: Obey, now: int) -> bool:
        """Whether a panic was due with a command, and came before it: as if it still waited, who gave it is told."""
        dropped = delayed.panics != self.panics
        if dropped:
            self._tell_dropped(delayed.message, delayed.by, now)
        return dropped

    def _tell_dropped(self, message: Message, by: Seat, now: int) -> None:
        self.tell(now, by, "/notice", message.address, DROPPED)

    def _await_clock(self, now: int) -> None:
        super()._await_clock(now)
        self._await_early(now)

    def _await_early(self, now: int) -> None:
        due = self.agenda.due(("clock",))
        if due is None or all(pending.on_beat for pending in self.pending):
            self.agenda.clear(("early",))
        else:
            self.agenda.set(("early",), max(due - EARLY_NS, now))

    def _early(self, now: int) -> None:
        """A beat is near: what is to be done before it."""
        due = self.agenda.due(("clock",))
        if due is not None:
            self._obey(due, early=True)

    def _clock(self, due: int, now: int) -> None:
        super()._clock(due, now)
        self._obey(due, early=False)
        self._await_early(now)

    def _obey(self, due: int, *, early: bool) -> None:
        """Hand out what waits for the beat that is due then."""
        position = round(self.transport.position_at(self.timeline.beat_at(due)))
        staying = []
        for pending in self.pending:
            if (early and pending.on_beat) or not self._is_time(pending.when, position):
                staying.append(pending)
            else:
                self.effects.append(Obey("", pending.message, pending.source, pending.by, due, self.panics))
        self.pending = staying

    def _is_time(self, when: str, position: int) -> bool:
        if when == "section" and self.course is not None:
            return self.course.beat_at(position).opens
        return when == "beat" or self.bar_and_beat(position)[1] == 1
