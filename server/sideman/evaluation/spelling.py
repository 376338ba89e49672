"""Pieces as symbols: what of a corpus's line each viewpoint takes, and what may be given beside it.

Pure functions from one line's fields to rows of component values from 1; reading files is `corpora`'s. The viewpoints
are those of the baselines: no transposition, no key, and lengths in thirteen classes.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import SetupError
from ..systems import GIVEN as COLUMNS

Ints = npt.NDArray[np.int32]
Fields = Mapping[str, Any]
Rows = list[tuple[int, ...]]


def _names(words: str) -> list[str]:
    return words.split()


#: Inter-onset classes in beats; a span takes the nearest on a logarithmic scale.
CLASS_BEATS: Final = (1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 1, 3 / 2, 2, 3, 4, 8)
ROOTS: Final = {name: i + 1 for i, name in enumerate(_names("C Db D Eb E F F# G Ab A Bb B"))}
KINDS: Final = {name: i + 1 for i, name in enumerate(_names("maj min 7 maj7 min7 6 min6 hdim dim aug sus minmaj7"))}
NO_CHORD: Final = (13, 13)
#: A voice that is silent; sounding ones are their MIDI number plus 1, as pitches are.
SILENT: Final = 129
#: Sixteenths in a quarter frame of the chorales' grid.
FRAME: Final = 4
#: Of a long text so many characters are taken.
LONGEST_TEXT: Final = 40_000
#: Onsets nearer than this, in beats, are the same.
TOLERANCE: Final = 1e-6
#: Places in a bar that are told apart, in a beat.
PLACES: Final = 12

#: The columns of what may be given beside an event's past, and which `--given` name brings each.
GIVEN: Final = {name: "bar" if name in ("place", "beat") else "chord" for name in COLUMNS}


class Piece(NamedTuple):
    """One piece: its name and title, its symbols int32[n, components], what is given of each int32[n, len(GIVEN)]."""

    name: str
    title: str
    symbols: Ints
    given: Ints


def span_class(beats: float) -> int:
    """The class of a span of time, 1 to 13; what takes no time is in the shortest."""
    if beats <= 0:
        return 1
    place = math.log2(beats)
    return min(range(len(CLASS_BEATS)), key=lambda i: abs(math.log2(CLASS_BEATS[i]) - place)) + 1


def chord_values(label: str) -> tuple[int, int]:
    """Root 1 to 12 and kind 1 to 12 of a simple label; 13 and 13 where there is no chord."""
    root, _, kind = label.partition(":")
    return (ROOTS[root], KINDS[kind]) if kind else NO_CHORD


def _pitch(fields: Fields) -> Rows:
    return [(note[2] + 1,) for note in fields["notes"]]


def _pitchdur(fields: Fields) -> Rows:
    notes = fields["notes"]
    spans = [after[0] - note[0] for note, after in pairwise(notes)]
    spans += [note[1] for note in notes[-1:]]
    return [(note[2] + 1, span_class(beats)) for note, beats in zip(notes, spans, strict=True)]


def _satb(fields: Fields) -> Rows:
    return [(SILENT if voice < 0 else voice + 1,) for frame in fields["grid"][::FRAME] for voice in frame]


def _beat(fields: Fields) -> Rows:
    """The chord of each whole beat."""
    chords = fields["chords"]
    if not chords:
        return []
    onsets = [chord[0] for chord in chords]
    beats = range(int(onsets[0]), int(onsets[-1] + chords[-1][1]))
    return [chord_values(chords[max(bisect_right(onsets, beat) - 1, 0)][3]) for beat in beats]


def _change(fields: Fields) -> Rows:
    rows: Rows = []
    for chord in fields["chords"]:
        values = chord_values(chord[3])
        if rows[-1:] != [values]:
            rows.append(values)
    return rows


def _char(fields: Fields) -> Rows:
    long = fields.get("paragraphs")
    text = fields["text"] + "\n" if long is None else "\n".join(long)[:LONGEST_TEXT]
    return [(ord(character),) for character in text]


class Spelling(NamedTuple):
    """A viewpoint of a corpus: the names of its components, the fields one of which it needs, how it spells."""

    components: tuple[str, ...]
    needs: tuple[str, ...]
    spell: Callable[[Fields], Rows]


SPELLINGS: Final = {
    "pitch": Spelling(("pitch",), ("notes",), _pitch),
    "pitchdur": Spelling(("pitch", "span"), ("notes",), _pitchdur),
    "satb": Spelling(("pitch",), ("grid",), _satb),
    "beat": Spelling(("root", "kind"), ("chords",), _beat),
    "change": Spelling(("root", "kind"), ("chords",), _change),
    "char": Spelling(("character",), ("text", "paragraphs"), _char),
}


def kind_of(fields: Fields) -> str:
    """What kind of music or text a line holds, by its fields alone: settings go by it."""
    if "grid" in fields:
        return "chorale"
    if "paragraphs" in fields:
        return "prose"
    if "text" in fields:
        return "sentence" if "en" in fields else "message"
    if "notes" in fields:
        if "beats" in fields:
            return "solo"
        if "chords" not in fields:
            return "folk song"
        return "lead sheet" if "composer" in fields else "dance" if "title" in fields else "song"
    return "chart"


def spell(fields: Fields, viewpoint: str) -> Ints:
    """A line's symbols as int32[n, components]."""
    spelling = SPELLINGS[viewpoint]
    if not any(name in fields for name in spelling.needs):
        raise SetupError(
            f"piece {fields.get('id', '?')} has no {' or '.join(spelling.needs)}, which {viewpoint} needs",
            "choose another --viewpoint",
        )
    return np.array(spelling.spell(fields), np.int32).reshape(-1, len(spelling.components))


