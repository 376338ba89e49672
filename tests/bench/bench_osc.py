"""OSC: building and parsing a message of 44 bytes; our codec from Python and natively, python-osc, liblo."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import build_msg

from bench.report import Cell, Table, Timing, cxx, in_turns
from sideman import osc
from sideman._core import osc as core

ADDRESS, ARGUMENTS = "/sideman/note", (60, 0.5, "piano", 100)
INCLUDE = Path(__file__).resolve().parents[2] / "cpp" / "include"


def run() -> list[Table]:
    return [_codecs(), _patterns()]


def _codecs() -> Table:
    packet = osc.encode(ADDRESS, *ARGUMENTS)
    assert packet == build_msg(ADDRESS, ARGUMENTS).dgram
    native, note = _native()
    found = in_turns(
        {
            "sideman, from Python|build": lambda: osc.encode(ADDRESS, 60, 0.5, "piano", 100),
            "sideman, from Python|parse": lambda: core.parse(packet),
            "sideman, from Python|parse to a Message": lambda: osc.decode(packet),
            "python-osc|build": lambda: build_msg(ADDRESS, ARGUMENTS),
            "python-osc|parse": lambda: OscMessage(packet),
        }
    )
    rows: list[tuple[Cell, ...]] = [(*name.split("|"), *timing.cells()) for name, timing in (native | found).items()]
    return Table(
        f"OSC: {ADDRESS} ,ifsi 60 0.5 piano 100 (44 bytes)",
        ("codec", "does", "min µs", "median µs", "p99 µs"),
        rows,
        f"In turns, 100 rounds; one sample is the mean of 1,000 calls (native: 5,000). {note}",
    )


def _native() -> tuple[dict[str, Timing], str]:
    """The C++ codec and liblo in one small program that is compiled here, and what to say about it."""
    compiler = cxx()
    if compiler is None:
        return {}, "Native figures are missing: no C++ compiler was found."
    note = "Native: one program, liblo and ours in turns, each building into a buffer that is there already."
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(folder) / "osc_native")
        source = str(Path(__file__).with_name("osc_native.cpp"))
        command = [compiler, "-std=c++20", "-O3", f"-I{INCLUDE}", source, "-o", program]
        failure = _failure([*command, "-DWITH_LIBLO", "-llo"])
        if failure:
            note = "liblo is missing here: apt-get install liblo-dev."
            failure = _failure(command)
        if failure:
            return {}, f"Native figures are missing: {failure}"
        lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    found = {}
    for line in lines:
        name, what, samples = line.split("|")
        found[f"{name}|{what}"] = Timing([float(ns) / 1e9 for ns in samples.split()])
    return found, note


def _failure(command: list[str]) -> str:
    """Runs a compiler; the first line of its complaint, empty if it has none."""
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if built.returncode == 0 else built.stderr.strip().partition("\n")[0]


def _patterns() -> Table:
    addresses = [f"/player/voice{n:03}/param/temperature" for n in range(500)]
    patterns = {
        "matches all": "/player/*/param/temperature",
        "matches 7": "/player/voice00[1-7]/param/*",
        "32 stars": "/player/" + "*e" * 32,
        "braces in braces, never closed": "/{" * 100,
    }

    def against_all(pattern: str) -> Callable[[], int]:
        return lambda: sum(core.match(pattern, address) for address in addresses)

    found = in_turns({name: against_all(p) for name, p in patterns.items()}, rounds=50, repeats=5)
    rows: list[tuple[Cell, ...]] = [
        (
            name,
            pattern if len(pattern) < 30 else f"{pattern[:27]}...",
            against_all(pattern)(),
            sum(core.match_steps(pattern, address) for address in addresses),
            *found[name].cells(),
        )
        for name, pattern in patterns.items()
    ]
    return Table(
        "OSC patterns against 500 addresses of 36 bytes",
        ("what", "pattern", "matches", "steps", "min µs", "median µs", "p99 µs"),
        rows,
        "All 500 by calls from Python, in turns, 50 rounds of 5. The bar: at most 1,000 µs.",
    )
