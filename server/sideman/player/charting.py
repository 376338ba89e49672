"""A player over a chart: beat after beat of memory, chosen for the labels that are asked for, as it was played.

Which beats these are is `standing.py`'s. Micro-timing, velocity and voicing are the source's; each onset is planned by
itself, so that a plan can be broken off within a beat and taken up there.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final, Literal

from ..beatmemory import Beats
from ..constraints import DRUMS_CHANNEL, Moment, Weights, shift
from ..events import Answer, Event, Note, Planned, Query, Why
from ..learned import Learned
from ..realiser import LEAST_SPAN_BEATS, MOST_SPAN_BEATS, controlled
from ..viewpoint import EARLY_BEATS, SAME_BEATS, beat_of
from .ears import UNDO
from .standing import Spot, Standing
from .words import SELF

#: What it plays: what its model draws, what a chart asks for, or a take.
Doing = Literal["own", "chart", "take"]
#: Shorter than this no event is.
LEAST_BEATS: Final = 1 / 256
#: So many silent beats are passed over for one event by hand.
MOST_SILENT: Final = 8
#: What is out of range is tried in these octaves.
OCTAVES: Final = (0, -12, 12, -24, 24, -36, 36)


class Charting(Standing):
    """A voice that plays over charts."""

    def __init__(self, name: str, model: str, learned: Learned) -> None:
        super().__init__(name, model, learned)
        self._doing: Doing = "own"
        self._spots_before: deque[tuple[int, Spot]] = deque(maxlen=UNDO)  # where it stood before which event

    @property
    def charting(self) -> bool:
        """Whether it has played over a chart last."""
        return self._doing == "chart"

    def _do(self, what: Doing) -> None:
        """It plays in this way from now on, from where it has got to."""
        if what == self._doing:
            return
        if what == "own":
            self._undo.clear()
            played = [(event, self.learned.position_of(place)) for event, place in self._played]
            self._walk = self._walk_from(self._state_after(played, SELF)) if played else None
        self._doing = what
        self._spots_before.clear()
        self._spot = Spot(pitch=self._last_pitch, last_onset_beats=self._last_onset_beats)

    def _over_chart(self, query: Query) -> Answer:
        """What to play over the labels that are asked for."""
        self._do("chart")
        self._back_to(query.ordinal)
        beats = self.over
        events: list[Planned] = []
        note = ""
        if beats is None:
            note = "its memory is being looked through"
        elif not len(beats):
            note = "nothing to go on from"
        else:
            beats.drop_lost()
            first = beat_of(query.onset_beats, query.grid_beats)
            at = query.onset_beats
            while len(events) < query.count and at < query.until_beats:
                index = round(beat_of(at, query.grid_beats) - first)
                if index >= len(query.scenario):
                    break
                ordinal = query.ordinal + len(events)
                self._spots_before.append((ordinal, self._spot))
                if query.count == 1:
                    self._spot = self._at_once(beats, query, at, first, ordinal)
                elif not self._stands_over(first + index, query.scenario[index]):
                    chosen = self._chosen_beat(beats, query, first + index, index, ordinal)
                    self._spot = replace(chosen, left=_from(chosen, at))
                planned = self._onset(query, at, first + index, ordinal)
                events.append(planned)
                at = planned.onset_beats + planned.span_beats
        return Answer(query.player, query.epoch, query.revision, query.memory_length, tuple(events), note)

    def _stands_over(self, start: float, label: str) -> bool:
        """Whether it plays over that beat of the chart already."""
        return abs(self._spot.start - start) <= SAME_BEATS and self._spot.label == label

    def _at_once(self, beats: Beats, query: Query, at: float, start: float, ordinal: int) -> Spot:
        """Where the next event begins at `at`: what is asked for by hand waits for no place within the beat.

        Of a beat that is over, or silent, it goes on to the one that follows in memory, or elsewhere.
        """
        left = _from(self._spot, at) if self._stands_over(start, query.scenario[0]) else ()
        for again in range(MOST_SILENT):
            if left:
                break
            if abs(self._spot.start - start) <= SAME_BEATS:
                self._spot = replace(self._spot, start=start - 1)
            self._spot = self._chosen_beat(beats, query, start, 0, ordinal + again)
            left = _from(self._spot, at) or self._spot.left[-1:]
        first = tuple((at, event, place) for _, event, place in left[:1])
        return replace(self._spot, left=first + left[1:])

    def _onset(self, query: Query, at: float, start: float, ordinal: int) -> Planned:
        """What comes next of the beat that it plays: the event that begins at `at`, or silence until there is one."""
        spot = self._spot
        end = start + 1 - EARLY_BEATS
        if not spot.left or spot.left[0][0] > at + LEAST_BEATS:
            until = min(spot.left[0][0], end) if spot.left else end
            return self._planned(query, at, max(until - at, LEAST_BEATS), None, -1, (), [], ordinal)
        _, event, place = spot.left[0]
        following = min(spot.left[1][0], end) if len(spot.left) > 1 else end
        self._spot = replace(spot, left=spot.left[1:])
        return self._sounded(query, at, max(following - at, LEAST_BEATS), event, place, ordinal)

    def _sounded(self, query: Query, at: float, span: float, event: Event, place: int, ordinal: int) -> Planned:
        """An event of memory, as it sounds where one stands."""
        spot = self._spot
        phase = (at + query.grid_beats) % 1.0
        notes, bound = self._notes(event, spot, query, at, Moment(spot.pitch, spot.label, phase))
        if notes:
            self._last_onset_beats = spot.last_onset_beats
            if rest := self._rest(query, ordinal, at):
                return self._planned(query, at, span, event, place, (), [*bound, rest], ordinal)
            pitch = round(max(note.pitch for note in notes)) - shift(query.settings)
            self._spot = replace(self._spot, pitch=pitch, last_onset_beats=at)
            self._last_pitch, self._last_onset_beats = pitch, at
            notes, manners = self._mannered(query, at, notes)
            bound = [*bound, *manners]
        return self._planned(query, at, span, event, place, notes, bound, ordinal)

    def _notes(
        self, event: Event, spot: Spot, query: Query, at: float, moment: Moment
    ) -> tuple[tuple[Note, ...], list[str]]:
        """An event's notes, moved; what may not sound so is moved by octaves, or left out."""
        settings = query.settings
        transpose, wanted = shift(settings), int(settings["channel"])
        weights, names = self._pitch_weights(moment)
        notes = []
        bound = False
        for note in sorted(event.notes, key=lambda note: -note.pitch)[: int(settings["max_notes"])]:
            pitch: float | None = note.pitch
            if note.channel != DRUMS_CHANNEL:
                pitch = _allowed(note.pitch + spot.shift, weights, transpose)
                bound = bound or pitch != note.pitch + spot.shift
                if pitch is None:
                    continue
                pitch += transpose
            assert pitch is not None
            offset = max(note.offset_beats, 0.0)
            longest = min(spot.reach - at - offset, MOST_SPAN_BEATS)
            notes.append(
                Note(
                    pitch,
                    min(max(note.velocity * float(settings["velocity_scale"]), 1.0), 127.0),
                    offset,
                    max(min(note.duration_beats, longest), LEAST_SPAN_BEATS),
                    min(max(wanted or note.channel, 1), 255),
                )
            )
        return tuple(notes), names if bound else []

    def _planned(
        self,
        query: Query,
        at: float,
        span: float,
        source: Event | None,
        place: int,
        notes: tuple[Note, ...],
        bound: list[str],
        ordinal: int,
    ) -> Planned:
        spot = self._spot
        label = source.label if source is not None and not source.notes else ""
        gesture = source.numbers if source is not None else ()
        self._played.append((Event(self.name, 0, at, span, notes, label, chord=spot.label, numbers=gesture), place))
        why = Why(
            self.model_name,
            spot.probability,
            spot.raw,
            spot.entropy_bits,
            spot.rank,
            source.performer if source is not None else self.model_name,
            place,
            source.onset_beats if source is not None else -1.0,
            spot.length,
            (*spot.words, *bound),
            f"{query.seed}/{self.name}/{ordinal}",
        )
        controls = controlled(source, span, notes, int(query.settings["channel"])) if notes else ()
        return Planned(at, span, notes, label, why, gesture, controls=controls)

    def revert(self, events: int) -> None:
        """The last so many planned events were dropped: it stands where it stood before them."""
        if self._doing == "own":
            super().revert(events)
        elif self._spots_before:
            self._back_to(self._spots_before[-1][0] + 1 - events)

    def _back_to(self, ordinal: int) -> None:
        """What it planned over a chart, or of a take, from that event on was dropped."""
        while self._spots_before and self._spots_before[-1][0] >= ordinal:
            _, self._spot = self._spots_before.pop()
            if self._played:
                self._played.pop()


def _from(spot: Spot, at: float) -> tuple[tuple[float, Event, int], ...]:
    """What is left of a beat that is begun at `at`: what would come a little before sounds then."""
    begun = at - (spot.start - EARLY_BEATS)
    early = EARLY_BEATS + SAME_BEATS if begun <= EARLY_BEATS + SAME_BEATS else LEAST_BEATS
    return tuple((max(onset, at), event, place) for onset, event, place in spot.left if onset >= at - early)


def _allowed(pitch: float, weights: Weights | None, transpose: int) -> float | None:
    """A pitch that may sound, in its own octave or the nearest that allows it; None: none does."""
    for octave in OCTAVES:
        moved = round(pitch) + octave
        if 0 <= moved <= 127 and 0 <= moved + transpose <= 127 and (weights is None or weights[moved] > 0):
            return pitch + octave
    return None
