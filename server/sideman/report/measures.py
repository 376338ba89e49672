"""Measures of improvisations against what they were learned from; pure functions of lines.

Sources: Yin, Reuben, Stepney & Collins, SN Computer Science 3:340, 2022 (copied runs); Papadopoulos, Roy & Pachet, AAAI
2014; Wu & Yang, "The Jazz Transformer on the front line", ISMIR 2020 (entropy, grooves).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from .borrowing import Reference
from .lines import Line, Note

#: From so many joint symbols in a row on, a run counts as copied.
COPIED: Final = 8
REPEATED: Final = 6
BAR_BEATS: Final = 4
PLACES: Final = 48
NAN: Final = float("nan")

Grams = set[tuple[Hashable, ...]]


def grams(sequence: Sequence[Hashable], n: int) -> list[tuple[Hashable, ...]]:
    """All runs of n."""
    return [tuple(sequence[at : at + n]) for at in range(len(sequence) - n + 1)]


class Learned:
    """What was learned from, prepared for comparing."""

    def __init__(self, reference: Iterable[Line]) -> None:
        known = list(reference)
        self.joints = Reference(one.joints for one in known)
        self.intervals = Reference(one.intervals for one in known)
        self.grams: dict[int, Grams] = {
            n: {gram for one in known for gram in grams(one.intervals, n)} for n in (4, 6, 8)
        }
        self.chord_relative = sum((_chord_relative(one) for one in known), np.zeros(12))


def entropy(counts: Iterable[float]) -> float:
    """In bits."""
    kept = [count for count in counts if count > 0]
    whole = sum(kept)
    return -sum(count / whole * math.log2(count / whole) for count in kept) if whole else NAN


def mean(values: Sequence[float]) -> float:
    """Not a number where there is nothing to mean."""
    return float(np.mean(values)) if len(values) else NAN


def inside(length: int, runs: Iterable[tuple[int, int]]) -> float:
    """The share of `length` places that lie in any of the runs [first, past)."""
    covered = np.zeros(length, bool)
    for first, past in runs:
        covered[first:past] = True
    return float(covered.mean()) if length else NAN


def copied(one: Line, learned: Learned) -> dict[str, float]:
    """Longest runs in notes, the share inside long ones, and what of short runs of intervals is new."""
    joint = learned.joints.matches(one.joints)
    interval = learned.intervals.matches(one.intervals)
    found = {
        "copied_run_joint": max(joint, default=0) + 1.0,
        "copied_run_interval": max(interval, default=0) + 1.0,
        "copied_share_8": inside(
            len(joint), ((at + 1 - length, at + 1) for at, length in enumerate(joint) if length >= COPIED)
        ),
    }
    for n, known in learned.grams.items():
        found[f"novel_{n}gram"] = mean([float(gram not in known) for gram in grams(one.intervals, n)])
    return found


def repeated(one: Line) -> dict[str, float]:
    """How various a line is, and how much of it was played earlier in it."""
    four = grams(one.intervals, 4)
    first: dict[tuple[Hashable, ...], int] = {}
    again = []
    for at, gram in enumerate(grams(one.joints, REPEATED)):
        if first.setdefault(gram, at) <= at - REPEATED:
            again.append((at, at + REPEATED))
    return {
        "distinct_4gram": len(set(four)) / len(four) if four else NAN,
        "self_repeat_6": inside(len(one.joints), again),
    }


def chord_tones(one: Line, learned: Learned) -> dict[str, float]:
    """How well a line fits its chords; nothing where it has none."""
    fits: list[tuple[Note, float]] = []
    for note in one.notes:
        under = one.chord_at(note.onset)
        if under is not None:
            fits.append((note, float(note.pitch % 12 in under.tones)))
    if not fits:
        return {}
    on_beat = [fit for note, fit in fits if abs(note.onset - round(note.onset)) < 1e-3]
    sounding = sum(note.duration for note, _ in fits)
    return {
        "chord_tone_ratio": mean([fit for _, fit in fits]),
        "chord_tone_on_beat": mean(on_beat),
        "chord_tone_duration": sum(note.duration * fit for note, fit in fits) / sounding if sounding else NAN,
        "chord_relative_pc_jsd": divergence(_chord_relative(one), learned.chord_relative),
    }


def divergence(one: np.ndarray, other: np.ndarray) -> float:
    """Jensen and Shannon's, in bits."""
    if not one.sum() or not other.sum():
        return NAN
    p, q = one / one.sum(), other / other.sum()
    return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2


