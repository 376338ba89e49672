"""liblo's oscsend, oscsendfile and oscdump in a session, beside a python-osc performer."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sideman_client import Client, Message
from system.hearing import answer
from system.liblo import OscDump, oscsend, oscsendfile
from system.server import LiveServer, serving

pytestmark = pytest.mark.system

#: What follows a time tag in oscdump's lines: the address, the types, the arguments.
LINE = re.compile(r"/\S+( [ifs]+ .*)?")


def as_oscdump_prints(message: Message) -> str:
    """The arguments of a message in oscdump's words."""
    return " ".join(f"{each:f}" if isinstance(each, float) else str(each) for each in message.arguments)


def test_a_phrase_that_oscsendfile_plays_is_answered_and_oscdump_hears_what_all_hear(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, OscDump() as dump:
            await ann.ask("/listen", "/performer/*/note")
            phrase = [(0.0, f"/join si lo {dump.port}")]
            for at, pitch in enumerate((60, 64, 67), 1):
                phrase += [(at * 0.25, f"/note ff {pitch} 90.5"), (at * 0.25 + 0.2, f"/note ii {pitch} 0")]
            await oscsendfile(server.port, tmp_path, phrase)
            await dump.hears('/joined ssfs "lo" "main" 30.000000 "k')
            for pitch in (60, 64, 67):
                await ann.wait_for("/performer/lo/note", pitch, 90, 1)
                await ann.wait_for("/performer/lo/note", pitch, 0, 1)
            await dump.hears('/player/sideman/state sss "playing" "oracle" "answer"')
            await dump.hears('/player/sideman/state sss "armed" "oracle" "answer"', times=2)
            notes = await answer(ann)
            assert {note.arguments[0] for note in notes} <= {60, 64, 67}
            assert dump.after("/player/sideman/note iifii ") == [as_oscdump_prints(note) for note in notes]
            assert all(LINE.fullmatch(line) for line in dump.lines)

    with serving("--seed", "7") as server:
        asyncio.run(play(server))


@pytest.mark.parametrize("kind", ["i", "f", "d", "h", "s"])
def test_the_port_to_answer_to_may_come_in_any_type_of_number(kind: str) -> None:
    async def join(server: LiveServer) -> None:
        async with OscDump() as dump:
            await oscsend(server.port, "/join", f"s{kind}", "lo", dump.port)
            await dump.hears("/synced i ")
            assert dump.lines[1].startswith('/joined ssfs "lo" "main"')
            assert '/performer/lo/state s "here"' in dump.lines

    with serving() as server:
        asyncio.run(join(server))


def test_every_oscsend_has_its_own_port_and_all_of_them_one_seat() -> None:
    async def join(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, OscDump() as dump:
            for times in range(1, 11):
                await oscsend(server.port, "/join", "si", "lo", dump.port)
                await dump.hears("/synced i ", times)
            await ann.ask("/ping", reply="/pong")
            await ann.wait_for("/performer/lo/state", "here")
            ann.send("/refresh")
            await ann.wait_for("/performer/lo/state", "here")
            assert not [message async for message in _until(ann, "/synced") if "/lo/" in message.address]
            keys = {line.split()[-1] for line in dump.after("/joined ssfs ")}
            assert len(keys) == 1

    with serving() as server:
        asyncio.run(join(server))


async def _until(client: Client, address: str) -> AsyncIterator[Message]:
    """The messages up to the next to an address."""
    async for message in client:
        if message.address == address:
            return
        yield message


def test_an_oscsend_that_has_not_joined_changes_nothing_and_the_log_says_what_to_send() -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, OscDump() as dump:
            await oscsend(server.port, "/join", "si", "lo", dump.port)
            await dump.hears("/synced i ")
            await ann.ask("/listen", "/performer/*/note")
            await oscsend(server.port, "/note", "ff", 60, 90)
            await oscsend(server.port, "/panic")
            await ann.ask("/tempo", 99)
            heard = [message.address async for message in _until(ann, "/tempo")]
            assert not {"/panic", "/performer/lo/note"} & set(heard)
            await dump.hears("/tempo f 99.0")
            assert not dump.after("/panic")
        assert re.search(r"note from 127\.0\.0\.1:\d+: not joined; send /join NAME \[PORT\]", server.log())

    with serving() as server:
        asyncio.run(play(server))
