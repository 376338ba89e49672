"""Memories: ordered stores of events, each with the stream that it came by. What is learned from them is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field

from .events import Event


@dataclass(slots=True)
class Memory:
    """Events in the order in which they closed; an event's index is its position and never changes."""

    events: list[Event] = field(default_factory=list)
    streams: list[int] = field(default_factory=list)
    forgotten: set[int] = field(default_factory=set)
    velocity_sum: float = 0.0
    velocity_count: int = 0

    def __len__(self) -> int:
        return len(self.events)

    def append(self, event: Event, stream: int) -> int:
        """Keep an event; its position."""
        self.events.append(event)
        self.streams.append(stream)
        for note in event.notes:
            self.velocity_sum += note.velocity
            self.velocity_count += 1
        return len(self.events) - 1

    @property
    def mean_velocity(self) -> float:
        """Over all notes that it has heard; 80 where there is none."""
        return self.velocity_sum / self.velocity_count if self.velocity_count else 80.0

    def since(self, beat: float) -> list[int]:
        """The positions of events that began at a beat or later and are not forgotten, ascending."""
        found = []
        for position in range(len(self.events) - 1, -1, -1):
            # Streams close in their own order, so look a little further back than the first that is older.
            if self.events[position].onset_beats >= beat:
                found.append(position)
            elif self.events[position].onset_beats < beat - LOOK_BACK_BEATS:
                break
        return [position for position in reversed(found) if position not in self.forgotten]


LOOK_BACK_BEATS = 64.0
