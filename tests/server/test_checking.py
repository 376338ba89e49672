"""`sideman serve --check`: what would fail later is said before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from sideman.cli.checking import check, complaints
from sideman.errors import SetupError
from sideman.settings import PlayerSettings, PluginSettings, Settings

UNREAD = "the LLM cannot read the viewpoint 'pcset'; link some of pitch"


def test_the_defaults_and_players_of_every_model_are_right() -> None:
    assert complaints(Settings()) == []
    models = ("oracle", "ngram", "blend", "llm")
    assert complaints(Settings(players=[PlayerSettings(f"p{model}", model=model) for model in models])) == []


def test_a_viewpoint_that_the_llm_cannot_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    settings = Settings(players=[PlayerSettings("fine"), PlayerSettings("low", model="llm", viewpoint="pcset")])
    with pytest.raises(SetupError) as error:
        check(settings, tmp_path / "sideman.toml")
    assert str(error.value).startswith(f"{tmp_path / 'sideman.toml'}: player main/low: {UNREAD}")


def test_each_player_that_cannot_be_is_named_and_the_others_are_not() -> None:
    players = [PlayerSettings("a", model="llm"), PlayerSettings("b", model="llm", viewpoint="pcset*ioi"),
               PlayerSettings("c", model="llm", viewpoint="label", mode="free"),
               PlayerSettings("d", model="ngram", viewpoint="pcset")]  # fmt: skip
    said = complaints(Settings(players=players))
    assert [line.partition(": ")[0] for line in said] == ["player main/b", "player main/c"]


@pytest.mark.parametrize("line", ["/player/two/model llm", "/player/two/viewpoint pcset", "/player/two/parts llm 1"])
def test_what_a_player_is_to_become_at_the_start_is_tried_too(line: str) -> None:
    model, viewpoint = ("llm", "pitch") if "viewpoint" in line else ("blend", "pcset")
    settings = Settings(players=[PlayerSettings("two", model=model, viewpoint=viewpoint)], say=[line])
    (said,) = complaints(settings)
    assert said.startswith(f"player main/two: {UNREAD}")


def test_a_model_whose_folder_is_damaged_is_named_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"nonsense")
    (tmp_path / "config.json").write_text("{")
    plugins = {"llm": PluginSettings(config={"folder": str(tmp_path)})}
    assert complaints(Settings(plugins=plugins)) == []  # nobody asks for it
    (said,) = complaints(Settings(plugins=plugins, players=[PlayerSettings("low", model="llm")]))
    assert "player main/low: " in said
    assert f"{tmp_path / 'config.json'}: is no JSON" in said


def test_a_plugin_that_is_left_out_is_named_before_the_players_that_want_its_model(tmp_path: Path) -> None:
    plugins = {"llm": PluginSettings(config={"folder": str(tmp_path)})}
    said = complaints(Settings(plugins=plugins, players=[PlayerSettings("low", model="llm")]))
    assert "holds no model.safetensors" in said[0]
    assert any("no model 'llm'" in line for line in said[1:])
