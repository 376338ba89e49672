"""`sideman ask`: the text model that ships does what it is told, and what is no text model is refused by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from server.test_music_cli import sideman

MODELS = Path(__file__).resolve().parents[2] / "plugins" / "sideman_llm" / "models"


def test_it_repeats_a_sentence_that_it_never_saw() -> None:
    said = sideman("ask", "Repeat the sentence.", "The drum is under the bed.")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[0] == "The drum is under the bed."


def test_vegetables_become_fruits_and_nothing_else_changes() -> None:
    said = sideman("ask", "Replace the vegetables by fruits.", "Ann ate a carrot on Sunday.")
    assert said.returncode == 0, said.stderr
    answer, *marks = said.stdout.splitlines()
    assert answer.startswith("Ann ate a ")
    assert answer.endswith(" on Sunday.")
    assert "carrot" not in answer
    assert not marks or set(marks[0]) <= {" ", "^"}


def test_what_is_no_text_model_is_refused_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "config.json").write_text("[1]")
    for folder, why in (
        (tmp_path, "config.json: No such file"),
        (tmp_path / "list", "JSON object"),
        (MODELS / "music", "kind 'music'"),
    ):
        said = sideman("ask", "Repeat it.", "hello", "--from", folder)
        assert said.returncode == 2
        assert why in said.stderr
        assert "sideman train" in said.stderr
        assert "Traceback" not in said.stderr


def test_a_sentence_that_is_longer_than_it_hears_is_refused_before_it_is_mangled() -> None:
    said = sideman("ask", "Repeat the sentence.", "the cat sat on the mat, " * 9)
    assert said.returncode == 2
    assert "too long" in said.stderr
    assert "at most" in said.stderr


def test_what_is_no_text_is_refused() -> None:
    said = subprocess.run(
        [sys.executable.encode(), b"-m", b"sideman", b"ask", b"Repeat it.", b"caf\xe9"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert said.returncode == 2
    assert "UTF-8" in said.stderr
    assert "Traceback" not in said.stderr
