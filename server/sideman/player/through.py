"""Memory as it was recorded: going to a place in it, and playing it through in order.

Nothing is chosen here. Where it improvises again, it goes on from what it has played so.
"""

from __future__ import annotations

from dataclasses import replace

from ..chain import folded
from ..constraints import DRUMS_CHANNEL, shift
from ..copying import Trail
from ..events import Event, Note, Planned, Query, Why
from ..learned import CONTEXT
from ..realiser import LEAST_SPAN_BEATS, MOST_SPAN_BEATS, at_speed, controlled
from .choosing import Choosing

#: Of a rest between two phrases at most so much is kept.
MOST_REST_BEATS = 4.0
#: So many places are looked through for the stream's next event; then any other's will do.
MOST_STEPS = 4096
RECORDED = "as recorded"


class Through(Choosing):
    """A voice that can play what it has in memory, event by event."""

    def cue(self, beat: float) -> None:
        """Its next event is the first of memory at a beat or later, or the last; below 0 it goes on as it would."""
        memory = self.learned.memory
        self._cue = memory.place_from(beat) if beat >= 0 else -1
        if self._cue < 0:
            return
        before = [place for place in range(max(memory.first, self._cue - MOST_STEPS), self._cue)
                  if memory.has(place) and memory.stream(place) == memory.stream(self._cue)]  # fmt: skip
        self._played.clear()
        self._played.extend((memory.event(place), place) for place in before[-CONTEXT:])
        self._behind = bool(self._played)

    def _goes_through(self, query: Query) -> bool:
        return self._cue >= 0 or bool(query.settings["through"])

    def _recorded(self, query: Query, beat: float, ordinal: int) -> Planned | None:
        """The event of memory that is next in order; None where memory is empty."""
        place = self._next_place()
        if place < 0:
            return None
        self._undo.append(self._stand())
        memory = self.learned.memory
        source = memory.event(place)
        self._played.append((source, place))
        following = self._after(place)
        self._cue = following if query.settings["through"] else -1
        self._behind = True
        self._trail = Trail()
        if source.notes:
            self._last_pitch = round(source.top.pitch)
            self._last_onset_beats = beat
        span = self._span(source, place, following)
        channel = int(query.settings["channel"])
        notes = tuple(self._note(note, query) for note in source.notes)
        controls = controlled(replace(source, span_beats=span), span, notes, channel)
        span, notes, controls = at_speed(float(query.settings["speed"]), span, notes, controls)
        key = f"{query.seed}/{self.name}/{ordinal}"
        why = Why("memory", 1.0, 1.0, 0.0, 0, source.performer, place, source.onset_beats, 0, (RECORDED,), key)
        return Planned(beat, span, notes, source.label, why, source.numbers, controls=controls)

    def _next_place(self) -> int:
        memory = self.learned.memory
        if self._cue >= 0 and memory.has(self._cue):
            return self._cue
        last = self._cue if self._cue >= 0 else (self._played[-1][1] if self._played else -1)
        return self._after(last)

    def _after(self, place: int) -> int:
        """The stream's next event behind a place, else the next of any; behind the last the first; -1: none."""
        memory = self.learned.memory
        stream = memory.stream(place) if memory.first <= place < len(memory) else None
        other = -1
        for there in range(max(place + 1, memory.first), len(memory)):
            if not memory.has(there):
                continue
            if stream is None or memory.stream(there) == stream:
                return there
            other = there if other < 0 else other
            if there > place + MOST_STEPS:
                break
        return other if other >= 0 else memory.place_from(-1.0)

    def _span(self, source: Event, place: int, following: int) -> float:
        """As long as it was until the next, but for long rests."""
        memory = self.learned.memory
        span = source.span_beats
        if following > place and memory.stream(following) == memory.stream(place):
            gap = memory.event(following).onset_beats - source.onset_beats
            if gap > span:
                span = min(gap, span + MOST_REST_BEATS)
        return min(max(span, LEAST_SPAN_BEATS), MOST_SPAN_BEATS)

    def _note(self, note: Note, query: Query) -> Note:
        """A note as it was, moved and weighed as the parameters ask; by octaves into the range, if that can be."""
        settings = query.settings
        pitch, low, high = note.pitch, int(settings["pitch_low"]), int(settings["pitch_high"])
        if note.channel != DRUMS_CHANNEL:
            pitch = folded(pitch + shift(settings))
            while round(pitch) > high and round(pitch) - 12 >= low:
                pitch -= 12
            while round(pitch) < low and round(pitch) + 12 <= high:
                pitch += 12
        return replace(
            note,
            pitch=pitch,
            velocity=min(max(note.velocity * float(settings["velocity_scale"]), 1.0), 127.0),
            offset_beats=max(note.offset_beats, 0.0),
            duration_beats=min(max(note.duration_beats, LEAST_SPAN_BEATS), MOST_SPAN_BEATS),
            channel=int(settings["channel"]) or note.channel,
        )

    def _stand_behind(self) -> None:
        """Improvise on from what was played as recorded."""
        self._behind = False
        self._walk_again()
