"""What carries packets: order, cuts, and listeners that have gone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.clock import SystemClock
from sideman.wire import Heap, PyWire, SimWire

SECOND = 1_000_000_000
HERE = ("127.0.0.1", 9)


@given(st.lists(st.integers(0, 20), max_size=60))
def test_items_leave_in_order_of_due_time_and_of_handing_over(due: list[int]) -> None:
    heap = Heap()
    for number, moment in enumerate(due):
        heap.push(moment, bytes([number]), (HERE,), None)
    left = []
    while (item := heap.pop(20)) is not None:
        left.append(item[1][0])
    assert left == sorted(range(len(due)), key=lambda number: (due[number], number))


def test_a_cut_sends_first_what_is_due_and_voids_the_rest_of_that_player_alone() -> None:
    wire = SimWire()
    for due, name, player in ((1, b"a", "ann"), (5, b"b", "ann"), (5, b"c", "bob"), (9, b"d", "ann"), (9, b"e", None)):
        wire.send(due, name, (HERE,), (player, 0) if player else None)
    wire.cut("ann", 4)
    wire.advance(20)
    assert [packet for _, packet, _ in wire.sent] == [b"a", b"c", b"e"]


def receiver() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind(("127.0.0.1", 0))
    listening.setblocking(False)
    return listening


def arrived(listening: socket.socket) -> list[bytes]:
    packets = []
    try:
        while True:
            packets.append(listening.recv(2048))
    except BlockingIOError:
        return packets


def live(run: Callable[[PyWire, SystemClock], Coroutine[None, None, None]]) -> None:
    """Run with a wire on the event loop."""

    async def whole() -> None:
        clock = SystemClock()
        wire = PyWire("127.0.0.1", 0, clock)
        wire.start(lambda *_: None)
        try:
            await run(wire, clock)
        finally:
            wire.close()

    asyncio.run(whole())


def test_what_is_due_leaves_at_once_and_what_is_not_leaves_when_it_is() -> None:
    with receiver() as ears:

        async def run(wire: PyWire, clock: SystemClock) -> None:
            now = clock.now()
            wire.send(now + SECOND // 20, b"later", (ears.getsockname(),))
            wire.send(now, b"now", (ears.getsockname(),))
            assert arrived(ears) == [b"now"]
            while clock.now() < now + SECOND // 20:
                assert arrived(ears) == []
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.02)
            assert arrived(ears) == [b"later"]

        live(run)


def test_a_live_cut_voids_what_was_still_to_come() -> None:
    with receiver() as ears:

        async def run(wire: PyWire, clock: SystemClock) -> None:
            now = clock.now()
            wire.send(now + SECOND // 50, b"void", (ears.getsockname(),), ("ann", 0))
            wire.send(now + SECOND // 50, b"stays", (ears.getsockname(),), ("bob", 0))
            wire.cut("ann", now)
            await asyncio.sleep(0.06)
            assert arrived(ears) == [b"stays"]

        live(run)


def test_a_listener_that_has_gone_does_no_harm_to_the_others() -> None:
    gone = receiver()
    nobody = gone.getsockname()
    gone.close()
    with receiver() as ears:

        async def run(wire: PyWire, clock: SystemClock) -> None:
            for number in range(20):
                wire.send(clock.now(), bytes([number]), (nobody, ("127.0.0.1", 0), ears.getsockname()))
                wire.drain()
            assert arrived(ears) == [bytes([number]) for number in range(20)]
            assert wire.dropped >= 20  # port 0 is nobody's

        live(run)


def test_what_is_long_overdue_is_dropped_and_counted_never_rushed_out() -> None:
    with receiver() as ears:

        class Jumping(SystemClock):
            jump = 0

            def now(self) -> int:
                return super().now() + self.jump

        async def whole() -> None:
            clock = Jumping()
            wire = PyWire("127.0.0.1", 0, clock)
            wire.start(lambda *_: None)
            for number in range(50):
                wire.send(clock.now() + SECOND + number, b"old", (ears.getsockname(),))
            wire.send(clock.now() + 60 * SECOND, b"just due", (ears.getsockname(),))
            clock.jump = 60 * SECOND + SECOND // 10  # as after a suspend
            wire.flush()
            assert arrived(ears) == [b"just due"]
            assert wire.stale == 50
            wire.close()

        asyncio.run(whole())


def test_a_port_that_is_taken_is_said_at_once() -> None:
    with receiver() as taken, pytest.raises(OSError, match="in use"):
        PyWire("127.0.0.1", taken.getsockname()[1], SystemClock())
