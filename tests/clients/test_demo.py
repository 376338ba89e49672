"""The demo as one starts it: both flows in its output, each answer with its origin, and a clean end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from sideman_client.child import ServerEnded, serving
from sideman_client.melody import name_of, phrases
from system import server

DEMO = [sys.executable, "-m", "sideman", "demo"]
ROLL = r"[.|#]{37}"
PLAYED = re.compile(rf" *(\d+\.\d) melody   ([A-G]#?\d) +({ROLL})")
ANSWERED = re.compile(rf" *(\d+\.\d) sideman  ([A-G]#?\d) +({ROLL}) (\w+) +(\d+\.\d) +(\d+) +(1|<?\.\d\d)")
PLACE = re.compile(r"127\.0\.0\.1 port (\d+)")


@contextmanager
def demo(*options: str) -> Iterator[subprocess.Popen[str]]:
    """The demo, which must have ended by itself when the block is left."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*DEMO, "--seed", "5", *options], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def read_until(process: subprocess.Popen[str], pattern: re.Pattern[str]) -> str:
    """What it says up to a line that has the pattern."""
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if pattern.search(line):
            return said
    raise AssertionError(f"no line with {pattern.pattern!r} in:\n{said}")


def ends(process: subprocess.Popen[str], status: int = 0) -> str:
    """Wait for its end; returns what it said on standard error."""
    _, errors = process.communicate(timeout=20)
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    return errors


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def test_both_flows_are_shown_and_answers_name_notes_that_were_played() -> None:
    with demo("--seconds", "14") as process:
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert not errors
    assert said.isascii()
    played = [match for match in map(PLAYED.match, said.splitlines()) if match]
    answered = [match for match in map(ANSWERED.match, said.splitlines()) if match]
    assert [match[2] for match in played[:9]] == [name_of(tone.pitch) for tone in phrases()[0]]
    assert len(answered) >= 3
    beats = [float(match[1]) for match in played]
    for match in answered:
        assert match[4] == "melody"
        origin = float(match[5])
        assert min(abs(beat - origin) for beat in beats) <= 0.3
        assert origin < float(match[1])
    for match in (*played, *answered):
        octave, cell = divmod(match[3].index("#"), 12)
        assert match[2] == name_of(48 + 12 * octave + cell)


def test_ctrl_c_ends_the_demo_and_its_server_cleanly() -> None:
    with demo() as process:
        port = int(PLACE.findall(read_until(process, PLAYED))[0])
        assert not is_free(port)
        process.send_signal(signal.SIGINT)
        assert not ends(process)
    assert is_free(port)


def test_a_reader_that_goes_away_ends_the_demo_quietly() -> None:
    with demo() as process:
        read_until(process, PLAYED)
        assert process.stdout
        process.stdout.close()
        process.stdout = None
        assert not ends(process)


def test_a_server_that_dies_is_told_of() -> None:
    with demo() as process:
        read_until(process, PLAYED)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        assert "sideman demo: the server has ended (status -9): " in ends(process, 1)


def test_a_server_that_cannot_start_is_told_of_with_what_it_said() -> None:
    async def start() -> None:
        async with serving(["--host", "203.0.113.9", "--osc-port", "0", "--open"], lambda line: None):
            pass

    with pytest.raises(ServerEnded, match=r"status 2.*203\.0\.113\.9"):
        asyncio.run(start())


def test_the_demo_plays_into_a_server_that_runs_already() -> None:
    with server.serving() as live, demo("--connect", f"{live.host}:{live.port}") as process:
        read_until(process, ANSWERED)
        assert "melody (human, leader) joined main" in live.log()
        process.send_signal(signal.SIGTERM)
        assert not ends(process)


def test_nobody_at_the_place_given_is_an_error_of_one_line() -> None:
    with demo("--connect", "127.0.0.1:9") as process:
        errors = ends(process, 1)
    assert len(errors.splitlines()) == 1
    assert "127.0.0.1:9" in errors


def test_the_tune_keeps_its_bars() -> None:
    """Between two strong tones there are whole half bars, and whatever is an upbeat is short."""
    for phrase in phrases():
        strong = [number for number, tone in enumerate(phrase) if tone.strong]
        assert sum(tone.quavers for tone in phrase[: strong[0]]) in (0, 1, 1.5)
        for first, past in pairwise(strong):
            assert sum(tone.quavers for tone in phrase[first:past]) % 3 == 0
