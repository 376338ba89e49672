"""Recordings: every numbered input and every output, in versioned frames of a file.

A file begins with `MAGIC` and a version; each frame has its length, its checksum, its kind, and for inputs number and
logical time. A damaged frame is refused with file and offset; a broken end (the power went) is told from that.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from .effects import Cut
from .errors import SetupError
from .events import Answer
from .hub import Output, Send
from .inputs import (
    Answered,
    Begin,
    Built,
    Datagram,
    End,
    Erased,
    Failed,
    Input,
    Loaded,
    Obeyed,
    Saved,
    Troubled,
    Wake,
    WallTime,
    Wired,
)
from .seats import Endpoint

MAGIC: Final = b"sideman recording\n"
VERSION: Final = 1
_HEAD: Final = struct.Struct("<IIB")  # length of the body, its CRC-32, kind
_SLOW: Final = "~"  # before the names of slow models, among those of strangers
_INPUT: Final = struct.Struct("<Qq")  # number, logical time in ns
_BEGIN, _WALL, _DATAGRAM, _WAKE, _ANSWERED, _FAILED, _END, _SEND, _CUT, _BUILT, _SAVED, _LOADED, _ERASED, _GONE = range(
    14
)
_OBEYED: Final = 32
_WIRED: Final = 33
_TROUBLED: Final = 34
_SPOKE: Final = 35  # no input: whose the packet before it was, where others than before spoke from its port
_DONE: Final = struct.Struct("<QQQqq")  # of a wire: sent, dropped, stale, lateness


def _text(value: str) -> bytes:
    raw = value.encode(errors="replace")  # the words of an exception may hold what is no UTF-8
    return struct.pack("<H", len(raw)) + raw


def _read_text(body: bytes, at: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<H", body, at)
    at += 2
    return body[at : at + length].decode(), at + length


def _endpoint(endpoint: Endpoint) -> bytes:
    return _text(endpoint[0]) + struct.pack("<H", endpoint[1])


def _read_endpoint(body: bytes, at: int) -> tuple[Endpoint, int]:
    host, at = _read_text(body, at)
    (port,) = struct.unpack_from("<H", body, at)
    return (host, port), at + 2


def encode_input(number: int, item: Input) -> tuple[int, bytes]:
    """Kind and body of an input's frame."""
    head = _INPUT.pack(number, item.time_ns)
    if isinstance(item, Datagram):
        return _DATAGRAM, head + _endpoint(item.source) + item.packet
    if isinstance(item, Wake):
        return _WAKE, head
    if isinstance(item, Obeyed):
        players = "".join(f"{key}\n" for key in item.players)
        offs = b"".join(struct.pack("<H", len(off)) + off for off in item.offs)
        cut = struct.pack("<QH", item.cut, len(item.offs)) + _text(players) + offs
        return _OBEYED, head + _endpoint(item.source) + cut + item.packet
    if isinstance(item, Wired):
        return _WIRED, head + _DONE.pack(*item[2:]) + _text(item.said)
    if isinstance(item, Troubled):
        return _TROUBLED, head + _text(item.kind) + _text(item.name) + _text(item.trouble)
    if isinstance(item, Answered):
        return _ANSWERED, head + msgspec.json.encode(item.answer)
    if isinstance(item, Failed):
        return _FAILED, head + _text(item.player) + _text(item.reason)
    if isinstance(item, Saved):
        return _SAVED, head + struct.pack("<Q", item.errand) + _text(item.reason)
    if isinstance(item, Loaded):
        return _LOADED, head + struct.pack("<Q", item.errand) + _text(item.reason) + item.data
    if isinstance(item, Erased):
        return _ERASED, head
    if isinstance(item, Built):
        return _BUILT, head + struct.pack("<Q", item.job) + _text(item.reason)
    if isinstance(item, End):
        return _END, head
    if isinstance(item, WallTime):
        return _WALL, head + struct.pack("<q", item.offset_ns)
    names = _text(item.version) + _text(" ".join([*item.strangers, *(_SLOW + name for name in item.slow)]))
    return _BEGIN, head + struct.pack("<QI", item.seed, len(item.config)) + names + item.config + item.secret


