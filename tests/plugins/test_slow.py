"""A slow model in the server's process, really installed and played: it may sleep, and nobody hears a hole."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from plugins.packages import install
from plugins.test_strangers import SOUND, listen, phrase, site, until
from sideman.replay import verify
from sideman_client import Client, Message
from system.server import serving

SLEEPER = SOUND.replace('registry.model("bad", Model)', 'registry.model("bad", Model, slow=True)').format(
    replaced="""
predict, asked = Model.predict, []
def slowly(*arguments, **more):
    asked.append(0)
    time.sleep(10 if len(asked) == 40 else 0.002)
    return predict(*arguments, **more)
Model.predict = slowly
""",
    setup="pass",
)


def test_a_slow_model_in_process_that_sleeps_for_ten_seconds_leaves_no_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site(monkeypatch, install(tmp_path, "bad_plugin", SLEEPER, "bad"))
    config = tmp_path / "sideman.toml"
    config.write_text("[plugins.bad]\nin_process = true\n")
    recording = tmp_path / "evening.sideman"

    async def play(port: int) -> None:
        async with Client("ann", port=port) as ann:
            for _ in range(3):
                await phrase(ann)
            await ann.ask("/player/solo/new", "oracle", "pitch*ioi", "sideman")
            await ann.ask("/player/solo/mode", "free")
            ann.send("/player/solo/play")
            await ann.wait_for("/player/solo/note")
            heard: list[tuple[float, Message]] = []
            async with Client("ears", port=port) as ears:
                listening = asyncio.create_task(listen(ears, heard))
                await ann.ask("/player/solo/model", "bad")  # exchanged while it plays
                await asyncio.wait_for(until(ann, "/player/solo/state", "playing"), 10)
                said = set()
                for _ in range(20):
                    await asyncio.sleep(0.4)
                    ann.send("/player/solo/why")
                    why = await asyncio.wait_for(ann.wait_for("/player/solo/why"), 5)
                    said.add(str(why.arguments[6]).split(":")[0] if why.arguments[1] != "bad" else "bad")
                listening.cancel()
        assert said >= {"bad", "fell back to ngram"}
        notes = [at_s for at_s, message in heard if message.address == "/player/solo/note"]
        assert len(notes) > 20
        assert max(after - before for before, after in pairwise(notes)) < 0.6
        assert not [message for _, message in heard if message.arguments[:1] == ("failed",)]

    with serving("--config", str(config), "--record", str(recording)) as server:
        asyncio.run(play(server.port))
    verdict = verify(recording)
    assert verdict.difference == ""
    assert verdict.outputs > 20
