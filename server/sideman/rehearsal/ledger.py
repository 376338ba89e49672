"""What came of a rehearsal: counted from what was said and what arrived, and held against the error budget.

It is told what arrives at one listener who gets all broadcasts, and how late; it knows neither engine nor network.
Times are int nanoseconds on any one clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from ..osc import Bundle, Message

LATE_NS: Final = 5_000_000
#: A note-off and the state that tells why may be told in either order, so far apart.
GRACE_NS: Final = 2_000_000
#: DESIGN.md §7: what a day on stage may cost.
MOST_LATE: Final = 1e-5
MOST_FALL_BACKS: Final = 1e-3
SILENT: Final = frozenset({"stopped", "panicked", "gone", "failed", "leashed"})


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report; `kept` tells whether a bar was kept, None: there is none."""

    what: str
    value: str
    kept: bool | None = None


@dataclass(slots=True)
class Ledger:
    """The counts."""

    played: int = 0  # notes and labels of the performers
    taps: int = 0
    acts: int = 0
    lapses: int = 0
    phrases: int = 0
    events: int = 0  # of the players
    notes: int = 0
    answers: int = 0
    late: int = 0
    worst_late_ns: int = 0
    stuck: int = 0
    crashes: int = 0
    fall_backs: int = 0  # events that a stand-in chose
    missed: int = 0  # deadlines
    overdue: int = 0  # dropped unsent
    errors: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    _sounding: dict[tuple[str, int, int], tuple[int, int]] = field(default_factory=dict)  # (from, until)
    _silenced: dict[str, int] = field(default_factory=dict)
    _states: dict[str, str] = field(default_factory=dict)
    _last_event: dict[str, int] = field(default_factory=dict)

    def did(self, address: str) -> None:
        """A performer has done something."""
        self.acts += 1
        self.played += address in ("/note", "/event")
        self.taps += address == "/beat"

    def was_late(self, late_ns: int) -> None:
        """An event came so long after it was due."""
        self.late += late_ns > LATE_NS
        self.worst_late_ns = max(self.worst_late_ns, late_ns)

    def arrived(self, time_ns: int, content: Message | Bundle) -> None:
        """Something has arrived at the listener."""
        if isinstance(content, Bundle):
            for element in content.elements:
                self.arrived(time_ns, element)
            return
        address, arguments = content
        if address == "/status/is":
            self._status(str(arguments[0]), arguments[1:])
        if not address.startswith("/player/"):
            return
        _, _, player, kind = (*address.split("/", 3), "")[:4]
        if kind in ("note", "event", "gesture"):
            self._event(player, kind, arguments, time_ns)
        elif kind == "off":
            pitch, channel = int(_number(arguments[0])), int(_number(arguments[1]))
            self._sounding.pop((player, pitch, channel), None)
        elif kind == "state":
            self._state(player, str(arguments[0]), time_ns)

    def told(self, address: str, arguments: tuple[object, ...]) -> None:
        """An answer to one performer."""
        if address == "/error":
            self.errors[f"{arguments[0]}: {arguments[1]}" if len(arguments) > 1 else str(arguments)] += 1
        elif address == "/notice":
            self.notices[str(arguments[0])] += 1

    def settle(self, now_ns: int, *, over: bool = False) -> None:
        """What should be silent by now and is not, is stuck; with `over`, that is everything."""
        for player, since_ns in list(self._silenced.items()):
            if over or now_ns - since_ns > GRACE_NS:
                del self._silenced[player]
                self._hush(player, since_ns)
        if over:
            for player in {key[0] for key in self._sounding}:
                self._hush(player, now_ns)

    def _event(self, player: str, kind: str, arguments: tuple[object, ...], time_ns: int) -> None:
        if kind != "note":
            self.events += 1
            return
        pitch, _, duration_ms, channel, event = (_number(argument) for argument in arguments)
        if self._last_event.get(player) != event:  # the notes of a chord are one event
            self._last_event[player] = int(event)
            self.events += 1
        self.notes += 1
        until_ns = time_ns + round(duration_ms * 1e6)
        self._sounding[player, int(pitch), int(channel)] = (time_ns, until_ns)

    def _status(self, key: str, values: tuple[object, ...]) -> None:
        """The server's own counts, as it tells them at the end."""
        if key == "events_by_stand_ins":
            self.fall_backs = int(_number(values[0]))
        elif key == "missed_deadlines":
            self.missed = int(_number(values[0]))

    def _state(self, player: str, state: str, now_ns: int) -> None:
        before, self._states[player] = self._states.get(player), state
        if state == "playing" and before != "playing":
            self.answers += 1
        if state in SILENT:
            self._silenced[player] = now_ns
        else:
            self._silenced.pop(player, None)

    def _hush(self, player: str, since_ns: int) -> None:
        """Of what sounded when the player was to be silent, whatever would still sound is stuck."""
        for key, (begun_ns, until_ns) in list(self._sounding.items()):
            if key[0] == player and begun_ns <= since_ns + GRACE_NS:
                del self._sounding[key]
                self.stuck += until_ns > since_ns + GRACE_NS

    @property
    def kept(self) -> bool:
        """Whether the error budget was kept."""
        return all(line.kept is not False for line in self.lines())

    def lines(self) -> Iterator[Line]:
        """The report."""
        events = max(1, self.events)
        yield Line("played by humans", f"{self.played:,} notes and labels, {self.taps:,} taps, {self.lapses} drop-outs")
        silent = self.played > 100 and self.events == 0  # a rehearsal that shows nothing
        value = f"{self.events:,} events, {self.notes:,} notes, begun {self.answers:,} times"
        yield Line("played by players", value, False if silent else None)
        yield Line("crashes", str(self.crashes), self.crashes == 0)
        yield Line("stuck notes", str(self.stuck), self.stuck == 0)
        share = self.late / events
        worst = f"the latest {self.worst_late_ns / 1e6:.2f} ms"
        yield Line("events over 5 ms late", f"{self.late} ({share:.1e} of all; {worst})", share <= MOST_LATE)
        yield Line("overdue and dropped", str(self.overdue), self.overdue == 0)
        share = self.fall_backs / events
        value = f"{self.fall_backs} ({100 * share:.3f} %), {self.missed} deadlines missed"
        yield Line("fall-backs", value, share <= MOST_FALL_BACKS)
        yield Line("errors to performers", str(sum(self.errors.values())))
        for what, count in self.errors.most_common(8):
            yield Line("", f"{count} x {what}"[:100])


def _number(value: object) -> float:
    assert isinstance(value, int | float | str)
    return float(value)
