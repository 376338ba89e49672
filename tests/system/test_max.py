"""Our Max patches, on the stand-in for Max with real sockets, against a real server."""

from __future__ import annotations

import asyncio
import signal

import pytest

from sideman_client import Client
from system.hearing import answer
from system.max import LiveMax
from system.server import LiveServer, serving

pytestmark = pytest.mark.system


def test_the_patch_plays_from_one_port_and_hears_the_answer_at_another() -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, LiveMax("mx", server.port) as mx:
            await mx.says(mx.seat, 1, (1,))
            await ann.ask("/listen", "/performer/*/note")
            for pitch in (60, 64, 67):
                mx.say("/note", pitch, 90, 1, 150)
                await ann.wait_for("/performer/mx/note", pitch, 90, 1)
                await asyncio.sleep(0.2)
            notes = await answer(ann)
            assert notes
            await mx.says(mx.player, 2, ("playing", "oracle", "answer"))
            await mx.says(mx.player, 2, ("armed", "oracle", "answer"))
            assert mx.player.said(0) == [note.arguments for note in notes]

            mx.player.take(0, ("/mode", "manual"))
            await mx.says(mx.player, 2, ("armed", "oracle", "manual"))
            mx.player.take(0, ("/param/temperature", 1.5))
            await mx.says(mx.player, 3, ("is", "temperature", 1.5))
            assert not mx.max.printed
            mx.say("leave")
            await ann.wait_for("/performer/mx/state", "gone")

    with serving("--seed", "7") as server:
        asyncio.run(play(server))


def test_the_patch_takes_its_seat_again_when_the_server_was_away() -> None:
    async def play(server: LiveServer) -> None:
        async with LiveMax("mx", server.port) as mx:
            await mx.says(mx.seat, 1, (1,))
            server.process.send_signal(signal.SIGSTOP)
            try:
                async with asyncio.timeout(20):
                    while mx.seat.said(1)[-1] != (0,):
                        await asyncio.sleep(0.1)
            finally:
                server.process.send_signal(signal.SIGCONT)
            joined = [message for message in mx.seat.said(0) if message[0] == "/joined"]
            async with asyncio.timeout(10):
                while mx.seat.said(1)[-1] != (1,):
                    await asyncio.sleep(0.1)
            again = [message for message in mx.seat.said(0) if message[0] == "/joined"]
            assert len(joined) == 1
            assert len(again) >= 2

    with serving() as server:
        asyncio.run(play(server))
