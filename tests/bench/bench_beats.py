"""Following a human beat: how far off the next beat is, on the beat tracks of the Weimar Jazz Database's test split."""

from __future__ import annotations

import gzip
import json
import math
import os
import random
from collections.abc import Callable
from pathlib import Path

from bench.report import Cell, Table
from sideman.beats import BeatFollower
from sideman.timeline import SECOND

DATA = Path(os.environ.get("SIDEMAN_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
HALF_PERIOD = 0.5
Predict = Callable[[list[float]], float]


def run() -> list[Table]:
    """One table; empty where the corpus is not there."""
    rows: list[tuple[Cell, ...]] = []
    if (DATA / "wjd").is_dir():
        tracks = _tracks("test")
        beats = sum(map(len, tracks))
        rows.append(("the last interval again", _rms_ms([_plain(track, _last) for track in tracks]), "-"))
        rows.append(("the mean of the last eight", _rms_ms([_plain(track, _mean_of_eight) for track in tracks]), "-"))
        clean = _rms_ms([_followed(track, 0.0, random.Random(0)) for track in tracks])
        rows.append(("sideman", clean, 1.0))
        for seed in range(3):
            errors = [_followed(track, 0.05, random.Random(f"{seed}/{n}")) for n, track in enumerate(tracks)]
            rows.append((f"sideman, 5 % missing, 5 % doubled (seed {seed})", _rms_ms(errors), _rms_ms(errors) / clean))
        note = f"{len(tracks)} tracks, {beats} beats; every beat from the third on is predicted from those before it."
    else:
        note = f"nothing measured: no corpus in {DATA.name}; name its folder in SIDEMAN_DATA"
    columns = ("follower", "rms error one beat ahead, ms", "to sideman's on all taps")
    return [Table("Following a human beat (wjd, test split)", columns, rows, note)]


def _tracks(split: str) -> list[list[float]]:
    wanted = set(json.loads((DATA / "wjd" / "splits.json").read_text())[split])
    with gzip.open(DATA / "wjd" / "wjd.jsonl.gz", "rt") as lines:
        pieces = [json.loads(line) for line in lines]
    return [[beat[0] for beat in piece["beats"]] for piece in pieces if piece["id"] in wanted]


def _last(track: list[float]) -> float:
    return 2 * track[-1] - track[-2]


def _mean_of_eight(track: list[float]) -> float:
    count = min(8, len(track) - 1)
    return track[-1] + (track[-1] - track[-1 - count]) / count


def _plain(track: list[float], predict: Predict) -> list[float]:
    return [track[number] - predict(track[:number]) for number in range(2, len(track))]


def _followed(track: list[float], share: float, chance: random.Random) -> list[float]:
    """The errors in s; where a tap is missing, the beat after it is predicted from what was known before."""
    follower, errors = BeatFollower(), []
    expected: float | None = None
    for number, moment in enumerate(track):
        if expected is not None:
            errors.append(moment - expected)
        if number > 2 and chance.random() < share and expected is not None and follower.period_ns is not None:
            expected += follower.period_ns / SECOND
            continue
        follower.tap(round(moment * SECOND))
        if chance.random() < share:
            period_s = (follower.period_ns or SECOND // 2) / SECOND
            follower.tap(round((moment + chance.choice([0.03, 0.1, HALF_PERIOD * period_s])) * SECOND))
        expected = None if follower.next_ns is None else follower.next_ns / SECOND
    return errors


def _rms_ms(errors: list[list[float]]) -> float:
    every = [error for track in errors for error in track]
    return 1e3 * math.sqrt(sum(error * error for error in every) / len(every))
