"""Phrases as a tuned model is asked for them: pitches and times in the classes of the viewpoints, and rules about them.

A phrase knows nothing of tokens beside it. Bars are of four beats, counted from its first note.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from ..harmony import parse
from ..tokens import BAR, DENSITIES, MOST_BARS, Plan, bar_of, shape_of, thirds
from ..viewpoint import class_beats
from ..viewpoint.component import time_class
from .songs import Song

SHORTEST: Final = 5
LONGEST: Final = 26
#: Where nobody rests, a phrase ends at a note that lasts so long.
_HELD: Final = 1.4
MAJOR: Final = (0, 2, 4, 5, 7, 9, 11)
MINOR: Final = (0, 2, 3, 5, 7, 8, 10)
_PROFILES: Final = (
    np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]),
    np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]),
)
#: Of each key, its profile with mean 0 and length 1 [24, 12].
_KEYS: Final = np.array([
    np.roll(profile - profile.mean(), tonic) / np.linalg.norm(profile - profile.mean())
    for profile in _PROFILES
    for tonic in range(12)
])  # fmt: skip


class Phrase(NamedTuple):
    """MIDI pitches, classes of the time to the next onset, and the chord at each note (empty: not known)."""

    pitches: tuple[int, ...]
    iois: tuple[int, ...]
    chords: tuple[str, ...] = ()

    @property
    def onsets(self) -> tuple[float, ...]:
        """Beats from the first note, in the middles of the classes, as one who plays from symbols counts them."""
        onsets, now = [], 0.0
        for ioi in self.iois:
            onsets.append(now)
            now += class_beats(ioi)
        return tuple(onsets)

    @property
    def beats(self) -> float:
        """How long it lasts."""
        return sum(map(class_beats, self.iois))

    @property
    def density(self) -> float:
        """Notes a beat."""
        return len(self.pitches) / max(self.beats, 1e-6)

    @property
    def height(self) -> float:
        """The mean pitch."""
        return sum(self.pitches) / max(len(self.pitches), 1)

    def moved(self, semitones: int) -> Phrase:
        """The same notes elsewhere; the chords stay."""
        return self._replace(pitches=tuple(pitch + semitones for pitch in self.pitches))


def phrases(song: Song) -> list[Phrase]:
    """A song's phrases in order: to each rest, and of what goes on and on to a long note or the most that one takes."""
    made, begun = [], 0
    events = song.events
    for at, event in enumerate(events):
        size = at + 1 - begun
        held = size >= 8 and event.span_beats >= _HELD
        if event.last or held or size >= LONGEST:
            if size >= SHORTEST:
                part = events[begun : at + 1]
                made.append(Phrase(
                    tuple(min(max(round(e.top.pitch), 0), 127) for e in part),
                    tuple(time_class(e.span_beats) for e in part),
                    tuple(e.chord for e in part) if song.chords else (),
                ))  # fmt: skip
            begun = at + 1
    return made


def pairs(songs: Sequence[Song]) -> list[tuple[Phrase, Phrase]]:
    """Each phrase of each song with the one that follows it."""
    return [pair for song in songs for pair in pairwise(phrases(song))]


def key_of(pitches: Sequence[int]) -> int:
    """The key that pitches suit best: major 0 to 11, minor 12 to 23.

    Source: Krumhansl, "Cognitive Foundations of Musical Pitch", 1990.
    """
    weights = np.bincount(np.array(pitches, np.int64) % 12, minlength=12)
    # The correlation with each, but for a factor that all share.
    return int((_KEYS @ weights).argmax())


def scale(key: int) -> frozenset[int]:
    """The pitch classes of a key, natural minor."""
    return frozenset((step + key) % 12 for step in (MAJOR if key < 12 else MINOR))


def in_key(phrase: Phrase, key: int) -> float:
    """The share of notes in a key."""
    tones = scale(key)
    return sum(pitch % 12 in tones for pitch in phrase.pitches) / max(len(phrase.pitches), 1)


def on_chords(phrase: Phrase) -> float:
    """The share of notes that belong to their chord; notes without one are left out."""
    told = [
        (pitch, chord) for pitch, label in zip(phrase.pitches, phrase.chords, strict=True) if (chord := parse(label))
    ]
    return sum(pitch % 12 in chord.pitch_classes for pitch, chord in told) / max(len(told), 1)


def third_means(pitches: Sequence[int]) -> dict[int, float]:
    """The means of the second and the last third, by the note with which each begins."""
    second, last = thirds(len(pitches))
    parts = {second: pitches[second:last], last: pitches[last:]}
    return {begin: float(np.mean(part)) for begin, part in parts.items() if part}


def plan_of(phrase: Phrase) -> Plan:
    """The plan that a phrase carries out."""
    counts = np.bincount([bar_of(onset) for onset in phrase.onsets]) if phrase.pitches else np.zeros(0, int)
    last = phrase.pitches[-1] % 12 if phrase.pitches else -1
    return Plan(last, shape_of(phrase.pitches), tuple(min(int(count), DENSITIES - 1) for count in counts[:MOST_BARS]))


def nearest(pitch: int, classes: frozenset[int], low: int = 28, high: int = 100) -> int:
    """The nearest pitch of some pitch classes, the lower of two."""
    there = [other for other in range(max(low, pitch - 11), min(high, pitch + 11) + 1) if other % 12 in classes]
    return min(there, key=lambda other: (abs(other - pitch), other)) if there else pitch


def bars(phrase: Phrase) -> Iterator[float]:
    """Of each note, its beat in the bar."""
    for onset in phrase.onsets:
        yield onset % BAR
