"""Players: hearing, answering, taking back, forgetting; viewpoints, constraints and the realiser under them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.band import Band
from sideman.copying import Copying
from sideman.errors import Refused
from sideman.events import Event, Note, Query
from sideman.memory import Memory
from sideman.models import Oracle
from sideman.params import PLAYER_PARAMS, SESSION_PARAMS, Param, check, defaults
from sideman.realiser import realise
from sideman.viewpoint import ONE_BEAT, Viewpoint, class_beats, pitch_of, time_class

SETTINGS = defaults(PLAYER_PARAMS)


def event(pitch: float, beat: float, span: float = 0.5, *, velocity: float = 80, last: bool = False) -> Event:
    note = Note(pitch, velocity, 0.0, span * 0.8)
    return Event("ann", round(beat * 5e8), beat, span, (note,), last=last)


def band(viewpoint: str = "pitch*ioi") -> Band:
    made = Band({"oracle": Oracle})
    made.make("p", "oracle", viewpoint, "p")
    made.settle()
    return made


def taught(pitches: list[int], viewpoint: str = "pitch*ioi") -> Band:
    made = band(viewpoint)
    for place, pitch in enumerate(pitches):
        made.hear(["p"], [True], event(pitch, place * 0.5, last=place == len(pitches) - 1), 0)
    return made


def query(**more: object) -> Query:
    asked = Query("p", 0, 0, 0, 7, 0, 0.0, 8.0, 32, settings=SETTINGS)
    return replace(asked, **more)  # type: ignore[arg-type]


# Viewpoints


def test_time_classes_are_two_to_the_octave() -> None:
    assert [time_class(beats) for beats in (0.25, 0.5, 1.0, 2.0)] == [
        ONE_BEAT - 4,
        ONE_BEAT - 2,
        ONE_BEAT,
        ONE_BEAT + 2,
    ]


@given(st.floats(1e-9, 1e9))
def test_a_class_holds_what_is_near_its_middle(beats: float) -> None:
    value = time_class(beats)
    assert 1 <= value <= 25
    if 1 < value < 25:
        assert abs(math.log2(beats / class_beats(value))) <= 0.2501


def test_of_a_chord_the_highest_note_counts() -> None:
    chord = Event("ann", 0, 0.0, 1.0, tuple(Note(pitch, 80, 0, 1) for pitch in (60, 67, 64)))
    assert Viewpoint("pitch").symbol(chord, None) == (68,)
    assert Viewpoint("interval").symbol(event(69, 1), chord) == (131,)
    assert Viewpoint("interval").symbol(chord, None) == (1,)


def test_an_event_without_what_the_viewpoint_sees_has_no_symbol() -> None:
    scene = Event("ann", 0, 0.0, 1.0, (), "rain")
    assert Viewpoint("pitch*ioi").symbol(scene, None) is None
    assert Viewpoint("label").symbol(scene, None) == (1,)
    assert Viewpoint("label").symbol(event(60, 0), None) is None


def test_an_unknown_viewpoint_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(Refused, match="no viewpoint 'pich'") as refusal:
        Viewpoint(["pich", "ioi"][0])
    assert "pitch" in refusal.value.cure


def test_pitch_and_interval_mean_the_same_note() -> None:
    assert pitch_of(Viewpoint("pitch"), (61,), None) == 60
    assert pitch_of(Viewpoint("interval"), (131,), 60) == 62
    assert pitch_of(Viewpoint("ioi"), (13,), 60) is None


# Realiser


def test_a_source_whose_class_was_drawn_keeps_its_own_time() -> None:
    source = event(60, 0, 0.53)
    span, notes, _ = realise(Viewpoint("pitch*ioi"), (63, time_class(0.53)), source, None, SETTINGS, 0, 1.0)
    assert span == 0.53
    assert notes[0].pitch == 62
    assert notes[0].duration_beats == pytest.approx(0.53 * 0.8)


def test_a_source_is_stretched_to_another_class_with_its_legato() -> None:
    span, notes, _ = realise(Viewpoint("pitch*ioi"), (61, ONE_BEAT), event(60, 0, 0.5), None, SETTINGS, 0, 1.0)
    assert span == 1.0
    assert notes[0].duration_beats == pytest.approx(0.8)


def test_a_chord_is_moved_as_a_whole() -> None:
    chord = Event("ann", 0, 0.0, 1.0, (Note(48, 70, 0, 1), Note(55, 80, 0.01, 1), Note(64.25, 90, 0.02, 1)))
    _, notes, _ = realise(Viewpoint("pitch"), (68,), chord, None, SETTINGS, 3, 1.0)
    assert sorted(note.pitch for note in notes) == [51, 58, 67.25]
    assert {note.channel for note in notes} == {3}
    _, notes, _ = realise(Viewpoint("pitch"), (68,), chord, None, {**SETTINGS, "max_notes": 1}, 3, 1.0)
    assert [note.pitch for note in notes] == [67.25]


def test_drums_are_never_transposed_or_range_limited() -> None:
    drum = Event("ann", 0, 0.0, 1.0, (Note(36, 100, 0, 0.1, 10),))
    settings = {**SETTINGS, "transpose": 7, "pitch_low": 60}
    _, notes, _ = realise(Viewpoint("pitch"), (37,), drum, None, settings, 0, 1.0)
    assert [note.pitch for note in notes] == [36]


@given(
    st.floats(0, 127),
    st.floats(0.01, 127),
    st.floats(1e-3, 1e3),
    st.tuples(st.integers(1, 128), st.integers(1, 25)),
    st.integers(-48, 48),
    st.floats(0.01, 100),
)
def test_every_number_that_leaves_is_finite_and_in_its_range(
    pitch: float, velocity: float, span: float, values: tuple[int, int], transpose: int, loudness: float
) -> None:  # bar 41
    source = Event("ann", 0, 0.0, span, (Note(pitch, velocity, 0.0, span), Note(pitch / 2, velocity, span, span)))
    settings = {**SETTINGS, "transpose": transpose, "velocity_scale": 4.0}
    length, notes, _ = realise(Viewpoint("pitch*ioi"), values, source, None, settings, 0, loudness)
    assert 0 < length <= 64
    for note in notes:
        assert 0 <= round(note.pitch) <= 127
        assert 1 <= note.velocity <= 127
        assert 0 < note.duration_beats <= 64
        assert 0 <= note.offset_beats <= length


# Parameters


NUMBERS = {
    param.name: param for param in (*PLAYER_PARAMS.values(), *SESSION_PARAMS.values()) if isinstance(param, Param)
}


@pytest.mark.parametrize("name", NUMBERS)
def test_every_parameter_clips_to_its_range_and_refuses_what_is_no_number(name: str) -> None:
    table = PLAYER_PARAMS if name in PLAYER_PARAMS else SESSION_PARAMS
    param = NUMBERS[name]
    assert check(table, name, 1e30) == (param.high, True)
    assert check(table, name, str(int(param.low - 1))) == (param.low, True)
    assert check(table, name, param.default) == (param.default, False)
    for wrong in ("loud", math.nan, math.inf):  # bar 5
        with pytest.raises(Refused, match=name):
            check(table, name, wrong)
    if param.whole:
        with pytest.raises(Refused, match="whole number"):
            check(table, name, param.low + 0.5)


# Copying


def test_an_answer_is_told_what_would_make_it_a_copy() -> None:
    copying = Copying([(1,), (2,), (3,), (4,), (5,)])
    for symbol in ((1,), (2,)):
        copying.went(symbol)
        assert copying.forbidden() is None
    copying.went((3,))
    assert copying.forbidden() == (4,)
    copying.went((9,))
    assert copying.forbidden() is None


# Players


def test_an_answer_plays_until_the_event_that_crosses_the_end() -> None:
    answer = taught([60, 62, 64, 65] * 3).answer(query(until_beats=2.0, onset_beats=0.25))
    onsets = [planned.onset_beats for planned in answer.events]
    assert onsets == sorted(onsets)
    assert onsets[0] == 0.25
    assert onsets[-1] < 2.0 <= onsets[-1] + answer.events[-1].span_beats


def test_without_anything_heard_there_is_nothing_and_it_is_said() -> None:
    answer = band().answer(query())
    assert answer.events == ()
    assert answer.note == "nothing to go on from"


def test_bounds_that_leave_nothing_are_said() -> None:
    answer = taught([60, 62, 64]).answer(query(settings={**SETTINGS, "pitch_low": 100}))
    assert answer.events == ()
    assert answer.note == "nothing within its bounds"


def test_what_was_dropped_is_planned_again_from_the_same_place() -> None:
    made = taught([60, 62, 64, 65, 67, 62, 64, 60] * 4)
    first = made.answer(query(count=6, until_beats=100))
    made.revert("p", 4)
    again = made.answer(query(count=4, until_beats=100, ordinal=2, onset_beats=first.events[2].onset_beats))
    assert again.events == first.events[2:]


def test_the_same_key_gives_the_same_notes_and_another_seed_others() -> None:
    pitches = [60, 62, 64, 65, 67, 62, 64, 60] * 6
    one, two, other = (taught(pitches).answer(query(seed=seed, until_beats=30)) for seed in (7, 7, 8))
    assert one == two
    assert one.events != other.events


def test_a_shared_memory_is_learned_once() -> None:
    made = band()
    made.make("q", "oracle", "pitch*ioi", "p")
    made.settle()
    made.make("r", "oracle", "interval", "p")
    made.settle()
    made.hear(["p", "q", "r"], [True, True, True], event(60, 0), 0)
    made.hear(["p"], [True], event(62, 0.5), 0)
    for name in ("p", "q", "r"):
        assert len(made.answer(query(player=name, count=1)).events) == 1
    assert [len(learned.places) for learned in made._learned.values()] == [2, 2]


def test_a_player_made_late_knows_what_its_memory_holds() -> None:
    made = taught([60, 62, 64])
    made.make("late", "oracle", "interval*ioi", "p")
    made.settle()
    assert made.answer(query(player="late", count=3)).events


def test_what_is_forgotten_is_never_a_source_and_undo_brings_it_back() -> None:
    made = taught([60, 62, 64, 65, 67, 69, 71, 72])
    made.forget("p", 2.0, again=False)
    made.settle()
    played = [planned.notes[0].pitch for planned in made.answer(query(until_beats=40)).events]
    assert set(played) <= {60, 62, 64, 65}
    made.forget("p", 2.0, again=True)
    made.settle()
    played = [planned.notes[0].pitch for planned in made.answer(query(until_beats=60, ordinal=50)).events]
    assert set(played) - {60, 62, 64, 65}


def test_what_is_forgotten_is_no_source_before_the_model_is_learned_afresh() -> None:
    made = taught([60, 62, 64, 65, 67, 69, 71, 72])
    made.forget("p", 2.0, again=False)
    assert made.jobs
    for seed in range(20):
        answer = made.answer(query(until_beats=40, seed=seed))
        assert {planned.notes[0].pitch for planned in answer.events} <= {60, 62, 64, 65}
        assert all(planned.why.source_position < 4 for planned in answer.events)


def test_forgetting_leaves_a_model_as_a_fresh_one_with_the_same_break_would_be() -> None:
    made = taught([60, 62, 64, 65])
    made.forget("p", 1.0, again=False)
    made.settle()
    made.hear(["p"], [True], event(72, 10), 0)
    learned = made._players["p"][0].learned
    fresh = Oracle(learned.alphabet)
    fresh.learn(np.array([[61, 11], [63, 11]], np.int32))
    fresh.end()
    fresh.learn(np.array([[73, 11]], np.int32))
    model = learned.model
    assert isinstance(model, Oracle)
    assert np.allclose(model.predict(model.start())[1], fresh.predict(fresh.start())[1], atol=1e-9)
    assert list(model.links()[0]) == list(fresh.links()[0])


def test_memory_keeps_positions() -> None:
    memory = Memory()
    assert [memory.append(event(60 + place, place), 0) for place in range(5)] == [0, 1, 2, 3, 4]
    assert memory.since(3.0) == [(3, 5)]
    assert memory.mean_velocity == 80
