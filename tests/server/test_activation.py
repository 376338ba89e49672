"""What lights up in a memory: the core's traces and peaks against their slow twins, and how they fade and move."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman import harmonic
from sideman.activation import PLACES, Traced
from sideman.events import Event, Note
from sideman.models import Peaks, Traces

from .naive_activation import NaivePeaks, NaiveTraces

EVENTS = st.lists(
    st.tuples(
        st.integers(0, 2),  # stream
        st.one_of(st.integers(58, 63), st.integers(256, 258)),  # pitch or label
        st.integers(0, 3),  # harmony
        st.sampled_from([0.25, 0.5, 1.0]),
    ),
    min_size=1,
    max_size=50,
)
PLAYED = st.lists(st.one_of(st.integers(58, 63), st.integers(256, 258)), min_size=1, max_size=8)


def both(events: list[tuple[int, int, int, float]]) -> tuple[Traces, NaiveTraces]:
    fast, slow, beat = Traces(), NaiveTraces(), 0.0
    for stream, value, harmony, gap in events:
        fast.append(stream, value, harmony, beat, 120.0)
        slow.append(stream, value, harmony, beat)
        beat += gap
    return fast, slow


@given(EVENTS, PLAYED, st.booleans(), st.integers(1, 4), st.integers(1, 60))
@settings(max_examples=200, deadline=None)
def test_a_melody_is_found_where_a_slow_search_finds_it(
    events: list[tuple[int, int, int, float]], played: list[int], moved: bool, least: int, most: int
) -> None:
    fast, slow = both(events)
    assert fast.melodies(played, moved, least, most) == slow.melodies(played, moved, least, most)
    for place in range(len(fast)):
        assert fast.agreement(played, place) == slow.agreement(played, place, 0)
        assert fast.next(place) == slow.next(place)


@given(EVENTS, st.lists(st.tuples(st.integers(1, 3), st.just(0.5), st.integers(-1, 1)), max_size=3), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_a_harmony_is_found_where_a_slow_search_finds_it(
    events: list[tuple[int, int, int, float]], wanted: list[tuple[int, float, int]], most: int
) -> None:
    fast, slow = both(events)
    assert fast.places_in(wanted, most) == slow.places_in(wanted, most)


@given(EVENTS, st.lists(st.tuples(PLAYED, st.integers(0, 2), st.sampled_from([0.0, 0.25, 0.3, 1.0, 2.5])), max_size=12))
@settings(max_examples=100, deadline=None)
def test_peaks_move_fade_merge_and_are_gathered_as_in_a_slow_loop(
    events: list[tuple[int, int, int, float]], steps: list[tuple[list[int], int, float]]
) -> None:
    fast, slow = both(events)
    peaks, naive = Peaks(), NaivePeaks(slow)
    for played, kind, beats in steps:
        peaks.move(fast, beats, 4.0, 0.1)
        naive.move(beats, 4.0, 0.1)
        lit = [(place, min(1.0, agreed / 4), shift) for place, agreed, shift in slow.melodies(played, True, 1, 8)]
        peaks.light(fast, kind, lit)
        naive.light(kind, lit)
        for lead in (0, 1, 2):
            places, shifts, values, heights, onsets, tempos = peaks.candidates(fast, lead)
            expected = naive.candidates(lead)
            assert list(zip(places.tolist(), shifts.tolist(), strict=True)) == sorted(expected)
            for at, key in enumerate(sorted(expected)):
                assert heights[at].tolist() == pytest.approx(expected[key], rel=1e-5)
                assert (values[at], onsets[at], tempos[at]) == (*slow.events[key[0]][1::2], 120.0)
        assert len(peaks) == len(naive.peaks)


def test_a_place_lit_at_a_beat_stands_later_by_the_beats_that_pass_and_fades() -> None:
    fast, _ = both([(1, 60 + number, 0, 0.5) for number in range(20)])
    peaks = Peaks()
    peaks.light(fast, 0, [(4, 1.0, 0)])
    for passed in range(1, 8):
        peaks.move(fast, 0.5, 4.0, 0.1)
        places, _, _, heights, _, _ = peaks.candidates(fast, 0)
        if passed < 8:
            assert places.tolist() == [4 + passed]
            assert heights[0, 0] == pytest.approx(10 ** (-passed / 8), rel=1e-5)
    peaks.move(fast, 0.6, 4.0, 0.1)
    assert len(peaks) == 0


def test_what_is_lost_never_lights_up() -> None:
    fast, _ = both([(1, 60 + number % 4, 1, 0.5) for number in range(60)])
    lost = [(0, 30), (40, 60)]
    found = fast.melodies([60, 61, 62], True, 1, 64, lost) + fast.places_in([(1, 1.0, 0)], 64, lost)
    assert found
    assert all(30 <= place < 40 for place, _, _ in found)
    peaks = Peaks()
    peaks.light(fast, 0, [(39, 1.0, 0), (35, 1.0, 0)])
    assert peaks.candidates(fast, 1, lost)[0].tolist() == [36]


def test_however_long_the_memory_so_many_places_are_lit_and_so_many_peaks_stand() -> None:
    chance = random.Random(1)
    fast, peaks = Traces(), Peaks()
    for number in range(20_000):
        fast.append(1, 60 + chance.randrange(3), 1 + number % 3, number / 2, 120.0)
    for _ in range(100):
        played = [60 + chance.randrange(3) for _ in range(8)]
        lit = fast.melodies(played, True, 1, PLACES)
        assert 0 < len(lit) <= PLACES
        peaks.move(fast, 0.1, 64.0, 0.001)
        peaks.light(fast, 0, lit)
        assert len(peaks) <= 256
    assert fast.bytes < 20_480 * 64 + 3 * 2**15 * 4 + 4096


def test_a_chord_is_its_family_on_its_root_and_notes_are_taken_for_the_nearest() -> None:
    assert harmonic.of_chord("Dm7") == harmonic.of_chord("D-9") != harmonic.of_chord("D7")
    assert harmonic.of_chord("N") == harmonic.of_chord("") == 0
    for label, pitches in (
        ("C", (60, 64, 67)),
        ("Am7", (57, 60, 64, 67)),
        ("G7", (55, 59, 62, 65)),
        ("Bo", (59, 62, 65, 68)),
    ):
        tones = harmonic.tones_of(Event("ann", 0, 0.0, 1.0, tuple(Note(pitch, 80, 0.0, 1.0) for pitch in pitches)))
        if label != "Bo":
            assert harmonic.of_tones(tones) == harmonic.of_chord(label)
    assert harmonic.moved(harmonic.of_chord("Dm7"), 2) == harmonic.of_chord("Em")
    assert harmonic.of_tones(0b11) == 0


def test_related_harmonies_come_after_the_harmony_itself_the_nearest_first() -> None:
    alike = harmonic.related(harmonic.of_chord("C"))
    assert alike[0] == (harmonic.of_chord("C"), 1.0)
    assert [score for _, score in alike] == sorted((score for _, score in alike), reverse=True)
    near = [harmony for harmony, _ in alike]
    assert harmonic.of_chord("C7") in near
    assert harmonic.of_chord("F#") not in near


def test_an_event_sounds_in_the_chord_in_force_or_in_what_was_played_around_it() -> None:
    ear = harmonic.Ear()
    heard = [ear.hear(Event("ann", 0, 0.0, 1.0, (Note(pitch, 80, 0.0, 1.0),))) for pitch in (57, 60, 64)]
    assert heard == [0, 0, harmonic.of_chord("Am")]
    assert ear.hear(Event("ann", 0, 0.0, 1.0, (Note(62, 80, 0.0, 1.0),), chord="Dm7")) == harmonic.of_chord("Dm7")


def test_a_break_ends_what_a_stream_had_played() -> None:
    traced = Traced()
    for number, pitch in enumerate((60, 62, 64)):
        if number == 2:
            traced.end(1)
        traced.append(Event("ann", number * 10**9, float(number), 1.0, (Note(pitch, 80, 0.0, 1.0),)), 1, 0)
    assert traced.traces.agreement([60, 62, 64], 2) == 1
    assert traced.traces.next(1) == -1


def test_an_event_sounds_after_those_before_it_as_an_ear_that_heard_them_tells() -> None:
    tune = [Event("ann", 0, 0.0, 1.0, (Note(pitch, 80, 0.0, 1.0),)) for pitch in (57, 60, 64, 67, 67)]
    ear = harmonic.Ear()
    told = [ear.hear(event) for event in tune]
    assert told[-1] == harmonic.of_chord("C")  # what was played five events ago is not heard any more
    assert [harmonic.heard_after(tune[:at], event) for at, event in enumerate(tune)] == told
