"""What a player has heard: where it stands in each stream's flow, the phrases, what it was taught.

Where it goes from there is `choosing.py`'s.
"""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from ..copying import Copying, Trail
from ..events import Event, Planned
from ..learned import CONTEXT, STREAMS, Learned
from ..models import Placed, Walk
from ..pywalk import PyWalk, walk
from ..viewpoint import Slicer
from .words import OTHER, SELF, Told, tell_after, tell_before

UNDO: Final = 64
PHRASE: Final = 512


class Stand(NamedTuple):
    """Where a player stood before an event that it chose."""

    walk: Walk | PyWalk | None
    last_pitch: int | None
    copying: Copying | None
    last_onset_beats: float
    trail: Trail
    told: Told
    cue: int
    behind: bool


class Ears:
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
        self._told = Told()  # what its model was told of the phrase under way
        self._plan = ""  # what it intends, until that is taken
        self._undo: deque[Stand] = deque(maxlen=UNDO)
        self._played: deque[tuple[Event, int]] = deque(maxlen=CONTEXT)  # what it played, each with its place in memory
        self._answers: tuple[Event, ...] = ()  # the phrase that it answers
        self._set_for: object = None  # the settings that are in force
        self._register = (0, 127)  # that manners leave it
        self._cue = -1  # the place in memory that it plays next, as recorded; -1: it goes on as it would
        self._behind = False  # it has played as recorded: its walk is to begin behind that

    def hear(self, event: Event, stream: int, position: int) -> None:
        """An event has closed; `position` is where the model learned it, -1 if it did not."""
        learned = self.learned
        if learned.viewpoint.slices:
            for whole, _, _ in self._slicers.setdefault(stream, Slicer([])).hear(event, -1):
                self._listen(whole, stream, position)
        else:
            self._listen(event, stream, position)

    def _listen(self, event: Event, stream: int, position: int) -> None:
        learned, before = self.learned, self._before.get(stream)
        known = learned.read(event, before)
        if known is None:
            return
        phrase = self._phrases.get(stream)
        if phrase is None:
            phrase = self._phrases[stream] = deque(maxlen=PHRASE)
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
        if learned.heeds:
            tell_before(state, event, before, OTHER)
        learned.model.advance(state, known, position if position >= 0 else None)
        if learned.heeds:
            tell_after(state, event)
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
            self._let_go(next(iter(self._listening)))

    def _let_go(self, stream: int) -> None:
        """Nothing of a stream is kept."""
        self._listening.pop(stream, None)
        self._before.pop(stream, None)
        self._phrases.pop(stream, None)
        self._over.discard(stream)
        self._slicers.pop(stream, None)

    def take(self, learned: Learned, model: str) -> None:
        """Play on from what was learned afresh or otherwise: it has heard and played what it had before."""
        self.learned, self.model_name = learned, model
        self._undo.clear()
        self._trail = Trail()
        self._cue, self._behind = -1, False
        self._set_for = None
        self._listening.clear()
        self._before.clear()
        for stream, tail in learned.tails.items():
            self._listening[stream] = self._state_after(tail, OTHER)
            self._before[stream] = tail[-1][0]
        if self._newest not in self._listening and self._listening:
            self._newest = list(self._listening)[-1]
        if self._walk is None or not self._played:
            self._walk = None
            return
        self._walk_again()

    def _walk_again(self) -> None:
        """Stand behind what it has played, as if it had gone there by itself."""
        played = [(event, self.learned.position_of(place)) for event, place in self._played]
        self._walk = self._walk_from(self._state_after(played, SELF))
        self._told = Told()
        if self._copying is not None:
            self._copying = Copying(self._symbols(self._answers))
            for symbol in self._symbols(event for event, _ in played):
                self._copying.went(symbol)

    def stand_behind(self, planned: tuple[Planned, ...], transposed: int) -> None:
        """Stand behind the last events that were played in its name, if it does not yet: others may have chosen them.

        What it has chosen itself beyond them, or in their place, was not played.
        """
        own = list(self._played)
        for dropped in range(len(own) + 1):
            kept = own[: len(own) - dropped]
            count = min(len(kept), len(planned))
            if bool(kept) == bool(planned) and all(
                _same(event, other) for (event, _), other in zip(kept[-count:], planned[-count:], strict=True)
            ):
                if dropped <= len(self._undo):
                    self.revert(dropped)
                    return
                break
        self._played.clear()
        self._undo.clear()
        self._trail = Trail()
        self._cue = -1
        for event in planned:
            heard = Event(self.name, 0, event.onset_beats, event.span_beats, event.notes, event.label,
                          numbers=event.gesture)  # fmt: skip
            self._played.append((heard, event.why.source_position))
            if event.notes:
                self._last_pitch = round(heard.top.pitch) - transposed
                self._last_onset_beats = event.onset_beats
        if planned:
            self._walk_again()
        else:
            self._walk = None

    def revert(self, events: int) -> None:
        """The last so many planned events were dropped: it stands where it stood before them."""
        for _ in range(min(events, len(self._undo))):
            self._return(self._undo.pop())
            if self._played:
                self._played.pop()

    def _stand(self) -> Stand:
        walk = self._walk.copy() if self._walk is not None else None
        copying = self._copying.copy() if self._copying is not None else None
        return Stand(walk, self._last_pitch, copying, self._last_onset_beats, self._trail, self._told,
                     self._cue, self._behind)  # fmt: skip

    def _return(self, stand: Stand) -> None:
        self._walk, self._last_pitch, self._copying, self._last_onset_beats, self._trail, self._told, *_ = stand
        self._cue, self._behind = stand.cue, stand.behind

    def forget_performer(self, performer: str) -> None:
        """Nothing of what somebody played is waited for, compared with or gone on from any more."""
        heard = list(self._before.items())
        heard += [(stream, slicer.open[0][0]) for stream, slicer in self._slicers.items() if slicer.open]
        for stream, event in heard:
            if performer in (event.performer, event.origin):
                self._let_go(stream)
        if any(performer in (event.performer, event.origin) for event in self._answers):
            self._answers, self._copying = (), None

    def _state_after(self, events: Iterable[tuple[Event, int]], slot: int) -> Any:
        """Where one stands after events, each with its position in the model (-1: none), that `slot` has played."""
        model, viewpoint, alphabet = self.learned.model, self.learned.viewpoint, self.learned.alphabet
        state, placed = model.start(), self.learned.placed
        before: Event | None = None
        for event, position in events:
            symbol = viewpoint.symbol(event, before)
            if symbol is not None:
                known = alphabet.find(symbol)
                there = position >= 0 and placed is not None and placed.symbol_at(position) == known
                if self.learned.heeds:
                    tell_before(state, event, before, slot)
                model.advance(state, self.learned.known(symbol), position if there else None)
                if self.learned.heeds:
                    tell_after(state, event)
            before = event
        return state

    def _symbols(self, events: Iterable[Event]) -> list[tuple[int, ...]]:
        symbols, before = [], None
        for event in events:
            symbol = self.learned.viewpoint.symbol(event, before)
            before = event
            if symbol is not None:
                symbols.append(symbol)
        return symbols

    def _walk_from(self, state: Any) -> Walk | PyWalk:
        return walk(self.learned.model, len(self.learned.viewpoint.names), state)


def _same(event: Event, planned: Planned) -> bool:
    return (event.onset_beats, event.span_beats, event.notes, event.label) == (
        planned.onset_beats,
        planned.span_beats,
        planned.notes,
        planned.label,
    )
