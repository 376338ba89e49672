"""Following: what one heard event costs, from the influences to the place that is picked, however long the memory."""

from __future__ import annotations

import random
import time

import numpy as np

from bench.report import Cell, Table
from sideman.activation import manner_of, wanted
from sideman.harmonic import CLASSES
from sideman.models import Reach, Reaction, Sampler, Traces
from sideman.params import PLAYER_PARAMS, defaults

LENGTHS = (1_000, 100_000, 1_000_000)
EVENTS = 2_000
STREAMS = 8


def run() -> list[Table]:
    """One table, a row for each length of memory."""
    rows = [_measured(length) for length in LENGTHS]
    columns = ("events in memory", "append, us", "a heard event, us: least", "median", "p99", "peaks", "bytes an event")
    note = f"a walk of eight streams over 51 pitches and {CLASSES} harmonies; {EVENTS} events heard, all influences"
    return [Table("Following: lit places", columns, rows, note)]


def _step(pitch: int, chance: random.Random) -> int:
    return min(90, max(40, pitch + chance.choice((-4, -2, -1, 1, 2, 3, 5))))


def _measured(length: int) -> tuple[Cell, ...]:
    chance, traces, pitch = random.Random(1), Traces(), 60
    notes = []
    for number in range(length):
        pitch = _step(pitch, chance)
        notes.append((number % STREAMS, pitch, chance.randint(1, CLASSES), number / 2, 120.0))
    began = time.perf_counter()
    for note in notes:
        traces.append(*note)
    append_us = (time.perf_counter() - began) / length * 1e6
    manner, reach, reaction, sampler = manner_of(defaults(PLAYER_PARAMS)), Reach(), Reaction(), Sampler()
    free, played, times = np.ones((0, 128)), [pitch], []
    for number in range(EVENTS):
        played = [*played, _step(played[-1], chance)][-8:]
        harmony = chance.randint(1, CLASSES)
        began = time.perf_counter()
        harmonies = wanted(harmony, reach.shift, None)
        draw = chance.getrandbits(64)
        picked = reaction.react(reach, traces, manner, number / 4, played, harmonies, free, 0, sampler, draw)
        if picked is not None:
            carried = picked.heights[0] > 0
            reach.go(traces, manner, picked.place, picked.shift, picked.value, picked.bpm, carried)
        times.append((time.perf_counter() - began) * 1e6)
    times.sort()
    least, median, p99 = times[0], times[EVENTS // 2], times[EVENTS * 99 // 100]
    return length, append_us, least, median, p99, reach.peaks, traces.bytes / length
