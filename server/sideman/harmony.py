"""Chords by their labels: root, kind, pitch classes, family. Only spelling and theory belong here.

A spelling that is not known is an opaque label: it can be learned and matched, but has no pitch classes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

NAMES: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
NO_CHORD: Final = "N"

#: Each kind: its semitones above the root, and the family to which players count it.
KINDS: Final[dict[str, tuple[tuple[int, ...], str]]] = {
    "maj": ((0, 4, 7), "major"),
    "6": ((0, 4, 7, 9), "major"),
    "69": ((0, 2, 4, 7, 9), "major"),
    "maj7": ((0, 4, 7, 11), "major"),
    "maj9": ((0, 2, 4, 7, 11), "major"),
    "aug": ((0, 4, 8), "dominant"),
    "7": ((0, 4, 7, 10), "dominant"),
    "9": ((0, 2, 4, 7, 10), "dominant"),
    "13": ((0, 2, 4, 7, 9, 10), "dominant"),
    "aug7": ((0, 4, 8, 10), "dominant"),
    "7b9": ((0, 1, 4, 7, 10), "dominant"),
    "7#9": ((0, 3, 4, 7, 10), "dominant"),
    "7b5": ((0, 4, 6, 10), "dominant"),
    "7#11": ((0, 4, 6, 7, 10), "dominant"),
    "7b13": ((0, 4, 7, 8, 10), "dominant"),
    "7alt": ((0, 1, 4, 8, 10), "dominant"),
    "sus4": ((0, 5, 7), "suspended"),
    "sus2": ((0, 2, 7), "suspended"),
    "7sus4": ((0, 5, 7, 10), "suspended"),
    "9sus4": ((0, 2, 5, 7, 10), "suspended"),
    "min": ((0, 3, 7), "minor"),
    "min6": ((0, 3, 7, 9), "minor"),
    "min69": ((0, 2, 3, 7, 9), "minor"),
    "min7": ((0, 3, 7, 10), "minor"),
    "min9": ((0, 2, 3, 7, 10), "minor"),
    "min11": ((0, 2, 3, 5, 7, 10), "minor"),
    "minmaj7": ((0, 3, 7, 11), "minor"),
    "hdim": ((0, 3, 6, 10), "half-diminished"),
    "dim": ((0, 3, 6), "diminished"),
    "dim7": ((0, 3, 6, 9), "diminished"),
    "5": ((0, 7), "major"),
}

#: How kinds are spelled, beside their own names.
_SPELLED: Final[dict[str, str]] = {
    **dict.fromkeys(("", "M", "major", "Maj"), "maj"),
    **dict.fromkeys(("M6", "maj6", "Maj6", "add6"), "6"),
    **dict.fromkeys(("6/9", "6add9", "M69"), "69"),
    **dict.fromkeys(("M7", "Maj7", "ma7", "j7", "j", "^", "^7", "Δ", "Δ7", "maj7"), "maj7"),
    **dict.fromkeys(("M9", "Maj9", "^9", "Δ9", "j9", "maj13", "^13"), "maj9"),
    **dict.fromkeys(("+", "aug", "#5", "+5"), "aug"),
    **dict.fromkeys(("dom7", "dom"), "7"),
    **dict.fromkeys(("+7", "7+", "7#5", "7+5", "aug7", "9#5"), "aug7"),
    **dict.fromkeys(("7b9", "7-9", "13b9", "7b9b13", "7b913"), "7b9"),
    **dict.fromkeys(("7#9", "7+9", "7#9#5", "7#9b13", "7#5#9"), "7#9"),
    **dict.fromkeys(("7b5", "7-5", "9b5"), "7b5"),
    **dict.fromkeys(("7#11", "9#11", "13#11", "7+11", "7911#", "7#1113"), "7#11"),
    **dict.fromkeys(("7alt", "alt", "7b9#5", "7b5b9", "7b5#9", "7#5b9"), "7alt"),
    **dict.fromkeys(("sus", "4"), "sus4"),
    **dict.fromkeys(("7sus", "sus7", "sus47"), "7sus4"),
    **dict.fromkeys(("9sus", "sus9", "13sus", "13sus4"), "9sus4"),
    **dict.fromkeys(("m", "-", "mi", "minor", "Min"), "min"),
    **dict.fromkeys(("m6", "-6", "mi6"), "min6"),
    **dict.fromkeys(("m69", "-69", "m6/9"), "min69"),
    **dict.fromkeys(("m7", "-7", "mi7", "Min7", "-7b13", "m7b13"), "min7"),
    **dict.fromkeys(("m9", "-9", "mi9", "-79", "m79"), "min9"),
    **dict.fromkeys(("m11", "-11", "mi11", "-7911", "m13", "-13", "min13"), "min11"),
    **dict.fromkeys(("mM7", "m^7", "-^7", "-^", "-j7", "-j", "mMaj7", "mmaj7", "minMaj7", "m(maj7)", "-M7"), "minmaj7"),
    **dict.fromkeys(("m7b5", "-7b5", "min7b5", "mi7b5", "ø", "ø7", "h", "h7", "half-dim", "m7-5"), "hdim"),
    **dict.fromkeys(("o", "°", "mb5", "-b5"), "dim"),
    **dict.fromkeys(("o7", "°7"), "dim7"),
}
_TENSIONS: Final = re.compile(r"(?:add)?(?:(?:[#b+-]?(?:5|6|7|9|11|13)[#b+]?|sus4?|alt|\+|add))+")
#: The most telling alteration comes first. Some write the accidental behind the number.
_ALTERED: Final = (
    (("alt",), "7alt"),
    (("b9", "9b", "-9"), "7b9"),
    (("#9", "9#", "9+"), "7#9"),
    (("#5", "5#", "+5", "5+"), "aug7"),
    (("b5", "5b", "-5"), "7b5"),
    (("#11", "11#", "11+"), "7#11"),
    (("b13", "13b", "-13"), "7b13"),
    (("+",), "aug7"),
)
_LABEL: Final = re.compile(r"([A-Ga-g])([#b♯♭]?)(.*?)(?:/([A-Ga-g][#b♯♭]?))?\Z")
_ACCIDENTAL: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord that is understood: root and bass as pitch classes, 0 for C."""

    root: int
    kind: str
    bass: int

    @property
    def pitch_classes(self) -> frozenset[int]:
        """The chord's own tones, and its bass."""
        return frozenset((self.root + step) % 12 for step in KINDS[self.kind][0]) | {self.bass}

    @property
    def family(self) -> str:
        """What players count it to: major, minor, dominant, ..."""
        return KINDS[self.kind][1]

    @property
    def label(self) -> str:
        """Its plain spelling."""
        over = f"/{NAMES[self.bass]}" if self.bass != self.root else ""
        return f"{NAMES[self.root]}{'' if self.kind == 'maj' else self.kind}{over}"

    def moved(self, semitones: int) -> Chord:
        """The same chord elsewhere."""
        return Chord((self.root + semitones) % 12, self.kind, (self.bass + semitones) % 12)


