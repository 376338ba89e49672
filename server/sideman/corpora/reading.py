"""From paths to pieces: which files there are, which format each has, and what cannot be read of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from .charts import read_chart
from .djazz import is_song, read_song
from .jsonlines import read_lines
from .midi import read_midi
from .musicxml import read_musicxml
from .piece import Piece, Unreadable

#: Endings and what they mean.
FORMATS: Final = {
    ".mid": "Standard MIDI File",
    ".midi": "Standard MIDI File",
    ".smf": "Standard MIDI File",
    ".musicxml": "MusicXML",
    ".xml": "MusicXML",
    ".mxl": "MusicXML, packed",
    ".jsonl": "JSON Lines",
    ".jsonl.gz": "JSON Lines, gzipped",
    ".chart": "chord chart",
    ".txt": "chord chart",
}
MOST_BYTES: Final = 1 << 28


def ending(path: Path) -> str:
    """The ending that tells a file's format; empty for one that is not known."""
    name = path.name.lower()
    return max((end for end in FORMATS if name.endswith(end)), key=len, default="")


def found(paths: Iterable[Path]) -> list[Path]:
    """The files and song folders to read, folders searched through in order of their names.

    What was named itself is always among them; of a folder's files only those whose ending is known, and no `.txt`,
    which may be anything.
    """
    every: list[Path] = []
    for path in paths:
        if path.is_dir() and not is_song(path):
            songs = [folder for folder in sorted(path.rglob("*")) if folder.is_dir() and is_song(folder)]
            every += songs
            inside = set(songs)
            every += [file for file in sorted(path.rglob("*"))
                      if file.is_file() and ending(file) not in ("", ".txt")
                      and not inside & set(file.parents)]  # fmt: skip
        else:
            every.append(path)
    return list(dict.fromkeys(every))


def read(path: Path) -> Iterator[Piece]:
    """The pieces in a file or song folder; raises `Unreadable` for whatever cannot be read."""
    if path.is_dir():
        yield read_song(path)
        return
    kind = FORMATS.get(ending(path))
    if kind is None:
        raise Unreadable("its ending is not known", f"known: {' '.join(FORMATS)}")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable("it is larger than 256 MB", "divide it")
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror}", "see whether it is there and may be read") from None
    name = path.name[: -len(ending(path))]
    if kind.startswith("JSON"):
        yield from read_lines(name, data)
    elif kind.startswith("MusicXML"):
        yield read_musicxml(name, data)
    elif kind == "chord chart":
        yield read_chart(name, data)
    else:
        yield read_midi(name, data)
