"""Virtual performers: what each does and when, from a seed; with unsteady time, lapses, late arrivals and bad taps.

Acts only, no server: the same acts go to a simulated one or over the network. Times are seconds from the beginning.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from ..addresses import Value
from ..corpora import Flow, Heard, Piece

#: Acts that are not messages: take the seat (again, from a new port), or say nothing until the next.
JOIN, LAPSE = "join", "lapse"
#: The longest that a performer who has gone silent stays away; the lease is 30 s.
AWAY_S: Final = (5.0, 90.0)
PING_S: Final = 10.0
PHRASE_BEATS: Final = 8.0
MODES: Final = ("answer", "free", "follow", "answer")


@dataclass(frozen=True, slots=True)
class Manners:
    """How human they are."""

    jitter_ms: float = 15.0  # standard deviation of each onset
    drift: float = 0.03  # of the tempo, from phrase to phrase, relative
    drop_outs: float = 6.0  # an hour, each
    late_s: float = 20.0  # by which the last arrives; the first is there at once
    missed: float = 0.05  # share of the beats that the tapper does not tap
    doubled: float = 0.03  # and that are tapped twice
    unfinished: float = 0.01  # share of the notes whose note-off never comes
    commands: float = 40.0  # an hour, of who leads: modes, tempo, stop and start, panic


@dataclass(frozen=True, slots=True, order=True)
class Act:
    """Something that somebody does."""

    at_s: float
    number: int  # in order, where moments are equal
    who: str = field(compare=False)
    address: str = field(compare=False)  # of a message, or `join` or `lapse`
    arguments: tuple[Value, ...] = field(compare=False, default=())


class Add(Protocol):
    """How an act is added."""

    def __call__(self, at_s: float, address: str, *arguments: Value) -> None:
        """Somebody does this then."""


@dataclass(frozen=True, slots=True)
class Human:
    """One performer: a name, what it plays, and whether it taps the beat or leads."""

    name: str
    piece: Piece
    flow: Flow
    late_s: float
    taps: bool
    leads: bool
    player: str = "sideman"  # the one that the leader sets

    def acts(self, seed: int, manners: Manners, until_s: float) -> Iterator[Act]:
        """All that it does, in order of time."""
        draw = random.Random(f"{seed}/{self.name}")
        queue: list[Act] = []
        count = 0

        def add(at_s: float, address: str, *arguments: Value) -> None:
            nonlocal count
            count += 1
            queue.append(Act(at_s, count, self.name, address, arguments))

        at_s = self.late_s
        add(at_s, JOIN)
        away = draw.expovariate(manners.drop_outs / 3600) if manners.drop_outs else until_s
        while at_s < until_s:
            if at_s >= away:
                add(at_s, LAPSE)
                at_s += draw.uniform(*AWAY_S)
                add(at_s, JOIN)
                away = at_s + draw.expovariate(manners.drop_outs / 3600)
            beat_s = 60 / self.piece.bpm * draw.gauss(1, manners.drift)
            begin_s = at_s
            for phrase in _phrases(self.flow.heard):
                at_s = self._phrase(add, phrase, at_s, beat_s, draw, manners)
                if at_s >= min(away, until_s):
                    break
            if self.leads and manners.commands:
                self._command(add, begin_s, at_s, draw, manners)
            queue.sort()
            done = bisect_left(queue, at_s, key=lambda act: act.at_s)
            yield from (act for act in queue[:done] if act.at_s <= until_s)
            del queue[:done]

    def _phrase(
        self, add: Add, phrase: Sequence[Heard], at_s: float, beat_s: float, draw: random.Random, manners: Manners
    ) -> float:
        """Play a phrase, perhaps elsewhere on the keyboard; when it goes on: after a rest in which others answer."""
        first = phrase[0].onset_beats
        end_s = at_s
        drums = any(heard.channel == 10 for heard in phrase)
        moved = 0 if drums else draw.choice((0, 0, 0, 2, -3, 5, 12))
        for heard in phrase:
            on_s = max(at_s, at_s + (heard.onset_beats - first) * beat_s + draw.gauss(0, manners.jitter_ms / 1000))
            off_s = on_s + max(0.03, heard.duration_beats * beat_s * draw.uniform(0.8, 1.05))
            end_s = max(end_s, off_s)
            if heard.label:
                add(on_s, "/event", heard.label, heard.duration_beats)
                continue
            pitch = min(max(heard.pitch + moved, 0.0), 127.0)
            add(on_s, "/note", pitch, min(max(round(heard.velocity + draw.gauss(0, 6)), 1), 127), heard.channel)
            if draw.random() >= manners.unfinished:
                add(off_s, "/note", pitch, 0, heard.channel)
        if self.leads:
            for onset, label in self.piece.chords:
                if first <= onset < phrase[-1].onset_beats + phrase[-1].duration_beats:
                    add(at_s + (onset - first) * beat_s, "/chord", label)
        if self.taps:
            self._tap(add, at_s, end_s, beat_s, draw, manners)
        rest_s = draw.uniform(1.5, 6.0) if draw.random() < 0.6 else draw.uniform(0.0, 0.3)
        if rest_s > PING_S / 3:
            add(end_s + rest_s / 2, "/ping", "here")
        return end_s + rest_s

    def _tap(
        self, add: Add, begin_s: float, end_s: float, beat_s: float, draw: random.Random, manners: Manners
    ) -> None:
        for beat in range(int((end_s - begin_s) / beat_s)):
            tap_s = max(begin_s, begin_s + beat * beat_s + draw.gauss(0, manners.jitter_ms / 1000))
            if draw.random() < manners.missed:
                continue
            add(tap_s, "/beat")
            if draw.random() < manners.doubled:
                add(tap_s + draw.uniform(0.03, 0.12), "/beat")

    def _command(self, add: Add, begin_s: float, end_s: float, draw: random.Random, manners: Manners) -> None:
        """What a leader does with the machine now and then."""
        at_s = begin_s + draw.expovariate(manners.commands / 3600)
        while at_s < end_s:
            kind = draw.random()
            if kind < 0.5:
                add(at_s, f"/player/{self.player}/mode", draw.choice(MODES))
                add(at_s, f"/player/{self.player}/play")
            elif kind < 0.65:
                add(at_s, "/tempo", round(draw.uniform(70, 150), 1))
            elif kind < 0.85:
                add(at_s, f"/player/{self.player}/stop")
                add(at_s + 4, f"/player/{self.player}/play")
            elif kind < 0.95:
                add(at_s, "/stop")
                add(at_s + 4, "/start")
            else:
                add(at_s, "/panic")
                add(at_s + 4, "/start")
            at_s += draw.expovariate(manners.commands / 3600)


def humans(
    pieces: Sequence[Piece], count: int, manners: Manners, names: Sequence[str] = (), player: str = "sideman"
) -> list[Human]:
    """So many performers, under these names first: each takes the next voice of the pieces.

    The first leads, the second taps the beat. None where there is nothing to play.
    """
    voices = [(piece, flow) for piece in pieces for flow in piece.flows if flow.heard]
    if not voices:
        return []
    made = []
    for number in range(count):
        piece, flow = voices[number % len(voices)]
        late_s = manners.late_s * number / max(1, count - 1)
        name = names[number] if number < len(names) else f"human{number + 1}"
        made.append(Human(name, piece, flow, late_s, number == min(1, count - 1), number == 0, player))
    return made


def _phrases(heard: Sequence[Heard]) -> Iterator[list[Heard]]:
    """A flow in pieces of about so many beats, and at most one piece where it is short."""
    ordered = sorted(heard, key=lambda note: note.onset_beats)
    phrase: list[Heard] = []
    for note in ordered:
        if phrase and note.onset_beats - phrase[0].onset_beats >= PHRASE_BEATS:
            yield phrase
            phrase = []
        phrase.append(note)
    if phrase:
        yield phrase
