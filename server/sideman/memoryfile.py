"""Memories as bytes: versioned, each part with its checksum. Files are read and written elsewhere.

A file is `MAGIC`, a version, and frames of length, CRC-32 and body: a head (JSON), then for each segment its strings
(JSON) and each of its columns (name, type and raw little-endian numbers), at last an empty frame. Damage is told with
its offset. What was forgotten is not in it, but for its places: a gap is a break.
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from .columns import STREAM, Columns
from .events import Event
from .memory import SEGMENT, Memory, Snapshot, Take

MAGIC: Final = b"sideman memory\n"
VERSION: Final = 3
#: What a segment of the first version has, whose head does not say it yet: no controls.
FIRST_COLUMNS: Final = 17
_FRAME: Final = struct.Struct("<II")  # length of the body, its CRC-32
_NOBODY: Final = Event("", 0, 0.0, 0.0)


class Head(msgspec.Struct, frozen=True):
    """What a memory's file begins with."""

    events: int
    segment: int
    segments: int
    forgotten: list[tuple[int, int]] = []  # places from the file's first event on
    velocity_sum: float = 0.0
    velocity_count: int = 0
    columns: int = FIRST_COLUMNS  # of each segment
    takes: list[tuple[int, float, float]] = []  # the place from which each is, its first beat, its beats


class Damaged(ValueError):
    """What a file holds is no memory, or not whole; `offset` is where that shows."""

    def __init__(self, offset: int, reason: str) -> None:
        super().__init__(f"damaged at byte {offset}: {reason}")
        self.offset = offset
        self.reason = reason


def encode(snapshot: Snapshot, velocity: tuple[float, int] = (0.0, 0)) -> bytes:
    """A memory as it was, as a file's bytes."""
    segments = [Columns()]
    forgotten: list[tuple[int, int]] = []
    count = 0
    for _, event, stream in snapshot:
        if event is None and count == 0:
            continue  # what was forgotten before anything else leaves no gap
        if len(segments[-1]) == SEGMENT:
            segments.append(Columns())
        segments[-1].append(event or _NOBODY, stream)
        if event is None:
            joined = forgotten.pop() if forgotten and forgotten[-1][1] == count else (count, count)
            forgotten.append((joined[0], count + 1))
        count += 1
    skipped = snapshot.past - count
    takes = [(max(take.first - skipped, 0), take.since_beats, take.span_beats) for take in snapshot.takes]
    head = Head(count, SEGMENT, len(segments), forgotten, *velocity, len(segments[0].arrays), takes)
    parts = [MAGIC, struct.pack("<H", VERSION), _frame(msgspec.json.encode(head))]
    for columns in segments:
        arrays = columns.pack()
        parts.append(_frame(msgspec.json.encode(columns.words)))
        for name, column in arrays.items():
            raw = column
            if sys.byteorder == "big":
                raw = array(column.typecode, column)
                raw.byteswap()
            parts.append(_frame(_named(name, column.typecode) + raw.tobytes()))
    parts.append(_frame(b""))
    return b"".join(parts)


def decode(data: bytes, segment: int, most: int, first: int = 0) -> Memory:
    """The memory in a file's bytes, its positions counted from `first`.

    Streams get numbers below 0, so that none is taken for one that is being played. Raises `Damaged`.
    """
    if not data.startswith(MAGIC):
        raise Damaged(0, "this is no memory")
    if len(data) < len(MAGIC) + 2:
        raise Damaged(len(data), "it ends too soon")
    (version,) = struct.unpack_from("<H", data, len(MAGIC))
    if not 1 <= version <= VERSION:
        raise Damaged(len(MAGIC), f"it is of version {version}, this is {VERSION}")
    frames = _frames(data, len(MAGIC) + 2)
    at, body = next(frames)
    head = _json(at, body, Head)
    segments = [_columns(frames, head.columns) for _ in range(head.segments)]
    at, body = next(frames)
    if body:
        raise Damaged(at, "more follows than it says")
    held = sum(len(columns) for columns in segments)
    if held != head.events or any(not 0 <= low < past <= held for low, past in head.forgotten):
        raise Damaged(at, f"it holds {held} events, not {head.events} as it says")
    return _memory(head, segments, segment, most, first)


def _memory(head: Head, segments: list[Columns], segment: int, most: int, first: int) -> Memory:
    numbers: dict[int, int] = {}
    for columns in segments:
        streams = columns.pack()[STREAM]
        for place, stream in enumerate(streams):
            streams[place] = numbers.setdefault(stream, -1 - len(numbers))
    memory = Memory(segment, max(most, segment), first)
    if head.segment == segment and all(len(columns) == segment for columns in segments[:-1]):
        memory.segments = segments
    else:
        for columns in segments:
            for event, stream in columns:
                if len(memory.segments[-1]) == segment:
                    memory.segments.append(Columns())
                memory.segments[-1].append(event, stream)
    memory.forget([(first + low, first + past) for low, past in head.forgotten])
    memory.takes = [Take(first + place, since, span) for place, since, span in head.takes]
    memory.velocity_sum, memory.velocity_count = head.velocity_sum, head.velocity_count
    while len(memory.segments) * segment > memory.most and len(memory.segments) > 1:
        memory.drop_oldest()
    return memory


def _columns(frames: Iterator[tuple[int, bytes]], count: int) -> Columns:
    at, body = next(frames)
    words = _json(at, body, list[str])
    arrays: dict[str, array[Any]] = {}
    for _ in range(count):
        at, body = next(frames)
        name, typecode, raw = _unnamed(at, body)
        column: array[Any] = array(typecode)
        if len(raw) % column.itemsize:
            raise Damaged(at, f"the column {name!r} is not whole")
        column.frombytes(raw)
        if sys.byteorder == "big":
            column.byteswap()
        arrays[name] = column
    try:
        return Columns.of(words, arrays)
    except ValueError as error:
        raise Damaged(at, str(error)) from None


def _frame(body: bytes) -> bytes:
    return _FRAME.pack(len(body), zlib.crc32(body)) + body


def _frames(data: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Offset and body of each frame; raises `Damaged` for what is not whole, and where there are no more."""
    while True:
        if at + _FRAME.size > len(data):
            raise Damaged(at, "it ends too soon")
        length, checksum = _FRAME.unpack_from(data, at)
        body = data[at + _FRAME.size : at + _FRAME.size + length]
        if len(body) < length:
            raise Damaged(at, f"{length} bytes should follow, there are {len(body)}")
        if zlib.crc32(body) != checksum:
            raise Damaged(at, "a checksum does not fit")
        yield at, body
        at += _FRAME.size + length


def _json(at: int, body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise Damaged(at, str(error)) from None


def _named(name: str, typecode: str) -> bytes:
    raw = name.encode()
    return struct.pack("<B", len(raw)) + raw + typecode.encode()


def _unnamed(at: int, body: bytes) -> tuple[str, str, bytes]:
    try:
        length = body[0]
        name, typecode = body[1 : 1 + length].decode(), body[1 + length : 2 + length].decode()
        array(typecode)
    except (IndexError, ValueError, TypeError) as error:
        raise Damaged(at, f"a column without a name or type: {error}") from None
    return name, typecode, body[2 + length :]
