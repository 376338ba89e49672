"""`sideman import` and `sideman generate`, as a person calls them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import mido
import pytest
from typer.testing import CliRunner

from server.test_corpora import TUNE, midi
from sideman.cli import app

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def sideman(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sideman", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_what_is_imported_is_played(tmp_path: Path) -> None:
    (tmp_path / "tune.mid").write_bytes(midi(0, TUNE * 12))
    (tmp_path / "broken.mid").write_bytes(b"MThd and no more")
    shelf = ("--memories", tmp_path / "shelf")
    imported = sideman("import", tmp_path / "tune.mid", tmp_path / "broken.mid", "--memory", "tunes", *shelf)
    assert imported.returncode == 1
    assert "tune.mid: 1 piece, 1 flow, 24 notes, 24 events" in imported.stdout
    assert "broken.mid: REFUSED, " in imported.stdout
    assert "1 of 2 refused" in imported.stderr
    made = []
    for run in ("one", "two"):
        out, explain = tmp_path / f"{run}.mid", tmp_path / f"{run}.jsonl"
        asked = ("--model", "oracle", "--beats", 16, "--seed", 7, "--out", out, "--explain", explain)
        generated = sideman("generate", "--memory", "tunes", *asked, *shelf)
        assert generated.returncode == 0, generated.stderr
        made.append((out.read_bytes(), explain.read_bytes()))
    assert made[0] == made[1]
    events = [json.loads(line) for line in made[0][1].splitlines()]
    assert {note["pitch"] for event in events for note in event["notes"]} <= {60, 64}
    assert all(event["why"]["source"] == "tune" for event in events)
    notes = [message for message in mido.MidiFile(tmp_path / "one.mid") if message.type == "note_on"]
    assert len(notes) == sum(len(event["notes"]) for event in events)


def test_a_form_is_played_over_from_what_was_imported_with_its_chords(tmp_path: Path) -> None:
    piece = {
        "title": "tune",
        "notes": [[beat, 0.5, 62 if beat % 8 < 4 else 67] for beat in range(32)],
        "chords": [[beat, 4, "Dm7" if beat % 8 < 4 else "G7"] for beat in range(0, 32, 4)],
    }
    (tmp_path / "tune.jsonl").write_text(json.dumps(piece))
    sideman("import", tmp_path / "tune.jsonl", "--memory", "m", "--memories", tmp_path)
    over = ("--chart", "3/4 Em7 | A7", "--beats", 12, "--out", tmp_path / "x.mid", "--explain", tmp_path / "why.jsonl")
    said = sideman("generate", "--memory", "m", "--memories", tmp_path, *over)
    assert said.returncode == 0, said.stderr
    events = [json.loads(line) for line in (tmp_path / "why.jsonl").read_text().splitlines()]
    played = [(event["onset_beats"], event["notes"][0]["pitch"] % 12) for event in events if event["notes"]]
    assert played == [(beat, 4 if beat % 6 < 3 else 9) for beat in range(12)]


def test_importing_again_adds_unless_told_to_replace(tmp_path: Path) -> None:
    (tmp_path / "tune.mid").write_bytes(midi(0, TUNE))
    said = [
        sideman("import", tmp_path / "tune.mid", "--memory", "m", "--memories", tmp_path, *more).stdout.splitlines()[-1]
        for more in ((), (), ("--replace",))
    ]
    assert [line.split()[1] for line in said] == ["2", "4", "2"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--memory", "none"), "there is no memory 'none'"),
        (("--memory", "m", "--model", "brahms"), "no model 'brahms'"),
        (("--memory", "m", "--viewpoint", "smell"), "no viewpoint 'smell'"),
        (("--memory", "m", "--chart", "Dm7 | Xyz"), "Xyz"),
        (("--memory", "m", "--param", "temprature=1"), "no parameter 'temprature'"),
        (("--memory", "m", "--param", "pitch_low=100"), "it had nothing to play"),
    ],
)
def test_what_cannot_be_generated_is_said_in_a_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "tune.mid").write_bytes(midi(0, TUNE))
    sideman("import", tmp_path / "tune.mid", "--memory", "m", "--memories", tmp_path)
    said = sideman("generate", *arguments, "--out", tmp_path / "x.mid", "--memories", tmp_path)
    assert said.returncode == 2
    assert words in said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert not (tmp_path / "x.mid").exists()


def test_a_damaged_memory_is_refused_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "m.memory").write_bytes(b"sideman memory\n\x01\x00nonsense")
    said = sideman("generate", "--memory", "m", "--out", tmp_path / "x.mid", "--memories", tmp_path)
    assert said.returncode == 2
    assert "damaged at byte 17" in said.stderr


@pytest.mark.extra
@pytest.mark.skipif(not DATA.is_dir(), reason="the corpora are not beside this checkout")
def test_a_folder_of_real_files_is_imported(tmp_path: Path) -> None:
    said = sideman("import", DATA / "midi", "--memory", "real", "--memories", tmp_path)
    assert said.stdout.count("REFUSED") == 4
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("command", "kept"),
    [(["serve"], "where the system keeps"), (["train"], "sideman[train]"), (["import"], "[[onset, duration,")],
)
def test_what_stands_in_brackets_in_a_help_is_shown(command: list[str], kept: str) -> None:
    said = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
    assert kept in said.output


def test_a_viewpoint_that_the_model_cannot_read_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "tune.mid").write_bytes(midi(0, TUNE * 4))
    shelf = ("--memories", tmp_path / "shelf")
    sideman("import", tmp_path / "tune.mid", "--memory", "tunes", *shelf)
    chosen = ("--model", "llm", "--viewpoint", "pcset", "--out", tmp_path / "out.mid")
    said = sideman("generate", "--memory", "tunes", *shelf, *chosen)
    assert said.returncode == 2
    assert said.stderr.startswith("sideman: the LLM cannot read the viewpoint 'pcset'; link some of pitch")
    assert "Traceback" not in said.stderr


def test_a_wrong_configuration_is_told_in_a_line_that_ends_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[players]]\nname = "x"\nparams = { temprature = 1 }\n')
    said = sideman("serve", "--check", "--config", tmp_path / "a.toml")
    assert said.returncode == 2
    assert said.stderr.endswith("no parameter 'temprature'; did you mean temperature?\n")
