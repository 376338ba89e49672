"""From one performer's note-ons and note-offs to events and phrases.

An event opens at its first onset, takes in what follows within `chord_ms`, and closes at the stream's next onset or at
the phrase's end. Contexts, chords and phrases never cross streams; who listens to them is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .controls import Controls
from .events import Event, Note
from .timeline import SECOND, Timeline

MS = 1_000_000
#: An off ends a note less far from it than this (semitones) where none is exactly there: a tracker's pitch drifts.
DRIFT: Final = 0.5
#: No performer holds more notes than this at once; who never ends any gives up the oldest.
MOST_SOUNDING: Final = 128


@dataclass(slots=True)
class Held:
    """A note of the open event or one that still sounds: `off_ns` is None until its end is known."""

    pitch: float
    velocity: float
    channel: int
    onset_ns: int
    off_ns: int | None
    origin: str = ""  # of what a player plays: whose it had been

    def end_ns(self, hold_max_ns: int) -> int:
        """When it ends, as far as a phrase's end waits for it."""
        longest = self.onset_ns + hold_max_ns
        return longest if self.off_ns is None else min(self.off_ns, longest)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is played but is no note: a label, a typed character (and the word that it ends), a gesture."""

    label: str = ""
    word: str = ""
    gesture: tuple[float, ...] = ()
    span_beats: float = 0.0  # above 0: it lasts so long, whatever follows
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a performer played between two silences."""

    performer: str
    first_ns: int
    end_ns: int  # its last note-off
    events: int
    velocity: float  # mean over its notes
    channel: int  # of its last event


