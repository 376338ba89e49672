"""Song folders of Djazz: `NAME/NAME.json` with a label for each beat, scores in `new` and `new2`, notes beat by beat.

The format is that which its manual and its tools describe (Djazz 1.0): `metadata` with tempo and beats per measure,
`grid_data` with `root_quality` for each beat; scores with `beats`, each with `notes` (`ontime_in_beats`, `pitch`,
`velocity`, `duration_in_beats`, `channel`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

from ..chart.songs import chord_of, numbered
from .piece import Flow, Heard, Piece, Unreadable

SCORES: Final = ("new", "new2")


def is_song(folder: Path) -> bool:
    """Whether a folder is a song folder."""
    return (folder / f"{folder.name}.json").is_file()


def read_song(folder: Path) -> Piece:
    """The song with all its scores as flows, or its chords alone where there is none; raises `Unreadable`."""
    song = _json(folder / f"{folder.name}.json")
    piece = Piece(folder.name)
    metadata = song.get("metadata") if isinstance(song, dict) else None
    if isinstance(metadata, dict) and isinstance(metadata.get("tempo"), int | float):
        piece.bpm = min(max(float(metadata["tempo"]), 10.0), 400.0)
    labels = song.get("grid_data") if isinstance(song, dict) else None
    if not isinstance(labels, dict) or not labels:
        raise Unreadable("its song file has no grid_data", "make it with Djazz's own tool, a label for each beat")
    piece.chords = [(float(beat), chord_of(str(label))) for beat, label in numbered(labels)]
    for score in sorted(path for folder_name in SCORES for path in (folder / folder_name).glob("*.json")):
        for channel, heard in _notes(_json(score)).items():
            piece.flows.append(Flow(f"{score.stem} {channel}", heard))
    if not piece.flows:
        piece.flows.append(Flow("chords", [Heard(beat, 1.0, label=label) for beat, label in piece.chords]))
    return piece


def _json(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes())
    except OSError as error:
        raise Unreadable(f"{path.name}: {error.strerror}", "see whether it may be read") from None
    except msgspec.MsgspecError as error:
        raise Unreadable(f"{path.name}: {error}", "save it anew with Djazz") from None


def _notes(score: Any) -> dict[int, list[Heard]]:
    """The notes of every `beats` in a score, by channel."""
    found: dict[int, list[Heard]] = {}
    for beats in _beats(score):
        for number, beat in numbered(beats):
            notes = beat.get("notes", []) if isinstance(beat, dict) else []
            for note in notes if isinstance(notes, list) else [notes]:
                if isinstance(note, dict) and isinstance(note.get("pitch"), int | float):
                    channel = int(_number(note, "channel", 1))
                    found.setdefault(channel, []).append(
                        Heard(
                            number + _number(note, "ontime_in_beats", 0.0),
                            _number(note, "duration_in_beats", 0.25),
                            float(note["pitch"]),
                            _number(note, "velocity", 80.0),
                            channel,
                        )
                    )
    return found


def _beats(score: Any) -> Iterator[Any]:
    if isinstance(score, dict):
        if isinstance(score.get("beats"), dict | list):
            yield score["beats"]
        for value in score.values():
            if isinstance(value, dict) and value is not score.get("beats"):
                yield from _beats(value)


def _number(note: dict[str, Any], name: str, default: float) -> float:
    value = note.get(name, default)
    return float(value) if isinstance(value, int | float) else default
