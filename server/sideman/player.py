"""A machine voice: what it has learned, where it listens, where it plays; it answers queries with planned events.

A player knows no time but beats and no socket; all chance is keyed by the query.
"""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from .addresses import Value
from .completing import completions
from .constraints import (
    DRUMS_CHANNEL,
    LongestCopy,
    Moment,
    Weights,
    masks,
    of_settings,
    onset_gap_beats,
    product,
    transpositions,
)
from .copying import Copying, Trail
from .events import Answer, Event, PartWord, Planned, Query, Why
from .learned import CONTEXT, STREAMS, Learned, coarse
from .models import GAVE_UP, GAVE_UP_AVOID, Choice, Floats, Placed, Sampler, Walk, chance, least_share
from .pywalk import PyChoice, PyWalk, walk
from .realiser import realise
from .viewpoint import Slicer, pitch_of

UNDO: Final = 64
#: The purpose of the draw that makes a rest of an event.
REST_PURPOSE: Final = 2000
#: So many spans may be avoided at once; a walk adds those of continuity and taboo.
MOST_SPANS: Final = 48
PHRASE: Final = 512
COPY: Final = LongestCopy(1).name
#: So often it chooses again when what it chose would be too long a copy.
TRIES: Final = 16


class Player:
    """A voice with its place in what was learned."""

    def __init__(self, name: str, model: str, learned: Learned) -> None:
        self.name = name
        self.model_name = model
        self.learned = learned
        self._number = zlib.crc32(name.encode())
        self._listening: dict[int, Any] = {}
        self._before: dict[int, Event] = {}
        self._newest = -1
        self._walk: Walk | PyWalk | None = None
        self._last_pitch: int | None = None
        self._phrases: dict[int, deque[Event]] = {}
        self._slicers: dict[int, Slicer] = {}
        self._over: set[int] = set()  # streams whose phrase is over
        self._copying: Copying | None = None
        self._last_onset_beats = -math.inf  # of what sounded last
        self._trail = Trail()  # where its last events are as memory has them
        self._undo: deque[tuple[Walk | PyWalk, int | None, Copying | None, float, Trail]] = deque(maxlen=UNDO)
        self._played: deque[tuple[Event, int]] = deque(maxlen=CONTEXT)  # what it played, each with its place in memory
        self._answers: tuple[Event, ...] = ()  # the phrase that it answers
        self._set_for: Mapping[str, Value] | None = None

    def hear(self, event: Event, stream: int, position: int) -> None:
        """An event has closed; `position` is where the model learned it, -1 if it did not."""
        learned = self.learned
        if learned.viewpoint.slices:
            for whole, _, _ in self._slicers.setdefault(stream, Slicer([])).hear(event, -1):
                self._listen(whole, stream, position)
        else:
            self._listen(event, stream, position)

    def _listen(self, event: Event, stream: int, position: int) -> None:
        learned = self.learned
        symbol = learned.viewpoint.symbol(event, self._before.get(stream))
        if symbol is None:
            return
        phrase = self._phrases.setdefault(stream, deque(maxlen=PHRASE))
        if stream in self._over:
            self._over.discard(stream)
            phrase.clear()
        phrase.append(event)
        if event.last:
            self._over.add(stream)
        state = self._listening.get(stream)
        if state is None:
            self._make_room()
            state = self._listening[stream] = learned.model.start()
        known = learned.alphabet.find(symbol)
        learned.model.advance(state, known, position if position >= 0 else None)
        self._before[stream] = event
        self._newest = stream

    @property
    def context(self) -> int:
        """How many of the last events of the stream heard last agree with a place that has a successor."""
        state = self._listening.get(self._newest)
        model = self.learned.model
        if state is None or not isinstance(model, Placed):
            return 0
        return model.longest_vote(state)

    def _make_room(self) -> None:
        """It listens to so many streams at most; of more, the one that it met first is let go."""
        while len(self._listening) >= STREAMS:
            oldest = next(iter(self._listening))
            del self._listening[oldest]
            self._before.pop(oldest, None)
            self._phrases.pop(oldest, None)
            self._over.discard(oldest)
            self._slicers.pop(oldest, None)

    def answer(self, query: Query) -> Answer:
        """The events that are asked for, each with its reasons."""
        self._set(query.settings)
        if self.learned.viewpoint.writes and (query.phrase_of or query.opening is not None):
            return self._complete(query)
        avoid: list[tuple[int, int]] = []
        if query.phrase_of or query.opening is not None:
            avoid = self.learned.interval(*query.avoid)
            self._begin(query, avoid)
        elif query.avoid != (0, 0):
            avoid = self.learned.interval(*query.avoid)
        if self._walk is None:
            self._walk = self._walk_from(self._listening.get(self._newest))
            before = self._before.get(self._newest)
            self._last_pitch = round(before.top.pitch) if before is not None and before.notes else None
        events: list[Planned] = []
        note = ""
        beat = query.onset_beats
        while len(events) < query.count and beat < query.until_beats:
            planned = self._one(query, beat, query.ordinal + len(events), avoid)
            if planned is None:
                note = "nothing to go on from" if not len(self.learned.places) else "nothing within its bounds"
                break
            events.append(planned)
            beat += planned.span_beats
        return Answer(query.player, query.epoch, query.revision, query.memory_length, tuple(events), note)

    def _complete(self, query: Query) -> Answer:
        """What may follow the text that was typed, in one event for all of the answer's time."""
        learned = self.learned
        stream = query.stream if query.phrase_of else query.opening_stream
        state = self._listening.get(stream)
        state = state.copy() if state is not None else learned.model.start()
        if query.opening is not None:
            symbol = learned.viewpoint.symbol(query.opening, self._before.get(stream))
            if symbol is not None:
                learned.model.advance(state, learned.alphabet.find(symbol))
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

    def revert(self, events: int) -> None:
        """The last so many planned events were dropped: it stands where it stood before them."""
        for _ in range(min(events, len(self._undo))):
            self._walk, self._last_pitch, self._copying, self._last_onset_beats, self._trail = self._undo.pop()
            if self._played:
                self._played.pop()

    def take(self, learned: Learned, model: str) -> None:
        """Play on from what was learned afresh or otherwise: it has heard and played what it had before."""
        self.learned, self.model_name = learned, model
        self._undo.clear()
        self._trail = Trail()
        self._set_for = None
        self._listening.clear()
        self._before.clear()
        for stream, tail in learned.tails.items():
            self._listening[stream] = self._state_after(tail)
            self._before[stream] = tail[-1][0]
        if self._newest not in self._listening and self._listening:
            self._newest = list(self._listening)[-1]
        played = [(event, learned.position_of(place)) for event, place in self._played]
        if self._walk is None or not played:
            self._walk = None
            return
        self._walk = self._walk_from(self._state_after(played))
        if self._copying is not None:
            self._copying = Copying(self._symbols(self._answers))
            for symbol in self._symbols(event for event, _ in played):
                self._copying.went(symbol)

    def forget_performer(self, performer: str) -> None:
        """Nothing of what somebody played is waited for or compared with any more."""
        self._phrases = {stream: phrase for stream, phrase in self._phrases.items()
                         if not phrase or phrase[-1].performer != performer}  # fmt: skip
        if any(event.performer == performer for event in self._answers):
            self._answers, self._copying = (), None

    def _state_after(self, events: Iterable[tuple[Event, int]]) -> Any:
        """Where one stands after events, each with its position in the model (-1: none)."""
        model, viewpoint, alphabet = self.learned.model, self.learned.viewpoint, self.learned.alphabet
        state = model.start()
        before: Event | None = None
        for event, position in events:
            symbol = viewpoint.symbol(event, before)
            before = event
            if symbol is None:
                continue
            known = alphabet.find(symbol)
            there = position >= 0 and isinstance(model, Placed) and model.symbol_at(position) == known
            model.advance(state, known, position if there else None)
        return state

    def _symbols(self, events: Iterable[Event]) -> list[tuple[int, ...]]:
        symbols, before = [], None
        for event in events:
            symbol = self.learned.viewpoint.symbol(event, before)
            before = event
            if symbol is not None:
                symbols.append(symbol)
        return symbols

    def _set(self, settings: Mapping[str, Value]) -> None:
        if settings is self._set_for:
            return
        self._set_for = settings
        self._sampler = Sampler(temperature=float(settings["temperature"]), min_p=least_share(self.learned.model))
        self._constraints = of_settings(settings)
        self._longest_copy = int(settings["longest_copy"])
        self._moves = transpositions(str(settings["transpositions"]))
        self._gap_beats = onset_gap_beats(float(settings["density"]))
        self._rests = round(float(settings["rests"]) * 2**64)
        self._continuity = int(settings["continuity"])
        self._taboo = int(settings["taboo"])
        self._min_context = int(settings["min_context"])
        self._masks_for: tuple[Moment, int] | None = None

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

    def _provisional(self, event: Event, before: Event | None, state: Any) -> Any:
        """The state after an event that is not known whole: what is missing takes its most probable value."""
        learned = self.learned
        if state is None:
            state = learned.model.start()
        values: tuple[int, ...] = ()
        for component in learned.viewpoint.components:
            value = component.value(event, before) if component.early() else 0
            if not value:
                choices, p = learned.model.predict(state, values)
                value = int(choices[1:][np.argmax(p[1:])]) if len(choices) > 1 else 0
            values = (*values, value)
        learned.model.advance(state, learned.alphabet.find(values))
        return state

    def _walk_from(self, state: Any) -> Walk | PyWalk:
        return walk(self.learned.model, len(self.learned.viewpoint.names), state)

    def _masks(self, moment: Moment, kept: int) -> tuple[list[Weights | None], list[str]]:
        """The masks of the first `kept` constraints, and what binds."""
        if self._masks_for != (moment, kept):
            self._masks_for = (moment, kept)
            self._kept_masks = masks(self._constraints[:kept], self.learned.viewpoint, moment)
        return self._kept_masks

    def _without(self, symbol: tuple[int, ...], masks: list[Floats | None]) -> list[Floats | None]:
        """Masks under which the answer does not go on with a symbol."""
        first = LongestCopy(symbol[0]).weights()
        return [product(masks[0] if masks else None, first), *masks[1:]]

    def _bounded(
        self,
        query: Query,
        ordinal: int,
        avoid: list[tuple[int, int]],
        moment: Moment,
        forbidden: tuple[int, ...] | None,
    ) -> tuple[Choice | PyChoice | None, list[str]]:
        """A choice within the constraints, and what bound it. Where nothing is possible the copy may be long, then the
        softest constraint is given up, and so on; the pitch range never is."""
        given_up: list[str] = []
        kept = 0 if query.channel == DRUMS_CHANNEL else len(self._constraints)
        copies = [
            (phrase, memory)
            for phrase in ((True, False) if forbidden is not None else (False,))
            for memory in ((True, False) if self._longest_copy else (False,))
        ]
        while True:
            free, bound = self._masks(moment, kept)
            for phrase, memory in copies:
                weights = self._without(forbidden, free) if phrase and forbidden is not None else free
                most = self._longest_copy if memory else 0
                choice, banned = self._original(query, ordinal, avoid, weights, most)
                if choice is not None:
                    said = [*(bound if choice.bound else []), *([COPY] if phrase or banned else []), *given_up]
                    return choice, said if memory or not self._longest_copy else [*said, f"gave up {COPY}"]
            if kept <= 1:
                return None, given_up
            kept -= 1
            given_up.append(f"gave up {self._constraints[kept].name}")

    def _original(
        self, query: Query, ordinal: int, avoid: list[tuple[int, int]], weights: list[Floats | None], most: int
    ) -> tuple[Choice | PyChoice | None, bool]:
        """A choice that makes no copy of memory longer than `most` (0: however long), and whether any was refused."""
        if not most:
            return self._choice(query, ordinal, avoid, weights), False
        assert self._walk is not None
        before = self._walk.copy()
        for tried in range(TRIES):
            choice = self._choice(query, ordinal, avoid, weights)
            if choice is None or self._trail_after(choice).longest <= most:
                return choice, tried > 0
            weights = self._without(choice.values, weights)
            self._walk = before.copy()
        return None, True

    def _trail_after(self, choice: Choice | PyChoice) -> Trail:
        """Where what it plays may be a copy of memory, once it has gone on by a choice."""
        model, most = self.learned.model, self._longest_copy
        if not most or not isinstance(model, Placed):
            return Trail()
        symbol = self.learned.alphabet.find(choice.values)
        sources = (choice.position, *choice.sources, *self.learned.alike.get(choice.values[0], ()))
        return self._trail.after(symbol, sources, model.symbol_at, len(self.learned.places), most)

    def _choice(
        self, query: Query, ordinal: int, avoid: list[tuple[int, int]], masks: list[Floats | None]
    ) -> Choice | PyChoice | None:
        """What is avoided may be given up, what memory has lost may not."""
        assert self._walk is not None
        lost = self.learned.masked()
        if not lost:
            return self._chosen(query, ordinal, avoid, masks)
        before = self._walk.copy()
        for excluded in (coarse([*avoid, *lost], MOST_SPANS), lost):
            choice = self._chosen(query, ordinal, excluded, masks)
            if choice is None or not choice.given_up & GAVE_UP_AVOID:
                return choice
            self._walk = before.copy()
        return None

    def _chosen(
        self, query: Query, ordinal: int, avoid: list[tuple[int, int]], masks: list[Floats | None]
    ) -> Choice | PyChoice | None:
        assert self._walk is not None
        return self._walk.choose(
            self._sampler,
            query.seed,
            self._number,
            ordinal,
            masks,
            self._continuity,
            self._taboo,
            self._min_context,
            avoid,
        )

    def _source(self, choice: Choice | PyChoice, query: Query) -> tuple[int, bool]:
        """The place that a choice is played from, and whether it is moved only as it may be."""
        learned = self.learned
        position = choice.position if choice.position >= 0 else learned.latest.get(choice.values, -1)
        if learned.source(position) is None:  # the touch of what began alike, rather than none
            position = learned.newest(choice.values[0])
        if self._moves is None:
            return position, True
        for candidate in (position, *choice.sources):
            source = learned.source(candidate)
            if source is None or not source.notes:
                continue
            near = round(source.top.pitch)
            target = pitch_of(
                learned.viewpoint,
                choice.values,
                self._last_pitch,
                near=near,
                step=learned.step(candidate),
                chord=query.chord,
            )
            if target is None or target - near in self._moves:
                return candidate, True
        return position, False

    def _rest(self, query: Query, ordinal: int, beat: float) -> str:
        """Why an event is to be a rest: there would be too many onsets, or chance would have it; empty: it is not."""
        if self._gap_beats and 0 <= beat - self._last_onset_beats < self._gap_beats - 1e-6:
            return "density"
        if self._rests and chance(query.seed, self._number, ordinal, REST_PURPOSE) < self._rests:
            return "rests"
        return ""

    def _one(self, query: Query, beat: float, ordinal: int, avoid: list[tuple[int, int]]) -> Planned | None:
        learned, way = self.learned, self._walk
        if not learned.places or way is None:
            return None
        copying = self._copying
        kept = copying.copy() if copying is not None else None
        self._undo.append((way.copy(), self._last_pitch, kept, self._last_onset_beats, self._trail))
        moment = Moment(self._last_pitch, query.chord, (beat + query.grid_beats) % 1.0)
        forbidden = copying.forbidden() if copying is not None else None
        choice, bound = self._bounded(query, ordinal, avoid, moment, forbidden)
        if choice is None:
            self._walk, self._last_pitch, self._copying, self._last_onset_beats, self._trail = self._undo.pop()
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
            self._last_pitch = round(top) - int(query.settings["transpose"])
            if rest := self._rest(query, ordinal, beat):
                notes = ()
                bound.append(rest)
            else:
                self._last_onset_beats = beat
        place = learned.places[position] if source is not None else -1
        gesture = source.numbers if source is not None else ()
        self._played.append((Event(self.name, 0, beat, span, notes, label, numbers=gesture), place))
        why = Why(
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
            tuple(
                PartWord(name, weight, said)
                for name, (weight, said) in zip(learned.part_names, choice.parts, strict=False)
            ),
        )
        return Planned(beat, span, notes, label, why, gesture)
