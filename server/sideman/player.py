"""A machine voice: what it has learned, where it listens, where it plays; it answers queries with planned events.

A player knows no time but beats and no socket; all chance is keyed by the query.
"""

from __future__ import annotations

import zlib
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from .addresses import Value
from .constraints import DRUMS_CHANNEL, LongestCopy, PitchRange, combined, product
from .copying import Copying
from .events import Answer, Event, Planned, Query, Why
from .memory import Memory
from .models import GAVE_UP, Alphabet, Choice, Floats, Model, Placed, Sampler, Walk
from .pywalk import PyChoice, PyWalk, walk
from .realiser import realise
from .viewpoint import Viewpoint

ModelFactory = Callable[[Alphabet], Model]

#: Values below this share of the most probable one are not drawn: a back-off's crumbs are no music.
MIN_P: Final = 0.25
UNDO: Final = 64
CONTEXT: Final = 32
ALIKE: Final = 16
PHRASE: Final = 512
STREAMS: Final = 128
COPY: Final = LongestCopy(1).name


class Learned:
    """One model of one memory seen through one viewpoint, shared by the players that name all three.

    The model counts positions of what it has learned; `places` leads from there to the memory's.
    """

    def __init__(self, memory: Memory, viewpoint: str, factory: ModelFactory) -> None:
        self.memory = memory
        self.viewpoint = Viewpoint(viewpoint)
        self._factory = factory
        self.version = 0
        self._build()

    def _build(self) -> None:
        """Learn the whole memory; a gap where something was forgotten is a break."""
        self.version += 1
        self.alphabet = Alphabet(len(self.viewpoint.names))
        self.model: Model = self._factory(self.alphabet)
        self.places: list[int] = []
        self.latest: dict[tuple[int, ...], int] = {}
        self.alike: dict[int, deque[int]] = {}  # the newest positions of each value of the first component
        self.before: dict[int, Event] = {}
        for place, (event, stream) in enumerate(zip(self.memory.events, self.memory.streams, strict=True)):
            if place in self.memory.forgotten:
                self.before.pop(stream, None)
                if isinstance(self.model, Placed):
                    self.model.end(stream)
                continue
            self.learn(event, stream, place)

    def rebuild(self) -> None:
        """Learn afresh what the memory holds."""
        self._build()

    def symbol(self, event: Event, stream: int) -> tuple[int, ...] | None:
        """An event's symbol after the one before it in its stream."""
        return self.viewpoint.symbol(event, self.before.get(stream))

    def learn(self, event: Event, stream: int, place: int) -> int:
        """Learn an event that stands at `place` in memory; its position in the model, -1 if it has no symbol."""
        symbol = self.symbol(event, stream)
        if symbol is None:
            return -1
        self.before[stream] = event
        self.model.learn(np.array([self.alphabet.intern(symbol)], np.int32), stream)
        self.places.append(place)
        self.latest[symbol] = len(self.places) - 1
        self.alike.setdefault(symbol[0], deque(maxlen=ALIKE)).append(len(self.places) - 1)
        return len(self.places) - 1

    def like(self, value: int, avoid: list[tuple[int, int]]) -> int:
        """The newest position whose symbol begins with a value and that its stream goes on from; -1: none."""
        streams = self.memory.streams
        for position in reversed(self.alike.get(value, ())):
            following = position + 1
            if following >= len(self.places) or any(first <= following < past for first, past in avoid):
                continue
            if streams[self.places[position]] == streams[self.places[following]]:
                return position
        return -1

    def source(self, position: int) -> Event | None:
        """The event at a position of the model."""
        return self.memory.events[self.places[position]] if 0 <= position < len(self.places) else None

    def interval(self, first: int, past: int) -> list[tuple[int, int]]:
        """The model's positions of what lies between two places in memory."""
        if past <= first:
            return []
        return [(bisect_left(self.places, first), bisect_left(self.places, past))]


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
        self._phrases: dict[int, deque[tuple[int, ...]]] = {}
        self._over: set[int] = set()  # streams whose phrase is over
        self._copying: Copying | None = None
        self._undo: deque[tuple[Walk | PyWalk, int | None, Copying | None]] = deque(maxlen=UNDO)
        self._version = learned.version
        self._set_for: Mapping[str, Value] | None = None

    def hear(self, event: Event, stream: int, position: int) -> None:
        """An event has closed; `position` is where the model learned it, -1 if it did not."""
        self._renew()
        learned = self.learned
        symbol = learned.viewpoint.symbol(event, self._before.get(stream))
        if symbol is None:
            return
        phrase = self._phrases.setdefault(stream, deque(maxlen=PHRASE))
        if stream in self._over:
            self._over.discard(stream)
            phrase.clear()
        phrase.append(symbol)
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

    def answer(self, query: Query) -> Answer:
        """The events that are asked for, each with its reasons."""
        self._renew()
        self._set(query.settings)
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

    def revert(self, events: int) -> None:
        """The last so many planned events were dropped: it stands where it stood before them."""
        for _ in range(min(events, len(self._undo))):
            self._walk, self._last_pitch, self._copying = self._undo.pop()

    def _renew(self) -> None:
        """After its memory was learned afresh: listen again to the ends of the streams, play on from there."""
        if self._version == self.learned.version:
            return
        self._version = self.learned.version
        self._listening.clear()
        self._phrases.clear()
        self._before.clear()
        self._undo.clear()
        self._walk = None
        memory, learned = self.learned.memory, self.learned
        tails: dict[int, list[tuple[int, int]]] = {}
        for position in range(max(0, len(learned.places) - 8 * CONTEXT), len(learned.places)):
            place = learned.places[position]
            tails.setdefault(memory.streams[place], []).append((position, place))
        for stream, tail in tails.items():
            for position, place in tail[-CONTEXT:]:
                event = memory.events[place]
                symbol = learned.viewpoint.symbol(event, self._before.get(stream))
                if symbol is not None:
                    state = self._listening.setdefault(stream, learned.model.start())
                    learned.model.advance(state, learned.alphabet.find(symbol), position)
                self._before[stream] = event

    def _set(self, settings: Mapping[str, Value]) -> None:
        if settings is self._set_for:
            return
        self._set_for = settings
        self._sampler = Sampler(temperature=float(settings["temperature"]), min_p=MIN_P)
        self._range = PitchRange(int(settings["pitch_low"]), int(settings["pitch_high"]), int(settings["transpose"]))
        self._continuity = int(settings["continuity"])
        self._taboo = int(settings["taboo"])
        self._min_context = int(settings["min_context"])
        self._masks_for: int | None = -1

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
        self._copying = Copying(self._phrases.get(stream, ())) if query.phrase_of else None
        self._undo.clear()

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

    def _masks(self, channel: int) -> list[Floats | None]:
        if channel == DRUMS_CHANNEL:
            return []
        if self._masks_for != self._last_pitch:
            self._masks_for = self._last_pitch
            self._kept_masks = combined((self._range,), self.learned.viewpoint, self._last_pitch)
        return self._kept_masks

    def _without(self, symbol: tuple[int, ...], masks: list[Floats | None]) -> list[Floats | None]:
        """Masks under which the answer does not go on with a symbol."""
        constraint = LongestCopy(symbol[0])
        first = constraint.weights(self.learned.viewpoint, 0, self._last_pitch)
        return [product(masks[0] if masks else None, first), *masks[1:]]

    def _choice(
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

    def _one(self, query: Query, beat: float, ordinal: int, avoid: list[tuple[int, int]]) -> Planned | None:
        learned, way = self.learned, self._walk
        if not learned.places or way is None:
            return None
        copying = self._copying
        self._undo.append((way.copy(), self._last_pitch, copying.copy() if copying is not None else None))
        masks = self._masks(query.channel)
        forbidden = copying.forbidden() if copying is not None else None
        choice = None
        if forbidden is not None:
            choice = self._choice(query, ordinal, avoid, self._without(forbidden, masks))
        if choice is None:
            forbidden = None
            choice = self._choice(query, ordinal, avoid, masks)
        if choice is None:
            self._walk, self._last_pitch, self._copying = self._undo.pop()
            return None
        if copying is not None:
            copying.went(choice.values)
        position = choice.position if choice.position >= 0 else learned.latest.get(choice.values, -1)
        source = learned.source(position)
        channel = query.channel if query.phrase_of or query.opening or query.velocity else 0
        loudness = query.velocity / learned.memory.mean_velocity if query.velocity else 1.0
        span, notes, label = realise(
            learned.viewpoint, choice.values, source, self._last_pitch, query.settings, channel, loudness
        )
        if notes:
            top = max(note.pitch for note in notes)
            self._last_pitch = round(top) - int(query.settings["transpose"])
        bound = [self._range.name] if choice.bound and forbidden is None else []
        bound += [COPY] if forbidden is not None else []
        bound += [words for bit, words in GAVE_UP.items() if choice.given_up & bit]
        why = Why(
            self.model_name,
            choice.probability,
            choice.raw,
            choice.entropy_bits,
            choice.rank,
            source.performer if source is not None else self.model_name,
            learned.places[position] if source is not None else -1,
            source.onset_beats if source is not None else -1.0,
            choice.context,
            tuple(bound),
            f"{query.seed}/{self.name}/{ordinal}",
        )
        return Planned(beat, span, notes, label, why)
