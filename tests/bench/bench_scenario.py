"""The scenario: how long it takes to find the beats of a large memory that go on longest as a chart asks."""

from __future__ import annotations

import random
import time

import numpy as np
import numpy.typing as npt

from bench.report import Cell, Table, Timing
from sideman.models import Scenario

BEATS = 100_000
REPLAN = 128  # beats: 32 bars of four
CONTINUITY = 3
LOOKAHEAD = 16
Rows = npt.NDArray[np.int32]

#: Turns of harmony as (family, steps above the key), two or four beats each.
TURNS = ([(2, 2), (3, 7), (1, 0), (1, 0)], [(2, 2), (3, 7), (2, 4), (3, 9)], [(3, 0), (3, 5), (3, 0), (3, 7)],
         [(2, 9), (3, 2), (2, 2), (3, 7)], [(4, 2), (3, 7), (2, 0), (2, 0)])  # fmt: skip


def run() -> list[Table]:
    """Ordinary memories and the worst ones."""
    memories = {
        "tunes in all keys": _tunes(random.Random(1), BEATS),
        "one chord throughout": [(1, 1, 0)] * BEATS,
        "one chord, a break every 15 beats": [(1, 1, 0)] * BEATS,
        "two chords, a beat each": [(1 + beat % 2, 1, 5 * (beat % 2)) for beat in range(BEATS)],
    }
    rows: list[tuple[Cell, ...]] = []
    for name, memory in memories.items():
        every = 15 if "break" in name else BEATS
        scenario = Scenario()
        begin = time.perf_counter()
        for beat, (family, kind, root) in enumerate(memory):
            scenario.append(0, family, kind, root, beat % every > 0)
        append = (time.perf_counter() - begin) / len(memory)
        asked = memory[:400] if name != "tunes in all keys" else _tunes(random.Random(2), 400)
        labels = np.array([(family, 0, (root + 1) % 12) for family, _, root in asked], np.int32)
        steps, whole = [], []
        for repeat in range(40):
            first = 4 * repeat
            begin = time.perf_counter()
            spans = _replan(scenario, labels[first : first + REPLAN + LOOKAHEAD], repeat)
            whole.append(time.perf_counter() - begin)
            steps += spans
        plain = _plainly(memory, labels[:LOOKAHEAD]) if every == BEATS else float("nan")
        step, plan = Timing(steps), Timing(whole)
        cells = (append * 1e6, scenario.bytes / len(memory), *step.cells(), plan.least_s * 1e3, plan.median_s * 1e3)
        rows.append((name, *cells, plan.p99_s * 1e3, plain * 1e3 if plain == plain else "-"))
    columns = (
        "memory",
        "to add a beat, µs",
        "bytes a beat",
        "one jump, least µs",
        "median",
        "p99",
        "32 bars, least ms",
        "median ",
        "p99 ",
        "one jump by a plain pass, ms",
    )
    note = (
        f"{BEATS:,} beats, all 12 transpositions, families alike, {LOOKAHEAD} beats ahead. 32 bars: {REPLAN} beats, "
        f"{CONTINUITY} in a row from one place, then the place that goes on longest. The plain pass is numpy's, over "
        "every place at every transposition."
    )
    return [Table("Scenario: replanning over a chart", columns, rows, note)]


def _tunes(rng: random.Random, count: int) -> list[tuple[int, int, int]]:
    beats: list[tuple[int, int, int]] = []
    while len(beats) < count:
        key, turns = rng.randrange(12), [rng.choice(TURNS) for _ in range(4)]
        for turn in turns:
            if rng.random() < 0.2:
                key = rng.randrange(12)
            length = rng.choice((2, 4, 4))
            for family, step in turn:
                beats += [(family, family * 10 + rng.randrange(3), (key + step) % 12)] * length
    return beats[:count]


def _replan(scenario: Scenario, asked: Rows, salt: int) -> list[float]:
    """Plan beat after beat; the seconds of each jump."""
    spans, at, beat, moved, row = [], 0, -1, 0, 0
    while at < REPLAN:
        following = scenario.next(beat) if beat >= 0 and row < CONTINUITY else -1
        if following >= 0 and scenario.agreement(following, asked[at : at + 1], 0xFFF, moved)[1]:
            beat, row = following, row + 1
        else:
            begin = time.perf_counter()
            found = scenario.longest(asked[at : at + LOOKAHEAD], most=LOOKAHEAD, salt=salt + at)
            spans.append(time.perf_counter() - begin)
            beat, moved, row = (*found[0][:2], 1) if found else (-1, 0, 0)
        at += 1
    return spans


def _plainly(memory: list[tuple[int, int, int]], asked: Rows) -> float:
    """Seconds for one question by going over the memory once for each transposition and beat ahead."""
    families = np.array([family for family, _, _ in memory])
    roots = np.array([root for _, _, root in memory])
    begin = time.perf_counter()
    best = np.zeros(len(memory), np.int32)
    for moved in range(12):
        alive = np.ones(len(memory), bool)
        length = np.zeros(len(memory), np.int32)
        for ahead, (family, _, root) in enumerate(asked):
            fits = np.zeros(len(memory), bool)
            fits[: len(memory) - ahead] = (families[ahead:] == family) & ((roots[ahead:] + moved) % 12 == root)
            alive &= fits
            if not alive.any():
                break
            length += alive
        best = np.maximum(best, length)
    assert best.max() > 0
    return time.perf_counter() - begin
