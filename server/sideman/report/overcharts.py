"""Improvisations over charts, to be measured: a player in mode `chart` plays over a piece's chords from other pieces.

The player is the one on stage, with its defaults; what it says of each beat is kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..band import Band
from ..corpora.jsonlines import read_lines
from ..events import Planned, Query
from ..generating import answered, charted
from ..harmony import parse
from ..importing import keep
from ..memory import Memory
from ..params import PLAYER_PARAMS, defaults
from ..viewpoint import EARLY_BEATS, beat_of_event
from .lines import Line, Note

MEMORY: Final = "report/memory"
GAVE_UP: Final = "gave up label"


@dataclass(slots=True)
class Told:
    """How the beats of charts were met."""

    beats: int = 0
    matched: int = 0  # memory's beat has the label that is asked for, moved by as much as its notes are
    silent: int = 0  # the same by what `why` says, of beats in which nothing begins
    given_up: int = 0  # `why` says that no memory beat has the label
    neither: int = 0
    agreed: list[int] = field(default_factory=list)  # of each beat, how many beats of the chart agreed from there


def labels_of(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The chords of a corpus' piece as labels of its beats."""
    labels: list[str] = []
    for onset, length, label, *_ in fields["chords"]:
        labels += [label] * (round(onset + length) - len(labels))
    return tuple(labels)


class ChartImproviser:
    """A player that has heard pieces, and plays over the chords of others."""

    def __init__(self, band: Band, train: Sequence[Mapping[str, Any]], model: str, **settings: float) -> None:
        memory = Memory()
        keep(memory, read_lines("train", "\n".join(map(json.dumps, train)).encode()))
        self._band, self._model = band, model
        self.settings = {**defaults(PLAYER_PARAMS), **settings}
        self.told = Told()
        self._players = 0
        keeper = self._make()
        band.load(MEMORY, memory)
        band.settle()
        # As long as somebody plays over charts from it, the memory need not be looked through again.
        answered(band, charted(Query(keeper, 0, 0, 0, 0, 0, 0.0, 1.0, 1, settings=self.settings), ("*",)))

    def _make(self) -> str:
        self._players += 1
        name = f"report/player{self._players}"
        self._band.make(name, self._model, "pitch*ioi", MEMORY)
        self._band.settle()
        return name

    def over(self, one: Line, labels: tuple[str, ...], seed: int) -> Line:
        """An improvisation over all beats of a piece's chords."""
        player = self._make()
        query = Query(player, 0, 0, 0, seed, 0, 0.0, float(len(labels)), 1_000_000, settings=self.settings)
        query = charted(query, labels)
        events = answered(self._band, query)
        self._band.drop(player)
        self._tell(events, labels)
        notes = [
            Note(event.onset_beats, event.span_beats, round(max(note.pitch for note in event.notes)))
            for event in events
            if event.notes
        ]
        return Line(one.name, tuple(notes), one.chords)

    def _tell(self, events: Sequence[Planned], labels: Sequence[str]) -> None:
        beats: dict[int, list[Planned]] = {}
        for event in events:
            beats.setdefault(math.floor(event.onset_beats + EARLY_BEATS + 1e-6), []).append(event)
        for number, label in enumerate(labels):
            played = beats.get(number, [])
            said = [word for event in played for word in event.why.bound_by]
            sounding = [event for event in played if event.notes]
            agreed = min((event.why.context for event in played), default=0)
            self.told.agreed.append(agreed)
            self.told.beats += 1
            if any(word.startswith(GAVE_UP) for word in said):
                self.told.given_up += 1
            elif not agreed or (sounding and not self._fits(sounding, label)):
                self.told.neither += 1
            elif sounding:
                self.told.matched += 1
            else:
                self.told.silent += 1

    def _fits(self, played: Sequence[Planned], label: str) -> bool:
        """Whether the chord on the source's beat is the one that is asked for, once it is moved as the notes are."""
        memory = self._band.memory(MEMORY)
        sources = [(memory.event(event.why.source_position), event) for event in played]
        on_beat = (pair for pair in sources if pair[0].onset_beats >= beat_of_event(pair[0]))
        source, event = next(on_beat, sources[0])
        asked, there = parse(label), parse(source.chord)
        if asked is None or there is None:
            return asked is there
        shift = round(max(note.pitch for note in event.notes)) - round(source.top.pitch)
        return asked.family == there.family and asked.root == (there.root + shift) % 12
