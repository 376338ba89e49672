"""What a bench gives and how it is shown: tables, the machine, and timings that are fair to each other.

Rules: what is compared is timed in one run, in turns, so that a busy machine disturbs all alike; every table
says in its note what was done. Nothing here asserts: tests count work, benches measure time.
"""

from __future__ import annotations

import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Table:
    """One table of figures; floats are shown with three significant digits, the units stand in `columns`."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds for one call, over the rounds (or single calls) that were timed."""

    samples_s: Sequence[float]

    @property
    def least_s(self) -> float:
        return min(self.samples_s)

    @property
    def median_s(self) -> float:
        return statistics.median(self.samples_s)

    def quantile_s(self, share: float) -> float:
        """The sample below or at which that share of all lie: 0.99 is p99, 1 the worst."""
        ordered = sorted(self.samples_s)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def p99_s(self) -> float:
        return self.quantile_s(0.99)

    def cells(self, unit_s: float = 1e-6) -> tuple[float, float, float]:
        """(least, median, p99) in that unit, microseconds by default."""
        return self.least_s / unit_s, self.median_s / unit_s, self.p99_s / unit_s


def in_turns(calls: Mapping[str, Callable[[], object]], rounds: int = 100, repeats: int = 1000) -> dict[str, Timing]:
    """Times each call `rounds` times in turns with the others; one sample is the mean of `repeats` calls."""
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(rounds):
        for name, call in calls.items():
            turns = range(repeats)
            begin = time.perf_counter_ns()
            for _ in turns:
                call()
            samples[name].append((time.perf_counter_ns() - begin) / repeats / 1e9)
    return {name: Timing(found) for name, found in samples.items()}


def each(call: Callable[[], object], count: int) -> Timing:
    """Times every single call by itself: for worst cases and for what takes longer than a clock's reading."""
    samples = []
    for _ in range(count):
        begin = time.perf_counter_ns()
        call()
        samples.append((time.perf_counter_ns() - begin) / 1e9)
    return Timing(samples)


def machine() -> Table:
    """What the figures were measured on."""
    load = " ".join(f"{one:.2f}" for one in os.getloadavg()) if hasattr(os, "getloadavg") else "unknown"
    return Table(
        "Machine",
        ("what", "is"),
        (
            ("processor", _processor()),
            ("cores", os.cpu_count() or 0),
            ("system", platform.platform()),
            ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
            ("compiler", compiler()),
            ("load average", load),
        ),
    )


def compiler() -> str:
    """The C++ compiler of this machine, as it names itself: the one that an installation builds with."""
    command = cxx()
    if command is None:
        return "none found"
    found = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return found.stdout.splitlines()[0] if found.stdout else command


def cxx() -> str | None:
    """The command of the C++ compiler, None where there is none."""
    named = os.environ.get("CXX") or (sysconfig.get_config_var("CXX") or "").split(" ")[0]
    found = (shutil.which(name) for name in (named, "c++", "g++", "clang++") if name)
    return next(filter(None, found), None)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _cell(value: Cell) -> str:
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else value


def show(table: Table) -> None:
    """Prints a table: by rich where a person looks on, as plain aligned text elsewhere."""
    rows = [[_cell(value) for value in row] for row in table.rows]
    numbers = [all(isinstance(row[i], (int, float)) for row in table.rows) for i in range(len(table.columns))]
    if sys.stdout.isatty():
        _show_rich(table, rows, numbers)
        return
    widths = [max(len(cell) for cell in column) for column in zip(table.columns, *rows, strict=True)]
    print(f"\n{table.title}")
    for cells in (list(table.columns), ["-" * width for width in widths], *rows):
        padded = (
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(cells, widths, numbers, strict=True)
        )
        print("  ".join(padded).rstrip())
    if table.note:
        print(table.note)


def _show_rich(table: Table, rows: Sequence[Sequence[str]], numbers: Sequence[bool]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table as RichTable

    shown = RichTable(
        title=escape(table.title),
        caption=escape(table.note) or None,
        title_justify="left",
        caption_justify="left",
    )
    for column, number in zip(table.columns, numbers, strict=True):
        shown.add_column(escape(column), justify="right" if number else "left")
    for row in rows:
        shown.add_row(*map(escape, row))
    Console().print(shown)
