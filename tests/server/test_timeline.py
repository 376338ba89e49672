"""Musical time as pure functions, and the agenda of what falls due."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sideman.agenda import Agenda
from sideman.timeline import SECOND, Timeline, Transport

tempos = st.floats(10, 400)
moments = st.integers(0, 10**14)


@given(moments, tempos, moments)
def test_beats_and_back_is_within_a_nanosecond_an_hour(anchor: int, bpm: float, later: int) -> None:
    timeline = Timeline(anchor, 0.0, bpm)
    ns = anchor + later % (3600 * SECOND)
    assert abs(timeline.ns_at(timeline.beat_at(ns)) - ns) <= 1


@given(moments, tempos, tempos)
def test_a_change_of_tempo_meets_the_old_time_where_it_happens(now: int, before: float, after: float) -> None:
    old = Timeline(0, 0.0, before)
    new = old.with_tempo(now, after)
    assert new.beat_at(now) == old.beat_at(now)
    assert new.span_ns(1.0) == round(60 * SECOND / after)


def test_the_transport_goes_on_from_where_it_was() -> None:
    transport = Transport().run(10.0, True)
    assert transport.position_at(13.5) == 3.5
    stopped = transport.run(13.5, False)
    assert stopped.position_at(20.0) == 3.5
    assert stopped.run(20.0, True).next_beat(20.0) == 20.5


def test_bars_count_from_one_and_positions_from_nought() -> None:
    assert [Transport().bar_and_beat(position) for position in (0, 3, 4)] == [(1, 1), (1, 4), (2, 1)]


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.one_of(st.none(), st.integers(0, 100))), max_size=300))
def test_an_agenda_agrees_with_a_sorted_list(steps: list[tuple[str, int | None]]) -> None:
    agenda, plain = Agenda(), dict[str, tuple[int, int]]()
    for count, (name, due) in enumerate(steps):
        if due is None:
            agenda.clear(name)
            plain.pop(name, None)
        else:
            agenda.set(name, due)
            if name not in plain or plain[name][0] != due:
                plain[name] = (due, count)
        assert agenda.next_ns() == min((due for due, _ in plain.values()), default=None)
        assert len(agenda) == len(plain)
    order = []
    while (item := agenda.pop(100)) is not None:
        order.append(item)
    assert order == [(name, due) for name, (due, _) in sorted(plain.items(), key=lambda item: item[1])]


def test_moving_a_moment_a_million_times_leaves_no_heap_behind() -> None:
    agenda = Agenda()
    for moment in range(100_000):
        agenda.set("lease", moment)
    assert len(agenda._heap) <= 64 + 4


@given(st.integers(1, 12), st.integers(0, 500), st.integers(1, 12))
def test_another_metre_leaves_the_bar_under_way_its_number(beats: int, position: int, after: int) -> None:
    before = Transport(beats=beats).placed(0.0, float(position))
    bar, beat = before.bar_and_beat(position)
    changed = before.with_metre(0.0, after, 4)
    assert changed.bar_and_beat(position - (beat - 1)) == (bar, 1)
    assert changed.bar_and_beat(position - (beat - 1) + after) == (bar + 1, 1)


@given(st.integers(2, 12), st.integers(0, 500), st.data())
def test_a_beat_that_says_its_place_in_the_bar_has_it(beats: int, position: int, data: st.DataObject) -> None:
    wanted = data.draw(st.integers(1, beats))
    transport = Transport(beats=beats)
    bar = transport.bar_and_beat(position)[0]
    moved = transport.with_beat_in_bar(float(position), wanted)
    assert moved.bar_and_beat(position)[1] == wanted
    assert abs(moved.bar_and_beat(position)[0] - bar) <= 1
