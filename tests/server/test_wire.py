"""What carries packets: order, cuts, and listeners that have gone; each wire keeps the same contract."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.clock import SystemClock
from sideman.errors import SetupError
from sideman.wire import WIRES as ALL_WIRES
from sideman.wire import Arrival, Heap, LiveWire, PyWire, SimWire, open_wire

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


def test_a_cut_voids_what_is_due_after_it_of_that_player_alone() -> None:
    wire = SimWire()
    for due, name, player in ((1, b"a", "ann"), (5, b"b", "ann"), (5, b"c", "bob"), (9, b"d", "ann"), (9, b"e", None)):
        wire.send(due, name, (HERE,), (player, 0) if player else None)
    wire.cut("ann", 5)
    wire.advance(20)
    assert [packet for _, packet, _ in wire.sent] == [b"a", b"b", b"c", b"e"]


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


WIRES = ("python", *(("native",) if sys.platform == "linux" else ()))


def live(which: str, run: Callable[[LiveWire], Coroutine[None, None, None]]) -> None:
    """Run with a wire on the event loop."""

    async def whole() -> None:
        wire = open_wire(which, "127.0.0.1", 0, SystemClock())
        wire.start(lambda _: None)
        try:
            await run(wire)
        finally:
            wire.close()

    asyncio.run(whole())


def now_ns() -> int:
    return SystemClock().now()


def test_every_wire_is_one_that_can_be_asked_for() -> None:
    assert set(WIRES) < set(ALL_WIRES)
    with pytest.raises(SetupError, match="no wire"):
        open_wire("copper", "127.0.0.1", 0, SystemClock())


@pytest.mark.parametrize("which", WIRES)
def test_what_is_due_leaves_at_once_and_what_is_not_leaves_when_it_is(which: str) -> None:
    with receiver() as ears:

        async def run(wire: LiveWire) -> None:
            now = now_ns()
            wire.send(now + SECOND // 20, b"later", (ears.getsockname(),))
            wire.send(now + SECOND // 40, b"sooner", (ears.getsockname(),))
            wire.send(now, b"now", (ears.getsockname(),))
            assert arrived(ears) == [b"now"]
            while now_ns() < now + SECOND // 40:
                assert arrived(ears) == []
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.06)
            assert arrived(ears) == [b"sooner", b"later"]
            counts = wire.counts()
            assert (counts.sent, counts.waiting) == (3, 0)
            assert counts.late_most_ns >= counts.late_p99_ns > 0

        live(which, run)


@pytest.mark.parametrize("which", WIRES)
def test_a_live_cut_voids_what_is_due_after_it_and_lets_the_rest_leave_when_it_is_due(which: str) -> None:
    with receiver() as ears:

        async def run(wire: LiveWire) -> None:
            now = now_ns()
            wire.send(now + SECOND // 50, b"due", (ears.getsockname(),), ("ann", 0))
            wire.send(now + SECOND // 40, b"void", (ears.getsockname(),), ("ann", 0))
            wire.send(now + SECOND // 40, b"stays", (ears.getsockname(),), ("bob", 0))
            wire.cut("ann", now + SECOND // 50)
            assert arrived(ears) == []
            await asyncio.sleep(0.06)
            assert arrived(ears) == [b"due", b"stays"]

        live(which, run)


@pytest.mark.parametrize("which", WIRES)
def test_items_due_at_once_leave_in_the_order_in_which_they_were_handed_over(which: str) -> None:
    with receiver() as ears:

        async def run(wire: LiveWire) -> None:
            due = now_ns() + SECOND // 50
            for number in range(100):
                wire.send(due, bytes([number]), (ears.getsockname(),))
            await asyncio.sleep(0.06)
            assert arrived(ears) == [bytes([number]) for number in range(100)]

        live(which, run)


@pytest.mark.parametrize("which", WIRES)
def test_what_arrives_is_taken_in_order_with_the_time_at_which_it_came(which: str) -> None:
    async def whole() -> None:
        wire = open_wire(which, "127.0.0.1", 0, SystemClock())
        taken: list[Arrival] = []
        wire.start(taken.append)
        with receiver() as somebody:
            before = now_ns()
            for number in range(200):
                somebody.sendto(b"%d" % number, wire.endpoint)
                if number % 7 == 0:
                    wire.drain()
            while len(taken) < 200:
                await asyncio.sleep(0.001)
            assert [item.packet for item in taken] == [b"%d" % number for number in range(200)]
            assert {item.source for item in taken} == {somebody.getsockname()}
            times = [item.time_ns for item in taken]
            assert before <= times[0]
            assert times == sorted(times)
            assert times[-1] <= now_ns()
        wire.close()

    asyncio.run(whole())


@pytest.mark.parametrize("which", WIRES)
def test_a_listener_that_has_gone_does_no_harm_to_the_others(which: str) -> None:
    gone = receiver()
    nobody = gone.getsockname()
    gone.close()
    with receiver() as ears:

        async def run(wire: LiveWire) -> None:
            for number in range(20):
                wire.send(now_ns(), bytes([number]), (nobody, ("127.0.0.1", 0), ears.getsockname()))
                wire.drain()
            assert arrived(ears) == [bytes([number]) for number in range(20)]
            assert wire.counts().dropped >= 20  # port 0 is nobody's

        live(which, run)


@pytest.mark.parametrize("which", WIRES)
def test_a_crowd_of_listeners_gets_what_is_sent_each_once(which: str) -> None:
    with ExitStack() as stack:
        crowd = [stack.enter_context(receiver()) for _ in range(150)]

        async def run(wire: LiveWire) -> None:
            wire.send(now_ns(), b"all", tuple(ears.getsockname() for ears in crowd))
            wire.send(now_ns() + SECOND // 50, b"later", tuple(ears.getsockname() for ears in crowd))
            await asyncio.sleep(0.06)
            assert [arrived(ears) for ears in crowd] == [[b"all", b"later"]] * 150

        live(which, run)


@pytest.mark.parametrize("which", WIRES)
def test_what_of_a_plan_is_long_overdue_is_dropped_and_counted_but_never_an_answer_or_the_end_of_a_note(
    which: str,
) -> None:
    with receiver() as ears:

        async def run(wire: LiveWire) -> None:
            for number in range(50):
                wire.send(now_ns() - SECOND + number, b"old", (ears.getsockname(),), ("ann", 0))
            wire.send(now_ns() - SECOND, b"an answer", (ears.getsockname(),))
            wire.send(now_ns() - SECOND, b"an end", (ears.getsockname(),), ("ann", 0), b"an end", now_ns() - SECOND)
            wire.send(now_ns() - SECOND // 5, b"in time", (ears.getsockname(),), ("ann", 0))
            assert arrived(ears) == [b"an answer", b"an end", b"in time"]
            assert wire.counts().stale == 50

        live(which, run)


def test_after_a_jump_of_the_clock_what_waited_is_not_rushed_out() -> None:
    with receiver() as ears:

        class Jumping(SystemClock):
            jump = 0

            def now(self) -> int:
                return super().now() + self.jump

        async def whole() -> None:
            clock = Jumping()
            wire = PyWire("127.0.0.1", 0, clock)
            wire.start(lambda _: None)
            for number in range(50):
                wire.send(clock.now() + SECOND + number, b"old", (ears.getsockname(),), ("ann", 0))
            wire.send(
                clock.now() + SECOND, b"an end", (ears.getsockname(),), ("ann", 0), b"an end", clock.now() + SECOND
            )
            wire.send(clock.now() + 60 * SECOND, b"just due", (ears.getsockname(),), ("ann", 0))
            clock.jump = 60 * SECOND + SECOND // 10  # as after a suspend
            wire.flush()
            assert arrived(ears) == [b"an end", b"just due"]
            assert wire.stale == 50
            wire.close()

        asyncio.run(whole())


@pytest.mark.parametrize("which", WIRES)
def test_a_port_that_is_taken_is_said_at_once_and_is_free_again_after_the_end(which: str) -> None:
    with receiver() as taken, pytest.raises(OSError, match="in use"):
        open_wire(which, "127.0.0.1", taken.getsockname()[1], SystemClock())

    async def run(wire: LiveWire) -> None:
        port = wire.endpoint[1]
        wire.close()
        open_wire(which, "127.0.0.1", port, SystemClock()).close()

    live(which, run)


@pytest.mark.parametrize("which", WIRES)
def test_what_is_sent_after_the_end_is_counted_and_does_no_harm(which: str) -> None:
    async def run(wire: LiveWire) -> None:
        wire.close()
        wire.send(now_ns(), b"late", (HERE,))
        assert wire.counts().dropped == 1

    live(which, run)
