"""Real sclang with our class, and a python-osc performer, against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sideman_client import Client
from sideman_client.message import build
from system.hearing import answer
from system.sclang import QUARK, SClang
from system.server import LiveServer, serving

pytestmark = pytest.mark.system

#: Posts what the seat `~me` hears, one line each.
POSTING = """
~me.onJoined = { |me| ("joined:" + me.name).postln };
~me.onLost = { |me| ("lost:" + me.name).postln };
~me.onNote = { |...args| ("note:" + args.join(" ")).postln };
~me.onOff = { |...args| ("off:" + args.join(" ")).postln };
~me.onState = { |...args| ("state:" + args.join(" ")).postln };
~me.onPerformer = { |...args| ("performer:" + args.join(" ")).postln };
~me.onPerformerNote = { |...args| ("heard:" + args.join(" ")).postln };
~me.onError = { |...args| ("error:" + args.join(" ")).postln };
~me.onNotice = { |...args| ("notice:" + args.join(" ")).postln };
"""

PHRASE = """
Routine { [60, 64, 67].do { |pitch| ~me.note(pitch, 90, 0.15); 0.2.wait } }.play;
"""


@asynccontextmanager
async def seated(server: LiveServer, folder: Path) -> AsyncIterator[SClang]:
    """sclang with a seat `~me`, named `sc`, that has joined and posts what it hears."""
    async with SClang(folder) as sc:
        await sc.evaluate(f'~me = Sideman("sc", "127.0.0.1", {server.port});' + POSTING + "~me.join;")
        await sc.says("joined: sc")
        yield sc


def test_a_phrase_from_sclang_is_heard_by_the_others_and_answered_to_all_alike(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann:
            await ann.ask("/listen", "/performer/*/note")
            async with seated(server, tmp_path) as sc:
                await sc.evaluate('~me.sendMsg("/listen", "/performer/*/note")')
                await sc.evaluate(PHRASE)
                for pitch in (60, 64, 67):
                    await ann.wait_for("/performer/sc/note", pitch, 90, 1)
                notes = [note.arguments for note in await answer(ann)]
                assert notes
                assert {note[0] for note in notes} <= {60, 64, 67}
                await sc.says("state: armed oracle answer sideman", times=2)
                heard = [line.split() for line in sc.after("note: ")]
                assert [(int(note[0]), int(note[1]), int(note[3]), int(note[4])) for note in heard] == [
                    (note[0], note[1], note[3], note[4]) for note in notes
                ]
                assert [float(note[2]) * 1000 for note in heard] == pytest.approx([note[2] for note in notes])
                assert {note[5] for note in heard} == {"sideman"}

                ann.note(72, 80, duration_ms=100)
                await sc.says("heard: 72 80 1 ann")
                await sc.ends()
                await ann.wait_for("/performer/sc/state", "gone")

    with serving("--seed", "7") as server:
        asyncio.run(play(server))


def test_patterns_play_into_the_session_as_events_of_our_type(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, seated(server, tmp_path) as sc:
            await ann.ask("/listen", "/performer/*/note")
            await sc.evaluate(
                "Pbind(\\type, \\sideman, \\sideman, ~me, \\degree, Pseq([0, [2, 4], Rest(1), 7]),"
                "\\amp, 0.5, \\channel, 3, \\dur, 0.1).play"
            )
            for pitch in (60, 64, 67, 72):
                await ann.wait_for("/performer/sc/note", pitch, 64, 3)
            assert not sc.complaints()

    with serving() as server:
        asyncio.run(play(server))


def test_any_command_can_be_said_with_whatever_sclang_has_for_numbers_and_words(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        async with seated(server, tmp_path) as sc:
            await sc.evaluate("~me.sendMsg('/player/bass/new', \\oracle, \"pitch\")")
            await sc.says("state: stopped oracle free bass")
            await sc.evaluate("~me.sendMsg('/player/bass/mute', true)")
            await sc.evaluate("~me.sendMsg('/player/bass/play')")
            await sc.says("state: muted oracle free bass")
            await sc.evaluate("~me.sendMsg('/player/bass/param/temperature', 99)")
            await sc.evaluate("~me.sendMsg('/event', $x, 2)")
            await sc.evaluate("~me.note(60, 80); ~me.noteOff(60)")
            await sc.evaluate('~me.players[\\bass].join(" ").postln')
            await sc.says("muted oracle free")
            await sc.evaluate("~me.sendMsg('/player/bass/drop')")
            await sc.says("state: gone oracle free bass")
            await sc.evaluate("~me.players.keys.asArray.sort.postln")
            await sc.says("[ sideman ]")
            await sc.says("notice: /player/bass/param/temperature ", whole=False)
            assert not sc.after("error: ")

            await sc.evaluate("~me.note(200)")
            await sc.says("error: /note ", whole=False)
            await sc.ends()

    with serving() as server:
        asyncio.run(play(server))


def test_it_joins_again_when_the_server_was_away_or_was_started_anew(tmp_path: Path) -> None:
    async def play(server: LiveServer, sc: SClang) -> None:
        await sc.evaluate("~me.pingEvery = 0.2; ~me.silence = 1")
        server.process.send_signal(signal.SIGSTOP)
        try:
            await sc.says("lost: sc")
        finally:
            server.process.send_signal(signal.SIGCONT)
        await sc.says("joined: sc", times=2)

    async def both() -> None:
        async with SClang(tmp_path) as sc:
            with serving() as server:
                await sc.evaluate(f'~me = Sideman("sc", "127.0.0.1", {server.port});' + POSTING + "~me.join;")
                await sc.says("joined: sc")
                await play(server, sc)
                joined = len(sc.after("joined: "))
            with serving(port=server.port) as again:
                await sc.says("joined: sc", times=joined + 1)
                await sc.evaluate("CmdPeriod.run")
                again.process.send_signal(signal.SIGSTOP)
                lost = len(sc.after("lost: "))
                try:
                    await sc.says("lost: sc", times=lost + 1)
                finally:
                    again.process.send_signal(signal.SIGCONT)
                await sc.says("joined: sc", times=joined + 2)
                await sc.ends()

    asyncio.run(both())


def test_it_joins_when_the_server_starts_later(tmp_path: Path) -> None:
    async def play() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        async with SClang(tmp_path) as sc:
            await sc.evaluate(f'~me = Sideman("sc", "127.0.0.1", {port});' + POSTING + "~me.pingEvery = 0.2; ~me.join")
            with serving(port=port):
                await sc.says("joined: sc")
                await sc.ends()

    asyncio.run(play())


def test_a_seat_that_was_taken_over_is_not_fought_for(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, seated(server, tmp_path) as sc:
            await sc.evaluate('~me.pingEvery = 0.2; ~me.silence = 1; ("key:" + ~me.key).postln')
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
                elsewhere.bind(("127.0.0.2", 0))
                elsewhere.settimeout(5)
                key = sc.after("key: ")[0]
                elsewhere.sendto(build("/join", "sc", 0, key), ("127.0.0.1", server.port))
                assert elsewhere.recv(2048).startswith(b"/joined\0")
                await sc.says("lost: sc")
                await sc.says("WARNING: sideman: sc has been taken over; to have it back: .join")
                await asyncio.sleep(1.5)  # longer than it waits before it joins again
                await ann.ask("/ping", reply="/pong")
                elsewhere.setblocking(False)
                assert not [packet for packet in _waiting(elsewhere) if packet.startswith(b"/lapsed\0")]
                await sc.evaluate("~me.join")
                await sc.says("joined: sc", times=2)
                assert not sc.after("error: ")

    with serving() as server:
        asyncio.run(play(server))


def _waiting(ear: socket.socket) -> Iterator[bytes]:
    """The packets that have come to a socket that does not block."""
    with contextlib.suppress(BlockingIOError):
        while True:
            yield ear.recv(2048)


def test_free_leaves_the_seat_and_hears_nothing_more(tmp_path: Path) -> None:
    async def play(server: LiveServer) -> None:
        async with Client("ann", port=server.port) as ann, seated(server, tmp_path) as sc:
            await sc.evaluate('~me.onMessage = { |...args| if (~freed == true) { "still hears".postln } }')
            await sc.evaluate("~me.free; ~freed = true; ~me.joined.postln")
            await ann.wait_for("/performer/sc/state", "gone")
            await ann.ask("/panic")
            await sc.evaluate("1")
            assert "still hears" not in sc.lines
            assert "false" in sc.lines
            await sc.ends()

    with serving() as server:
        asyncio.run(play(server))


def test_the_help_is_read_without_a_complaint_and_covers_every_method(tmp_path: Path) -> None:
    async def read() -> None:
        async with SClang(tmp_path) as sc:
            page = QUARK / "HelpSource" / "Classes" / "Sideman.schelp"
            await sc.evaluate(f'~tree = SCDoc.parseFileFull("{page}"); ~tree.class.postln')
            await sc.says("SCDocNode")
            await sc.evaluate(
                'Sideman.methods.do { |each| ("method: " ++ each.name).postln };'
                'Sideman.class.methods.do { |each| ("method: *" ++ each.name).postln }'
            )
            await sc.ends()
            documented = {
                ("*" if kind == "CLASSMETHODS" else "") + name
                for kind, names in _methods(page.read_text()).items()
                for name in names
            }
            public = {name.rstrip("_") for name in sc.after("method: ")}
            hidden = {"init", "*initClass", "printOn"} | {name for name in public if name.startswith("pr")}
            assert public - hidden == documented

    asyncio.run(read())


def _methods(text: str) -> dict[str, list[str]]:
    """The names under `method::` in each section of a help page."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if head := re.match(r"(CLASSMETHODS|INSTANCEMETHODS)::", line):
            section = head[1]
        elif named := re.match(r"METHOD:: *(.+)", line):
            found.setdefault(section, []).extend(re.split(r", *", named[1].strip()))
    return found


