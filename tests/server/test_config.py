"""The configuration: what it can say, and errors that name file, key, nearest valid key and cure."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.config import read
from sideman.errors import SetupError
from sideman.settings import OutputSettings, PerformerSettings, PlayerSettings, SessionSettings, Settings
from sideman.testing import Performer, Stage

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


def written(folder: Path, text: str) -> Path:
    path = folder / "sideman.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "what", "cure"),
    [
        ("tempoo = 3\n", r"sideman\.toml:1: no key 'tempoo'", "keys here"),
        ('[[players]]\nname = "x"\nmemry = "a"\n', r"sideman\.toml:3: no key .*memry", "did you mean 'memory'"),
        ('osc_port = "7117"\n', r"sideman\.toml:1: osc_port: Expected `int`, got `str`", "docs/configuration.md"),
        ("osc_port = \n", r"sideman\.toml: Invalid value", "mend that line"),
        ("[[players]]\n", "missing required field `name`", "docs"),
    ],
)  # bar 32
def test_a_wrong_file_is_refused_with_place_key_and_cure(tmp_path: Path, text: str, what: str, cure: str) -> None:
    with pytest.raises(SetupError, match=what) as error:
        read(written(tmp_path, text))
    assert cure in error.value.cure


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"nowhere\.toml is not there"):
        read(tmp_path / "nowhere.toml")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_configuration_or_an_error_of_the_set_up(data: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(data)
        file.flush()
        try:
            assert isinstance(read(Path(file.name)), Settings)
        except SetupError as error:
            assert error.what
            assert error.cure


def test_players_and_sessions_are_there_from_the_start() -> None:
    settings = Settings(
        sessions=[SessionSettings("main", tempo=90, params={"phrase_gap_s": 0.5})],
        players=[
            PlayerSettings("echo", viewpoint="pitch", mode="free", hear=["ann"], params={"temperature": 0.5}),
            PlayerSettings("mirror", armed=False),
        ],
        say=["/player/echo/mute 1"],
    )
    stage = Stage(settings=settings)
    assert stage.engine.complaints == []
    ann = Performer(stage, "ann")
    ann.send("/join", "ann")
    assert ann.got("/tempo") == [(90.0,)]
    assert ann.got("/player/echo/state") == [("muted", "oracle", "free")]
    assert ann.got("/player/mirror/state") == [("stopped", "oracle", "answer")]
    assert ann.got("/player/echo/hears") == [("ann",)]
    assert ("temperature", 0.5) in ann.got("/player/echo/is")
    assert ann.got("/player/sideman/state") == []


def test_each_session_and_each_performer_may_say_something_at_the_start() -> None:
    settings = Settings(
        sessions=[SessionSettings("upstairs", say=["/metre 3 4", "/player/echo/octave 1"])],
        players=[PlayerSettings("echo", session="upstairs")],
        performers=[
            PerformerSettings("ann", "upstairs", address="127.0.0.1:40001", say=["/latency 12", "/ignore /clock"])
        ],
    )
    stage = Stage(settings=settings)
    assert stage.engine.complaints == []
    ann = Performer(stage, "ann")
    ann.send("/refresh")
    assert ann.got("/metre") == [(3, 4)]
    assert ("octave", 1) in ann.got("/player/echo/is")
    seat = stage.engine._seats.get("upstairs", "ann")
    assert seat is not None
    assert seat.latency_ms == 12
    assert not seat.wants("/clock")


def test_a_performer_may_not_say_more_than_its_role_allows() -> None:
    stage = Stage(settings=Settings(performers=[PerformerSettings("ann", say=["/tempo 90"])]))
    assert stage.engine.complaints == ["/tempo: only a leader may; ask a leader, or join with a leader's token"]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (
            Settings(performers=[PerformerSettings("ann", kind="humn")]),
            "performers: 'ann' has no kind 'humn'; kinds: h",
        ),
        (
            Settings(performers=[PerformerSettings("ann", role="boss")]),
            "performers: 'ann' has no role 'boss'; roles: l",
        ),
        (Settings(performers=[PerformerSettings("ann", address="here")]), "performers: 'here' is no HOST:PORT; write"),
        (Settings(performers=[PerformerSettings("a b")]), "performers: 'a b' is not a name; names begin"),
        (Settings(performers=[PerformerSettings("x")], players=[PlayerSettings("x")]), "performers: 'x' is a player's"),
        (Settings(sessions=[SessionSettings("a b")]), "'a b' is not a name; names begin with a letter"),
        (Settings(outputs=[OutputSettings("::", 70_000)]), "outputs: there is no port 70000; send to 1 to 65535"),
        (Settings(outputs=[OutputSettings("::", 9, args=["pich"])]), "outputs: args has no 'pich'; there are: pitch,"),
        (Settings(say=['/chord "Dm7']), "'/chord \"Dm7' is no command: no closing quotation; write it as in"),
    ],
)
def test_what_nobody_could_obey_is_a_complaint_with_its_cure(settings: Settings, complaint: str) -> None:
    assert Stage(settings=settings).engine.complaints[0].startswith(complaint)


def test_what_cannot_be_obeyed_is_a_complaint() -> None:
    stage = Stage(settings=Settings(players=[PlayerSettings("echo", model="orakel")]))
    assert stage.engine.complaints[0].startswith("/player/echo/new: no model 'orakel'; models here:")


def test_a_performer_of_the_configuration_never_lapses() -> None:
    stage = Stage(settings=Settings(performers=[PerformerSettings("ann", address="127.0.0.1:40001")]))
    ann = Performer(stage, "ann")
    assert ann.endpoint == ("127.0.0.1", 40001)
    for _ in range(5):
        ann.send("/note", 60.0, 90.0, 1, 100.0)
        stage.advance(0.4)
    stage.advance(100)
    assert ann.got("/player/sideman/note")
    assert ann.got("/lapsed") == []


def test_an_output_gets_what_matches_under_its_own_address() -> None:
    output = OutputSettings("127.0.0.1", 9999, "/player/sideman/*", address="/synth", args=["pitch", "velocity"],
                            offs=True)  # fmt: skip
    stage = Stage(settings=Settings(outputs=[output]))
    ann = stage.performer("ann")
    ann.play([(60, 0.5), (62, 0.5), (64, 0.5)])
    stage.advance(10)
    heard = stage.arrived(("127.0.0.1", 9999))
    assert {message.address for message in heard} == {"/synth"}
    ons = [message.arguments[0] for message in heard if message.arguments[1]]
    offs = [message.arguments[0] for message in heard if not message.arguments[1]]
    assert ons
    assert sorted(map(str, ons)) == sorted(map(str, offs))


def test_the_examples_of_the_documentation_are_right() -> None:
    paths = sorted(EXAMPLES.glob("*.toml"))
    assert {path.stem for path in paths} == {"duo", "trio", "installation"}
    for path in paths:
        settings = read(path)
        settings.rights().check_host(settings.host)
        assert Stage(settings=settings).engine.complaints == []
