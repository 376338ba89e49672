"""Gestures: which are one, and how near that is."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.band import Band
from sideman.events import Event
from sideman.models import Oracle
from sideman.viewpoint.gesture import Gesture, best_threshold, information_rate


def test_gestures_that_lie_near_one_another_are_one() -> None:
    rng = np.random.default_rng(3)
    corners = np.array([(0.0, 0.0), (1.0, 0.0), (0.0, 1.0)])
    vectors = [tuple((corners[place % 3] + rng.normal(0, 0.02, 2)).tolist()) for place in range(120)]
    component = Gesture()
    component.study(vectors)
    values = [component.value(Event("ann", 0, 0.0, 1.0, numbers=vector), None) for vector in vectors]
    assert values == [1, 2, 3] * 40
    assert 0.05 < component.threshold(2) < 1.0


def test_the_threshold_follows_the_scale_of_the_sensor() -> None:
    rng = np.random.default_rng(4)
    vectors = [(float(place % 4) + rng.normal(0, 0.02),) for place in range(100)]
    small = best_threshold(vectors)
    large = best_threshold([(1000 * value,) for (value,) in vectors])
    assert large == pytest.approx(1000 * small)


def test_what_repeats_has_a_higher_information_rate_than_what_does_not() -> None:
    rng = np.random.default_rng(5)
    loop = [1, 2, 3, 4] * 32
    assert information_rate(loop) > information_rate(rng.integers(1, 5, 128).tolist())
    assert information_rate([1] * 128) == information_rate([]) == 0.0


@given(st.lists(st.integers(1, 4), max_size=60))
def test_an_information_rate_is_never_more_than_the_symbols_hold(symbols: list[int]) -> None:
    assert 0.0 <= information_rate(symbols) <= 2.0


def test_a_gesture_of_another_size_is_another() -> None:
    component = Gesture()
    sizes = [component.value(Event("ann", 0, 0.0, 1.0, numbers=(0.0,) * size), None) for size in (1, 2, 1, 2)]
    assert sizes == [1, 2, 1, 2]


def test_what_it_has_met_is_kept() -> None:
    component = Gesture()
    vectors = [(float(place % 3), 0.0) for place in range(9)]
    events = [Event("ann", 0, 0.0, 1.0, numbers=vector) for vector in vectors]
    component.study(vectors)
    values = [component.value(event, None) for event in events]
    other = Gesture()
    other.from_data(json.loads(json.dumps(component.to_data())))
    assert [other.value(event, None) for event in reversed(events)] == values[::-1]
    with pytest.raises(ValueError, match="numbers of their own"):
        other.from_data({"clusters": [{"threshold": 0.0, "numbers": [1, 1], "centres": [[0.0], [1.0]]}]})


def test_what_must_be_studied_is_studied_off_the_loop() -> None:
    band = Band({"oracle": Oracle})
    band.make("p", "oracle", "gesture", "p")
    band.settle()
    for place in range(8):
        band.hear(["p"], [True], Event("ann", 0, place / 4, 0.25, numbers=(float(place % 2),)), 0)
    (job,) = band.jobs
    assert not job.small
