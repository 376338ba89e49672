"""Chord charts as text: bars between `|`, chords in them, `%` for the bar before, sections in `[ ]`."""

from __future__ import annotations

import re
from typing import Final

from ..harmony import NO_CHORD, parse
from .piece import Flow, Heard, Piece, Unreadable

_METRE: Final = re.compile(r"(\d+)/(\d+)\Z")
_SECTION: Final = re.compile(r"\[[^\]]*\]")
MOST_BARS: Final = 10_000


def read_chart(name: str, data: bytes) -> Piece:
    """The chart in a text, its chords as labelled events; raises `Unreadable`."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(f"not readable as text: {error.reason} at byte {error.start}", "save it as UTF-8") from None
    if "|" not in text:
        raise Unreadable("there are no bars in it", "write chords between bars: Dm7 | G7 | C^7 | %")
    beats, at, before = 4, 0.0, [NO_CHORD]
    chords: list[tuple[float, float, str]] = []
    lines = [line.split("//")[0] for line in text.splitlines() if not line.lstrip().startswith(("#", "//"))]
    bars = [bar for bar in _SECTION.sub(" ", " ".join(lines)).replace("||", "|").split("|") if bar.strip(" :")]
    if len(bars) > MOST_BARS:
        raise Unreadable(f"it has more than {MOST_BARS} bars", "divide it")
    for number, bar in enumerate(bars, 1):
        words = bar.replace(":", " ").split()
        while words and (metre := _METRE.match(words[0])):
            beats = min(max(int(metre[1]), 1), 64)
            words.pop(0)
        if not words:
            continue
        named = before if words == ["%"] else words
        strange = [word for word in named if word not in ("%", NO_CHORD) and parse(word) is None]
        if strange:
            raise Unreadable(
                f"bar {number}: {strange[0][:24]!r} is no chord", "write Dm7 G7 C^7 F#m7b5 C/E, N for none"
            )
        length = beats / len(named)
        for label in named:
            chords.append((at, length, label if label != "%" else chords[-1][2] if chords else NO_CHORD))
            at += length
        before = named
    piece = Piece(name)
    piece.chords = [(onset, label) for onset, _, label in chords]
    piece.flows.append(Flow("chords", [Heard(onset, length, label=label) for onset, length, label in chords]))
    if not piece.notes:
        raise Unreadable("there are no chords in it", "write chords between bars: Dm7 | G7 | C^7 | %")
    return piece
