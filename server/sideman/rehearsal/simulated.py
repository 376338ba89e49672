"""A rehearsal on the simulated clock: hours of music in seconds, the same from the same seed, byte for byte."""

from __future__ import annotations

import heapq
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from ..hub import Send
from ..inputs import Input
from ..journal import Recorder
from ..osc import decode, encode
from ..seats import Endpoint
from ..settings import Settings
from ..testing import Stage, flattened
from ..timeline import SECOND
from .humans import JOIN, LAPSE, Act, Human, Manners
from .ledger import Ledger

LISTENER: Final = "listener"
#: So often the listener pings, and what has been counted is forgotten.
TURN_S: Final = 10.0
#: After the last act: room for the last answers.
AFTER_S: Final = 20.0


def rehearse(
    humans: Sequence[Human],
    manners: Manners,
    minutes: float,
    seed: int,
    settings: Settings | None = None,
    recorder: Recorder | None = None,
    progress: Callable[[float], None] | None = None,
) -> Ledger:
    """So many minutes of these performers' playing; `progress` is told the simulated seconds now and then."""
    ledger = Ledger()
    hall = Hall(seed, settings, recorder, ledger)
    try:
        _play(hall, heapq.merge(*(human.acts(seed, manners, minutes * 60) for human in humans)), progress)
    except Exception:  # shown and counted: the report is to tell of it
        ledger.crashes += 1
        traceback.print_exc()
    hall.count(over=True)
    return ledger


def _play(hall: Hall, acts: Iterable[Act], progress: Callable[[float], None] | None) -> None:
    next_turn_s = 0.0
    for act in acts:
        while act.at_s >= next_turn_s:
            hall.advance_to(round(next_turn_s * SECOND))
            hall.turn()
            if progress:
                progress(next_turn_s)
            next_turn_s += TURN_S
        hall.advance_to(round(act.at_s * SECOND))
        hall.act(act)
    for _ in range(round(AFTER_S / TURN_S)):
        hall.advance(TURN_S)
        hall.turn()
    hall.close()


class Hall(Stage):
    """A stage that counts, forgets what it has counted, so that hours fit into memory, and may keep a recording."""

    def __init__(self, seed: int, settings: Settings | None, recorder: Recorder | None, ledger: Ledger) -> None:
        super().__init__(seed, settings)
        self._ledger = ledger
        self._recorder = recorder
        self._numbers = 0
        self._places: dict[str, Endpoint] = {}
        self._listener = self.port()
        self.packet(self._listener, encode("/join", LISTENER, 0, "-", "main", "bot"))

    def act(self, act: Act) -> None:
        """Somebody does something."""
        if act.address == LAPSE:
            self._ledger.lapses += 1
        elif act.address == JOIN:
            self._places[act.who] = self.port()  # whoever was away comes back from another
            self.packet(self._places[act.who], encode("/join", act.who))
        else:
            self._ledger.did(act.address)
            self.packet(self._places[act.who], encode(act.address, *act.arguments))

    def turn(self) -> None:
        """Keep the listener's seat, count what has come."""
        self.packet(self._listener, encode("/ping"))
        self.count()

    def close(self) -> None:
        """Ask for the server's own counts, and end it."""
        self.packet(self._listener, encode("/status"))
        self.end()

    def count(self, *, over: bool = False) -> None:
        """Count what was sent so far, record it, and forget it; with `over`, what still sounds is stuck."""
        for item, outputs in zip(self.inputs, self.outputs_of, strict=True):
            for output in outputs:
                if isinstance(output, Send) and output.epoch is not None:
                    self._ledger.was_late(item.time_ns - output.due_ns)
            self._record(item, outputs)
        players = set(self._places.values())
        for time_ns, packet, to in self.wire.sent:
            if self._listener in to:
                self._ledger.arrived(time_ns, decode(packet))
                self._ledger.settle(time_ns)
            elif players.intersection(to):
                for message in flattened(decode(packet)):
                    self._ledger.told(message.address, message.arguments)
        self.inputs.clear()
        self.outputs_of.clear()
        self.wire.sent.clear()
        if over:
            self._ledger.settle(self.clock.now(), over=True)

    def _record(self, item: Input, outputs: Sequence[object]) -> None:
        if self._recorder is None:
            return
        self._numbers += 1
        self._recorder.input(self._numbers, item)
        for output in outputs:
            self._recorder.output(output)  # type: ignore[arg-type]  # the stage keeps what the engine gave
