"""Standard MIDI Files of every type, by mido; what is broken is mended where something can be saved of it."""

from __future__ import annotations

import io
import struct
from collections import defaultdict
from typing import Final

import mido

from .piece import Flow, Heard, Piece, Unreadable

HEADER: Final = struct.Struct(">4sIHHh")  # magic, length, format, tracks, division
END_OF_TRACK: Final = b"\x00\xff\x2f\x00"
#: A track that is cut off is tried again without up to so many of its last bytes.
MOST_CUT: Final = 16
DEFAULT_BPM: Final = 120.0
#: A note that never ends is given so long.
HANGING_BEATS: Final = 1.0
MOST_BEATS: Final = 100_000.0


def read_midi(name: str, data: bytes) -> Piece:
    """The piece in a file; raises `Unreadable`."""
    piece = Piece(name)
    data, division = _mended(data, piece)
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except (EOFError, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise Unreadable(f"not readable as MIDI: {error or type(error).__name__}", "save it anew") from None
    if division < 0:
        # SMPTE: ticks are parts of a second, and there are no beats but those that a tempo makes.
        frames, ticks = -(division >> 8), division & 0xFF
        per_beat = frames * ticks * 60.0 / DEFAULT_BPM
        piece.oddities.append("its time is SMPTE: beats are at 120 a minute")
    else:
        per_beat = float(division)
        piece.bpm = _tempo(file)
    offset = 0.0
    for number, track in enumerate(file.tracks, 1):
        length = _track(piece, track, number, per_beat, offset)
        if file.type == 2:  # its tracks follow one another
            offset += length
    if not piece.notes:
        raise Unreadable("it has no notes", "nothing can be learned from it")
    return piece


def _tempo(file: mido.MidiFile) -> float:
    for track in file.tracks:
        for message in track:
            if message.type == "set_tempo" and message.tempo > 0:
                return min(max(60e6 / float(message.tempo), 10.0), 400.0)
    return DEFAULT_BPM


def _track(piece: Piece, track: mido.MidiTrack, number: int, per_beat: float, offset: float) -> float:
    """Take a track's notes, a flow for each channel; its length in beats."""
    flows: dict[int, Flow] = defaultdict(lambda: Flow(""))
    sounding: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
    at = 0.0
    title = ""
    for message in track:
        at += message.time / per_beat
        if at > MOST_BEATS:
            piece.oddities.append(f"track {number} has a pause of over {MOST_BEATS:g} beats: cut off there")
            at = 0.0
            break
        if message.type == "track_name":
            title = message.name.strip()
        elif message.type == "note_on" and message.velocity > 0:
            sounding[message.channel, message.note].append((at, message.velocity))
        elif message.type in ("note_on", "note_off"):
            waiting = sounding[message.channel, message.note]
            if waiting:
                onset, velocity = waiting.pop(0)
                flows[message.channel].heard.append(
                    Heard(offset + onset, at - onset, message.note, velocity, message.channel + 1)
                )
    hanging = 0
    for (channel, pitch), waiting in sounding.items():
        for onset, velocity in waiting:
            hanging += 1
            length = max(at - onset, 0.0) or HANGING_BEATS
            flows[channel].heard.append(Heard(offset + onset, length, pitch, velocity, channel + 1))
    if hanging:
        piece.oddities.append(f"track {number} has {hanging} notes that never end: they end with it")
    for channel, flow in sorted(flows.items()):
        flow.name = f"{title or f'track {number}'} {channel + 1}"
        piece.flows.append(flow)
    return at


def _mended(data: bytes, piece: Piece) -> tuple[bytes, int]:
    """The file with a header that agrees with its tracks, and its division; raises `Unreadable`."""
    if len(data) < HEADER.size or data[:4] != b"MThd":
        what = "it is empty" if not data else "it does not begin as a MIDI file does"
        raise Unreadable(what, "give a .mid file")
    _, length, kind, declared, division = HEADER.unpack_from(data)
    if division == 0:
        raise Unreadable("its division of time is 0", "save it anew with ticks per quarter note")
    at = 8 + length
    tracks: list[bytes] = []
    while at + 8 <= len(data):
        magic, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : at + 8 + size]
        if magic == b"MTrk":
            if len(body) < size:
                body = _cut(body)
                piece.oddities.append(f"track {len(tracks) + 1} is cut off: what is there of it is kept")
            tracks.append(body)
        elif tracks:
            break  # what follows the last track is nobody's
        at += 8 + size
    if not tracks:
        raise Unreadable("it has no tracks", "give a whole .mid file")
    if len(tracks) != declared and kind != 0:
        piece.oddities.append(f"it announces {declared} tracks and has {len(tracks)}")
    head = HEADER.pack(b"MThd", 6, kind if kind <= 2 else 1, len(tracks), abs(division) if division > 0 else 480)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(body)) + body for body in tracks), division


def _cut(body: bytes) -> bytes:
    """A track that broke off, ended after the last message that is whole."""
    for cut in range(min(MOST_CUT, len(body)) + 1):
        tried = body[: len(body) - cut] + END_OF_TRACK
        head = HEADER.pack(b"MThd", 6, 0, 1, 480)
        try:
            mido.MidiFile(file=io.BytesIO(head + b"MTrk" + struct.pack(">I", len(tried)) + tried), clip=True)
        except (EOFError, OSError, ValueError, KeyError, IndexError):
            continue
        return tried
    return END_OF_TRACK
