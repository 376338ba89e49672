"""The fourteen tasks: corpus, viewpoint, what others reached on their test split, and what we aim at.

Data only. The baselines are those of our research into quality: same splits, same protocol, bits an event.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Task(NamedTuple):
    """One task. Baselines and aims are bits an event on `test`; `uniform` is the alphabet's."""

    corpus: str
    viewpoint: str
    events: int
    pieces: int
    uniform: float
    unigram: float
    kneser_ney: float
    counting: float  # Kneser-Ney with a memory of the running piece, the best that counts
    lstm: float | None  # a small LSTM with the same memory
    aim: float
    aim_given: float | None = None  # with chord and place in the bar known


TASKS: Final = {
    "wjd.pitch": Task("wjd", "pitch", 14311, 38, 5.954, 4.877, 3.438, 3.213, 3.121, 3.08, 3.00),
    "wjd.pitchdur": Task("wjd", "pitchdur", 14311, 38, 9.375, 7.861, 6.277, 6.106, 5.811, 5.92),
    "nottingham.pitch": Task("nottingham", "pitch", 12681, 71, 5.044, 3.750, 2.810, 1.494, 1.467, 1.45, 1.40),
    "nottingham.pitchdur": Task("nottingham", "pitchdur", 12681, 71, 8.098, 5.393, 3.956, 1.948, 1.948, 1.89),
    "essen.pitch": Task("essen", "pitch", 30036, 642, 5.459, 3.889, 2.640, 2.364, 2.273, 2.29),
    "essen.pitchdur": Task("essen", "pitchdur", 30036, 642, 8.600, 6.123, 4.259, 3.690, 3.360, 3.58),
    "openewld.pitch": Task("openewld", "pitch", 3084, 32, 5.392, 3.932, 3.283, 2.568, 2.504, 2.47, 2.25),
    "jsb.satb": Task("jsb", "satb", 10228, 38, 5.524, 4.926, 2.436, 2.220, 1.834, 2.15),
    "irb.beat": Task("irb", "beat", 11135, 80, 7.140, 5.783, 1.955, 1.546, 1.500, 1.50),
    "irb.change": Task("irb", "change", 3703, 80, 7.140, 5.701, 3.957, 2.696, 2.607, 2.61),
    "wjd.beat": Task("wjd", "beat", 9869, 38, 6.977, 5.575, 1.896, 1.028, None, 1.00),
    "sms_en.char": Task("sms_en", "char", 27733, 389, 6.820, 4.740, 2.457, 2.441, None, 2.37),
    "phrases_fr.char": Task("phrases_fr", "char", 27054, 1257, 6.600, 4.641, 1.626, 1.629, None, 1.58),
    "prose_fr.char": Task("prose_fr", "char", 120000, 3, 6.728, 4.437, 2.009, 1.897, None, 1.84),
}
SPLITS: Final = ("valid", "test")
#: What `make evaluate` puts to every task, and to those with an aim of their own where chord and bar are given.
MODELS: Final = ("ngram", "blend", "oracle", "plain")
ALL_GIVEN: Final = ("chord", "bar")
