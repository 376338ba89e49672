"""Real Pure Data and a real python-osc performer against a real server, in one session at the same time."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from sideman_client import Client, Message
from sideman_client.message import build
from system.hearing import answer
from system.pd import ABSTRACTIONS, PATCHES, PureData
from system.server import LiveServer, serving

pytestmark = pytest.mark.system


def as_pd_prints(notes: list[Message]) -> list[str]:
    """Notes as a Pd `print` shows them: every number is a float, at six digits."""
    return [" ".join(f"{number:g}" for number in note.numbers) for note in notes]


def test_pd_and_python_play_in_one_session_and_hear_one_another_and_the_same_answers(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with PureData(PATCHES / "duo.pd", tmp_path, {"PORT": str(port)}) as pd:
            await pd.says("joined: 1")
            async with Client("ann", port=port) as ann:
                await ann.ask("/listen", "/performer/*/note")
                await ann.ask("/tempo", 121)
                heard = [(await ann.wait_for("/performer/pd/note", pitch)).arguments[:2] for pitch in (60, 62, 64, 65)]
                assert heard == [(60, 90), (62, 95), (64, 100), (65, 105)]
                to_pd = await answer(ann)
                assert to_pd
                assert {note.arguments[0] for note in to_pd} <= {60, 62, 64, 65}

                for pitch in (72, 71, 69):
                    ann.note(pitch, 80, duration_ms=150)
                    await asyncio.sleep(0.2)
                to_ann = await answer(ann)
                assert to_ann
                await pd.says("state: armed oracle answer", times=3)
                assert pd.after("note: ") == as_pd_prints(to_pd + to_ann)
                assert [line for line in pd.after("ann: ") if not line.endswith(" 0 1")] == [
                    "72 80 1",
                    "71 80 1",
                    "69 80 1",
                ]
            await pd.ends()
            assert pd.lines[-1] == "joined: 0"  # it left, and knew so at once
            assert not pd.after("refused: ")

    with serving("--seed", "7") as server:
        asyncio.run(play(server.port))


def test_a_bare_patch_is_answered_with_nothing_but_vanilla_objects(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with PureData(PATCHES / "bare.pd", tmp_path, {"PORT": str(port)}) as pd:
            await pd.ends(limit_s=20)
            notes = [[float(word) for word in line.split()] for line in pd.after("note: ")]
            assert notes
            assert {note[0] for note in notes} <= {60, 67, 72}
            assert [note[4] for note in notes] == sorted(note[4] for note in notes)
            assert all(note[2] > 0 for note in notes)
            assert len(pd.after("joined: bare main 30 ")) == 1
            assert not pd.after("refused: ")

    with serving() as server:
        asyncio.run(play(server.port))


def test_a_patch_makes_a_player_of_its_own_hears_it_and_stops_it(tmp_path: Path) -> None:
    async def play(port: int) -> None:
        async with PureData(PATCHES / "voice.pd", tmp_path, {"PORT": str(port)}) as pd:
            await pd.ends(limit_s=20)
        assert not pd.after("refused: ")
        assert pd.after("state: ") == ["stopped oracle free", "playing oracle free", "stopped oracle free"]
        assert "temperature 0.5" in pd.after("other: is ")
        notes = [[float(word) for word in line.split()] for line in pd.after("note: ")]
        assert notes
        assert all(len(note) == 5 and note[2] > 0 for note in notes)
        (why,) = pd.after("other: why ")
        event, model, _, source = why.split()[:4]
        assert float(event) in {note[4] for note in notes}
        assert (model, source) == ("oracle", "pd")
        silent = pd.lines[len(pd.lines) - pd.lines[::-1].index("state: stopped oracle free") :]
        assert not [line for line in silent if line.startswith("note: ")]

    with serving() as server:
        asyncio.run(play(server.port))


def test_a_patch_joins_again_as_soon_as_a_server_says_that_it_does_not_know_it(tmp_path: Path) -> None:
    async def stay() -> None:
        with ExitStack() as first:
            port = first.enter_context(serving()).port
            async with PureData(PATCHES / "stay.pd", tmp_path, {"PORT": str(port)}) as pd:
                await pd.says("joined: 1")
                first.close()
                with serving(port=port) as second:
                    await pd.says("joined: 1", times=2)
                    assert "ping from" in second.log()
                    async with Client("end", port=port):
                        await pd.ends()

    asyncio.run(stay())


def test_a_patch_takes_its_seat_again_when_a_server_comes_back_after_a_while(tmp_path: Path) -> None:
    async def stay() -> None:
        with ExitStack() as first:
            port = first.enter_context(serving()).port
            async with PureData(PATCHES / "stay.pd", tmp_path, {"PORT": str(port)}) as pd:
                await pd.says("joined: 1")
                first.close()
                await pd.says("joined: 0", limit_s=20)
                with serving(port=port):
                    await pd.says("joined: 1", times=2)
                    async with Client("end", port=port):
                        await pd.ends()

    asyncio.run(stay())


def test_a_patch_does_not_fight_for_a_seat_that_was_taken_over(tmp_path: Path) -> None:
    async def lose(server: LiveServer) -> None:
        async with PureData(PATCHES / "stay.pd", tmp_path, {"PORT": str(server.port)}) as pd:
            await pd.says("joined: 1")
            (welcome,) = pd.after("welcome: ")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.2", 0))
                other.sendto(build("/join", "pd", 0, welcome.split()[-1]), (server.host, server.port))
                await pd.says("sideman: the seat was taken over")
            await pd.says("joined: 0")
            with pytest.raises(AssertionError):
                await pd.says("joined: 1", times=2, limit_s=4)  # a seat lost otherwise is asked for every 3 s

    with serving() as server:
        asyncio.run(lose(server))


@pytest.mark.parametrize("name", sorted(patch.stem for patch in ABSTRACTIONS.glob("*.pd")))
def test_every_patch_that_we_ship_opens_without_a_complaint(name: str, tmp_path: Path) -> None:
    async def open_it(port: int) -> None:
        for patch in ABSTRACTIONS.glob("*.pd"):
            (tmp_path / patch.name).write_text(patch.read_text().replace("7117", str(port)))
        async with PureData(PATCHES / "opens.pd", tmp_path, {"NAME": name}) as pd:
            await pd.ends()
            assert "opened: bang" in pd.lines

    with serving() as server:
        asyncio.run(open_it(server.port))
        assert ("pd (human, leader) joined main" in server.log()) == (name != "sideman.player")


def test_a_patch_lays_hands_on_its_player(tmp_path: Path) -> None:
    words = {"why \\, stop": "effects octave:1 \\, hold 1 \\, speed 2 \\, stop"}

    async def play(port: int) -> None:
        async with PureData(PATCHES / "voice.pd", tmp_path, {"PORT": str(port), **words}) as pd:
            await pd.ends(limit_s=20)
        assert not pd.after("refused: ")
        told = [line for line in pd.after("other: ") if line.split()[1] in ("effects", "hold", "speed")]
        assert told[-4:] == ["is effects octave:1", "is hold 1", "is speed 2", "is hold 0"]

    with serving() as server:
        asyncio.run(play(server.port))
