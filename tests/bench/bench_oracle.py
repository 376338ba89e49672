"""The factor oracle: learning, the worst single append, the next event with its reasons, memory; beside vmo's."""

from __future__ import annotations

import importlib
import time

import numpy as np

from bench.report import Cell, Table, Timing
from bench.streams import loop, markov, stuck
from sideman.models import Ints, Oracle, Sampler, Walk

RUNS = 5
NEXT = 20_000


def run() -> list[Table]:
    """Two tables: learning, and the next event."""
    streams = {f"{letters} letters": markov(letters, 1_000_000) for letters in (12, 100, 1000)}
    streams |= {"one letter, then another": stuck(1_000_000), "a loop of seven": loop(1_000_000)}
    return [_learning(streams), _next(streams)]


def _learning(streams: dict[str, Ints]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, symbols in streams.items():
        for length in (100_000, 1_000_000):
            speeds = []
            for _ in range(RUNS):
                oracle = Oracle()
                begun = time.perf_counter()
                oracle.learn(symbols[:length])
                speeds.append(length / (time.perf_counter() - begun) / 1e6)
            rows.append((name, length, float(np.median(speeds)), _worst_us(symbols, length), oracle.bytes / length))
    for letters in (12, 100):
        speed = _vmo(streams[f"{letters} letters"][:20_000])
        if speed:
            rows.append((f"vmo, {letters} letters", 20_000, speed, "-", "-"))
    return Table(
        "Oracle: learning",
        ("stream", "symbols", "million/s", "worst append µs", "bytes/symbol"),
        rows,
        f"Median of {RUNS} runs in one call each. Worst append: the last 10,000 symbols one call each from Python, the "
        "least of three runs' worst, since the machine's own pauses are in it. "
        + "The other oracle of PyPI, PyOracle 5.5, is written for Python 2 and does not run. "
        + ("" if _vmo(np.ones(1, np.int32)) else "vmo is not installed here: pip install vmo scipy."),
    )


def _worst_us(symbols: Ints, length: int) -> float:
    """The slowest of the last 10,000 appends, each by itself; the least over three runs."""
    worst = []
    for _ in range(3):
        oracle = Oracle()
        oracle.learn(symbols[: length - 10_000])
        singles = [symbols[place : place + 1] for place in range(length - 10_000, length)]
        slowest = 0
        for single in singles:
            begun = time.perf_counter_ns()
            oracle.learn(single)
            slowest = max(slowest, time.perf_counter_ns() - begun)
        worst.append(slowest / 1000)
    return min(worst)


def _next(streams: dict[str, Ints]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, symbols in streams.items():
        for length in (100_000, 1_000_000):
            oracle = Oracle()
            oracle.learn(symbols[:length])
            walk, sampler = Walk(oracle), Sampler(min_p=0.05)
            samples = []
            for ordinal in range(NEXT):
                begun = time.perf_counter_ns()
                walk.choose(sampler, 1, 2, ordinal)
                samples.append((time.perf_counter_ns() - begun) / 1e9)
            rows.append((name, length, *Timing(samples).cells()))
    return Table(
        "Oracle: the next event, predicted, chosen and explained",
        ("stream", "symbols", "min µs", "median µs", "p99 µs"),
        rows,
        f"{NEXT:,} events, one call each from Python, continuity 8.",
    )


def _vmo(symbols: Ints) -> float | None:
    """How many million symbols a second vmo's oracle learns; None where it is not installed."""
    try:
        oracle = importlib.import_module("vmo.VMO.oracle")
    except ImportError:
        return None
    learned = oracle.create_oracle("f")
    begun = time.perf_counter()
    for symbol in symbols.tolist():
        learned.add_state(symbol)
    return len(symbols) / (time.perf_counter() - begun) / 1e6
