"""What the doctor finds on a machine, and what it says of what is not well."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sideman.cli import app
from sideman.doctor import examine
from sideman.settings import PluginSettings, Settings

ANY_PORT = Settings(osc_port=0, http_port=0)


def test_it_looks_at_everything_and_names_a_cure_for_what_is_not_well() -> None:
    found = {finding.what: finding for finding in examine(ANY_PORT, lambda _: "")}
    assert {"Python", "wire", "timing", "UDP port", "HTTP port", "LLM kernel", "plugins", "memories"} <= set(found)
    assert all(finding.how for finding in found.values())
    assert not any(finding.fatal for finding in found.values())
    assert "oracle" in found["plugins"].how
    assert "ms of their time" in found["timing"].how


def test_a_port_that_is_taken_is_named_with_who_holds_it_and_is_fatal() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        settings = Settings(osc_port=port, http_port=0)
        found = {finding.what: finding for finding in examine(settings, lambda _: ", by pd (7)")}
    assert found["UDP port"].fatal
    assert found["UDP port"].cure
    assert found["UDP port"].how.endswith(", by pd (7)")
    assert str(port) in found["UDP port"].how


def test_a_plugin_that_is_switched_off_is_not_named() -> None:
    settings = Settings(osc_port=0, http_port=0, plugins={"ngram": PluginSettings(enabled=False)})
    found = {finding.what: finding for finding in examine(settings, lambda _: "")}
    assert "ngram" not in found["plugins"].how


def test_the_command_says_a_line_for_each_and_ends_with_1_where_the_server_cannot_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        config = tmp_path / "a.toml"
        config.write_text(f"osc_port = {taken.getsockname()[1]}\nhttp_port = 0\n")
        said = CliRunner().invoke(app, ["doctor", "--config", str(config)])
        config.write_text("osc_port = 0\nhttp_port = 0\n")
        well = CliRunner().invoke(app, ["doctor", "--config", str(config)])
    assert said.exit_code == 1
    assert "BAD  UDP port" in said.output
    assert "cure: end what holds it" in said.output
    assert well.exit_code == 0
    assert "ok   Python" in well.output


def test_the_command_heeds_the_servers_options_and_variables_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIDEMAN_MEMORIES", str(tmp_path / "elsewhere"))
    said = CliRunner().invoke(app, ["doctor", "--osc-port", "0", "--http-port", "0"])
    assert said.exit_code == 0
    assert f"memories: {tmp_path / 'elsewhere'}" in said.output
