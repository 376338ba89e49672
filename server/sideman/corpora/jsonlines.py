"""JSON Lines, one piece a line, plain or gzipped: notes, chords, grids of voices, text."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from .piece import Flow, Heard, Piece, Unreadable

FIELDS: Final = "notes, chords, grid, text or paragraphs"
MOST_BYTES: Final = 1 << 30


class Line(msgspec.Struct):
    """What of a line is read; the rest is left."""

    id: str = ""
    title: str = ""
    performer: str = ""
    notes: list[list[float | str | None]] = []
    chords: list[list[float | str | None]] = []
    grid: list[list[float]] = []
    step_beats: float = 0.25
    tempo: float | None = None
    text: str = ""
    paragraphs: list[str] = []


def read_lines(name: str, data: bytes) -> Iterator[Piece]:
    """The pieces in a file, in order; raises `Unreadable` with the line that is none."""
    if data[:2] == b"\x1f\x8b":
        data = _unzipped(data)
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            piece = _piece(msgspec.json.decode(line, type=Line), f"{name}:{number}")
        except (msgspec.MsgspecError, ValueError, IndexError, TypeError) as error:
            raise Unreadable(f"line {number}: {error}", f"a line is an object with {FIELDS}") from None
        if piece.notes:
            yield piece


def _unzipped(data: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            plain = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(f"not readable as gzip: {error}", "pack it anew") from None
    if len(plain) > MOST_BYTES:
        raise Unreadable("it unpacks to more than a gigabyte", "divide it")
    return plain


def _piece(line: Line, place: str) -> Piece:
    piece = Piece(line.performer or line.title or line.id or place)
    piece.bpm = min(max(float(line.tempo), 10.0), 400.0) if line.tempo else 120.0
    piece.chords = sorted((float(_number(chord[0])), str(chord[2])) for chord in line.chords)
    if line.notes:
        heard = [Heard(_number(note[0]), _number(note[1]), _number(note[2])) for note in line.notes]
        piece.flows.append(Flow("notes", heard))
    elif line.grid:
        piece.flows += _voices(line.grid, line.step_beats)
    elif line.text or line.paragraphs:
        piece.flows.append(Flow("text", _words([line.text] if line.text else line.paragraphs)))
    elif line.chords:
        chords = [Heard(_number(c[0]), _number(c[1]), label=str(c[2])) for c in line.chords]
        piece.flows.append(Flow("chords", chords))
    return piece


def _number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _voices(grid: list[list[float]], step_beats: float) -> list[Flow]:
    """A flow for each voice of a grid; what stays the same is one note, below 0 is silence."""
    flows = []
    for voice in range(max(len(frame) for frame in grid)):
        flow, held, since = Flow(f"voice {voice + 1}"), -1.0, 0
        for number, frame in enumerate([*grid, [-1.0] * (voice + 1)]):
            pitch = frame[voice] if voice < len(frame) else -1.0
            if pitch != held:
                if held >= 0:
                    flow.heard.append(Heard(since * step_beats, (number - since) * step_beats, held))
                held, since = pitch, number
        flows.append(flow)
    return flows


def _words(paragraphs: list[str]) -> list[Heard]:
    """Words, half a beat each."""
    words = [word for paragraph in paragraphs for word in paragraph.split()]
    return [Heard(0.5 * place, 0.5, label=word[:100]) for place, word in enumerate(words)]
