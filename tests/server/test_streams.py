"""From note-ons and note-offs to events and phrases."""

from __future__ import annotations

import pytest

from sideman.streams import MOST_SOUNDING, Held, Mark, Stream
from sideman.testing import Stage
from sideman.timeline import SECOND, Timeline

TIMELINE = Timeline(0)  # 120 a minute: a beat is half a second
CHORD_NS = 30_000_000
HOLD_NS = 10 * SECOND


@pytest.fixture
def stream() -> Stream:
    return Stream("ann", 0)


def on(stream: Stream, at_s: float, pitch: float, off_s: float | None = None) -> tuple[object, bool]:
    at = round(at_s * SECOND)
    off = None if off_s is None else round(off_s * SECOND)
    return stream.note_on(at, Held(pitch, 90.0, 1, at, off), TIMELINE, CHORD_NS)


def off(stream: Stream, at_s: float, pitch: float) -> bool:
    return stream.note_off(round(at_s * SECOND), pitch, 1) is not None


def finish(stream: Stream, at_s: float) -> tuple[object, object]:
    over = stream.finish(round(at_s * SECOND), TIMELINE, HOLD_NS)
    assert over is not None
    return over


def test_an_event_closes_at_the_next_onset_with_the_time_between_as_its_span(stream: Stream) -> None:
    assert on(stream, 0, 60) == (None, True)
    off(stream, 0.4, 60)
    closed, opens = on(stream, 0.5, 62)
    assert opens
    assert closed.span_beats == 1.0  # type: ignore[attr-defined]
    assert closed.notes[0].duration_beats == 0.8  # type: ignore[attr-defined]


def test_onsets_within_chord_ms_are_one_event(stream: Stream) -> None:
    on(stream, 0, 60)
    assert on(stream, 0.02, 64) == (None, False)
    assert on(stream, 0.03, 67) == (None, False)
    closed, opens = on(stream, 0.031, 72)
    assert opens
    assert [note.pitch for note in closed.notes] == [60, 64, 67]  # type: ignore[attr-defined]


def test_a_held_bass_delays_nothing(stream: Stream) -> None:
    on(stream, 0, 36)
    closed, _ = on(stream, 0.5, 60)
    assert closed.notes[0].pitch == 36  # type: ignore[attr-defined]
    assert closed.notes[0].duration_beats == 1.0  # type: ignore[attr-defined]


def test_the_last_event_of_a_phrase_spans_its_sounding_length(stream: Stream) -> None:
    on(stream, 0, 60)
    off(stream, 0.5, 60)
    on(stream, 0.5, 62)
    off(stream, 1.5, 62)
    event, phrase = finish(stream, 2.5)
    assert event.last  # type: ignore[attr-defined]
    assert event.span_beats == 2.0  # type: ignore[attr-defined]
    assert (phrase.first_ns, phrase.end_ns, phrase.events) == (0, 1.5 * SECOND, 2)  # type: ignore[attr-defined]


def test_a_phrase_waits_for_its_last_note_off(stream: Stream) -> None:
    on(stream, 0, 60)
    assert stream.end_ns(HOLD_NS) == HOLD_NS
    off(stream, 3, 60)
    assert stream.end_ns(HOLD_NS) == 3 * SECOND


def test_a_note_held_too_long_no_longer_delays_the_end(stream: Stream) -> None:
    on(stream, 0, 36)
    on(stream, 11, 60)
    off(stream, 11.5, 60)
    assert stream.end_ns(HOLD_NS) == 11.5 * SECOND


def test_a_note_with_a_duration_awaits_no_note_off(stream: Stream) -> None:
    on(stream, 0, 60, off_s=0.25)
    assert stream.end_ns(HOLD_NS) == 0.25 * SECOND


def test_a_note_that_is_to_last_too_long_delays_the_end_no_longer_than_one_that_is_held(stream: Stream) -> None:
    on(stream, 0, 36, off_s=120)
    assert stream.end_ns(HOLD_NS) == HOLD_NS
    event, phrase = finish(stream, 11)
    assert phrase.end_ns == HOLD_NS  # type: ignore[attr-defined]
    assert event.notes[0].duration_beats == 240.0  # type: ignore[attr-defined]


def test_an_event_that_lasts_too_long_delays_no_end_but_is_learned_as_long_as_it_is(stream: Stream) -> None:
    stream.put(0, Mark("dawn"), 32 * SECOND, TIMELINE, HOLD_NS)
    assert stream.end_ns(HOLD_NS) == HOLD_NS
    event, phrase = finish(stream, 11)
    assert phrase.end_ns == HOLD_NS  # type: ignore[attr-defined]
    assert event.span_beats == 64.0  # type: ignore[attr-defined]


def test_a_pedal_point_of_two_minutes_silences_no_answer() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/note", 36.0, 80.0, 1, 120_000.0)
    ann.play([(60, 0.5), (64, 0.5)])
    stage.advance(12)
    assert ann.got("/player/sideman/note")


def test_on_twice_ends_the_first_there(stream: Stream) -> None:
    on(stream, 0, 60)
    closed, _ = on(stream, 0.5, 60)
    assert closed.notes[0].duration_beats == 1.0  # type: ignore[attr-defined]
    assert off(stream, 1.0, 60)
    assert not off(stream, 1.1, 60)


def test_off_without_on_is_ignored_and_counted(stream: Stream) -> None:
    assert not off(stream, 0, 60)
    assert stream.ignored_offs == 1


def test_an_off_ends_the_note_that_its_pitch_has_drifted_from(stream: Stream) -> None:
    on(stream, 0, 60.13)
    assert off(stream, 0.5, 60.02)
    assert not stream.sounding
    assert stream.end_ns(HOLD_NS) == 0.5 * SECOND


def test_an_off_ends_the_very_note_before_one_that_is_near(stream: Stream) -> None:
    on(stream, 0, 60.0)
    on(stream, 0, 60.25)
    assert off(stream, 0.5, 60.25)
    assert [held.pitch for held in stream.sounding.values()] == [60.0]


def test_an_off_ends_no_neighbour_not_even_a_quarter_tone_away(stream: Stream) -> None:
    on(stream, 0, 60.0)
    assert not off(stream, 0.4, 61.0)
    assert not off(stream, 0.5, 60.5)
    assert stream.ignored_offs == 2


def test_who_never_ends_a_note_holds_no_more_than_anybody_could() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/listen", "/performer/*/note")
    for step in range(MOST_SOUNDING + 2):
        ann.send("/note", 40 + step / 7, 90.0)
        stage.advance(0.05)
    assert len(stage.engine._sessions["main"].streams["ann", "notes"].sounding) == MOST_SOUNDING
    assert [heard[0] for heard in bob.got("/performer/ann/note") if heard[1] == 0] == [40, 40]


def test_whoever_listens_hears_the_end_of_the_note_that_had_begun() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/listen", "/performer/*/note")
    ann.send("/note", 60.45, 90.0)
    stage.advance(0.2)
    ann.send("/note", 60.55, 0.0)
    assert bob.got("/performer/ann/note") == [(60, 90, 1), (60, 0, 1)]


def test_a_released_performer_holds_nothing(stream: Stream) -> None:
    on(stream, 0, 60)
    stream.release(SECOND)
    assert stream.end_ns(HOLD_NS) == SECOND