@lru_cache(maxsize=4096)
def parse(label: str) -> Chord | None:
    """The chord that a label spells; None for no chord (`N`) and for a spelling that is not known.

    Understood are spellings such as Dm7 G7 Cmaj7 C^7 CM7 Bb-7 F#m7b5 C7(b9) C/E, and C:min7 as corpora write.
    """
    found = _LABEL.match(label.strip().replace(" ", ""))
    if not found:
        return None
    root = _pitch_class(found[1], found[2])
    kind = _kind(found[3].removeprefix(":"))
    if kind is None and found[4] is None:
        return None
    if kind is None:
        return None
    bass = _pitch_class(found[4][0], found[4][1:]) if found[4] else root
    return Chord(root, kind, bass)


def _pitch_class(letter: str, accidental: str) -> int:
    return (_LETTERS[letter.upper()] + _ACCIDENTAL[accidental]) % 12


def _kind(spelled: str) -> str | None:
    plain = spelled.replace("(", "").replace(")", "").replace(",", "").replace("♯", "#").replace("♭", "b")
    for spelling in (spelled, plain):
        if (kind := _whole(spelling)) is not None:
            return kind
    # Else the longest beginning that is a kind, with tensions behind it.
    for length in range(len(plain) - 1, -1, -1):
        kind = _whole(plain[:length])
        if kind is not None and (found := _TENSIONS.fullmatch(plain[length:])):
            return _with_tensions(kind, found[0])
    return None


def _whole(spelling: str) -> str | None:
    if spelling in _SPELLED:
        return _SPELLED[spelling]
    return spelling if spelling in KINDS else None


def _with_tensions(kind: str, tensions: str) -> str:
    """The kind that a seventh chord becomes by its altered tensions; natural ones leave it as it is."""
    if "sus" in tensions:
        return "7sus4" if "7" in kind else "sus4"
    if kind not in ("7", "9", "13", "aug7", "maj"):
        return kind
    seventh = kind != "maj" or tensions[0] in "91"
    for spellings, altered in _ALTERED:
        if any(spelling in tensions for spelling in spellings):
            return altered if seventh else "aug" if altered == "aug7" else kind
    return "9" if kind == "maj" and seventh else kind


def opaque(label: str) -> bool:
    """Whether a label names a chord that is not understood."""
    return label not in ("", NO_CHORD, "NC", "N.C.") and parse(label) is None
