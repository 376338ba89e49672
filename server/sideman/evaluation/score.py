"""The figures of a trial: bits an event with their error, how often the best guess was right, how well it knew that.

Pure but for numpy. Errors are over pieces (ratio estimator), since the events of one piece hang together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.int64]

BINS: Final = 15
SIMULATIONS: Final = 200
KEY: Final = 20  # of the simulated outcomes' chance


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a trial saw, event by event (arrays of shape [events])."""

    bits: Floats  # -log2 of what came
    confidence: Floats  # the probability of the best guess
    first: Flags  # whether that came
    third: Flags  # whether one of the three best came
    pieces: Counts  # the number of the event's piece, ascending from 0
    seconds: float  # what predicting and learning these events took
    training_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Score:
    """A trial in figures; `calibrated` is what a perfectly calibrated model would stay under 19 times in 20."""

    bits_per_event: float
    standard_error: float
    events: int
    pieces: int
    perplexity: float
    top1: float
    top3: float
    calibration_error: float
    calibrated: float
    events_per_s: float


def ratio(values: Floats, pieces: Counts) -> tuple[float, float]:
    """Mean of values [events], and its standard error over pieces."""
    mean = float(values.mean())
    count = int(pieces[-1]) + 1
    if count < 2:
        return mean, math.nan
    sums = np.bincount(pieces, values - mean)
    return mean, math.sqrt(count / (count - 1) * float((sums**2).sum())) / len(values)


def calibration_error(confidence: Floats, right: Flags) -> float:
    """Mean distance of confidence and success, over bins of equal mass (Naeini et al. 2015; Guo et al. 2017)."""
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, min(BINS, len(order)))
    gaps = [abs(float(confidence[each].mean() - right[each].mean())) * len(each) for each in bins]
    return sum(gaps) / len(order)


def calibrated(confidence: Floats) -> float:
    """The 95th percentile of the calibration error of a model that is right exactly as often as it says."""
    chance = np.random.Generator(np.random.Philox(KEY))
    errors = [calibration_error(confidence, chance.random(len(confidence)) < confidence) for _ in range(SIMULATIONS)]
    return float(np.percentile(errors, 95))


def score(outcome: Outcome) -> Score:
    """The figures of an outcome."""
    bits, error = ratio(outcome.bits, outcome.pieces)
    return Score(
        bits_per_event=bits,
        standard_error=error,
        events=len(outcome.bits),
        pieces=int(outcome.pieces[-1]) + 1,
        perplexity=2.0**bits,
        top1=float(outcome.first.mean()),
        top3=float(outcome.third.mean()),
        calibration_error=calibration_error(outcome.confidence, outcome.first),
        calibrated=calibrated(outcome.confidence),
        events_per_s=len(outcome.bits) / outcome.seconds if outcome.seconds > 0 else math.inf,
    )


def difference(ours: Outcome, theirs: Outcome) -> tuple[float, float]:
    """Our bits an event minus theirs on the same events, and the standard error of that over pieces."""
    return ratio(ours.bits - theirs.bits, ours.pieces)
