"""A machine voice: it answers queries with planned events, each with its reasons.

A player knows no time but beats and no socket; all chance is keyed by the query.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any, cast

import numpy as np

from ..completing import completions
from ..constraints import Moment, shift
from ..copying import Copying, Trail
from ..events import Answer, Event, PartWord, Planned, Query, Why
from ..models import GAVE_UP, Choice, Placed
from ..pywalk import PyChoice
from ..realiser import at_speed, controlled, realise
from .taking import Taking
from .through import Through
from .words import OTHER, Told, tell_before


class Player(Through, Taking):
    """A voice that answers."""

    def answer(self, query: Query) -> Answer:
        """The events that are asked for, each with its reasons."""
        answering = self.answering(query)
        while True:
            try:
                next(answering)
            except StopIteration as end:
                return cast(Answer, end.value)

    @property
    def state(self) -> Any:
        """Where it stands in its model, if that can be seen: what its next event is predicted from."""
        return getattr(self._walk, "state", None)

    def answering(self, query: Query) -> Generator[None, None, Answer]:
        """The same in steps, so that several can be answered side by side: it yields before each event."""
        self._mind(query.manners)
        self._set(query.settings)
        if query.take:
            return self._again(query)
        if query.scenario:
            return self._over_chart(query)
        self._do("own")
        if self.learned.viewpoint.writes and (query.phrase_of or query.opening is not None):
            return self._complete(query)
        if query.played is not None and not query.phrase_of and query.opening is None:
            self.stand_behind(query.played, shift(query.settings))
        if query.jump is not None:
            self.cue(query.jump)
        if query.follows and not self._goes_through(query) and (reaction := self._react(query, query.ordinal)):
            return Answer(query.player, query.epoch, query.revision, query.memory_length, (reaction,))
        avoid: list[tuple[int, int]] = []
        if query.phrase_of or query.opening is not None:
            avoid = self.learned.interval(*query.avoid)
            self._begin(query, avoid)
            if query.jump is not None:  # it begins there, not behind the phrase
                self.cue(query.jump)
        elif query.avoid != (0, 0):
            avoid = self.learned.interval(*query.avoid)
        if self._walk is None and not self._goes_through(query):
            self._walk = self._walk_from(self._listening.get(self._newest))
            self._told = Told()
            before = self._before.get(self._newest)
            self._last_pitch = round(before.top.pitch) if before is not None and before.notes else None
        events: list[Planned] = []
        note = ""
        beat = query.onset_beats
        while len(events) < query.count and beat < query.until_beats:
            yield
            planned = self._one(query, beat, query.ordinal + len(events), avoid)
            if planned is None:
                note = "nothing to go on from" if not len(self.learned.places) else "nothing within its bounds"
                break
            events.append(self._reacted_otherwise(planned) if query.follows else planned)
            beat += planned.span_beats
        return Answer(
            query.player, query.epoch, query.revision, query.memory_length, tuple(events), note, self._take_plan()
        )

    def _complete(self, query: Query) -> Answer:
        """What may follow the text that was typed, in one event for all of the answer's time."""
        learned = self.learned
        stream = query.stream if query.phrase_of else query.opening_stream
        state = self._listening.get(stream)
        state = state.copy() if state is not None else learned.model.start()
        if query.opening is not None:
            symbol = learned.viewpoint.symbol(query.opening, self._before.get(stream))
            if symbol is not None:
                learned.model.advance(state, learned.known(symbol))
        found = completions(learned, state, learned.masked())
        beat, until = query.onset_beats, query.until_beats
        span = until - beat if math.isfinite(until) and until > beat else 1.0
        events: tuple[Planned, ...] = ()
        if found:
            best = found[0][1]
            key = f"{query.seed}/{self.name}/{query.ordinal}"
            why = Why(self.model_name, best, best, 0.0, 0, self.model_name, -1, -1.0, 0, (), key)
            events = (Planned(beat, span, (), "", why, suggestions=found),)
        note = "" if found else "nothing to go on from"
        return Answer(query.player, query.epoch, query.revision, query.memory_length, events, note)

    def _begin(self, query: Query, avoid: list[tuple[int, int]]) -> None:
        """Stand behind the phrase, or behind the event that has just opened.

        Where memory knows nothing that ended so, it leans on a place that agrees in the first component at least.
        """
        stream = query.stream if query.phrase_of else query.opening_stream
        before = self._before.get(stream)
        state = self._listening.get(stream)
        state = state.copy() if state is not None else None
        if query.opening is not None:
            state = self._provisional(query.opening, before, state)
            before = query.opening
        model = self.learned.model
        if (
            isinstance(model, Placed)
            and not self.learned.heeds
            and state is not None
            and before is not None
            and not model.longest_vote(state, avoid)
        ):
            value = self.learned.viewpoint.components[0].value(before, None)
            place = self.learned.like(value, avoid)
            if place >= 0:
                model.advance(state, 0)
                model.advance(state, model.symbol_at(place), at=place)
        self._walk = self._walk_from(state)
        self._last_pitch = round(before.top.pitch) if before is not None and before.notes else None
        self._answers = tuple(self._phrases.get(stream, ())) if query.phrase_of else ()
        self._copying = Copying(self._symbols(self._answers)) if query.phrase_of else None
        self._played.clear()
        self._undo.clear()
        self._trail = Trail()
        self._told = Told()

    def _provisional(self, event: Event, before: Event | None, state: Any) -> Any:
        """The state after an event that is not known whole: what is missing takes its most probable value."""
        learned = self.learned
        if state is None:
            state = learned.model.start()
        values: tuple[int, ...] = ()
        if learned.heeds:
            tell_before(state, event, before, OTHER)
        for component in learned.viewpoint.components:
            value = component.value(event, before) if component.early() else 0
            if not value:
                choices, p = learned.model.predict(state, values)
                value = int(choices[1:][np.argmax(p[1:])]) if len(choices) > 1 else 0
            values = (*values, value)
        learned.model.advance(state, learned.known(values))
        return state

    def _one(self, query: Query, beat: float, ordinal: int, avoid: list[tuple[int, int]]) -> Planned | None:
        if self._goes_through(query):
            return self._recorded(query, beat, ordinal)
        if self._behind:
            self._stand_behind()
        learned, way = self.learned, self._walk
        if way is None or not (learned.places or learned.heeds):  # an LLM that ships plays without a memory, too
            return None
        copying = self._copying
        self._undo.append(self._stand())
        self._tell(query, beat, ordinal)
        moment = Moment(self._last_pitch, query.chord, (beat + query.grid_beats) % 1.0)
        forbidden = copying.forbidden() if copying is not None else None
        choice, bound = self._bounded(query, ordinal, avoid, moment, forbidden)
        if choice is None:
            self._return(self._undo.pop())
            return None
        if copying is not None:
            copying.went(choice.values)
        self._trail = self._trail_after(choice)
        position, moved = self._source(choice, query)
        bound += [words for bit, words in GAVE_UP.items() if choice.given_up & bit]
        bound += [] if moved else ["gave up transpositions"]
        source = learned.source(position)
        channel = query.channel if query.phrase_of or query.opening or query.velocity else 0
        loudness = query.velocity / learned.memory.mean_velocity if query.velocity else 1.0
        span, notes, label = realise(
            learned.viewpoint,
            choice.values,
            source,
            self._last_pitch,
            query.settings,
            channel,
            loudness,
            step=learned.step(position),
            chord=query.chord,
        )
        if notes:
            top = max(note.pitch for note in notes)
            self._last_pitch = round(top) - shift(query.settings)
            if rest := self._rest(query, ordinal, beat):
                notes = ()
                bound.append(rest)
            else:
                notes, manners = self._mannered(query, beat, notes)
                bound += manners
                self._last_onset_beats = beat if notes else self._last_onset_beats
        place = learned.places[position] if source is not None else -1
        gesture = source.numbers if source is not None else ()
        self._played.append((Event(self.name, 0, beat, span, notes, label, numbers=gesture), place))
        why = self._why(query, ordinal, choice, source, place, bound)
        controls = controlled(source, span, notes, int(query.settings["channel"]) or channel) if notes else ()
        span, notes, controls = at_speed(float(query.settings["speed"]), span, notes, controls)
        return Planned(beat, span, notes, label, why, gesture, controls=controls)

    def _why(
        self, query: Query, ordinal: int, choice: Choice | PyChoice, source: Event | None, place: int, bound: list[str]
    ) -> Why:
        """Where an event comes from."""
        parts = zip(self.learned.part_names, choice.parts, strict=False)
        return Why(
            self.model_name,
            choice.probability,
            choice.raw,
            choice.entropy_bits,
            choice.rank,
            source.performer if source is not None else self.model_name,
            place,
            source.onset_beats if source is not None else -1.0,
            choice.context,
            tuple(bound),
            f"{query.seed}/{self.name}/{ordinal}",
            tuple(PartWord(name, weight, said) for name, (weight, said) in parts),
            (source.origin or source.performer) if source is not None else "",
        )
