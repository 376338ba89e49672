"""Where a player stands in the beats of a memory, and which beat it plays over the next one of a chart.

Scenario and memory after Nika & Chemillier; how the chosen beat sounds is `charting.py`'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np

from ..addresses import Value
from ..beatmemory import Beats
from ..constraints import Moment, Weights
from ..events import Event, Note, Query
from ..learned import Learned
from ..models import Ints, chance
from ..viewpoint import SAME_BEATS
from .following import Following
from .words import SELF

#: The purposes of the draws that choose a beat, and what is looked at of many.
BEAT_PURPOSE: Final = 3000
SAMPLE_PURPOSE: Final = 3001
#: So many places that agree equally are told apart.
EQUALS: Final = 32
#: The further its first pitch lies from the last one, the less probable is a place: a factor of e in so many semitones.
NEAR_SEMITONES: Final = 4.0
#: A note struck again counts as so far away.
AGAIN_SEMITONES: Final = 3.0
#: A place before which memory has the very pitch that was played last is so many times as probable.
JOINED: Final = 4.0
#: A silent beat is as probable as one that begins so far away.
SILENT_SEMITONES: Final = 5.0
#: Of what was played last so many events tell the model where it stands.
CONTEXT: Final = 8
#: No place is less probable than this to the model, compared with the others.
LEAST: Final = 1e-3

Likely = Callable[[int], float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A beat of memory as it is being played over a beat of the chart."""

    start: float = -math.inf  # of the chart's beat, on the timeline
    label: str = ""  # that is asked for
    beat: int = -1  # of memory; -1: none
    shift: int = 0  # semitones by which it is moved
    length: int = 0  # beats of the chart that agree from there on
    row: int = 0  # beats in a row from one place, this one included
    onsets: int = 0  # events in a row as memory has them
    reach: float = 0.0  # where on the timeline it goes on from elsewhere at the latest
    recent: tuple[int, ...] = ()  # beats of memory that were played last
    pitch: int | None = None  # that was played last, before `transpose`
    last_onset_beats: float = -math.inf  # of what sounded last
    left: tuple[tuple[float, Event, int], ...] = ()  # what of the beat is still to come: onset, event, place
    words: tuple[str, ...] = ()  # why this beat
    probability: float = 1.0
    raw: float = 1.0
    entropy_bits: float = 0.0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A beat of memory that may be played, moved by so much."""

    beat: int
    shift: int
    length: int
    weight: float = 1.0
    raw: float = 1.0


class Standing(Following):
    """Choices among the beats of a memory."""

    def __init__(self, name: str, model: str, learned: Learned) -> None:
        super().__init__(name, model, learned)
        self.over: Beats | None = None  # the memory that it plays from, seen in beats
        self._spot = Spot()
        self._asked_for: tuple[tuple[str, ...], bool, Beats] | None = None

    def see(self, beats: Beats | None) -> None:
        """Play over charts from these beats; positions in others mean nothing any more."""
        if beats is not self.over:
            self.over = beats
            self._spot = replace(self._spot, beat=-1, start=-math.inf, recent=(), left=())
            self._asked_for = None

    def _set(self, settings: Mapping[str, Value]) -> None:
        if settings is self._set_for:
            return
        super()._set(settings)
        self._lookahead = int(settings["lookahead"])
        copies = [most for most in (int(settings["chart_copy"]), self._longest_copy) if most]
        self._chart_copy = min(copies, default=0)
        self._exact = not int(settings["chord_families"])
        most = int(settings["transpose_range"])
        shifts = self._moves if self._moves is not None else frozenset(range(-most, most + 1))
        self._shifts: dict[int, list[int]] = {}
        for shift in sorted(shifts, key=lambda shift: (abs(shift), shift)):
            self._shifts.setdefault(shift % 12, []).append(shift)
        self._residues = sum(1 << residue for residue in self._shifts)

    def _chosen_beat(self, beats: Beats, query: Query, start: float, index: int, ordinal: int) -> Spot:
        """What to play over the chart's beat `index` of the query, which begins at `start`."""
        spot, scenario = self._spot, beats.scenario
        asked = self._asked(beats, query)[index : index + self._lookahead]
        label = query.scenario[index]
        words: list[str] = []
        following = scenario.next(spot.beat) if spot.beat >= 0 and abs(start - spot.start - 1) < SAME_BEATS else -1
        on = self._going_on(beats, following, words)
        if on:
            _, length = scenario.agreement(following, asked, self._residues, spot.shift % 12)
            if length:
                return self._stood(beats, start, label, Candidate(following, spot.shift, length), words, row=spot.row)
        found: list[tuple[int, int, int]] = []
        excludes = self._excludes(-1 if on else following)
        for exclude, given_up in excludes:
            found = scenario.longest(
                asked,
                self._residues,
                exclude,
                self._lookahead,
                EQUALS,
                chance(query.seed, self._number, ordinal, SAMPLE_PURPOSE),
            )
            if found:
                words += given_up
                break
        if not found:
            words.append(f"gave up label {label}: no memory beat has it in range")
            if on:
                return self._stood(beats, start, label, Candidate(following, spot.shift, 0), words, row=spot.row)
            free = asked.copy()
            free[0] = (0, 0, -1)
            for exclude, _ in excludes:
                found = scenario.longest(free, self._residues, exclude, self._lookahead, EQUALS, ordinal)
                if found:
                    break
            found = [(beat, moved, 0) for beat, moved, _ in found]
        if not found:
            return replace(spot, start=start, label=label, beat=-1, left=(), words=(*words, "memory has nothing"))
        return self._drawn(beats, query, start, label, found, ordinal, words)

    def _asked(self, beats: Beats, query: Query) -> Ints:
        key = (query.scenario, self._exact, beats)
        if self._asked_for is None or any(one is not other for one, other in zip(self._asked_for, key, strict=True)):
            self._asked_for = key
            self._asked_rows = beats.asked(query.scenario, exact=self._exact)
        return self._asked_rows

    def _going_on(self, beats: Beats, following: int, words: list[str]) -> bool:
        """Whether it may go on with the beat that follows in memory."""
        spot = self._spot
        if following < 0 or beats.scenario.gone(following):
            return False
        if self._continuity and spot.row >= self._continuity:
            return False
        if self._chart_copy and spot.onsets + beats.shape(following).onsets > self._chart_copy:
            words.append("longest copy")
            return False
        return True

    def _excludes(self, following: int) -> list[tuple[list[tuple[int, int]], list[str]]]:
        """What may not begin an answer, and the same with one wish after another given up, with the words for it."""
        recent = self._spot.recent[-self._taboo :] if self._taboo else ()
        spans = [sorted({*recent, *([following] if following >= 0 else [])}), [following] if following >= 0 else [], []]
        said = [[], ["gave up taboo"], [*(["gave up taboo"] if recent else []), "gave up continuity"]]
        kept: list[tuple[list[tuple[int, int]], list[str]]] = []
        for beats, words in zip(spans, said, strict=True):
            if not kept or [(beat, beat + 1) for beat in beats] != kept[-1][0]:
                kept.append(([(beat, beat + 1) for beat in beats], words))
        return kept

    def _drawn(
        self,
        beats: Beats,
        query: Query,
        start: float,
        label: str,
        found: list[tuple[int, int, int]],
        ordinal: int,
        words: list[str],
    ) -> Spot:
        """One of the places that agree longest, the more probable the better it goes on from what was played."""
        candidates = self._weighed(beats, label, found)
        total = np.array([candidate.weight for candidate in candidates])
        if total.max() <= 0:  # of what is forbidden the notes are left out
            total = np.ones(len(candidates))
        temperature = float(query.settings["temperature"])
        if temperature > 0:
            total = np.power(total / total.max(), 1 / temperature)
        else:
            total = (total == total.max()).astype(np.float64)
        shares = total / total.sum()
        drawn = chance(query.seed, self._number, ordinal, BEAT_PURPOSE) / 2**64
        at = min(int(np.searchsorted(np.cumsum(shares), drawn, side="right")), len(shares) - 1)
        one = candidates[at]
        made = self._stood(beats, start, label, one, words, row=0)
        entropy = float(-(shares[shares > 0] * np.log2(shares[shares > 0])).sum())
        rank = sum(other.raw > one.raw for other in candidates)
        return replace(made, probability=float(shares[at]), raw=one.raw, entropy_bits=entropy, rank=rank)

    def _weighed(self, beats: Beats, label: str, found: list[tuple[int, int, int]]) -> list[Candidate]:
        """The places, each with its best shift and how good that is: all at once, since there are many."""
        still = [0] if 0 in self._shifts else [min((shifts[0] for shifts in self._shifts.values()), key=abs)]
        pairs = [(place, shift) for place, (_, moved, _) in enumerate(found)
                 for shift in (self._shifts[moved] if moved >= 0 else still)]  # fmt: skip
        place, shift = np.array(pairs).T
        beat = np.array([beat for beat, _, _ in found])[place]
        first, last, low, high = (beats.pitches(name, beat) + shift for name in ("first", "last", "low", "high"))
        weight = np.ones(len(pairs))
        pitch = self._spot.pitch
        if pitch is not None:
            away = np.abs(first - pitch).astype(np.float64)
            weight = np.exp(-np.where(away == 0, AGAIN_SEMITONES, away) / NEAR_SEMITONES)
            before = np.array([beats.scenario.before(beat) for beat, _, _ in found])[place]
            joined = (before >= 0) & (beats.pitches("last", before) + shift == pitch)
            weight[joined] *= JOINED
        weights = self._pitch_weights(Moment(pitch, label, 0.25))[0]
        if weights is not None:
            for there in (first, last, low, high):
                weight *= weights[np.clip(there, 0, len(weights) - 1)]
        likely = self._likely()
        silent = beats.pitches("first", beat) < 0
        raw = np.array([1.0 if quiet else likely(int(there)) for quiet, there in zip(silent, first, strict=True)])
        weight *= np.maximum(raw, LEAST)
        weight[silent] = math.exp(-SILENT_SEMITONES / NEAR_SEMITONES)
        best: list[Candidate] = []
        for (number, by), good, probable in zip(pairs, weight.tolist(), raw.tolist(), strict=True):
            candidate = Candidate(found[number][0], by, found[number][2], good, probable)
            if number == len(best):
                best.append(candidate)
            elif good > best[number].weight:
                best[number] = candidate
        return best

    def _likely(self) -> Likely:
        """How probable the model finds a pitch to begin with, the likeliest being 1; all are where it cannot say."""
        learned = self.learned
        model, viewpoint = learned.model, learned.viewpoint
        played = [(event, learned.position_of(place)) for event, place in list(self._played)[-CONTEXT:] if event.notes]
        if learned.placed is None or viewpoint.slices or viewpoint.writes or not played:
            return lambda pitch: 1.0
        values, p = model.predict(self._state_after(played, SELF))
        given = dict(zip(values.tolist(), p.tolist(), strict=True))
        most = max(given.values())
        before, component = played[-1][0], viewpoint.components[0]

        @lru_cache
        def likely(pitch: int) -> float:
            event = Event("", 0, 0.0, before.span_beats, (Note(float(pitch), 80.0, 0.0, 1.0),), chord=before.chord)
            return float(given.get(component.value(event, before), 0.0) / most)

        return likely

    def _stood(self, beats: Beats, start: float, label: str, one: Candidate, words: list[str], *, row: int) -> Spot:
        """Standing at a beat of memory that was chosen."""
        spot, onsets = self._spot, beats.shape(one.beat).onsets
        left = max(1, min(one.length, self._continuity - row if self._continuity else one.length))
        origin = beats.start(one.beat)
        said = [
            f"for {label}",
            f"{one.length} beat{'s' if one.length != 1 else ''} agree" if one.length else "",
            *words,
        ]
        said.append(f"moved by {one.shift:+d}" if one.shift else "")
        return replace(
            spot,
            start=start,
            label=label,
            beat=one.beat,
            shift=one.shift,
            length=one.length,
            row=row + 1,
            onsets=onsets + (spot.onsets if row else 0),
            reach=start + left,
            recent=(*spot.recent, one.beat)[-64:],
            left=tuple((start + event.onset_beats - origin, event, place) for event, place in beats.events(one.beat)),
            words=tuple(word for word in said if word),
            probability=1.0,
            raw=1.0,
            entropy_bits=0.0,
            rank=0,
        )

    def _pitch_weights(self, moment: Moment) -> tuple[Weights | None, list[str]]:
        """The weights of pitches before `transpose` at a moment, and the constraints that bind there."""
        weights: Weights | None = None
        names = []
        for constraint in self._constraints:
            own = constraint.pitches(moment)
            if own is not None:
                names.append(constraint.name)
                weights = own if weights is None else weights * own
        return weights, names
