"""Viewpoints: what each sees of an event, what it asks of the next one, and players that play through each."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.test_player import SETTINGS, event
from sideman.errors import Refused
from sideman.events import Event, Note
from sideman.models import Alphabet, viewing_ngram
from sideman.realiser import realise
from sideman.testing import Stage
from sideman.viewpoint import COMPONENTS, Slicer, Viewpoint, check, merged, pitch_of

LINKED = [f"{one}*{other}" for one, other in permutations(COMPONENTS, 2)]
PITCHED = ("pitch", "interval", "pitch_class", "scale_degree", "contour")


def over(pitch: float, beat: float, chord: str) -> Event:
    return Event("ann", 0, beat, 0.5, (Note(pitch, 80, 0.0, 0.4),), chord=chord)


@pytest.mark.parametrize("name", [*COMPONENTS, *LINKED])
def test_any_two_can_be_linked_and_see_what_each_sees_alone(name: str) -> None:
    check(name)
    before, now = over(60, 0, "C"), over(64, 0.5, "Am7")
    whole = Viewpoint(name).symbol(now, before)
    alone = [Viewpoint(part).symbol(now, before) for part in name.split("*")]
    if whole is None:
        assert None in alone
    else:
        assert whole == tuple(found[0] for found in alone if found is not None)


@pytest.mark.parametrize("name", ["", "pich", "pitch*", "pitch*pitch", "pitch*ioi*duration*contour*chord"])
def test_what_cannot_be_linked_is_refused_with_what_can(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        check(name)
    assert "pitch" in refusal.value.cure


@given(st.integers(0, 127), st.integers(0, 127), st.sampled_from(["", "Dm7", "F#m7b5"]), st.sampled_from(PITCHED))
def test_what_a_viewpoint_sees_of_what_it_asked_for_is_what_it_asked_for(
    last: int, pitch: int, chord: str, name: str
) -> None:
    viewpoint = Viewpoint(name)
    before = over(last, 0, chord)
    symbol = viewpoint.symbol(over(pitch, 0.5, chord), before)
    assert symbol is not None
    meant = pitch_of(viewpoint, symbol, last, near=pitch, step=pitch - last, chord=chord)
    assert meant is not None
    again = viewpoint.symbol(over(meant, 0.5, chord), before)
    assert again == symbol


def test_a_scale_degree_is_counted_from_the_chord_in_force() -> None:
    viewpoint = Viewpoint("scale_degree")
    assert viewpoint.symbol(over(64, 0, "C"), None) == (5,)
    assert viewpoint.symbol(over(64, 0, "Am7"), None) == (8,)
    assert viewpoint.symbol(over(64, 0, ""), None) == (5,)


def test_a_pitch_class_set_has_a_bit_for_each_class_that_sounds() -> None:
    chord = Event("ann", 0, 0.0, 1.0, tuple(Note(pitch, 80, 0, 1) for pitch in (60, 64, 67, 72)))
    assert Viewpoint("pcset").symbol(chord, None) == (0b10010001,)


def test_chords_that_are_spelled_differently_are_one() -> None:
    viewpoint = Viewpoint("chord")
    assert viewpoint.symbol(over(60, 0, "C^7"), None) == viewpoint.symbol(over(62, 0, "Cmaj7"), None)
    assert viewpoint.symbol(over(60, 0, ""), None) == viewpoint.symbol(over(60, 0, "N"), None)
    assert viewpoint.symbol(over(60, 0, "Dm7"), None) != viewpoint.symbol(over(62, 0, "D7"), None)


def test_a_beat_is_one_event_with_all_its_notes_where_they_were() -> None:
    slicer = Slicer([])
    heard = [over(60, 4.0, "C"), over(62, 4.5, "C"), over(64, 4.75, "G7"), over(65, 5.25, "G7")]
    over_by = [slicer.hear(one, place) for place, one in enumerate(heard)]
    assert over_by[:3] == [[], [], []]
    (whole, first, last) = over_by[3][0]
    assert (first, last) == (0, 2)
    assert (whole.onset_beats, whole.span_beats, whole.chord) == (4.0, 1.0, "C")
    assert [(note.pitch, note.offset_beats) for note in whole.notes] == [(60, 0.0), (62, 0.5), (64, 0.75)]
    assert merged(heard[3:], 5, last=False).notes[0].offset_beats == 0.25


def test_a_pitch_class_is_played_in_the_octave_that_is_nearest() -> None:
    _, notes, _ = realise(Viewpoint("pitch_class"), (1,), event(60, 0), 71, SETTINGS, 0, 1.0)
    assert notes[0].pitch == 72
    _, notes, _ = realise(Viewpoint("pitch_class"), (1,), event(60, 0), 71, {**SETTINGS, "pitch_high": 71}, 0, 1.0)
    assert notes[0].pitch == 60


@pytest.mark.parametrize(
    "name",
    [
        "pitch_class*ioi",
        "contour*ioi",
        "scale_degree*ioi",
        "pcset*ioi",
        "chord*ioi",
        "beat",
        "beat*pitch",
        "pitch*duration",
    ],
)
def test_a_player_plays_through_each(name: str) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for model in ("oracle", "ngram"):
        ann.send(f"/player/by-{model}/new", model, name)
        ann.send(f"/player/by-{model}/mode", "free")
    for chord, pitches in (("C", (60, 64, 67, 64)), ("F", (65, 69, 72, 69)), ("C", (67, 64, 60, 62))) * 3:
        ann.send("/chord", chord)
        ann.play([(pitch, 0.25) for pitch in pitches])
    stage.advance(2)
    ann.clear()
    for model in ("oracle", "ngram"):
        ann.send(f"/player/by-{model}/play")
    stage.advance(6)
    assert not ann.got("/error")
    for model in ("oracle", "ngram"):
        notes = ann.got(f"/player/by-{model}/note")
        assert len(notes) > 6
        ann.send(f"/player/by-{model}/why")
        assert ann.got(f"/player/by-{model}/why")[-1][3] == "ann"


def test_the_ngram_knows_a_phrase_in_another_key() -> None:
    alphabet = Alphabet(2)
    alphabet.names = ("pitch", "ioi")
    model = viewing_ngram(alphabet)
    phrase = [(0, 11), (2, 11), (4, 9), (5, 13), (4, 11), (-1, 9), (0, 15)]
    for key in (60, 62, 67, 59, 64):
        symbols = [alphabet.intern((key + step + 1, time)) for step, time in phrase * 4]
        model.learn(np.array(symbols, np.int32))
        model.end()
    state = model.start()
    for step, time in phrase[:4]:  # in a key in which it was never heard
        model.advance(state, alphabet.intern((63 + step + 1, time)))
    values, p = model.predict(state)
    wanted = 63 + phrase[4][0] + 1
    assert wanted in values
    best = values[1:][np.argsort(p[1:])[::-1][:2]]
    assert wanted in best
