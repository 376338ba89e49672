"""The song files of Djazz: a label `root_quality` for each beat, beats in a bar, chapters by the bars they begin with.

The format is that which its manual and its tools describe (Djazz 1.0): `grid_data` with the labels by beat, `metadata`
with `beats_per_measure`, and `chapters` with the first bar of each.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from ..errors import Refused
from ..harmony import NAMES, NO_CHORD
from .form import MAX_SECTION, MOST_BARS, MOST_BEATS, WILDCARD, Bar, Chart, opaque_label

_BEATS: Final = ("beats_per_measure", "beats_per_bar")
_CHAPTERS: Final = ("chapters", "chapter_data", "chapter_starts")
CURE: Final = "make it with Djazz's own tool, a label for each beat"


def read_song(data: bytes, name: str, metre: tuple[int, int] = (4, 4)) -> Chart:
    """The chart in a song file; raises `Refused`."""
    try:
        song = msgspec.json.decode(data)
    except msgspec.MsgspecError as error:
        raise Refused(f"it is no JSON: {error}", "save it anew with Djazz") from None
    grid = song.get("grid_data") if isinstance(song, dict) else None
    labels = [chord_of(str(label)) for _, label in numbered(grid)]
    if not labels:
        raise Refused("its song file has no grid_data", CURE)
    metadata = song.get("metadata")
    beats = _first(metadata, _BEATS)
    beats = int(beats) if isinstance(beats, int | float) and 1 <= beats <= MOST_BEATS else metre[0]
    if len(labels) > MOST_BARS * beats:
        raise Refused(f"it has more than {MOST_BARS} bars", "divide it")
    found = _first(song, _CHAPTERS)
    sections = _sections(found if found is not None else _first(metadata, _CHAPTERS))
    bars = []
    for number, first in enumerate(range(0, len(labels), beats), 1):
        bar = tuple(opaque_label(label) or NO_CHORD for label in labels[first : first + beats])
        bars.append(Bar(bar, metre[1], sections.get(number, "")))
    return Chart(name, tuple(bars))


def chord_of(label: str) -> str:
    """A label of Djazz (`10_min7`) as a chord's; another one stays as it is."""
    root, _, quality = label.partition("_")
    if label == WILDCARD or not root.isdigit() or int(root) > 11:
        return label or NO_CHORD
    return f"{NAMES[int(root)]}{quality}"


def numbered(entries: Any) -> list[tuple[int, Any]]:
    """Entries by number, whether they are an object with numbers for keys or a list."""
    if isinstance(entries, list):
        return list(enumerate(entries))
    if isinstance(entries, dict):
        return sorted((int(key), value) for key, value in entries.items() if str(key).isdigit())
    return []


def _first(table: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(table, dict):
        return None
    return next((table[name] for name in names if name in table), None)


def _sections(chapters: Any) -> dict[int, str]:
    """The sections by the bars, from 1, with which they begin; numbered ones where they have no names."""
    starts: dict[int, str] = {}
    if isinstance(chapters, dict) and not any(str(key).isdigit() for key in chapters):
        pairs = list(chapters.items())
    else:
        pairs = [(str(place + 1), value) for place, (_, value) in enumerate(numbered(chapters))]
    for name, value in pairs:
        bar = value.get("bar") if isinstance(value, dict) else value
        if isinstance(bar, int | float) and bar >= 1:
            starts[int(bar)] = opaque_label(str(name)).replace("[", "(").replace("]", ")")[:MAX_SECTION]
    return starts
