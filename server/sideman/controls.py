"""What a performer's controllers do to one stream: what moves in the open event, the bend in force, the pedal.

Notes are `streams.py`'s. The pedal (controller 64) is not kept as such: it lengthens the notes that it holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .events import Control
from .timeline import Timeline

CONTROL: Final = "control"
BEND: Final = "bend"
PRESSURE: Final = "pressure"
PEDAL: Final = 64
PEDAL_DOWN: Final = 64
#: Of an event at most so many are kept; where there would be more, the newest takes the place of its kind's last.
MOST: Final = 64
#: What has a place of rest, to which it goes back when an event does not say otherwise.
RESTING: Final = (BEND, PRESSURE)

#: Kind, number and channel: what one hand moves.
Key = tuple[str, int, int]


@dataclass(slots=True)
class Moved:
    """A controller was moved."""

    key: Key
    value: float
    at_ns: int


@dataclass(slots=True)
class Controls:
    """The controllers of one stream, in order of time."""

    moved: list[Moved] = field(default_factory=list)
    resting: dict[Key, float] = field(default_factory=dict)  # in force when the open event began
    pedals: dict[int, list[tuple[int, int | None]]] = field(default_factory=dict)  # by channel: down from, to

    def move(self, now: int, kind: str, number: int, value: float, channel: int) -> None:
        """A controller comes to a value at `now`."""
        if kind == CONTROL and number == PEDAL:
            self._tread(now, value >= PEDAL_DOWN, channel)
            return
        key = (kind, number, channel)
        if len(self.moved) >= MOST:
            last = next((moved for moved in reversed(self.moved) if moved.key == key), None)
            if last is not None:
                last.value, last.at_ns = value, now
            return
        self.moved.append(Moved(key, value, now))

    def _tread(self, now: int, down: bool, channel: int) -> None:
        spans = self.pedals.get(channel, [])
        is_down = bool(spans) and spans[-1][1] is None
        if down and not is_down:
            spans = self.pedals.setdefault(channel, spans)
            spans.append((now, None))
            del spans[:-MOST]
        elif is_down and not down:
            spans[-1] = (spans[-1][0], now)

    def rings_until(self, off_ns: int, channel: int, now: int) -> int:
        """When a note of which the key was let go at `off_ns` ends, as far as is known at `now`."""
        for down_ns, up_ns in self.pedals.get(channel, ()):
            if down_ns <= off_ns and (up_ns is None or up_ns > off_ns):
                return max(off_ns, now if up_ns is None else min(up_ns, now))
        return off_ns

    def take(self, onset_ns: int, timeline: Timeline) -> tuple[Control, ...]:
        """What belongs to the event that began at `onset_ns` and closes now: what was in force, then what moved."""
        before = {key: value for key, value in self.resting.items() if value}
        later: list[Moved] = []
        for moved in self.moved:
            if moved.at_ns <= onset_ns:
                before[moved.key] = moved.value
            else:
                later.append(moved)
        for moved in self.moved:
            if moved.key[0] in RESTING:
                self.resting[moved.key] = moved.value
        self.resting = {key: value for key, value in self.resting.items() if value}
        self.moved = []
        self.pedals = {channel: spans[-1:] for channel, spans in self.pedals.items() if spans[-1][1] is None}
        found = [_control(key, value, 0.0) for key, value in before.items()]
        found += [_control(moved.key, moved.value, timeline.span_beats(moved.at_ns - onset_ns)) for moved in later]
        return tuple(found)


def _control(key: Key, value: float, offset_beats: float) -> Control:
    kind, number, channel = key
    return Control(kind, number, value, offset_beats, channel)


def resting_keys(controls: tuple[Control, ...]) -> frozenset[Key]:
    """What an event moves that has to be put to rest when it is over."""
    return frozenset((c.kind, c.number, c.channel) for c in controls if c.kind in RESTING)


def put_to_rest(moved: frozenset[Key], controls: tuple[Control, ...] = ()) -> tuple[Control, ...]:
    """What brings to rest that which the event before has moved, unless this one begins with it."""
    kept = resting_keys(tuple(control for control in controls if control.offset_beats <= 0))
    return tuple(_control(key, 0.0, 0.0) for key in sorted(moved - kept))


def told(control: Control) -> tuple[str, tuple[int | float, ...]]:
    """The last part of the address that tells of a control, and its arguments but for the event."""
    if control.kind == BEND:
        return BEND, (float(control.value), control.channel)
    if control.kind == PRESSURE:
        return PRESSURE, (round(control.value), control.number)
    return CONTROL, (control.number, round(control.value), control.channel)
