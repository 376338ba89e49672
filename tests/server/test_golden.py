"""What each model plays from a known tune with a known seed: it stays the same until somebody means to change it.

`SIDEMAN_GOLDEN=write` writes what is played now; look at the difference before it is committed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sideman.corpora import Flow, Heard, Piece
from sideman.events import Planned
from sideman.generating import generated
from sideman.importing import keep
from sideman.memory import Memory
from sideman.params import PLAYER_PARAMS, defaults
from sideman.plugin import bundled
from sideman_client.melody import TITLE, phrases

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
CASES = [
    ("oracle", "pitch*ioi"),
    ("ngram", "pitch*ioi"),
    ("blend", "pitch*ioi"),
    ("oracle", "interval*ioi"),
    ("ngram", "scale_degree*duration"),
    ("oracle", "beat"),
]


def tune() -> Memory:
    """The tune of the demo, twice, quavers as half beats."""
    heard, at = [], 0.0
    for phrase in phrases() * 2:
        for tone in phrase:
            heard.append(Heard(at, tone.quavers * 0.45, tone.pitch, 90.0 if tone.strong else 70.0))
            at += tone.quavers / 2
    memory = Memory()
    keep(memory, [Piece(TITLE, [Flow("tune", heard)], [(0.0, "Am"), (8.0, "G"), (16.0, "Am"), (24.0, "E7")])])
    return memory


def told(event: Planned) -> str:
    """An event in a line: when, which notes, from where."""
    notes = " ".join(f"{note.pitch:g}/{note.velocity:.0f}/{note.duration_beats:.4f}" for note in event.notes)
    why = event.why
    return (
        f"{event.onset_beats:.4f} {notes} from {why.source_position}/{why.context} {'; '.join(why.bound_by)}".rstrip()
    )


@pytest.mark.parametrize(("model", "viewpoint"), CASES)
def test_a_model_plays_what_it_played_before(model: str, viewpoint: str) -> None:
    events = generated(bundled(), tune(), model, viewpoint, defaults(PLAYER_PARAMS), 24.0, 7, "Am")
    played = [told(event) for event in events]
    path = GOLDEN / f"{model} {viewpoint}.json".replace("*", "+").replace(" ", "_")
    if os.environ.get("SIDEMAN_GOLDEN") == "write":
        path.write_text(json.dumps(played, indent=0) + "\n")
    assert played == json.loads(path.read_text())
