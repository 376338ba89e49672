"""Chart mode on tunes that it never saw: how the chart's labels are met, and what that sounds like beside humans."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.report import Cell, Table
from sideman.evaluation import corpora
from sideman.plugin import bundled
from sideman.report import lines, measures
from sideman.report.overcharts import ChartImproviser, Told, labels_of

DATA = Path(os.environ.get("SIDEMAN_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
SPLIT = os.environ.get("SIDEMAN_SPLIT", "test")
#: What each column is called, and the settings of its player beside the defaults.
PLAYERS: Mapping[str, Mapping[str, float]] = {
    "at its defaults": {},
    "lookahead 4": {"lookahead": 4},
    "continuity 8, chart_copy 0": {"continuity": 8, "chart_copy": 0},
    "only the same kind": {"chord_families": 0},
}
MEASURES = ("chord_tone_ratio", "chord_tone_on_beat", "copied_run_joint", "copied_run_interval", "copied_share_8",
            "chord_relative_pc_jsd", "mean_abs_interval", "leaps_share", "groove_jaccard", "notes_per_beat",
            "self_repeat_6")  # fmt: skip


def run() -> list[Table]:
    """How beats are met, and the measures of what was played; empty where the corpus is not there."""
    if not (DATA / "wjd").is_dir():
        note = f"nothing measured: no corpus in {DATA.name}; name its folder in SIDEMAN_DATA"
        return [Table("Chart mode (wjd)", ("measure",), [], note)]
    read, splits = corpora.corpus(DATA, "wjd")
    train, test = ([read[piece] for piece in splits[part]] for part in ("train", SPLIT))
    return tables(train, test)


def tables(train: Sequence[Mapping[str, Any]], test: Sequence[Mapping[str, Any]]) -> list[Table]:
    """The same of any pieces."""
    learned = measures.Learned(lines.lines(train))
    pieces = [fields for fields in test if len(fields["notes"]) > 1]
    humans = [lines.line(fields) for fields in pieces]
    found = {"humans": [measures.measured(one, learned) for one in humans]}
    met: list[tuple[Cell, ...]] = []
    improviser = ChartImproviser(bundled(), train, "oracle")
    defaults = improviser.settings
    for name, settings in PLAYERS.items():
        improviser.settings, improviser.told = {**defaults, **settings}, Told()
        played = [improviser.over(line, labels_of(fields), 1) for line, fields in zip(humans, pieces, strict=True)]
        found[name] = [measures.measured(one, learned) for one in played]
        told = improviser.told
        mean = sum(told.agreed) / max(1, len(told.agreed))
        met.append((name, told.beats, told.matched, told.silent, told.given_up, told.neither, mean))
    rows: list[tuple[Cell, ...]] = []
    for measure in MEASURES:
        cells: list[Cell] = []
        for one in found.values():
            mean, deviation = measures.summary(one)[measure]
            most = max(piece[measure] for piece in one if measure in piece)
            cells.append(f"{mean:.3f} ± {deviation:.3f}, most {most:.3g}")
        rows.append((measure, *cells))
    columns = (
        "player",
        "beats",
        "label matched",
        "silent, matched",
        "given up, as `why` says",
        "neither",
        "beats that agree, mean",
    )
    note = f"{len(pieces)} tunes ({SPLIT}), played from {len(train)} solos over others (train). Labels as annotated."
    return [
        Table("Chart mode: the labels that are asked for (wjd)", columns, met, note),
        Table(
            "Chart mode: what is played (wjd)", ("measure", *found), rows, "mean ± deviation over tunes, and the most"
        ),
    ]
