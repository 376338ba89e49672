"""Following a human beat: what is missed, doubled or late, and what speeds up; the session that follows it."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.beats import BeatFollower
from sideman.hub import Send
from sideman.testing import Stage
from sideman.timeline import SECOND


def taps(follower: BeatFollower, moments_s: list[float]) -> None:
    for moment in moments_s:
        follower.tap(round(moment * SECOND))


def next_s(follower: BeatFollower) -> float:
    assert follower.next_ns is not None
    return follower.next_ns / SECOND


def test_the_first_tap_tells_no_tempo_and_the_second_does() -> None:
    follower = BeatFollower()
    taps(follower, [10.0])
    assert follower.bpm is None
    assert follower.next_ns is None
    taps(follower, [10.5])
    assert follower.bpm == pytest.approx(120)
    assert next_s(follower) == pytest.approx(11.0)


@given(st.floats(31, 390), st.integers(0, 1000), st.integers(2, 60))
def test_a_steady_beat_is_followed_exactly(bpm: float, seconds: int, count: int) -> None:
    follower = BeatFollower()
    period = 60 / bpm
    taps(follower, [seconds + number * period for number in range(count)])
    assert next_s(follower) == pytest.approx(seconds + count * period, abs=1e-6)


def test_a_missed_tap_leaves_the_tempo_as_it_is() -> None:
    follower = BeatFollower()
    taps(follower, [number * 0.5 for number in range(20) if number not in (7, 13, 14)])
    assert follower.bpm == pytest.approx(120)
    assert next_s(follower) == pytest.approx(10.0)


def test_a_doubled_tap_is_ignored_and_counted() -> None:
    follower = BeatFollower()
    taps(follower, [0.0, 0.5, 1.0, 1.03, 1.5, 1.75, 2.0])
    assert follower.bpm == pytest.approx(120)
    assert follower.ignored == 2
    assert next_s(follower) == pytest.approx(2.5)


def test_a_late_tap_moves_the_next_beat_by_less_than_its_lateness() -> None:
    follower = BeatFollower()
    taps(follower, [number * 0.5 for number in range(16)])
    taps(follower, [8.0 + 0.12])
    assert next_s(follower) < 8.5 + 0.1
    taps(follower, [8.5])
    assert next_s(follower) == pytest.approx(9.0, abs=0.03)


def test_an_accelerando_is_followed() -> None:
    follower, moment, period = BeatFollower(), 0.0, 0.6
    errors = []
    for _ in range(80):
        if follower.next_ns is not None:
            errors.append(abs(next_s(follower) - moment))
        taps(follower, [moment])
        moment += period
        period *= 0.993
    assert max(errors[4:]) < 0.02


def test_twice_the_tempo_is_taken_up_after_five_intervals() -> None:
    follower = BeatFollower()
    taps(follower, [number * 0.5 for number in range(16)])
    taps(follower, [7.5 + number * 0.25 for number in range(1, 6)])
    assert follower.bpm == pytest.approx(240)


def test_half_the_tempo_is_taken_up_by_who_has_never_missed_a_tap() -> None:
    follower = BeatFollower()
    taps(follower, [number * 0.3 for number in range(24)])
    taps(follower, [6.9 + 0.6, 6.9 + 1.2])
    assert follower.bpm == pytest.approx(100)
    assert next_s(follower) == pytest.approx(6.9 + 1.8)


def test_missing_every_second_tap_for_once_is_no_other_tempo() -> None:
    follower = BeatFollower()
    taps(follower, [number * 0.3 for number in range(24)])
    taps(follower, [6.9 + 0.6, 6.9 + 1.2, 6.9 + 1.5])
    assert follower.bpm == pytest.approx(200)


def test_human_taps_with_missed_and_doubled_ones_keep_the_tempo() -> None:
    kept = played = 0
    for seed in range(40):
        chance, follower = random.Random(seed), BeatFollower()
        for number in range(200):
            moment = number * 0.5 + chance.gauss(0, 0.01)
            if number > 3 and chance.random() < 0.05:
                continue
            taps(follower, [moment])
            if chance.random() < 0.05:
                taps(follower, [moment + chance.choice([0.03, 0.1, 0.25])])
            played += 1
            kept += abs((follower.bpm or 120) - 120) < 6
    assert kept > 0.99 * played


@given(st.lists(st.integers(0, 10**12), max_size=60))
def test_whatever_is_tapped_the_next_beat_lies_ahead_within_two_seconds(moments: list[int]) -> None:
    follower = BeatFollower()
    for moment in moments:
        follower.tap(moment)
        period = follower.period_ns
        assert period is None or 0 < period <= 2 * SECOND


def test_the_session_takes_the_tempo_of_taps_and_tells_it() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for _ in range(6):
        ann.send("/beat")
        stage.advance(0.4)
    assert ann.got("/tempo")[-1][0] == pytest.approx(150)


def test_four_taps_start_the_transport_where_that_is_wished() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/session/set", "tap_starts", 1)
    for _ in range(3):
        ann.send("/beat")
        stage.advance(0.5)
    assert not [message for message in ann.got("/transport") if message[0] == 1]
    ann.send("/beat")
    assert ann.got("/transport")[-1][0] == 1
    stage.advance(2.0)
    assert ann.got("/clock")


def test_the_clock_comes_with_the_taps() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/start")
    for _ in range(12):
        ann.send("/beat")
        stage.advance(0.45)
    before = len(ann.got("/clock"))
    stage.advance(0.04)  # the next tap is due now, and so is the next beat
    ann.send("/beat")
    stage.advance(0.02)
    assert len(ann.got("/clock")) - before <= 1
    tempo = ann.got("/clock")[-1][2]
    assert tempo == pytest.approx(60 / 0.45, abs=3)


def test_when_the_taps_cease_the_tempo_stays() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/start")
    for _ in range(8):
        ann.send("/beat")
        stage.advance(0.4)
    before = len(ann.got("/clock"))
    stage.advance(40 * 0.4)
    assert abs(len(ann.got("/clock")) - before - 40) <= 1


def test_a_beat_may_say_which_of_the_bar_it_is() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/start")
    for beat in (3, 4, 1, 2):
        ann.send("/beat", beat)
        stage.advance(0.5)
    assert ann.got("/clock")[-1][1] in (2, 3)
    ann.send("/beat", 9)
    assert ann.got("/error")[-1][2] == "send /metre first"


def test_another_metre_counts_from_the_bar_under_way() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/start")
    stage.advance(2.2)  # bar 2
    ann.send("/metre", 3, 4)
    stage.advance(2.0)
    bars = [(message[0], message[1]) for message in ann.got("/clock")]
    assert bars[4:9] == [(2, 1), (2, 2), (2, 3), (3, 1), (3, 2)]


def test_one_may_go_to_a_place_in_the_form() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/start")
    stage.advance(1.1)
    ann.send("/position", 16)
    stage.advance(0.6)
    assert ann.got("/clock")[-1][:2] in ((5, 1), (5, 2))


def test_the_beat_of_another_is_followed_once_the_first_has_ceased() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    for _ in range(4):
        ann.send("/beat")
        stage.advance(0.5)
        bob.send("/beat")
        stage.advance(0.1)
    assert ann.got("/tempo")[-1][0] == pytest.approx(100)
    stage.advance(5)
    for _ in range(4):
        bob.send("/beat")
        stage.advance(0.3)
    assert ann.got("/tempo")[-1][0] == pytest.approx(200)


def test_nothing_comes_late_because_time_ran_otherwise_until_a_tapped_beat() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play([(60, 0.9), (62, 0.7), (64, 1.1), (65, 1.3), (67, 0.8), (60, 1.0), (62, 0.6)])
    stage.advance(3)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/play")
    draw = random.Random(1)
    for beat in range(400):
        if draw.random() < 0.9:
            ann.send("/beat")
        stage.advance(0.6 * max(0.1, draw.gauss(1, 0.2 if beat % 3 == 0 else 0.03)))
    events = 0
    for item, outputs in zip(stage.inputs, stage.outputs_of, strict=True):
        for output in outputs:
            if isinstance(output, Send) and output.epoch is not None:
                events += 1
                assert item.time_ns - output.due_ns < 5_000_000
    assert events > 150


@pytest.mark.parametrize("chart", ["3/4 C | F | G | A", "[A] 4/4 C | D | [B] 3/4 E | F"])
def test_a_machine_that_counts_bars_of_its_own_does_not_pull_a_chart_apart(chart: str) -> None:
    def course(kind: str) -> list[tuple[object, ...]]:
        stage = Stage()
        ann, other = stage.performer("ann"), stage.performer("other", 0, "-", "main", kind)
        ann.send("/chart/set", chart)
        ann.send("/start")
        ann.clear()
        for number in range(24):
            other.send("/beat", *([number % 4 + 1] if kind == "server" else []))
            stage.advance(0.5)
        assert not other.got("/error")
        return ann.got("/clock")

    assert course("server") == course("human")


def test_who_taps_beside_another_is_told_once_that_somebody_else_gives_the_beat() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    for _ in range(6):
        ann.send("/beat")
        bob.send("/beat")
        stage.advance(0.5)
    assert bob.got("/notice") == [("/beat", "ann gives the beat, until silent for 4 s")]
    assert not ann.got("/notice")