def encode_output(item: Output) -> tuple[int, bytes]:
    """Kind and body of an output's frame."""
    if isinstance(item, Cut):
        return _CUT, _text(item.player) + struct.pack("<q", item.after_ns)
    player, epoch = item.epoch or ("", 0)
    to = b"".join(_endpoint(endpoint) for endpoint in item.to)
    return _SEND, struct.pack("<qQH", item.due_ns, epoch, len(item.to)) + _text(player) + to + item.packet


def _decode(kind: int, body: bytes) -> tuple[int, Input] | Output:
    if kind == _CUT:
        player, at = _read_text(body, 0)
        return Cut(player, struct.unpack_from("<q", body, at)[0])
    if kind == _SEND:
        due, epoch, count = struct.unpack_from("<qQH", body)
        player, at = _read_text(body, 18)
        to = []
        for _ in range(count):
            endpoint, at = _read_endpoint(body, at)
            to.append(endpoint)
        return Send(due, body[at:], tuple(to), (player, epoch) if player else None)
    number, time_ns = _INPUT.unpack_from(body)
    at = _INPUT.size
    item: Input
    if kind == _DATAGRAM:
        source, at = _read_endpoint(body, at)
        item = Datagram(time_ns, source, body[at:])
    elif kind == _WAKE:
        item = Wake(time_ns)
    elif kind == _OBEYED:
        source, at = _read_endpoint(body, at)
        cut, count = struct.unpack_from("<QH", body, at)
        players, at = _read_text(body, at + 10)
        offs = []
        for _ in range(count):
            (length,) = struct.unpack_from("<H", body, at)
            offs.append(body[at + 2 : at + 2 + length])
            at += 2 + length
        item = Obeyed(time_ns, source, body[at:], cut, tuple(players.splitlines()), tuple(offs))
    elif kind == _WIRED:
        item = Wired(time_ns, _read_text(body, at + _DONE.size)[0], *_DONE.unpack_from(body, at))
    elif kind == _TROUBLED:
        what, at = _read_text(body, at)
        name, at = _read_text(body, at)
        item = Troubled(time_ns, what, name, _read_text(body, at)[0])
    elif kind == _ANSWERED:
        item = Answered(time_ns, msgspec.json.decode(body[at:], type=Answer))
    elif kind == _FAILED:
        player, at = _read_text(body, at)
        item = Failed(time_ns, player, _read_text(body, at)[0])
    elif kind in (_SAVED, _LOADED):
        (errand,) = struct.unpack_from("<Q", body, at)
        reason, at = _read_text(body, at + 8)
        item = Saved(time_ns, errand, reason) if kind == _SAVED else Loaded(time_ns, errand, body[at:], reason)
    elif kind == _ERASED:
        item = Erased(time_ns)
    elif kind == _BUILT:
        (job,) = struct.unpack_from("<Q", body, at)
        item = Built(time_ns, job, _read_text(body, at + 8)[0])
    elif kind == _END:
        item = End(time_ns)
    elif kind == _WALL:
        item = WallTime(time_ns, struct.unpack_from("<q", body, at)[0])
    elif kind == _BEGIN:
        seed, length = struct.unpack_from("<QI", body, at)
        version, at = _read_text(body, at + 12)
        names, at = _read_text(body, at)
        strangers = tuple(name for name in names.split() if not name.startswith(_SLOW))
        slow = tuple(name.removeprefix(_SLOW) for name in names.split() if name.startswith(_SLOW))
        config = body[at : at + length]
        item = Begin(time_ns, seed, body[at + length :], version, strangers, config, slow)
    else:
        raise ValueError(f"no kind {kind}")
    return number, item


