"""Material for a rehearsal without files: two old tunes with chords, and a drummer's bar.

"Ah! vous dirai-je, Maman": France, before 1761. "Frère Jacques": France, before 1780. Both public domain, composers
unknown; written down here in the simplest form, with chords and a bass of our own.
"""

from __future__ import annotations

import re
from typing import Final

from ..corpora import Flow, Heard, Piece

#: A bar a word of beats: name and octave, `:` beats; `-` is a rest.
_MAMAN: Final = """
C4:1 C4:1 G4:1 G4:1 | A4:1 A4:1 G4:2 | F4:1 F4:1 E4:1 E4:1 | D4:1 D4:1 C4:2 |
G4:1 G4:1 F4:1 F4:1 | E4:1 E4:1 D4:2 | G4:1 G4:1 F4:1 F4:1 | E4:1 E4:1 D4:2 |
C4:1 C4:1 G4:1 G4:1 | A4:1 A4:1 G4:2 | F4:1 F4:1 E4:1 E4:1 | D4:1 D4:1 C4:2
"""
_MAMAN_CHORDS: Final = "C:4 F:2 C:2 F:2 C:2 G7:2 C:2 " + "C:2 F:2 C:2 G7:2 " * 2 + "C:4 F:2 C:2 F:2 C:2 G7:2 C:2"
_JACQUES: Final = """
C4:1 D4:1 E4:1 C4:1 | C4:1 D4:1 E4:1 C4:1 | E4:1 F4:1 G4:2 | E4:1 F4:1 G4:2 |
G4:.5 A4:.5 G4:.5 F4:.5 E4:1 C4:1 | G4:.5 A4:.5 G4:.5 F4:.5 E4:1 C4:1 | C4:1 G3:1 C4:2 | C4:1 G3:1 C4:2
"""
_JACQUES_CHORDS: Final = "C:2 G7:1 C:1 " * 8
_BASS: Final = "C2:2 G2:2 | F2:2 C2:2 | F2:2 C2:2 | G2:2 C2:2"
#: Kick, snare and hat of a bar, by the keys of General MIDI.
_BAR: Final = ((0, 36), (1, 38), (2, 36), (2.5, 36), (3, 38), *((half / 2, 42) for half in range(8)))
_DRUMS: Final = 10
_NAMES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TONE: Final = re.compile(r"([A-G])([#b]?)(\d):([\d.]+)\Z")


def tunes() -> list[Piece]:
    """The default material: a song with bass and drums, and a round in two voices."""
    maman = Piece("Ah! vous dirai-je, Maman", [Flow("melody", _heard(_MAMAN))], _chords(_MAMAN_CHORDS), 108.0)
    maman.flows.append(Flow("bass", _heard(" | ".join([_BASS] * 3))))
    maman.flows.append(Flow("drums", _drums(12)))
    jacques = Piece("Frère Jacques", [Flow("first", _heard(_JACQUES))], _chords(_JACQUES_CHORDS), 108.0)
    jacques.flows.append(Flow("second", [_moved(heard, 8.0) for heard in _heard(_JACQUES)]))
    return [maman, jacques]


def _heard(text: str) -> list[Heard]:
    heard, at = [], 0.0
    for word in text.replace("|", " ").split():
        found = _TONE.match(word)
        if found is None:
            at += float(word.partition(":")[2])
            continue
        pitch = 12 * (int(found[3]) + 1) + _NAMES[found[1]] + {"#": 1, "b": -1, "": 0}[found[2]]
        beats = float(found[4])
        heard.append(Heard(at, 0.9 * beats, float(pitch), 84.0 if at % 4 == 0 else 72.0))
        at += beats
    return heard


def _chords(text: str) -> list[tuple[float, str]]:
    chords, at = [], 0.0
    for word in text.split():
        label, _, beats = word.partition(":")
        chords.append((at, label))
        at += float(beats)
    return chords


def _drums(bars: int) -> list[Heard]:
    hits = [(4.0 * bar + at, key) for bar in range(bars) for at, key in sorted(_BAR)]
    return [Heard(at, 0.2, float(key), 80.0, _DRUMS) for at, key in hits]


def _moved(heard: Heard, beats: float) -> Heard:
    return Heard(heard.onset_beats + beats, heard.duration_beats, heard.pitch, heard.velocity, heard.channel)
