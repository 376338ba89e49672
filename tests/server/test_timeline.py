"""Musical time as pure functions, and the agenda of what falls due."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sideman.agenda import Agenda
from sideman.testing import Stage
from sideman.timeline import MINUTE, SECOND, Timeline, Transport

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


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Timelines with steps and ramps, each from a moment within the last hour on."""
    timeline = Timeline(draw(moments), draw(st.floats(-1e6, 1e6)), draw(tempos))
    for _ in range(draw(st.integers(0, 4))):
        now = timeline.anchor_ns + draw(st.integers(0, 3600 * SECOND))
        beats = draw(st.sampled_from((0.0, 0.1, 4.0, 256.0)))
        bpm = draw(tempos)
        timeline = timeline.with_ramp(now, bpm, beats) if beats else timeline.with_tempo(now, bpm)
    return timeline


@given(timelines(), st.integers(-60 * SECOND, 3600 * SECOND))
def test_beats_and_back_is_within_a_nanosecond_through_steps_and_ramps(timeline: Timeline, after: int) -> None:
    ns = timeline.anchor_ns + after
    assert abs(timeline.ns_at(timeline.beat_at(ns)) - ns) <= 1


@given(timelines(), st.lists(st.integers(-60 * SECOND, 3600 * SECOND), min_size=2))
def test_time_never_runs_backwards(timeline: Timeline, afters: list[int]) -> None:
    moments = sorted(timeline.anchor_ns + after for after in afters)
    beats = [timeline.beat_at(ns) for ns in moments]
    assert beats == sorted(beats)
    assert [timeline.ns_at(beat) for beat in beats] == sorted(timeline.ns_at(beat) for beat in beats)


@given(tempos, tempos, st.floats(0.5, 256))
def test_a_ramp_reaches_its_tempo_after_its_beats_evenly_in_time(before: float, after: float, beats: float) -> None:
    timeline = Timeline(0, 10.0, before).with_ramp(0, after, beats)
    end = timeline.ramp_ns
    assert timeline.bpm_at(0) == before
    assert timeline.bpm_at(end) == after
    assert math.isclose(timeline.bpm_at(end // 2), (before + after) / 2, rel_tol=1e-6)
    assert math.isclose(timeline.beat_at(end), 10.0 + beats, abs_tol=1e-6)
    assert abs(timeline.ns_at(10.0 + beats + 1) - end - 60 * SECOND / after) < 100


@given(tempos, tempos, st.floats(0.5, 64), st.integers(0, 10**9))
def test_a_ramp_agrees_with_many_small_steps(before: float, after: float, beats: float, share: int) -> None:
    timeline = Timeline(0, 0.0, before).with_ramp(0, after, beats)
    until = round(timeline.ramp_ns * 1.2 * share / 10**9)
    plain, steps = 0.0, 400
    for step in range(steps):
        plain += timeline.bpm_at(round(until * (step + 0.5) / steps)) * until / steps / MINUTE
    assert math.isclose(timeline.beat_at(until), plain, rel_tol=1e-4, abs_tol=1e-6)


@given(timelines(), st.integers(0, 600 * SECOND), st.integers(0, 600 * SECOND))
def test_another_anchor_changes_nothing_that_comes(timeline: Timeline, until: int, after: int) -> None:
    now = timeline.anchor_ns + until
    anchored = timeline.anchored(now)
    assert anchored.bpm == timeline.bpm_at(now)
    assert math.isclose(anchored.beat_at(now + after), timeline.beat_at(now + after), rel_tol=1e-12, abs_tol=1e-6)


def test_a_tempo_is_reached_over_some_beats_and_told_on_each() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/start")
    stage.advance(1)
    ann.clear()
    ann.send("/tempo/ramp", 60, 4)
    stage.advance(4)
    told = [round(float(str(said[0])), 3) for said in ann.got("/tempo")]
    assert told == sorted(told, reverse=True)
    assert len(told) == 4
    assert told[-1] == 60
    beats = [heard.time_s for heard in ann.heard() if heard.address == "/clock"]
    spans = [later - earlier for earlier, later in pairwise(beats)]
    assert spans == sorted(spans)
    assert 0.5 < spans[0] < spans[-1] < 1.001
    ann.send("/tempo", 100)
    assert ann.got("/tempo")[-1] == (100,)


def test_a_player_keeps_to_the_beats_of_a_ramp() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play([(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5)])
    stage.advance(3)
    ann.send("/player/sideman/mode", "free")
    ann.send("/start")
    stage.advance(2.1)
    ann.clear()
    ann.send("/tempo/ramp", 240, 8)
    stage.advance(6)
    onsets = [heard.time_s for heard in ann.heard() if heard.address == "/player/sideman/note"]
    spans = [later - earlier for earlier, later in pairwise(onsets)]
    assert len(spans) >= 12
    assert sum(spans[:3]) / 3 > 1.3 * sum(spans[-3:]) / 3
    assert 0.2 < sum(spans[-3:]) / 3 < 0.3


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