def given(fields: Fields, names: Sequence[str], events: int) -> Ints:
    """What is given of each of a piece's notes, int32[events, len(GIVEN)]: chord and place in the bar at its onset.

    0 stands for what is not given; raises SetupError where the piece has no such thing.
    """
    rows = np.zeros((events, len(GIVEN)), np.int32)
    columns = list(GIVEN)
    for name in names:
        if len(fields.get("notes", ())) != events or (name == "chord" and "chords" not in fields):
            raise SetupError(f"piece {fields.get('id', '?')} has no {name} to be given", "leave --given out")
    if "chord" in names:
        rows[:, : columns.index("place")] = np.array(_chords_at(fields), np.int32).reshape(events, -1)
    if "bar" in names:
        rows[:, columns.index("place") :] = _places(fields)
    return rows


def _chords_at(fields: Fields) -> Rows:
    """Root and kind now and after the next change, beats since this chord began and until it ends, in halves."""
    chords = fields["chords"]
    onsets = [chord[0] for chord in chords]
    values = [chord_values(chord[3]) for chord in chords]
    after = [NO_CHORD] * len(chords)
    for i in range(len(chords) - 2, -1, -1):
        after[i] = values[i + 1] if values[i + 1] != values[i] else after[i + 1]
    rows: Rows = []
    for note in fields["notes"]:
        i = bisect_right(onsets, note[0] + TOLERANCE) - 1
        left = onsets[i] + chords[i][1] - note[0] if i >= 0 else 0.0
        if left <= TOLERANCE:
            rows.append((*NO_CHORD, *NO_CHORD, 1, 1))
            continue
        halves = (min(int(2 * beats + TOLERANCE), 15) + 1 for beats in (note[0] - onsets[i], left))
        rows.append((*values[i], *after[i], *halves))
    return rows


def _places(fields: Fields) -> Ints:
    """Place in the bar in twelfths of a beat, and the beat, both from 1; a metre nobody told counts as 4/4."""
    onsets = [note[0] for note in fields["notes"]]
    beats = fields.get("beats")
    if beats is None:
        top, _, bottom = str(fields.get("meter") or "4/4").split()[0].partition("/")
        bar = int(top) * 4 / int(bottom or 4) if top.isdigit() else 4.0
        inside = [onset % bar for onset in onsets]
    else:
        inside = [
            (beats[min(max(int(onset), 0), len(beats) - 1)][2] - 1) + onset - int(onset) if beats else onset % 4
            for onset in onsets
        ]
    return np.array([(round(at * PLACES) + 1, int(at + TOLERANCE) + 1) for at in inside], np.int32).reshape(-1, 2)