@dataclass(slots=True)
class Stream:
    """One performer's flow: the open event, the notes that sound, the phrase so far."""

    performer: str
    number: int
    open: list[Held] = field(default_factory=list)
    sounding: dict[tuple[float, int], Held] = field(default_factory=dict)
    phrase_first_ns: int = 0
    phrase_end_ns: int = 0
    phrase_events: int = 0
    notes: int = 0
    velocity_sum: float = 0.0
    ignored_offs: int = 0
    depth: int = 0  # of a player's phrase: how many reactions of players led to it; a human's is 0
    mark: Mark | None = None  # what is open, if it is no note
    open_ns: int = 0
    until_ns: int = 0  # how long it lasts, as whoever played it says
    chord: str = ""  # in force when the open event began
    form_beats: float = -1.0  # where in the form it began; below 0: no transport runs
    written: str = ""  # of typed text: the word so far
    controls: Controls = field(default_factory=Controls)

    def note_on(self, now: int, note: Held, timeline: Timeline, chord_ns: int) -> tuple[Event | None, bool]:
        """A note begins: the event that it closes, if any, and whether it opens a new one."""
        key = (note.pitch, note.channel)
        struck = self.sounding.pop(key, None)
        if struck is not None and (struck.off_ns is None or struck.off_ns > now):
            struck.off_ns = now
        self._prune(now)
        closed = None
        opens = not self.open or now - self.open[0].onset_ns > chord_ns
        if opens:
            closed = self._close(timeline, now, last=False)
            if not self.phrase_events:
                self.phrase_first_ns = self.phrase_end_ns = now
                self.notes, self.velocity_sum = 0, 0.0
            self.phrase_events += 1
        self.open.append(note)
        self.sounding[key] = note
        self.notes += 1
        self.velocity_sum += note.velocity
        return closed, opens

    def put(self, now: int, mark: Mark, until_ns: int, timeline: Timeline, hold_max_ns: int) -> Event | None:
        """An event that is no note begins, to last until `until_ns`: the event that it closes, if any."""
        closed = self._close(timeline, now, last=False)
        if not self.phrase_events:
            self.phrase_first_ns = self.phrase_end_ns = now
            self.notes, self.velocity_sum = 0, 0.0
        self.phrase_events += 1
        self.mark = mark
        self.open_ns, self.until_ns = now, until_ns
        self.phrase_end_ns = max(self.phrase_end_ns, min(until_ns, now + hold_max_ns))
        return closed

    def opening(self, timeline: Timeline) -> Event:
        """The open event as far as it is known; its span is not."""
        if self.mark is not None:
            return self._marked(self.mark, timeline, 0.0, last=False)
        first = self.open[0]
        note = Note(first.pitch, first.velocity, 0.0, 0.0, first.channel)
        beat = timeline.beat_at(first.onset_ns)
        return Event(self.performer, first.onset_ns, beat, 0.0, (note,), chord=self.chord, form_beats=self.form_beats)

    def note_off(self, now: int, pitch: float, channel: int) -> Held | None:
        """A note ends, of that pitch or else the nearest within `DRIFT`; None (and counted) when none does."""
        held = self.sounding.pop((pitch, channel), None) or self._drifted(now, pitch, channel)
        if held is None or (held.off_ns is not None and held.off_ns <= now):
            self.ignored_offs += 1
            return None
        held.off_ns = now
        self.phrase_end_ns = max(self.phrase_end_ns, now)
        return held

    def _drifted(self, now: int, pitch: float, channel: int) -> Held | None:
        """The nearest note that a pitch may have drifted from, which then is among those that sound no longer."""
        near = [
            (abs(held.pitch - pitch), key)
            for key, held in self.sounding.items()
            if held.channel == channel and (held.off_ns is None or held.off_ns > now)
        ]
        distance, key = min(near, default=(DRIFT, (pitch, channel)))
        return self.sounding.pop(key) if distance < DRIFT else None

    def too_many(self, now: int) -> list[Held]:
        """The oldest of more notes than anybody holds: they end now."""
        over = [self.sounding.pop(key) for key in list(self.sounding)[: max(0, len(self.sounding) - MOST_SOUNDING)]]
        for held in over:
            held.off_ns = now if held.off_ns is None else min(held.off_ns, now)
        return over

    def end_ns(self, hold_max_ns: int) -> int | None:
        """When the phrase's last note ends, as far as is known; None when no phrase is under way."""
        if not self.phrase_events:
            return None
        ends = [held.end_ns(hold_max_ns) for held in (*self.sounding.values(), *self.open)]
        return max([self.phrase_end_ns, *ends])

    def finish(self, now: int, timeline: Timeline, hold_max_ns: int) -> tuple[Event | None, Phrase] | None:
        """The phrase is over: its last event and what it was; None when none is under way."""
        end = self.end_ns(hold_max_ns)
        if end is None:
            return None
        end = min(end, now)
        channel = self.open[-1].channel if self.open else 1
        # The phrase does not wait for what lasts too long, but it is learned as long as it is.
        lasts = max(end, self.until_ns) if self.mark is not None else end
        closed = self._close(timeline, lasts, last=True, now=now)
        phrase = Phrase(
            self.performer,
            self.phrase_first_ns,
            end,
            self.phrase_events,
            self.velocity_sum / max(1, self.notes),
            channel,
        )
        self.phrase_events = 0
        return closed, phrase

    def release(self, now: int) -> None:
        """Every note that it holds ends."""
        for held in self.sounding.values():
            if held.off_ns is None or held.off_ns > now:
                held.off_ns = now
                self.phrase_end_ns = max(self.phrase_end_ns, now)
        self.sounding.clear()

    def forget(self, performer: str) -> None:
        """What is under way of a player's and had been somebody's is no more."""
        if self.mark is not None and self.mark.origin == performer:
            self.mark = None
        if any(held.origin == performer for held in self.open):
            self.controls.moved.clear()
        self.open = [held for held in self.open if held.origin != performer]
        self.sounding = {key: held for key, held in self.sounding.items() if held.origin != performer}

    def _prune(self, now: int) -> None:
        """Notes whose end has passed sound no longer; the phrase's end remembers them."""
        over = [key for key, held in self.sounding.items() if held.off_ns is not None and held.off_ns <= now]
        for key in over:
            self.phrase_end_ns = max(self.phrase_end_ns, self.sounding.pop(key).off_ns or 0)

    def _close(self, timeline: Timeline, until_ns: int, *, last: bool, now: int = 0) -> Event | None:
        """The open event, its span up to `until_ns`; a note that still sounds counts as long as it has sounded.

        What the pedal holds sounds up to `now` at most, where that is later."""
        if self.mark is not None:
            mark, self.mark = self.mark, None
            span = mark.span_beats or timeline.span_beats(max(MS, until_ns - self.open_ns))
            return self._marked(mark, timeline, span, last=last)
        if not self.open:
            return None
        onset = self.open[0].onset_ns
        origin = self.open[0].origin
        notes = tuple(
            Note(
                held.pitch,
                held.velocity,
                timeline.span_beats(held.onset_ns - onset),
                timeline.span_beats(max(MS, self._sounds_until(held, until_ns, now) - held.onset_ns)),
                held.channel,
            )
            for held in self.open
        )
        self.open = []
        controls = self.controls.take(onset, timeline)
        span = timeline.span_beats(max(MS, until_ns - onset))
        beat = timeline.beat_at(onset)
        return Event(
            self.performer,
            onset,
            beat,
            span,
            notes,
            last=last,
            chord=self.chord,
            origin=origin,
            controls=controls,
            form_beats=self.form_beats,
        )

    def _sounds_until(self, held: Held, until_ns: int, now: int) -> int:
        end = until_ns if held.off_ns is None else held.off_ns
        return self.controls.rings_until(end, held.channel, max(until_ns, now))

    def _marked(self, mark: Mark, timeline: Timeline, span_beats: float, *, last: bool) -> Event:
        return Event(
            self.performer,
            self.open_ns,
            timeline.beat_at(self.open_ns),
            span_beats,
            label=mark.label,
            last=last,
            chord=self.chord,
            word=mark.word,
            numbers=mark.gesture,
            origin=mark.origin,
            form_beats=self.form_beats,
        )


def gap_ns(seconds: float) -> int:
    """A span given in seconds, in nanoseconds."""
    return round(seconds * SECOND)
