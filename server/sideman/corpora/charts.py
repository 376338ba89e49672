"""Chord charts as files: what `chart` reads of them, as labelled events in the order in which they are played."""

from __future__ import annotations

from ..chart import Chart, read
from ..errors import Refused
from .piece import Flow, Heard, Piece, Unreadable


def read_chart(name: str, data: bytes) -> Piece:
    """The chart in a text, its chords as labelled events; raises `Unreadable`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"not readable as text: {error.reason} at byte {error.start}", "save it as UTF-8") from None
    if "|" not in text and "://" not in text:
        raise Unreadable("there are no bars in it", "write chords between bars: Dm7 | G7 | C^7 | %")
    try:
        chart = read(text, name)
    except Refused as error:
        raise Unreadable(error.what, error.cure) from None
    chords = _chords(chart)
    piece = Piece(name)
    piece.chords = [(onset, label) for onset, _, label in chords]
    piece.flows.append(Flow("chords", [Heard(onset, length, label=label) for onset, length, label in chords]))
    return piece


def _chords(chart: Chart) -> list[tuple[float, float, str]]:
    """Onset, length and label of each chord of each bar, in beats."""
    chords: list[tuple[float, float, str]] = []
    for at, beat in enumerate(chart.form):
        if beat.beat > 1 and beat.label == chords[-1][2]:
            onset, length, label = chords[-1]
            chords[-1] = (onset, length + 1.0, label)
        else:
            chords.append((float(at), 1.0, beat.label))
    return chords
