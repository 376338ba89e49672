"""`sideman ask`: the text model that ships does what it is told, and what is no text model is refused by name."""

from __future__ import annotations

from pathlib import Path

from server.test_music_cli import sideman

MODELS = Path(__file__).resolve().parents[2] / "plugins" / "sideman_llm" / "models"


def test_it_repeats_a_sentence_that_it_never_saw() -> None:
    said = sideman("ask", "Repeat the sentence.", "The drum is under the bed.")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[0] == "The drum is under the bed."


def test_vegetables_become_fruits_where_a_caret_marks_that_others_would_have_done() -> None:
    said = sideman("ask", "Replace the vegetables by fruits.", "Ann ate a carrot on Sunday.")
    assert said.returncode == 0, said.stderr
    answer, marks = said.stdout.splitlines()
    assert answer.startswith("Ann ate a ")
    assert answer.endswith(" on Sunday.")
    assert "carrot" not in answer
    assert marks[len("Ann ate a ")] == "^"


def test_what_is_no_text_model_is_refused_with_the_cure(tmp_path: Path) -> None:
    for folder, why in ((tmp_path, "no config.json"), (MODELS / "music", "kind 'music'")):
        said = sideman("ask", "Repeat it.", "hello", "--from", folder)
        assert said.returncode == 2
        assert why in said.stderr
        assert "sideman train" in said.stderr
        assert "Traceback" not in said.stderr