def test_the_examples_run_as_they_stand(tmp_path: Path) -> None:
    async def run(server: LiveServer) -> None:
        async with SClang(tmp_path) as sc:
            page = (QUARK / "HelpSource" / "Classes" / "Sideman.schelp").read_text()
            first = (QUARK / "README.md").read_text()
            examples = re.findall(r"^```supercollider\n(.*?)^```$", first, re.MULTILINE | re.DOTALL)
            examples += re.findall(r"^code::\n(.*?)^::$", page, re.MULTILINE | re.DOTALL)
            assert len(examples) > 1
            await sc.evaluate(f"Sideman.defaultPort = {server.port}")
            for example in examples:
                for unit in _units(example):
                    await sc.evaluate(unit)
            await sc.ends()

    with serving() as server:
        asyncio.run(run(server))


def _units(example: str) -> list[str]:
    """What one evaluates at a time: a block in parentheses, or a line. MIDI stays closed: CI has none."""
    found = re.findall(r"^\(\n(?:.*\n)*?\)$|^[^\n(].*$", example, re.MULTILINE)
    return [unit for unit in found if not unit.startswith(("//", "MIDIClient"))]


def test_the_quark_installs_from_its_folder(tmp_path: Path) -> None:
    async def install() -> None:
        async with SClang(tmp_path, include=()) as sc:
            await sc.evaluate(f'Quarks.install("{QUARK}")')
            await sc.ends()
            assert str(QUARK) in sc.configuration.read_text()
        async with SClang(tmp_path) as sc:
            await sc.evaluate("Sideman.name.postln")
            await sc.says("Sideman")

    asyncio.run(install())