def _chord_relative(one: Line) -> np.ndarray:
    counts = np.zeros(12)
    for note in one.notes:
        under = one.chord_at(note.onset)
        if under is not None:
            counts[(note.pitch - under.root) % 12] += 1
    return counts


def grooves(one: Line) -> dict[str, float]:
    """How alike the onsets of its bars are, over windows of four beats; those without any are left out."""
    bars: dict[int, set[int]] = {}
    for note in one.notes:
        bar, within = divmod(note.onset, BAR_BEATS)
        bars.setdefault(int(bar), set()).add(round(within / BAR_BEATS * PLACES) % PLACES)
    span = list(bars.values())
    alike = [1 - len(a ^ b) / PLACES for a, b in combinations(span, 2)]
    return {
        "groove_all": mean(alike),
        "groove_adjacent": mean([1 - len(a ^ b) / PLACES for a, b in pairwise(span)]),
        "groove_jaccard": mean([len(a & b) / len(a | b) for a, b in combinations(span, 2) if a | b]),
        "ioi_entropy": entropy(Counter(one.classes).values()),
    }


def motion(one: Line) -> dict[str, float]:
    """Range and steps, in semitones, and how many notes there are."""
    pitches = np.array([note.pitch for note in one.notes])
    steps = np.abs(one.intervals)
    beats = one.notes[-1].onset + one.notes[-1].duration - one.notes[0].onset
    low, high = np.percentile(pitches, (5, 95))
    return {
        "pc_entropy": entropy(Counter((pitches % 12).tolist()).values()),
        "notes_per_beat": len(one.notes) / beats if beats > 0 else NAN,
        "range_p5_p95": float(high - low),
        "range": float(pitches.max() - pitches.min()),
        "mean_abs_interval": float(steps.mean()),
        "steps_share": float(((steps == 1) | (steps == 2)).mean()),
        "leaps_share": float((steps > 7).mean()),
        "repeat_note_share": float((steps == 0).mean()),
    }


def measured(one: Line, learned: Learned) -> dict[str, float]:
    """All measures of one line, in the order in which they are shown."""
    return copied(one, learned) | repeated(one) | chord_tones(one, learned) | grooves(one) | motion(one)


def summary(each: Sequence[dict[str, float]]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation over pieces of each measure; pieces that lack it are left out."""
    names = list(dict.fromkeys(name for one in each for name in one))
    found = {}
    for name in names:
        values = [one[name] for one in each if name in one and not math.isnan(one[name])]
        if values:
            found[name] = (float(np.mean(values)), float(np.std(values)))
    return found


def homogeneity(given: Sequence[Line]) -> dict[str, float]:
    """How alike several lines are: mean cosine of their 3-grams of intervals, and the share of 5-grams in common."""
    counts = [Counter(grams(one.intervals, 3)) for one in given]
    sets = [set(grams(one.intervals, 5)) for one in given]
    norms = [math.sqrt(sum(count * count for count in one.values())) for one in counts]
    pairs = [pair for pair in combinations(range(len(given)), 2) if all(sets[at] for at in pair)]
    cosine: Callable[[int, int], float] = lambda a, b: (  # noqa: E731
        sum(count * counts[b][gram] for gram, count in counts[a].items()) / (norms[a] * norms[b])
    )
    return {
        "cosine_3gram": mean([cosine(a, b) for a, b in pairs]),
        "shared_5gram": mean(
            [(len(sets[a] & sets[b]) / len(sets[a]) + len(sets[a] & sets[b]) / len(sets[b])) / 2 for a, b in pairs]
        ),
    }
