"""A real server as a subprocess, on a free port of loopback, for tests that talk to it from outside."""

from __future__ import annotations

import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

READY = re.compile(r"ready osc=(\S+):(\d+) http=\S+\Z")
START_S = 30.0
END_S = 10.0


@dataclass(frozen=True)
class LiveServer:
    """Where it listens, and its process."""

    host: str
    port: int
    process: subprocess.Popen[str]
    errors: IO[str]

    def log(self) -> str:
        """What it has written to standard error so far."""
        self.errors.seek(0)
        return self.errors.read()

    def logs(self, words: str, within_s: float = START_S) -> bool:
        """Whether it writes these words to standard error, by then at the latest."""
        until = time.monotonic() + within_s
        while words not in self.log():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True


@contextmanager
def serving(*options: str, port: int = 0) -> Iterator[LiveServer]:
    """`sideman serve`, from its ready line until SIGINT. Fails on a status other than 0 or a traceback."""
    command = [sys.executable, "-m", "sideman", "serve", "--osc-port", str(port), *options]
    with tempfile.TemporaryFile("a+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            line = _first_line(process)
            found = READY.match(line)
            if not found:
                errors.seek(0)
                raise AssertionError(f"no ready line but {line!r}; standard error:\n{errors.read()}")
            server = LiveServer(found[1], int(found[2]), process, errors)
            yield server
            process.send_signal(signal.SIGINT)
            status = process.wait(END_S)
            assert status == 0, f"the server ended with status {status}:\n{server.log()}"
            assert "Traceback" not in server.log(), server.log()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()


def _first_line(process: subprocess.Popen[str]) -> str:
    """The first line of standard output; empty if it ends before, or says nothing for `START_S`."""
    said: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout
        said.put(process.stdout.readline().strip())

    threading.Thread(target=read, daemon=True).start()
    try:
        return said.get(timeout=START_S)
    except queue.Empty:
        return ""
