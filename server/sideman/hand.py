"""What a performer's hand does to one player's playing: what is held, what goes round.

Values and their arithmetic in beats; what is said of it, and when, is `session/holding.py`'s.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from .chain import folded
from .events import Note, Planned
from .treatments import DRUMS_CHANNEL

#: Beats that differ by less are the same.
NEARLY: Final = 1e-6
#: A shorter loop would be a tone of its own.
SHORTEST_LOOP_BEATS: Final = 0.125
#: What is held and has no notes to sustain comes again in its own rhythm, but no faster.
SHORTEST_REPEAT_BEATS: Final = 0.25
#: A sustained note is struck again so often at least: nobody has to trust a longer duration.
HELD_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Loop:
    """Events that go round: each at its place in [0, `beats`), place 0 falling on the beat `base`.

    `speed` is how many times as fast as they were played they go round, `octave` in which octave they were played.
    """

    beats: float
    events: tuple[tuple[float, Planned], ...]
    base: float
    speed: float = 1.0
    octave: int = 0

    def place_at(self, beat: float) -> float:
        """The place that falls on a beat."""
        return ((beat - self.base) * self.speed) % self.beats

    def at_speed(self, beat: float, speed: float) -> Loop:
        """The same going on from its place at `beat`, at another speed."""
        return replace(self, base=beat - self.place_at(beat) / speed, speed=speed)

    def next(self, beat: float, octave: int) -> Planned:
        """The first event at or after a beat, lasting until the one behind it, in the octave that is in force."""
        place = self.place_at(beat)
        if self.beats - place < NEARLY:
            place = 0.0
        round_again = self.beats + self.events[0][0]
        at = bisect_left(self.events, place - NEARLY, key=lambda item: item[0])
        if at == len(self.events):
            at, wait = 0, round_again - place
        else:
            wait = self.events[at][0] - place
        here, event = self.events[at]
        following = self.events[at + 1][0] if at + 1 < len(self.events) else round_again
        onset = beat + max(wait, 0.0) / self.speed
        why = replace(event.why, bound_by=(*event.why.bound_by, "loop"))
        moved = 12 * (octave - self.octave)
        return replace(
            event,
            onset_beats=onset,
            span_beats=max(following - here, NEARLY) / self.speed,
            notes=tuple(self._note(note, moved) for note in event.notes),
            controls=tuple(replace(c, offset_beats=c.offset_beats / self.speed) for c in event.controls),
            why=why,
        )

    def _note(self, note: Note, moved: int) -> Note:
        return replace(
            note,
            pitch=folded(note.pitch + (0 if note.channel == DRUMS_CHANNEL else moved)),
            offset_beats=note.offset_beats / self.speed,
            duration_beats=min(note.duration_beats, self.beats) / self.speed,
        )


def looped(events: Iterable[Planned], since: float, beats: float, octave: int) -> Loop | None:
    """What was played in the `beats` from `since` on as a loop that begins again behind them; None: nothing was."""
    places: dict[float, Planned] = {}
    for event in events:
        place = event.onset_beats - since
        if -NEARLY <= place < beats - NEARLY:
            places[max(place, 0.0)] = event
    return Loop(beats, tuple(sorted(places.items(), key=lambda item: item[0])), since, 1.0, octave) if places else None


@dataclass(slots=True)
class Hand:
    """What is done to one player by hand: it holds an event, its events go round, or are about to."""

    held: bool = False
    since_beat: float = 0.0  # held since
    woke: bool = False  # it did not play before: it will not when it is let go
    ringing: dict[tuple[int, int], Note] = field(default_factory=dict)  # sustained, by pitch and channel
    again: Planned | None = None  # what comes again and again, having no notes to sustain
    event: int = 0  # the number of what is held
    of: frozenset[int] = frozenset()  # the numbers of the events whose notes are
    loop: Loop | None = None
    jump: float | None = None  # to a beat of memory, until something is planned from there
    jumped_at: int = 0  # when so many events had been planned
    awaited_beats: float = 0.0  # of a loop that is yet to be played once; 0: none
    awaited_since: float | None = None  # where it began, None: not yet

    @property
    def awaited_until(self) -> float:
        """Where the first round of an awaited loop ends; without one never."""
        return math.inf if self.awaited_since is None else self.awaited_since + self.awaited_beats

    @property
    def busy(self) -> bool:
        """Whether the hand plays, and not the player."""
        return self.held or self.loop is not None

    def let_go(self) -> None:
        """Nothing is held any more."""
        self.held = False
        self.ringing = {}
        self.again = None

    def open(self) -> None:
        """Neither is anything held nor does anything go round."""
        self.let_go()
        self.woke = False
        self.loop = None
        self.awaited_beats, self.awaited_since = 0.0, None
