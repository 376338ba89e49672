"""What a view looks at: each look against a naive one of its own, by how many contexts it tells apart.

A model with one view of one look keeps a context for each thing that the look has seen, and the root.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, takewhile
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.models import Alphabet, NGram
from sideman.systems import absolute, look

#: Ticks of the thirteen classes of time: 24 to the beat.
TICKS: Final = (3, 4, 6, 8, 12, 16, 18, 24, 36, 48, 72, 96, 192)
Seen = Callable[[Sequence[int], int], object]


def classes(past: Sequence[int], most: int) -> object:
    """Which classes the last notes have, from the last one's."""
    return frozenset((value - past[-1]) % 12 for value in past[-most:]) if past else None


def line(past: Sequence[int]) -> list[int]:
    """The steps that led here in one direction, the last first."""
    steps = [after - before for before, after in pairwise(past)][::-1]
    return list(takewhile(lambda step: step * steps[0] > 0, steps))


def heading(past: Sequence[int], most: int) -> object:
    """How many such steps there are, and which way."""
    steps = line(past)[:most]
    return len(steps) * (1 if steps and steps[0] > 0 else -1)


def stretch(past: Sequence[int], most: int) -> object:
    """How far they went."""
    return sum(line(past)[:most])


def again(past: Sequence[int], most: int) -> object:
    """How long ago the last value was there before."""
    back = [lag for lag in range(1, min(most + 1, len(past))) if past[-1 - lag] == past[-1]]
    return back[0] if back else None


def level(past: Sequence[int], most: int) -> object:
    """How far the last value lies from the mean, the quotients rounded to zero, then down to thirds."""
    known = past[-most:]
    if not known:
        return None
    above = past[-1] * len(known) - sum(known)
    mean = abs(above) // len(known) * (1 if above >= 0 else -1)
    return (mean + 1) // 3


NAIVE: Final[dict[str, Seen]] = {
    "classes": classes, "heading": heading, "stretch": stretch, "again": again, "level": level,
}  # fmt: skip


@pytest.mark.parametrize("what", NAIVE)
@given(melody=st.lists(st.integers(50, 62), min_size=1, max_size=60), most=st.integers(1, 20))
def test_a_look_tells_apart_what_a_naive_one_does(what: str, melody: list[int], most: int) -> None:
    model = NGram(views=[absolute(0, (look(what, 0, most),))])
    model.learn(np.array(melody, np.int32))
    seen = {NAIVE[what](melody[:i], most) for i in range(len(melody))}
    if what in ("again", "heading", "stretch"):
        # These do not tell apart the beginning, where nothing has come yet.
        assert model.contexts_kept - 1 in (len(seen), len(seen) + 1)
    else:
        assert model.contexts_kept - 1 == len(seen)


@given(st.lists(st.tuples(st.integers(50, 60), st.integers(1, 13)), min_size=1, max_size=50), st.integers(1, 16))
def test_what_sounded_so_long_ago_is_found_by_the_sum_of_the_times_between(
    notes: list[tuple[int, int]], halves: int
) -> None:
    model = NGram(alphabet=Alphabet(2), views=[absolute(0, (look("ago", 0, halves, 2),)), absolute(1, ())])
    model.learn(np.array(notes, np.int32))
    seen = set()
    for i in range(len(notes)):
        onsets = [(sum(TICKS[span - 1] for _, span in notes[j:i]), notes[j][0]) for j in range(i - 1, -1, -1)]
        reached = next(((at, pitch) for at, pitch in onsets if at + 2 >= 12 * halves), None)
        seen.add("before" if reached is None else reached[1] if reached[0] - 2 <= 12 * halves else "between")
    assert model.contexts_kept - 2 == len(seen)


def test_the_key_moves_with_the_melody() -> None:
    scale = [60, 62, 64, 65, 67, 69, 71, 72, 67, 64, 60]

    def learned(by: int) -> NGram:
        model = NGram(views=[absolute(0, (look("key", 0, 63),)), (0, 1, 0, False, (look("key", 0, 63),))])
        model.learn(np.array([pitch + 1 for pitch in scale], np.int32))
        model.end()
        model.learn(np.array([pitch + 1 + by for pitch in scale], np.int32))
        return model

    assert learned(0).contexts_kept == learned(5).contexts_kept == learned(-12).contexts_kept


def test_what_is_around_is_seen_from_the_last_note() -> None:
    model = NGram(views=[absolute(0, (look("around_step", 0, 1, 1, 12),))])
    model.learn(np.array([60, 62, 64, 60], np.int32), 0, np.array([[5], [5], [7], [9]], np.int32))
    # Nothing before the first; then 5 - 60, 7 - 62 and 9 - 64 are the same distance.
    assert model.contexts_kept - 1 == 2
