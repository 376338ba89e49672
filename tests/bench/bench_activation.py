"""Following: what one heard event costs, from the influences to the weighed candidates, however long the memory."""

from __future__ import annotations

import random
import time

from bench.report import Cell, Table
from sideman.activation import HARMONIC, MELODIC, SELF, Manner, Standing, choices, harmonic, melodic
from sideman.harmonic import CLASSES
from sideman.models import Peaks, Traces
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
    manner, peaks, played, times = Manner.of(defaults(PLAYER_PARAMS)), Peaks(), [pitch], []
    for number in range(EVENTS):
        played = [*played, _step(played[-1], chance)][-8:]
        harmony = chance.randint(1, CLASSES)
        began = time.perf_counter()
        peaks.move(traces, 0.25, manner.decay_beats, manner.threshold)
        peaks.light(traces, MELODIC, melodic(traces, played, None, 1, []))
        peaks.light(traces, HARMONIC, harmonic(traces, harmony, None, 0, []))
        choices(peaks, traces, manner, Standing(), number / 4, [])
        peaks.light(traces, SELF, melodic(traces, played[::-1], None, 1, []))
        times.append((time.perf_counter() - began) * 1e6)
    times.sort()
    least, median, p99 = times[0], times[EVENTS // 2], times[EVENTS * 99 // 100]
    return length, append_us, least, median, p99, len(peaks), traces.bytes / length
