"""How a player chooses: within its constraints, without copying too long, from a source that may be moved so.

The model says what is probable; here is what is allowed, and what is given up where nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..addresses import Value
from ..constraints import (
    DRUMS_CHANNEL,
    LongestCopy,
    Moment,
    PitchRange,
    Weights,
    masks,
    of_settings,
    onset_gap_beats,
    product,
    shift,
    transpositions,
)
from ..copying import Trail
from ..events import Note, Query
from ..learned import coarse
from ..manners import Manners, octaves_into
from ..models import GAVE_UP_AVOID, Choice, Floats, Placed, Sampler, chance, least_share
from ..pywalk import PyChoice
from ..viewpoint import pitch_of
from .ears import Ears

#: The purpose of the draw that makes a rest of an event.
REST_PURPOSE: Final = 2000
#: So many spans may be avoided at once; a walk adds those of continuity and taboo.
MOST_SPANS: Final = 48
ALL_REGISTERS: Final = (0, 127)
COPY: Final = LongestCopy(1).name
#: So often it chooses again when what it chose would be too long a copy.
TRIES: Final = 16


class Choosing(Ears):
    """Choices within what the parameters ask for."""

    def _mind(self, manners: Manners) -> None:
        """What good manners ask for in this answer."""
        self._given: tuple[tuple[float, int], ...] = ()
        if self._register != (manners.low, manners.high):
            self._register, self._set_for = (manners.low, manners.high), None

    def _set(self, settings: Mapping[str, Value]) -> None:
        if settings is self._set_for:
            return
        self._set_for = settings
        self._sampler = Sampler(temperature=float(settings["temperature"]), min_p=least_share(self.learned.model))
        kept = PitchRange(*self._register, shift(settings), name="manners: register")
        first, *others = of_settings(settings)
        self._constraints = (first, kept, *others) if self._register != ALL_REGISTERS else (first, *others)
        self._longest_copy = int(settings["longest_copy"])
        self._moves = transpositions(str(settings["transpositions"]))
        self._gap_beats = onset_gap_beats(float(settings["density"]))
        self._rests = round(float(settings["rests"]) * 2**64)
        self._continuity = int(settings["continuity"])
        self._taboo = int(settings["taboo"])
        self._min_context = int(settings["min_context"])
        self._masks_for: tuple[Moment, int] | None = None

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

    def _mannered(self, query: Query, beat: float, notes: tuple[Note, ...]) -> tuple[tuple[Note, ...], list[str]]:
        """Of an event's notes those that leave room for others, the highest first; and what bound them."""
        low = max(self._register[0], int(query.settings["pitch_low"]))
        high = min(self._register[1], int(query.settings["pitch_high"]))
        kept, said = notes, []
        if self._register != ALL_REGISTERS and notes[0].channel != DRUMS_CHANNEL:
            shift = octaves_into(max(note.pitch for note in notes), low, high)
            moved = tuple(replace(note, pitch=note.pitch + shift) for note in notes)
            inside = tuple(note for note in moved if low <= round(note.pitch) <= high)
            kept = inside or notes
            said += ["manners: register"] if kept != notes else []
        left = query.manners.notes_left(beat, self._given)
        if left is not None and left < len(kept):
            kept = tuple(sorted(kept, key=lambda note: -note.pitch)[:left])
            said.append("manners: density")
        if kept:
            self._given = (*self._given, (beat, len(kept)))
        return kept, said

    def _rest(self, query: Query, ordinal: int, beat: float) -> str:
        """Why an event is to be a rest: there would be too many onsets, or chance would have it; empty: it is not."""
        if query.manners.leaves_room(beat):
            return "manners: turns"
        if self._gap_beats and 0 <= beat - self._last_onset_beats < self._gap_beats - 1e-6:
            return "density"
        if self._rests and chance(query.seed, self._number, ordinal, REST_PURPOSE) < self._rests:
            return "rests"
        return ""
