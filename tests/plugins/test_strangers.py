"""Strangers' plugins, really installed: one plays, the others fail in every way they can, and nobody hears a hole."""

from __future__ import annotations

import asyncio
import os
import re
from itertools import pairwise
from pathlib import Path

import pytest

from plugins.packages import install
from sideman_client import Client, Message
from system.server import serving

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"

#: A model that plays well but for the method that a test replaces.
SOUND = """
import ctypes, math, os, time
import numpy as np
from sideman.plugin import Plugin
class State:
    def copy(self): return State()
    def rollback(self, n): pass
class Model:
    def __init__(self, alphabet): self.seen = []
    def learn(self, symbols, stream=0): self.seen += [tuple(symbol) for symbol in symbols.tolist()]
    def start(self): return State()
    def advance(self, state, symbol, at=None): pass
    def predict(self, state, prefix=(), exclude=()):
        values = sorted({{symbol[len(prefix)] for symbol in self.seen if symbol[: len(prefix)] == tuple(prefix)}})
        return np.array([0, *values]), np.full(len(values) + 1, 1 / (len(values) + 1))
    def sources(self, state, symbol, exclude=()):
        return [place for place, seen in enumerate(self.seen) if seen == tuple(symbol)][:1]
{replaced}
def setup(registry, config):
    {setup}
    registry.model("bad", Model)
plugin = Plugin("bad", setup)
"""

FAILURES = {
    "raises at predict": ("def predict(*_, **__): raise RuntimeError('no idea')\nModel.predict = predict", "no idea"),
    "loops for ever": ("def predict(*_, **__):\n    while True: pass\nModel.predict = predict", "in time"),
    "holds the interpreter in C": (
        "def predict(*_, **__): ctypes.PyDLL(None).sleep(60)\nModel.predict = predict",
        "in time",
    ),
    "answers not a number": (
        "def predict(*_, **__): return np.array([0, 61]), np.array([0.5, math.nan])\nModel.predict = predict",
        "not finite",
    ),
    "answers what does not sum to one": (
        "def predict(*_, **__): return np.array([0, 61]), np.array([0.5, 0.4])\nModel.predict = predict",
        "sum to 0.9",
    ),
    "ends its process": ("def predict(*_, **__): os._exit(3)\nModel.predict = predict", "died"),
    "raises when it is made": ("def make(*_): raise RuntimeError('no room')\nModel.__init__ = make", "no room"),
}


async def until(client: Client, address: str, first: object) -> Message:
    async for message in client:
        if message.address == address and message.arguments[0] == first:
            return message
    raise AssertionError(f"no {address} {first}")


async def listen(client: Client, heard: list[tuple[float, Message]]) -> None:
    """All that comes, and when."""
    async for message in client:
        heard.append((asyncio.get_running_loop().time(), message))


async def phrase(client: Client) -> None:
    for pitch in (60, 62, 64, 65):
        client.note(pitch, 90, duration_ms=100)
        await asyncio.sleep(0.12)


def site(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))


def test_the_model_in_contributing_installs_and_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = re.findall(r"```python\n(\"\"\"A model.*?)```", CONTRIBUTING.read_text(), re.DOTALL)[0]
    assert len(text.splitlines()) < 50
    site(monkeypatch, install(tmp_path, "sideman_last", text, "last"))

    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            await ann.ask("/player/echo/new", "last")
            await ann.ask("/player/echo/mode", "answer")
            await ann.ask("/player/echo/play")
            for _ in range(10):  # until its process is there, and in time, its stand-in plays
                await phrase(ann)
                note = await asyncio.wait_for(ann.wait_for("/player/echo/note"), 10)
                assert note.arguments[0] in (60, 62, 64, 65)
                await asyncio.wait_for(until(ann, "/player/echo/state", "armed"), 10)
                ann.send("/player/echo/why")
                why = await asyncio.wait_for(ann.wait_for("/player/echo/why"), 5)
                if why.arguments[1] == "last":
                    break
                assert str(why.arguments[6]).startswith("fell back to ngram: last had not answered")
            assert why.arguments[1] == "last"
            assert why.arguments[3] == "ann"

    with serving() as server:
        asyncio.run(play(server.port))


@pytest.mark.parametrize("failure", FAILURES)
def test_a_model_that_fails_is_cut_off_and_the_others_play_on(
    failure: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced, reason = FAILURES[failure]
    site(monkeypatch, install(tmp_path, "bad_plugin", SOUND.format(replaced=replaced, setup="pass"), "bad"))

    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            for _ in range(3):
                await phrase(ann)
            await ann.ask("/player/steady/new", "oracle", "pitch*ioi", "sideman")
            ann.send("/player/steady/play")
            await ann.wait_for("/player/steady/note")
            heard: list[tuple[float, Message]] = []
            async with Client("ears", port=port) as ears:
                listening = asyncio.create_task(listen(ears, heard))
                await ann.ask("/player/bad/new", "bad", "pitch*ioi", "sideman")
                await ann.ask("/player/bad/mode", "free")
                ann.send("/player/bad/play")
                await phrase(ann)
                await asyncio.wait_for(until(ann, "/player/bad/state", "failed"), 15)
                notice = await asyncio.wait_for(ann.wait_for("/notice", "/player/bad"), 5)
                assert reason in str(notice.arguments[1])
                await asyncio.sleep(1.5)
                ann.send("/player/bad/why")
                why = await asyncio.wait_for(ann.wait_for("/player/bad/why"), 5)
                assert str(why.arguments[6]).startswith("fell back to ngram: bad has failed")
                listening.cancel()
        for player in ("steady", "bad"):
            notes = [at_s for at_s, message in heard if message.address == f"/player/{player}/note"]
            assert len(notes) >= 4
            # No gap: each note comes within the longest time between two notes of what was played, and a little.
            assert max(after - before for before, after in pairwise(notes)) < 0.6

    with serving() as server:
        asyncio.run(play(server.port))


def test_a_plugin_that_fails_at_set_up_is_left_out_with_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = SOUND.format(replaced="", setup="raise RuntimeError('no licence')")
    site(monkeypatch, install(tmp_path, "bad_plugin", text, "bad"))

    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            with pytest.raises(Exception, match="no model 'bad'"):
                await ann.ask("/player/bad/new", "bad")

    with serving() as server:
        asyncio.run(play(server.port))
        assert "left out" in server.log()
        assert "no licence" in server.log()


def test_a_model_that_lacks_a_method_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site(monkeypatch, install(tmp_path, "bad_plugin", SOUND.format(replaced="del Model.sources", setup="pass"), "bad"))
    with serving() as server:
        assert "model 'bad' lacks sources" in server.log()
