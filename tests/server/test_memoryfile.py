"""A memory as bytes: the same again, and whatever is damaged is refused with its offset."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.test_memory import events, note
from sideman.events import Control, Event, Note
from sideman.memory import Memory
from sideman.memoryfile import Damaged, decode, encode
from sideman.shelf import Shelf


def small() -> Memory:
    memory = Memory()
    for number in range(12):
        memory.append(note(number), number % 2)
    memory.forget([(4, 6)])
    return memory


SMALL = encode(small().snapshot(), (960.0, 12))


@given(st.lists(st.tuples(events, st.integers(0, 3)), max_size=30), st.integers(3, 40), st.integers(0, 10**9))
def test_what_is_kept_comes_back(kept: list[tuple[Event, int]], segment: int, first: int) -> None:
    memory = Memory()
    for event, stream in kept:
        memory.append(event, stream)
    again = decode(encode(memory.snapshot()), segment, 10_000, first)
    assert [again.event(first + place) for place in range(len(kept))] == [event for event, _ in kept]
    streams = [again.stream(first + place) for place in range(len(kept))]
    assert all(stream < 0 for stream in streams)
    assert len(set(zip(streams, [stream for _, stream in kept], strict=True))) == len(set(streams))


def test_what_was_forgotten_is_not_in_the_file_but_its_gap_is() -> None:
    again = decode(SMALL, 100, 1000)
    assert [place for place in range(12) if not again.has(place)] == [4, 5]
    assert again.event(4).notes == ()
    assert again.mean_velocity == 80


def test_a_file_that_is_cut_off_anywhere_is_refused() -> None:
    for length in range(len(SMALL)):
        with pytest.raises(Damaged):
            decode(SMALL[:length], 100, 1000)


@settings(max_examples=300)
@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
def test_a_byte_that_has_changed_anywhere_is_noticed(place: int, change: int) -> None:
    damaged = bytearray(SMALL)
    damaged[place] ^= change
    with pytest.raises(Damaged) as error:
        decode(bytes(damaged), 100, 1000)
    assert error.value.offset <= place + 8


@given(st.binary(max_size=400))
def test_what_is_no_memory_is_refused(junk: bytes) -> None:
    with pytest.raises(Damaged):
        decode(junk, 100, 1000)


def test_what_follows_the_end_is_ignored_by_nobody_and_a_newer_version_is_named() -> None:
    newer = bytearray(SMALL)
    newer[15] = 9
    with pytest.raises(Damaged, match="version 9"):
        decode(bytes(newer), 100, 1000)


GOLDEN = Path(__file__).parents[1] / "data/golden"


def golden() -> Memory:
    """What the golden files hold."""
    memory = Memory()
    bend = (Control("bend", 0, 0.25, 0.5, 2), Control("control", 1, 64.0, 0.75))
    for number in range(4):
        controls = bend if number == 3 else ()
        what = (Note(60.0 + number, 90.0, 0.0, 0.9),)
        memory.append(Event("ann", number * 500_000_000, float(number), 1.0, what, chord="Dm7", controls=controls), 0)
    memory.append(Event("bob", 2_000_000_000, 4.0, 1.0, label="dawn", last=True), 1)
    memory.forget([(2, 3)])
    return memory


def test_a_file_of_the_first_version_is_read() -> None:
    again = decode((GOLDEN / "version_1.memory").read_bytes(), 100, 1000)
    wanted = golden()
    for place in (0, 1, 3, 4):
        assert again.event(place) == replace(wanted.event(place), controls=())
    assert not again.has(2)


def test_the_format_of_a_file_does_not_change_by_itself() -> None:
    assert encode(golden().snapshot(), (360.0, 4)) == (GOLDEN / "version_3.memory").read_bytes()
    for version in (2, 3):
        again = decode((GOLDEN / f"version_{version}.memory").read_bytes(), 100, 1000)
        assert again.event(3) == golden().event(3)


def test_a_file_of_a_longer_memory_than_allowed_gives_its_newest_events() -> None:
    memory = Memory()
    for number in range(50):
        memory.append(note(number), 0)
    again = decode(encode(memory.snapshot()), 10, 20)
    assert again.remembered <= 20
    assert again.event(len(again) - 1) == note(49)


# On the disk


def test_a_shelf_gives_back_what_it_keeps(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "new" / "folder")
    shelf.keep("tune", SMALL)
    shelf.keep("tune", SMALL + b"")
    assert shelf.bring("tune") == SMALL
    assert shelf.names() == ["tune"]
    assert [path.name for path in shelf.folder.iterdir()] == ["tune.memory"]


def test_what_a_killed_server_left_goes_when_the_name_is_kept_again(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    for left in (".tune.a1b2c3d4", ".tunes.a1b2c3d4", ".tune.running0"):
        (tmp_path / left).write_bytes(SMALL[:9])
    for left in (".tune.a1b2c3d4", ".tunes.a1b2c3d4"):
        os.utime(tmp_path / left, (1e9, 1e9))
    shelf.keep("tune", SMALL)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".tune.running0", ".tunes.a1b2c3d4", "tune.memory"]


def _keep_for_ever(folder: str) -> None:
    shelf, number = Shelf(Path(folder)), 0
    while True:
        number += 1
        shelf.keep("tune", SMALL * (1 + number % 50))


def test_whoever_is_killed_while_saving_leaves_a_whole_file(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    context = multiprocessing.get_context("spawn")
    for _ in range(3):
        process = context.Process(target=_keep_for_ever, args=(str(tmp_path),), daemon=True)
        process.start()
        deadline = time.monotonic() + 20
        while not shelf.names() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.05)  # the other process is real, and writes meanwhile
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        data = shelf.bring("tune")
        assert len(data) % len(SMALL) == 0
        assert data[: len(SMALL)] == SMALL
