"""How a player follows: each event that it hears lights places in its memory, and it goes on from the highest.

What is lit, how that moves on and fades, and which of it is picked within constraints, taboo and continuity is the
core's; here is what it is asked, and the event that is made of what it picks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from ..activation import HEARD, INFLUENCES, PITCHES, manner_of, value_of, wanted
from ..addresses import Value
from ..constraints import DRUMS_CHANNEL, Constraint, Moment
from ..events import Event, Planned, Query, Why
from ..harmonic import heard_after
from ..learned import STREAMS, Learned
from ..models import Floats, Picked, Reach, Reaction, chance
from ..realiser import at_speed, controlled, realise
from ..viewpoint import Viewpoint
from .choosing import COPY
from .flow import KEPT, Flow
from .steering import Steering

#: The purpose of the draw among the places that are lit.
FOLLOW_PURPOSE: Final = 4000
NOTHING_LIT: Final = "nothing is lit: the model goes on"
NOT_TRACED: Final = "its memory is not traced: the model goes on"
#: What the constraints allow is kept for so many chords and places in the beat.
KEPT_BOUNDS: Final = 64
_PITCH: Final = Viewpoint("pitch")
_SILENCE: Final = wanted(0, 0, None)


class Bounds(NamedTuple):
    """What constraints allow at some place: their names and then those of the other wishes; weights [k, 128]."""

    names: tuple[str, ...]
    weights: Floats
    kept: int  # so many are never given up

    @classmethod
    def of(cls, constraints: tuple[Constraint, ...], moment: Moment) -> Bounds:
        """Of those constraints that allow not everything; the first is never given up."""
        found = [(constraint.name, weights) for constraint in constraints
                 if (weights := constraint.pitches(moment)) is not None]  # fmt: skip
        rows = np.array([weights for _, weights in found], np.float64).reshape(-1, PITCHES)
        kept = int(bool(found) and found[0][0] == constraints[0].name)
        return cls((*(name for name, _ in found), "continuity", "taboo"), rows, kept)

    def said(self, picked: Picked) -> list[str]:
        """What bound it, and what was given up, the softest first."""
        said: list[str] = []
        if bits := picked.bound:
            said += [name for at, name in enumerate(self.names) if bits >> at & 1]
        if bits := picked.given_up:
            said += [f"gave up {name}" for at, name in enumerate(self.names) if bits >> at & 1][::-1]
        return [*said, COPY] if picked.copy else said


_FREE: Final = Bounds.of((), Moment())


class Following(Steering):
    """Reactions to what has just begun."""

    def __init__(self, name: str, model: str, learned: Learned) -> None:
        super().__init__(name, model, learned)
        self._flows: dict[int, Flow] = {}
        self._reach = Reach()
        self._reaction = Reaction()
        self._reached: deque[tuple[Reach, bool]] = deque(maxlen=1)  # before its last reaction, and whether it was one
        self._manner_for: object = None
        self._bounds: dict[tuple[str, float], Bounds] = {}
        self._bounds_for: object = None

    def _set(self, settings: Mapping[str, Value]) -> None:
        super()._set(settings)
        if self._manner_for is not settings:
            self._manner_for, self._manner = settings, manner_of(settings)

    def _listen(self, event: Event, stream: int, position: int) -> None:
        super()._listen(event, stream, position)
        self._follow(event, stream)

    def _follow(self, event: Event, stream: int) -> None:
        flow = self._flows.get(stream)
        if flow is None:
            if len(self._flows) >= STREAMS:
                del self._flows[next(iter(self._flows))]
            flow = self._flows[stream] = Flow(event.performer)
        flow.events.append(event)

    def _value(self, event: Event) -> int:
        first = self.learned.viewpoint.components[0]
        return value_of(event, first.value(event, None) if not event.notes else 0)

    def take(self, learned: Learned, model: str) -> None:
        """Play on from what was learned afresh: what was lit there lies elsewhere here."""
        super().take(learned, model)
        self._reach = Reach(self._reach.beat)
        self._reached.clear()
        self._flows.clear()
        for stream, tail in learned.tails.items():
            for event, _ in list(tail)[-KEPT:]:
                self._follow(event, stream)

    def forget_performer(self, performer: str) -> None:
        """Nothing of what somebody played is waited for or compared with any more."""
        super().forget_performer(performer)
        self._flows = {
            stream: flow
            for stream, flow in self._flows.items()
            if flow.performer != performer and all(event.origin != performer for event in flow.events)
        }

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
        traced, reach, opening = self.learned.traced, self._reach, query.opening
        if traced is None:
            return None
        self._reached.append((reach.copy(), False))
        heard, harmonies = [], _SILENCE
        if opening is not None:
            flow = self._flows.get(query.opening_stream)
            events = list(flow.events) if flow is not None else []
            heard = [self._value(event) for event in (*events, opening)[-HEARD:]]
            harmonies = wanted(heard_after(events, opening), reach.shift, self._moves)
        bounds = self._bounds_at(query)
        draw = chance(query.seed, self._number, ordinal, FOLLOW_PURPOSE)
        picked = self._reaction.react(reach, traced.traces, self._manner, query.onset_beats, heard, harmonies,
                                      bounds.weights, bounds.kept, self._sampler, draw,
                                      self.learned.masked())  # fmt: skip
        return self._played_from(picked, query, ordinal, bounds.said(picked)) if picked is not None else None

    def _bounds_at(self, query: Query) -> Bounds:
        """What the constraints allow over a chord at a place in the beat; none of them asks what was played last."""
        if query.channel == DRUMS_CHANNEL:
            return _FREE
        if self._bounds_for is not self._constraints or len(self._bounds) >= KEPT_BOUNDS:
            self._bounds_for = self._constraints
            self._bounds.clear()
        moment = Moment(None, query.chord, (query.onset_beats + query.grid_beats) % 1.0)
        there = (moment.chord, moment.metric)
        if there not in self._bounds:
            self._bounds[there] = Bounds.of(self._constraints, moment)
        return self._bounds[there]

    def _played_from(self, picked: Picked, query: Query, ordinal: int, said: list[str]) -> Planned | None:
        """The event at a place that was picked, moved as it was lit; and what it lights in its turn."""
        learned, reach, beat = self.learned, self._reach, query.onset_beats
        place, shift = picked.place, picked.shift
        source = learned.source(place)
        if source is None or learned.traced is None:
            return None
        settings = query.settings
        channel = query.channel if query.opening is not None else 0
        top = round(source.top.pitch) if source.notes else 0
        span, notes, label = realise(_PITCH, (top + shift + 1,), source, None, settings, channel, 1.0)
        if notes:
            self._last_pitch = top + shift
            if rest := self._rest(query, ordinal, beat):
                notes = ()
                said.append(rest)
            else:
                notes, manners = self._mannered(query, beat, notes)
                said += manners
                self._last_onset_beats = beat if notes else self._last_onset_beats
        heights = picked.heights
        influences = zip(INFLUENCES, heights, self._manner.weights, strict=True)
        lit = tuple([(name, height) for name, height, weight in influences if height * weight > 0])
        if shift:
            said.append(f"moved by {shift:+d}")
        said.append(f"{reach.peaks} peaks")
        reach.go(learned.traced.traces, self._manner, place, shift, picked.value, picked.bpm, heights[0] > 0,
                 learned.masked())  # fmt: skip
        self._reached.append((self._reached.pop()[0], True))
        where, gesture = learned.places[place], source.numbers
        self._played.append((Event(self.name, 0, beat, span, notes, label, numbers=gesture), where))
        key = f"{query.seed}/{self.name}/{ordinal}"
        why = Why("activation", picked.probability, picked.share, picked.entropy_bits, picked.rank, source.performer,
                  where, source.onset_beats, picked.context, tuple(said), key, (), source.origin or source.performer,
                  lit)  # fmt: skip
        controls = controlled(source, span, notes, int(settings["channel"]) or channel) if notes else ()
        span, notes, controls = at_speed(float(settings["speed"]), span, notes, controls)
        return Planned(beat, span, notes, label, why, gesture, (), controls)

    def _reacted_otherwise(self, planned: Planned) -> Planned:
        """Nothing was lit and the model went on: it says so, and goes on from there when something is."""
        position = self.learned.position_of(planned.why.source_position)
        source = self.learned.source(position)
        if self.learned.traced is not None and source is not None:
            shift = 0
            if source.notes and self._last_pitch is not None:
                shift = self._last_pitch - round(source.top.pitch)
            self._reach.go(self.learned.traced.traces, self._manner, position, shift, self._value(source), 0.0, False,
                           self.learned.masked())  # fmt: skip
        said = NOT_TRACED if self.learned.traced is None else NOTHING_LIT
        return replace(planned, why=replace(planned.why, bound_by=(*planned.why.bound_by, said)))
