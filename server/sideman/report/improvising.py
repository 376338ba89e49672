"""Improvisations to be measured: a model plays as many notes as a piece has, from what it learned, at default settings.

The loop that chooses is the players' own, with their defaults; each note keeps the span of the note in memory that it
comes from.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..models import Alphabet, ModelFactory, Placed, Sampler, least_share
from ..params import PLAYER_PARAMS, defaults
from ..pywalk import walk
from ..viewpoint import class_beats, time_class
from .lines import Line, Note

CORPUS: Final = 0


class Improviser:
    """A model that has learned lines through `pitch*ioi`, a piece after another with a break between."""

    def __init__(self, factory: ModelFactory, train: Sequence[Line], **settings: float) -> None:
        self.settings = {**defaults(PLAYER_PARAMS), **settings}
        self._alphabet = Alphabet(2)
        self._model = factory(self._alphabet)
        self._spans: list[float] = []
        for one in train:
            spans = [after.onset - note.onset for note, after in zip(one.notes, one.notes[1:], strict=False)]
            spans.append(max(one.notes[-1].duration, 1e-3))
            symbols = [(note.pitch + 1, time_class(span)) for note, span in zip(one.notes, spans, strict=True)]
            self._model.learn(np.array(symbols, np.int32), CORPUS)
            self._spans += spans
            if isinstance(self._model, Placed):
                self._model.end(CORPUS)

    def play(self, count: int, seed: int, name: str = "") -> list[Note]:
        """So many notes from beat 0 on, begun where nothing was heard; chance by seed and name."""
        way: Any = walk(self._model, 2)
        given = self.settings
        least = float(given.get("min_p", least_share(self._model)))
        sampler = Sampler(temperature=float(given["temperature"]), min_p=least)
        wishes = [int(given[what]) for what in ("continuity", "taboo", "min_context")]
        beat, notes = 0.0, []
        for ordinal in range(count):
            choice = way.choose(sampler, seed, zlib.crc32(name.encode()), ordinal, (), *wishes)
            if choice is None:
                break
            pitch, span_class = choice.values
            span = self._spans[choice.position] if choice.position >= 0 else class_beats(span_class)
            if time_class(span) != span_class:
                span = class_beats(span_class)
            notes.append(Note(beat, span, pitch - 1))
            beat += span
        return notes

    def over(self, one: Line, seed: int) -> Line:
        """An improvisation over a piece: as many notes as it has, on its chords."""
        start = one.notes[0].onset
        played = self.play(len(one.notes), seed, one.name)
        moved = tuple(Note(start + note.onset, note.duration, note.pitch) for note in played)
        return Line(one.name, moved, one.chords)