class Recorder:
    """Writes a recording. Frames are buffered by the system's file and flushed by `flush` and `close`."""

    def __init__(self, path: Path) -> None:
        """Begin a recording; raises `SetupError` when the file cannot be written or is there already."""
        try:
            self._file: BinaryIO = path.open("xb")
        except FileExistsError:
            raise SetupError(f"{path} is there already", "name another file, or move that one away") from None
        except OSError as error:
            raise SetupError(
                f"cannot record to {path}: {error.strerror}", "name a file in a folder that is ours"
            ) from None
        self._file.write(MAGIC + struct.pack("<H", VERSION))
        self._spoke: dict[Endpoint, frozenset[str]] = {}

    def input(self, number: int, item: Input) -> None:
        """Record an input."""
        self._frame(*encode_input(number, item))

    def output(self, item: Output) -> None:
        """Record an output of the input that was recorded last."""
        self._frame(*encode_output(item))

    def spoke(self, source: Endpoint, whose: frozenset[str]) -> None:
        """Record whose the packet was that was recorded last, and came from there: session and name of each."""
        if self._spoke.get(source, frozenset()) == whose:
            return
        self._frame(_SPOKE, _endpoint(source) + "\n".join(sorted(whose)).encode())
        if whose:
            self._spoke[source] = whose
        else:
            del self._spoke[source]

    def erase(self, session: str, performer: str) -> None:
        """Overwrite what somebody sent, from whatever port, and what others were told of it; may run on any thread.

        Places, lengths and times stay; a replay is exact up to the first of them.
        """
        told = f"/performer/{performer}/note\0".encode()
        with Path(self._file.name).open("r+b") as file:
            data = file.read()
            for at, kind, body in _sent(data, f"{session}/{performer}", told):
                file.seek(at)
                file.write(_HEAD.pack(len(body), zlib.crc32(body), kind) + body)
            file.flush()
            os.fsync(file.fileno())

    def flush(self) -> None:
        """Hand what was recorded to the system."""
        self._file.flush()

    def close(self) -> None:
        """End the recording."""
        self._file.close()

    def _frame(self, kind: int, body: bytes) -> None:
        self._file.write(_HEAD.pack(len(body), zlib.crc32(body), kind) + body)


def _sent(data: bytes, whose: str, told: bytes) -> Iterator[tuple[int, int, bytes]]:
    """What somebody sent, and what others were told of it: where each frame is, and what takes its place."""
    speaks: dict[Endpoint, list[str]] = {}
    packet: tuple[int, Endpoint, bytes] | None = None  # whose it is, is known by the next one
    at = len(MAGIC) + 2
    while at + _HEAD.size <= len(data):
        length, _, kind = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(body) < length:
            break
        if kind in (_DATAGRAM, _OBEYED):
            if packet is not None and whose in speaks.get(packet[1], ()):
                yield packet[0], _ERASED, packet[2]
            packet = at, _read_endpoint(body, _INPUT.size)[0], body[: _INPUT.size] + bytes(length - _INPUT.size)
        elif kind == _SPOKE:
            source, place = _read_endpoint(body, 0)
            speaks[source] = body[place:].decode().splitlines()
        elif kind == _SEND and told in body:
            yield at, _GONE, bytes(length)
        at += _HEAD.size + length
    if packet is not None and whose in speaks.get(packet[1], ()):
        yield packet[0], _ERASED, packet[2]


def read(path: Path) -> Iterator[tuple[int, Input] | Output]:
    """The frames of a recording in order: (number, input), or an output.

    Raises `SetupError` with file and offset for what is no recording, of another version, or damaged; a last frame
    that is not whole ends the recording, as after a loss of power.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SetupError(
            f"cannot read {path}: {error.strerror}", "name a file made by `sideman serve --record`"
        ) from None
    if not data.startswith(MAGIC):
        raise SetupError(f"{path} is not a recording", "name a file made by `sideman serve --record`")
    at = len(MAGIC) + 2
    if len(data) < at:
        return
    (version,) = struct.unpack_from("<H", data, len(MAGIC))
    if version != VERSION:
        raise SetupError(
            f"{path} is of version {version}, this is {VERSION}", "replay it with the sideman that made it"
        )
    while at + _HEAD.size <= len(data):
        length, checksum, kind = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(body) < length:
            return
        if zlib.crc32(body) != checksum:
            raise SetupError(f"{path} is damaged at byte {at}", "use a copy; what stands before that byte is whole")
        if kind in (_GONE, _SPOKE):
            at += _HEAD.size + length
            continue
        try:
            frame = _decode(kind, body)
        except (ValueError, struct.error, msgspec.DecodeError) as error:
            raise SetupError(f"{path} is damaged at byte {at}: {error}", "use a copy") from None
        yield frame
        at += _HEAD.size + length
