"""Constraints: what they forbid in every viewpoint, how soft ones give way, and that `why` says which did."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.test_player import SETTINGS, query, taught
from sideman.constraints import (
    ChordTones,
    Constraint,
    Moment,
    PitchClasses,
    PitchRange,
    Register,
    masks,
    of_settings,
    pitch_classes,
    transpositions,
)
from sideman.errors import Refused
from sideman.params import PLAYER_PARAMS, check
from sideman.testing import Stage
from sideman.viewpoint import Viewpoint, pitch_of

KINDS = ("pitch", "interval", "pitch_class", "scale_degree", "contour")
constraints = st.one_of(
    st.builds(PitchRange, st.integers(0, 127), st.integers(0, 127), st.integers(-24, 24)),
    st.builds(PitchClasses, st.frozensets(st.integers(0, 11), min_size=1), st.integers(-24, 24)),
    st.builds(ChordTones, st.just(1.0), st.integers(-24, 24)),
    st.builds(Register, st.integers(1, 127), st.floats(1, 64), st.integers(-24, 24)),
)
moments = st.builds(
    Moment, st.none() | st.integers(0, 127), st.sampled_from(["", "Dm7", "G7", "N", "F#m7b5"]), st.just(0.0)
)


@given(constraints, moments, st.integers(0, 127))
def test_a_pitch_that_is_allowed_is_allowed_in_every_viewpoint(
    constraint: Constraint, moment: Moment, pitch: int
) -> None:
    weights = constraint.pitches(moment)
    allowed = weights is None or weights[pitch] > 0
    last = 60 if moment.last_pitch is None else moment.last_pitch
    for kind in KINDS:
        mask = masks((constraint,), Viewpoint(kind), moment)[0][0]
        value = {"pitch": pitch + 1, "interval": pitch - last + 129, "pitch_class": pitch % 12 + 1}.get(kind)
        if value is not None and allowed:
            assert mask is None or mask[value] > 0


@given(constraints, moments, st.data())
def test_no_value_is_admitted_whose_pitches_are_all_forbidden(
    constraint: Constraint, moment: Moment, data: st.DataObject
) -> None:
    weights = constraint.pitches(moment)
    if weights is None:
        return
    kind = data.draw(st.sampled_from(KINDS[:4]))
    mask = masks((constraint,), Viewpoint(kind), moment)[0][0]
    assert mask is not None
    for value in range(2 if kind == "interval" else 1, len(mask)):
        if mask[value] > 0:
            candidates = [pitch for pitch in range(128) if weights[pitch] > 0 and _means(kind, value, pitch, moment)]
            assert candidates


def _means(kind: str, value: int, pitch: int, moment: Moment) -> bool:
    last = 60 if moment.last_pitch is None else moment.last_pitch
    if kind in ("pitch", "interval"):
        return pitch_of(Viewpoint(kind), (value,), last) == pitch
    return pitch_of(Viewpoint(kind), (value,), pitch, near=pitch, chord=moment.chord) == pitch


def test_chord_tones_matter_most_on_the_beat() -> None:
    constraint = ChordTones(0.8)
    weights = [constraint.pitches(Moment(None, "C", phase)) for phase in (0.0, 0.5, 0.25)]
    strange = [1.0 if found is None else float(found[61]) for found in weights]
    assert strange == sorted(strange)
    assert strange[0] == pytest.approx(0.2)
    assert constraint.pitches(Moment(None, "", 0.0)) is None


def test_pitch_classes_are_named_by_notes_or_by_a_chord() -> None:
    assert pitch_classes("C Eb G") == frozenset({0, 3, 7})
    assert pitch_classes("Dm7") == frozenset({2, 5, 9, 0})
    assert pitch_classes("") is None
    assert pitch_classes("all") is None
    with pytest.raises(Refused, match="neither a note's name nor a chord"):
        check(PLAYER_PARAMS, "pitch_classes", "do re mi")
    assert transpositions("-12 0 7") == frozenset({-12, 0, 7})
    with pytest.raises(Refused, match="transpositions"):
        check(PLAYER_PARAMS, "transpositions", "up")


def test_a_player_keeps_to_its_pitch_classes() -> None:
    made = taught([60, 61, 62, 63, 64, 65, 66, 67] * 4)
    answer = made.answer(query(until_beats=30, settings={**SETTINGS, "pitch_classes": "C D E"}))
    assert answer.events
    assert {round(planned.notes[0].pitch) % 12 for planned in answer.events} <= {0, 2, 4}
    assert any("pitch classes" in planned.why.bound_by for planned in answer.events)


def test_the_softest_is_given_up_first_and_why_says_so() -> None:
    made = taught([61, 63, 66, 68] * 4)
    asked = {**SETTINGS, "pitch_classes": "C", "pitch_low": 50, "pitch_high": 70, "classes_hardness": 1.0}
    answer = made.answer(query(until_beats=4, settings=asked))
    assert answer.events
    assert all("gave up pitch classes" in planned.why.bound_by for planned in answer.events)
    assert all(50 <= planned.notes[0].pitch <= 70 for planned in answer.events)


def test_constraints_are_kept_with_the_hardest_first() -> None:
    asked = {
        **SETTINGS,
        "pitch_low": 40,
        "pitch_classes": "C D",
        "classes_hardness": 0.5,
        "chord_tones": 0.7,
        "register": 60,
    }
    names = [constraint.name for constraint in of_settings(asked)]
    assert names == ["pitch range", "chord tones", "pitch classes", "register"]


def test_above_its_density_a_player_rests() -> None:
    made = taught([60, 62, 64, 65] * 8)  # two onsets a beat
    answer = made.answer(query(until_beats=12, settings={**SETTINGS, "density": 1}))
    sounding = [planned.onset_beats for planned in answer.events if planned.notes]
    gaps = [later - earlier for earlier, later in pairwise(sounding)]
    assert min(gaps) >= 1 - 1e-6
    assert any("density" in planned.why.bound_by for planned in answer.events)


def test_a_share_of_events_becomes_rests() -> None:
    made = taught([60, 62, 64, 65] * 16)
    asked = {**SETTINGS, "rests": 0.5}
    answers = [made.answer(query(until_beats=16, seed=seed, settings=asked)) for seed in range(8)]
    planned = [event for answer in answers for event in answer.events]
    share = sum(not event.notes for event in planned) / len(planned)
    assert 0.35 < share < 0.65


def test_sources_are_moved_only_as_they_may_be() -> None:
    made = taught([60, 62, 64, 65, 67, 69, 71, 72] * 3, "interval")
    answer = made.answer(query(until_beats=30, settings={**SETTINGS, "transpositions": "0 12"}))
    memory = made.memory("p")
    for planned in answer.events:
        moved = round(planned.notes[0].pitch) - round(memory.event(planned.why.source_position).top.pitch)
        assert moved in (0, 12) or "gave up transpositions" in planned.why.bound_by


def test_microtones_are_sent_as_they_were_played() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/param/microtones", 1)
    ann.play([(60.25, 0.3), (62.5, 0.3), (64.25, 0.3), (60.25, 0.3), (62.5, 0.3)])
    stage.advance(4)
    pitches = [arguments[0] for arguments in ann.got("/player/sideman/note")]
    assert pitches
    assert all(isinstance(pitch, float) and pitch % 1 in (0.25, 0.5) for pitch in pitches)


def test_words_are_set_as_they_come_from_a_patch() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/param/pitch_classes", "C", "Eb", "G")
    ann.send("/player/sideman/param/transpositions", -12, 0, 12)
    assert ann.got("/player/sideman/is") == [("pitch_classes", "C Eb G"), ("transpositions", "-12 0 12")]


def test_a_chord_in_force_is_told_to_the_others_and_bends_the_line() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.send("/start")
    ann.send("/player/sideman/param/chord_tones", 1)
    ann.send("/chord", "C")
    ann.send("/chord", "Zwölf")
    assert bob.got("/harmony") == [("C",), ("Zwölf",)]
    assert "not understood" in str(ann.got("/notice")[-1][1])
    ann.send("/chord", "C")
    ann.play([(60 + step, 0.5) for step in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) * 2])
    stage.advance(1.0)
    ann.clear()
    stage.advance(8)
    notes = [heard for heard in ann.heard() if heard.address == "/player/sideman/note"]
    tones = sum(int(str(heard.arguments[0])) % 12 in (0, 4, 7) for heard in notes)
    assert tones > 0.6 * len(notes)
