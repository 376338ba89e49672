"""Full garbage collections wait until nobody plays, but not for ever."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from sideman.tidying import LONGEST_NS, QUIET_NS, Tidying


class Knot:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


def old_knot() -> weakref.ref[Knot]:
    """A knot that only a full collection can find."""
    knot = Knot()
    gc.collect(1)
    gc.collect(1)  # it has survived both rounds
    return weakref.ref(knot)


@pytest.fixture
def tidying() -> Iterator[Tidying]:
    """From time 0 on."""
    tidying = Tidying(0)
    yield tidying
    tidying.end()


def test_when_it_is_quiet_everything_is_collected(tidying: Tidying) -> None:
    knot = old_knot()
    tidying.heard(1)
    assert tidying.pause(1 + QUIET_NS)
    assert knot() is None


def test_while_somebody_plays_it_waits_but_not_for_ever(tidying: Tidying) -> None:
    knot = old_knot()
    tidying.heard(LONGEST_NS - 2)
    assert not tidying.pause(LONGEST_NS - 1)
    assert knot() is not None
    tidying.heard(LONGEST_NS - 1)
    assert tidying.pause(LONGEST_NS)
    assert knot() is None


def test_where_nothing_has_become_old_there_is_nothing_to_do(tidying: Tidying) -> None:
    gc.collect()
    assert not tidying.pause(10 * QUIET_NS)


def test_the_collector_does_no_full_round_by_itself_until_the_end() -> None:
    before = gc.get_threshold()
    tidying = Tidying(0)
    rounds = gc.get_stats()[2]["collections"]
    kept = [[number] for number in range(300_000)]
    assert gc.get_stats()[2]["collections"] == rounds
    assert len(kept) == 300_000
    tidying.end()
    assert gc.get_threshold() == before
