"""How a player follows: each event that it hears lights places in its memory, and it goes on from the highest.

What is lit, and how it moves on and fades, is `activation.py`'s; here the lit places are held against the player's
constraints, its taboo and its continuity, one of them is drawn, and what the player played lights places in its turn.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace
from typing import Final

import numpy as np

from ..activation import (
    HARMONIC,
    HEARD,
    INFLUENCES,
    MELODIC,
    PITCHES,
    SELF,
    WHOLE,
    Choices,
    Manner,
    Standing,
    choices,
    harmonic,
    melodic,
    value_of,
)
from ..constraints import DRUMS_CHANNEL, Moment
from ..events import Event, Planned, Query, Why
from ..learned import STREAMS, Learned
from ..models import Floats, Traces, chance
from ..pywalk import sampler_pick
from ..realiser import at_speed, controlled, realise
from ..viewpoint import Viewpoint
from .choosing import COPY, TRIES
from .reach import SOURCES, Flow, Reach
from .steering import Steering

#: The purpose of the draw among the places that are lit.
FOLLOW_PURPOSE: Final = 4000
#: The tempo that it keeps to is a mean over about so many of its last sources.
TEMPI: Final = 5
NOTHING_LIT: Final = "nothing is lit: the model goes on"
NOT_TRACED: Final = "its memory is not traced: the model goes on"
_PITCH: Final = Viewpoint("pitch")


class Following(Steering):
    """Reactions to what has just begun."""

    def __init__(self, name: str, model: str, learned: Learned) -> None:
        super().__init__(name, model, learned)
        self._flows: dict[int, Flow] = {}
        self._reach = Reach()
        self._reached: deque[tuple[Reach, bool]] = deque(maxlen=1)  # before its last reaction, and whether it was one
        self._heard: list[int] = []  # the melody that it reacts to
        self._manner_for: object = None

    def _listen(self, event: Event, stream: int, position: int) -> None:
        super()._listen(event, stream, position)
        self._follow(event, stream)

    def _follow(self, event: Event, stream: int) -> None:
        if stream not in self._flows and len(self._flows) >= STREAMS:
            del self._flows[next(iter(self._flows))]
        flow = self._flows.setdefault(stream, Flow(event.performer))
        flow.values.append(self._value(event))
        flow.ear.hear(event)

    def _value(self, event: Event) -> int:
        first = self.learned.viewpoint.components[0]
        return value_of(event, first.value(event, None) if not event.notes else 0)

    def take(self, learned: Learned, model: str) -> None:
        """Play on from what was learned afresh: what was lit there lies elsewhere here."""
        super().take(learned, model)
        self._reach = Reach(beat=self._reach.beat)
        self._reached.clear()
        self._flows.clear()
        for stream, tail in learned.tails.items():
            for event, _ in list(tail)[-HEARD:]:
                self._follow(event, stream)

    def forget_performer(self, performer: str) -> None:
        """Nothing of what somebody played is waited for or compared with any more."""
        super().forget_performer(performer)
        self._flows = {stream: flow for stream, flow in self._flows.items() if flow.performer != performer}

    def revert(self, events: int) -> None:
        """The last so many planned events were dropped: of reactions, the last can be."""
        if events and self._reached:
            self._reach, reacted = self._reached.pop()
            if reacted:
                self._played.pop()
                return
        super().revert(events)

    def _react(self, query: Query, ordinal: int) -> Planned | None:
        """The event that answers what has just opened, or (`/next`) where the peaks stand now; None: nothing is lit."""
        traced = self.learned.traced
        if traced is None:
            return None
        if self._manner_for is not query.settings:
            self._manner_for, self._manner = query.settings, Manner.of(query.settings)
        self._reached.append((self._reach.copy(), False))
        reach, manner, traces = self._reach, self._manner, traced.traces
        lost, beat = self.learned.masked(), query.onset_beats
        passed = max(0.0, beat - reach.beat) if math.isfinite(reach.beat) else 0.0
        reach.peaks.move(traces, passed, manner.decay_beats, manner.threshold)
        reach.beat = beat
        self._heard = []
        if query.opening is not None:
            self._lit_by(query.opening, query.opening_stream, lost)
        found = choices(reach.peaks, traces, manner, reach.standing, beat, lost)
        scores, said = self._allowed(found, query, beat)
        if scores is None:
            return None
        draw = chance(query.seed, self._number, ordinal, FOLLOW_PURPOSE)
        for _ in range(TRIES):
            weighed = self._sampler.weigh(scores)
            picked = sampler_pick(weighed, draw)
            if not self._copies(found, picked, traces):
                break
            same = found.values + found.shifts == found.values[picked] + found.shifts[picked]
            scores = np.where(same, 0.0, scores)
            said = [*said, *([COPY] if COPY not in said else [])]
            if not np.any(scores > 0):
                return None
        shares = scores / scores.sum()
        return self._played_from(found, picked, shares, float(weighed[picked]), query, ordinal, said)

    def _copies(self, found: Choices, picked: int, traces: Traces) -> bool:
        """Whether a choice would make a longer copy of memory than `longest_copy` allows."""
        most, reach = self._longest_copy, self._reach
        if not most:
            return False
        if most >= HEARD:  # agreement is not counted so far
            return found.places[picked] == reach.standing.following and reach.copied >= most
        value = int(found.values[picked] + found.shifts[picked])
        alike = traces.melodies([*reach.played, value], False, most + 1, 1, self.learned.masked())
        return bool(alike)

    def _lit_by(self, opening: Event, stream: int, lost: list[tuple[int, int]]) -> None:
        """What has just opened lights places, by its melody and by its harmony."""
        assert self.learned.traced is not None
        traces, reach = self.learned.traced.traces, self._reach
        flow = self._flows.get(stream, Flow(opening.performer))
        self._heard = [*flow.values, self._value(opening)][-HEARD:]
        reach.peaks.light(traces, MELODIC, melodic(traces, self._heard, self._moves, self._min_context, lost))
        harmony = flow.ear.would_hear(opening)
        reach.peaks.light(traces, HARMONIC, harmonic(traces, harmony, self._moves, reach.standing.shift, lost))

    def _allowed(self, found: Choices, query: Query, beat: float) -> tuple[Floats | None, list[str]]:
        """How likely each lit place is under the player's wishes and constraints, and what was given up for it.

        Taboo is given up first, then continuity, then the constraints, the softest first; the pitch range never is.
        """
        reach = self._reach
        lit = found.scores * (found.scores > 0)
        pitches = found.values + found.shifts
        is_pitch = found.values < PITCHES
        lit = np.where(is_pitch & ((pitches < 0) | (pitches >= PITCHES)), 0.0, lit)
        if self._moves is not None:
            lit = np.where(np.isin(found.shifts, list(self._moves)) | ~is_pitch, lit, 0.0)
        if not np.any(lit > 0):
            return None, []
        wishes: list[tuple[str, Floats]] = []
        drums = query.channel == DRUMS_CHANNEL
        moment = Moment(self._last_pitch, query.chord, (beat + query.grid_beats) % 1.0)
        inside = np.where(is_pitch, np.clip(pitches, 0, PITCHES - 1), 0)
        for constraint in () if drums else self._constraints:
            weights = constraint.pitches(moment)
            if weights is not None:
                wishes.append((constraint.name, np.where(is_pitch, weights[inside], 1.0)))
        kept = 1 if wishes and self._constraints and wishes[0][0] == self._constraints[0].name else 0
        if self._continuity and reach.run >= self._continuity:
            own = (found.places == reach.standing.following) & (found.heights[:, MELODIC] == 0)
            wishes.append(("continuity", np.where(own, 0.0, 1.0)))
        if self._taboo and reach.sources:
            wishes.append(("taboo", np.where(np.isin(found.places, reach.sources[-self._taboo :]), 0.0, 1.0)))
        given_up: list[str] = []
        while True:
            scores = lit
            bound = []
            for name, weights in wishes:
                if np.any((weights < 1.0) & (lit > 0)):
                    bound.append(name)
                scores = scores * weights
            if np.any(scores > 0):
                return scores, [*bound, *given_up]
            if len(wishes) <= kept:
                return None, given_up
            given_up.append(f"gave up {wishes.pop()[0]}")

    def _played_from(
        self,
        found: Choices,
        picked: int,
        shares: Floats,
        probability: float,
        query: Query,
        ordinal: int,
        said: list[str],
    ) -> Planned | None:
        """The event at a place that was drawn, moved as it was lit; and what it lights in its turn."""
        learned, reach, beat = self.learned, self._reach, query.onset_beats
        place, shift = int(found.places[picked]), int(found.shifts[picked])
        source = learned.source(place)
        if source is None:
            return None
        channel = query.channel if query.opening is not None else 0
        if source.notes:
            values = (round(source.top.pitch) + shift + 1,)
            span, notes, label = realise(_PITCH, values, source, None, query.settings, channel, 1.0)
        else:
            span, notes, label = realise(_PITCH, (1,), source, None, query.settings, channel, 1.0)
        if notes:
            self._last_pitch = round(source.top.pitch) + shift
            if rest := self._rest(query, ordinal, beat):
                notes = ()
                said = [*said, rest]
            else:
                notes, manners = self._mannered(query, beat, notes)
                said = [*said, *manners]
                self._last_onset_beats = beat if notes else self._last_onset_beats
        heights = found.heights[picked]
        influences = zip(INFLUENCES, heights.tolist(), (heights * self._manner.weights).tolist(), strict=True)
        lit = tuple((name, height) for name, height, weighed in influences if weighed > 0)
        said = [*said, *([f"moved by {shift:+d}"] if shift else []), f"{len(reach.peaks)} peaks"]
        context = self._context(place, shift)
        self._went(place, shift, int(found.values[picked]), float(found.tempos[picked]), bool(heights[MELODIC] > 0))
        self._reached.append((self._reached.pop()[0], True))
        where = learned.places[place]
        gesture = source.numbers
        self._played.append((Event(self.name, 0, beat, span, notes, label, numbers=gesture), where))
        drawn = shares[shares > 0]
        entropy = float(-(drawn * np.log2(drawn)).sum())
        rank = int(np.sum(shares > shares[picked]))
        key = f"{query.seed}/{self.name}/{ordinal}"
        why = Why("activation", probability, float(shares[picked]), entropy, rank, source.performer, where,
                  source.onset_beats, context, tuple(said), key, origin=source.origin or source.performer,
                  lit=lit)  # fmt: skip
        controls = controlled(source, span, notes, int(query.settings["channel"]) or channel) if notes else ()
        span, notes, controls = at_speed(float(query.settings["speed"]), span, notes, controls)
        return Planned(beat, span, notes, label, why, gesture, controls=controls)

    def _context(self, place: int, shift: int) -> int:
        """How many of the last events heard agree with what led to a place, up to eight."""
        assert self.learned.traced is not None
        traces = self.learned.traced.traces
        for _ in range(self._manner.lead):
            place = traces.previous(place) if place >= 0 else place
        return traces.agreement(self._heard, place, shift) if place >= 0 else 0

    def _went(self, place: int, shift: int, value: int, bpm: float, carried: bool) -> None:
        """It has played an event (`carried`: what it heard had lit it): where it stands, and what that lights."""
        assert self.learned.traced is not None
        reach, traces = self._reach, self.learned.traced.traces
        before = reach.standing
        follows = place == before.following
        reach.run = 0 if carried else reach.run + 1 if follows else 1
        reach.copied = reach.copied + 1 if follows else 1
        if bpm and before.bpm:
            bpm = before.bpm + (bpm - before.bpm) / TEMPI
        reach.standing = Standing(place, traces.next(place), shift, bpm or before.bpm)
        reach.sources = (*reach.sources, place)[-SOURCES:]
        reach.played = (*reach.played, value + shift if value < PITCHES else value)[-HEARD:]
        lights = melodic(traces, list(reach.played), self._moves, 1, self.learned.masked())
        if not any((lit, by) == (place, shift) for lit, _, by in lights):
            lights.append((place, 1.0 / WHOLE, shift))
        reach.peaks.light(traces, SELF, lights)

    def _reacted_otherwise(self, planned: Planned) -> Planned:
        """Nothing was lit and the model went on: it says so, and goes on from there when something is."""
        position = self.learned.position_of(planned.why.source_position)
        source = self.learned.source(position)
        if self.learned.traced is not None and source is not None:
            shift = 0
            if source.notes and self._last_pitch is not None:
                shift = self._last_pitch - round(source.top.pitch)
            self._went(position, shift, self._value(source), 0.0, False)
        said = NOT_TRACED if self.learned.traced is None else NOTHING_LIT
        return replace(planned, why=replace(planned.why, bound_by=(*planned.why.bound_by, said)))
