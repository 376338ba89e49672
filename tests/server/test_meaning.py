"""The other way through a viewpoint: what it sees of an event that it asked for is what it asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.events import Event, Note
from sideman.params import PLAYER_PARAMS, defaults
from sideman.realiser import realise
from sideman.viewpoint import Viewpoint

SETTINGS = defaults(PLAYER_PARAMS)
CHORDS = ("", "N", "Dm7", "G7", "C^7", "F#m7b5", "Bb-7", "C7(b9)", "?!")


def note(pitch: float, beat: float, chord: str) -> Event:
    return Event("ann", 0, beat, 1.0, (Note(pitch, 80, 0.0, 0.9),), chord=chord)


@pytest.mark.parametrize(
    "name",
    [
        *("pitch", "interval", "pitch_class", "contour", "scale_degree"),
        *("pitch_class*contour", "scale_degree*contour", "contour*pitch_class", "pitch*interval", "pitch_class*ioi"),
    ],
)
@given(
    st.integers(24, 100),
    st.integers(24, 100),
    st.none() | st.floats(24, 100),
    st.sampled_from(CHORDS),
    st.sampled_from(CHORDS),
    st.none() | st.integers(-12, 12),
)
def test_what_it_sees_of_an_event_is_what_it_asked_for(
    name: str, wanted: int, last: int, source: float | None, chord: str, elsewhere: str, step: int | None
) -> None:
    viewpoint = Viewpoint(name)
    before = note(last, 0.0, elsewhere)
    values = viewpoint.symbol(note(wanted, 1.0, chord), before)
    assert values is not None
    taken = None if source is None else note(source, 50.0, elsewhere)
    span, notes, _ = realise(viewpoint, values, taken, last, SETTINGS, 0, 1.0, step=step, chord=chord)
    assert viewpoint.symbol(Event("p", 0, 1.0, span, notes, chord=chord), before) == values
