"""The Python client against a real server: its seat, what it hears, and what becomes of it when things go wrong."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sideman_client import Client, NobodyAnswers, Refused
from sideman_client.message import build
from system.server import LiveServer, serving


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    with serving() as live:
        yield live


def within(seconds: float, work: Coroutine[Any, Any, None]) -> None:
    """Run it to its end, which must come in time."""
    asyncio.run(asyncio.wait_for(work, seconds))


def test_a_client_is_welcomed_with_the_state(server: LiveServer) -> None:
    async def join() -> None:
        async with Client("ann", port=server.port) as ann:
            welcome = await ann.wait_for("/joined", "ann", "main")
            assert ann.joined
            assert welcome.arguments[-1] == ann.key
            assert (await ann.wait_for("/performer/*/state", "here")).address == "/performer/ann/state"
            await ann.wait_for("/synced")

    within(10, join())


def test_a_phrase_is_answered_and_the_notes_say_where_they_come_from(server: LiveServer) -> None:
    async def play() -> None:
        async with Client("bob", port=server.port) as bob:
            for pitch in (60, 64, 67):
                bob.note(pitch, 100, duration_ms=150)
                await asyncio.sleep(0.2)
            note = await bob.wait_for("/player/sideman/note")
            _, velocity, ms, channel, event = note.numbers
            assert 0 < velocity <= 127
            assert ms > 0
            assert channel == 1
            why = await bob.ask("/player/sideman/why", event, reply="/player/sideman/why")
            assert why.arguments[0] == event
            assert why.arguments[3] == "bob"
            await bob.ask("/player/sideman/stop")
            await bob.ask("/start")

    within(20, play())


def test_where_nobody_answers_the_error_names_the_place_and_the_cure() -> None:
    async def join(port: int) -> None:
        async with Client("ann", port=port, patience_s=0.2):
            pass

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        with pytest.raises(NobodyAnswers, match=rf"127\.0\.0\.1:{port}.*sideman serve"):
            asyncio.run(join(port))


def test_a_name_that_cannot_be_is_refused_with_a_cure(server: LiveServer) -> None:
    async def join() -> None:
        async with Client("9 lives", port=server.port):
            pass

    with pytest.raises(Refused, match="letter") as refusal:
        asyncio.run(join())
    assert refusal.value.address == "/join"
    assert refusal.value.cure


def test_what_is_asked_is_answered_or_refused(server: LiveServer) -> None:
    async def ask() -> None:
        async with Client("ann", port=server.port) as ann:
            assert (await ann.ask("/tempo", 120)).arguments == ("/tempo",)
            with pytest.raises(Refused) as refusal:
                await ann.ask("/tempo", 1000)
            assert refusal.value.address == "/tempo"
            assert refusal.value.cure

    within(10, ask())


def test_messages_wait_for_the_one_who_wants_them(server: LiveServer) -> None:
    async def read() -> None:
        async with Client("ann", port=server.port) as ann:
            for number in range(5):
                ann.send("/ping", number)
            assert (await ann.wait_for("/pong", 3)).numbers[0] == 3
            for number in (0, 1, 2, 4):
                assert (await ann.wait_for("/pong")).numbers[0] == number
            with pytest.raises(TimeoutError, match="/pong 3"):
                await ann.wait_for("/pong", 3, timeout_s=0.05)

    within(10, read())


def test_of_unread_messages_the_oldest_are_dropped_and_counted(server: LiveServer) -> None:
    async def flood() -> None:
        async with Client("ann", port=server.port, queue=8) as ann:
            await ann.wait_for("/synced")
            while ann.dropped < 20:
                ann.send("/ping", 1)
                await asyncio.sleep(0)
            assert len([await anext(ann) for _ in range(8)]) == 8

    within(20, flood())


def test_pings_of_its_own_are_not_handed_on(server: LiveServer) -> None:
    async def wait() -> None:
        async with Client("ann", port=server.port, ping_s=0.01) as ann:
            await ann.wait_for("/synced")
            with pytest.raises(TimeoutError):
                await ann.wait_for("/pong", timeout_s=0.3)
            assert ann.joined

    within(10, wait())


def test_others_hear_that_a_client_has_left(server: LiveServer) -> None:
    async def leave() -> None:
        async with Client("ann", port=server.port) as ann:
            async with Client("bob", port=server.port):
                await ann.wait_for("/performer/bob/state", "here")
            await ann.wait_for("/performer/bob/state", "gone")

    within(10, leave())


def test_reading_ends_when_the_client_leaves(server: LiveServer) -> None:
    async def leave() -> None:
        async def read(client: Client) -> int:
            return len([message async for message in client])

        async with Client("ann", port=server.port) as ann:
            await ann.wait_for("/synced")
            reading = asyncio.create_task(read(ann))
            await asyncio.sleep(0)
        assert await reading > 0
        with pytest.raises(RuntimeError, match="/ping"):
            ann.send("/ping")

    within(10, leave())


def test_a_client_takes_its_seat_again_when_the_server_comes_back() -> None:
    async def stay() -> None:
        with ExitStack() as first:
            port = first.enter_context(serving()).port
            async with Client("ann", port=port, ping_s=0.05, silence_s=0.3) as ann:
                await ann.wait_for("/synced")
                await ann.wait_for("/joined")
                first.close()
                async with asyncio.timeout(5):
                    while ann.joined:
                        await asyncio.sleep(0.01)
                with serving(port=port):
                    await ann.wait_for("/joined", "ann")
                    await ann.ask("/player/sideman/mode", "manual")

    within(60, stay())


def test_a_seat_that_was_taken_over_is_not_fought_for(server: LiveServer) -> None:
    async def lose() -> None:
        async with Client("ann", port=server.port, ping_s=0.05, silence_s=0.2) as ann:
            await ann.wait_for("/joined")
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind(("127.0.0.2", 0))
                other.sendto(build("/join", "ann", 0, ann.key), (server.host, server.port))
                await ann.wait_for("/lapsed", "ann")
                assert not ann.joined
                with pytest.raises(TimeoutError):
                    await ann.wait_for("/joined", "ann", timeout_s=1)
                other.sendto(build("/leave"), (server.host, server.port))

    within(20, lose())


def test_datagrams_from_elsewhere_never_arrive(server: LiveServer) -> None:
    async def annoy() -> None:
        async with Client("eve", port=server.port) as eve:
            await eve.wait_for("/synced")
            ports = re.findall(r"eve \(.*?joined .*? from 127\.0\.0\.1:(\d+)", server.log())
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
                elsewhere.sendto(build("/player/sideman/note", 60, 90, 100, 1, 1), ("127.0.0.1", int(ports[-1])))
                elsewhere.sendto(b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc", ("127.0.0.1", int(ports[-1])))
            await eve.ask("/tempo", 120)
            assert eve.malformed == 0
            with pytest.raises(TimeoutError):
                await eve.wait_for("/player/sideman/note", 60, 90, 100, 1, 1, timeout_s=0.2)

    within(10, annoy())


def test_garbage_from_the_servers_address_is_counted_and_the_seat_kept() -> None:
    async def endure() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as hostile:
            hostile.bind(("127.0.0.1", 0))
            hostile.setblocking(False)
            client = Client("ann", port=hostile.getsockname()[1])
            joining = asyncio.create_task(client.__aenter__())
            loop = asyncio.get_running_loop()
            _, address = await loop.sock_recvfrom(hostile, 2048)
            garbage = [
                b"#bundle\0" + bytes(8) + b"\xff\xff\xff\xfc",
                b"/a\0\0,s\0\0\xe7\xe1o\0",
                b"\0",
                b"/joined\0,s\0\0",
            ]
            for packet in (*garbage, build("/joined", "ann"), build("/joined", "ann", "main", 30.0, "key")):
                hostile.sendto(packet, address)
            await joining
            assert client.joined
            assert client.malformed == len(garbage)
            await client.__aexit__(None, None, None)

    within(10, endure())
