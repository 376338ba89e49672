"""Strangers' models: each player's in a process of its own, cut off at its deadline, never waited for by the loop.

`HostedModel` is the contract over a pipe. `Worker` is the strand of one player of such a model, in a thread: it is
handed what the engine wants done, in order, and reports answers or its failure, which come back as numbered inputs.
"""

from __future__ import annotations

import math
import multiprocessing
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np

from .background import Line
from .elsewhere import Place
from .errors import PluginFault
from .host import serve
from .models import Alphabet, Floats, Intervals, Ints, Symbol
from .strand import Fault, Handed, Report, Strand, told

EVENT_S: Final = 0.05
SETUP_S: Final = 10.0
SUM_TOLERANCE: Final = 1e-6
#: So many effects may wait for a player; it is then too slow to be a musician.
MAX_WAITING: Final = 2_000
MAX_VALUES: Final = 65_536


class Process:
    """A plugin in a process of its own: a request, an answer, a deadline."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self._ending = threading.Lock()
        context = multiprocessing.get_context("spawn")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, plugin), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, deadline_s: float, name: str, *arguments: Any) -> Any:
        """Its answer; raises `PluginFault` when it fails or when `deadline_s` (monotonic) passes, and kills it then."""
        try:
            self._ours.send_bytes(msgspec.msgpack.encode((name, arguments)))
            if not self._ours.poll(max(0.0, deadline_s - time.monotonic())):
                self.kill()
                raise PluginFault(f"plugin {self._plugin} did not answer {name} in time", "mend it")
            answer = msgspec.msgpack.decode(self._ours.recv_bytes())
        except (EOFError, OSError):
            self.kill()
            raise PluginFault(f"plugin {self._plugin} died at {name}", "see its output above") from None
        except msgspec.DecodeError:
            self.kill()
            raise PluginFault(f"plugin {self._plugin} answered {name} with nonsense", "mend it") from None
        if "error" in answer:
            raise PluginFault(f"plugin {self._plugin} fails at {name}: {answer['error']}", "mend it")
        return answer["ok"]

    def kill(self) -> None:
        """End it, whatever it does; its worker and the loop may wish it at the same moment."""
        with self._ending:
            self._process.kill()
            self._process.join()
            self._ours.close()


def models_of(plugin: str, config: Mapping[str, Any]) -> list[str]:
    """The models that a stranger's plugin brings; raises `PluginFault`."""
    process = Process(plugin)
    try:
        return list(process.ask(time.monotonic() + SETUP_S, "setup", dict(config)))
    finally:
        process.kill()


class HostedState:
    """A state that lives in the other process under a number."""

    def __init__(self, model: HostedModel, number: int) -> None:
        self.model = model
        self.number = number

    def copy(self) -> HostedState:
        """A state of its own at the same place."""
        new = self.model.numbered()
        self.model.go_on()
        self.model.call("copy", self.number, new.number)
        return new

    def rollback(self, n: int) -> None:
        """Take back the last n advances."""
        self.model.go_on()
        self.model.call("rollback", self.number, n)

    def __del__(self) -> None:
        self.model.dropped.append(self.number)


class HostedModel:
    """A stranger's model by the contract; everything it answers is checked. One deadline covers one event."""

    def __init__(self, process: Process, model: str, alphabet: Alphabet) -> None:
        self.dropped: list[int] = []
        self._process = process
        self._alphabet = alphabet
        self._states = 0
        self._deadline_s = time.monotonic() + SETUP_S
        self.call("make", model, alphabet.components)

    def begin_event(self) -> None:
        """From now on the deadline of one more event runs."""
        self._deadline_s = time.monotonic() + EVENT_S

    def go_on(self) -> None:
        """What is asked between events (it hears, it is copied) has a deadline of its own."""
        if time.monotonic() >= self._deadline_s:
            self.begin_event()

    def call(self, name: str, *arguments: Any) -> Any:
        """Ask the process, within the event's deadline."""
        if len(self.dropped) > 64:
            dropped, self.dropped = self.dropped, []
            self._process.ask(self._deadline_s, "drop", dropped)
        return self._process.ask(self._deadline_s, name, *arguments)

    def numbered(self) -> HostedState:
        """A number for a new state."""
        self._states += 1
        return HostedState(self, self._states)

    def learn(self, symbols: Ints, stream: int = 0) -> None:
        """Learn ids of the alphabet, or rows of components, which are what is sent."""
        self.begin_event()
        rows = symbols.tolist()
        self.call("learn", [row if isinstance(row, list) else list(self._alphabet.values(row)) for row in rows], stream)

    def start(self) -> HostedState:
        """A state that has heard nothing."""
        self.begin_event()
        state = self.numbered()
        self.call("start", state.number)
        return state

    def advance(self, state: HostedState, symbol: Symbol, at: int | None = None) -> None:
        """Go on by an id or a tuple; 0 breaks the context."""
        if isinstance(symbol, int):
            symbol = self._alphabet.values(symbol) if symbol else 0
        self.go_on()
        self.call("advance", state.number, symbol if isinstance(symbol, int) else list(symbol), at)

    def predict(self, state: HostedState, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        """The next component; raises `PluginFault` for what is no distribution."""
        values, p = self.call("predict", state.number, list(prefix), [list(pair) for pair in exclude])
        if not values or len(values) != len(p) or len(values) > MAX_VALUES:
            raise PluginFault("predict gave values and probabilities of different lengths, or none", "mend it")
        if any(not math.isfinite(q) or q < 0 for q in p):
            raise PluginFault("predict gave a probability that is negative or not finite", "mend it")
        if abs(sum(p) - 1) > SUM_TOLERANCE:
            raise PluginFault(f"predict gave probabilities that sum to {sum(p):.6g}, not 1", "normalise them")
        if any(later <= earlier for earlier, later in pairwise(values)) or values[0] < 0:
            raise PluginFault("predict gave values that do not ascend from 0", "sort them, 0 (unseen) first")
        return np.array(values, np.int32), np.array(p)

    def sources(self, state: HostedState, symbol: Symbol, exclude: Intervals = ()) -> list[int]:
        """Positions in memory that support a symbol."""
        values = self._alphabet.values(symbol) if isinstance(symbol, int) else symbol
        found = self.call("sources", state.number, list(values), [list(pair) for pair in exclude])
        return [int(position) for position in found][:16]


class Worker:
    """One player of a stranger's model, in a thread of its own. What it reports is called back from there."""

    def __init__(
        self,
        place: Place,
        plugin: str,
        config: Mapping[str, Any],
        limits: tuple[int, int, int],
        report: Callable[[Report], None],
    ) -> None:
        self._place = place
        self._plugin = plugin
        self._config = dict(config)
        self._limits = limits
        self._report = report
        self._line = Line[Handed]()
        self._process: Process | None = None
        self._thread = threading.Thread(target=self._work, name=place.strand, daemon=True)
        self._thread.start()

    def hand(self, item: Handed) -> None:
        """Something to do, after what was handed before; one that cannot keep up has failed."""
        if len(self._line) < MAX_WAITING:
            self._line.put(item)
        elif self._process is not None:
            self._process.kill()

    def close(self) -> None:
        """End it; what it was doing is cut off."""
        self._line.end()
        if self._process is not None:
            self._process.kill()
        self._thread.join(timeout=1.0)

    def _work(self) -> None:
        try:
            self._process = Process(self._plugin)
            self._process.ask(time.monotonic() + SETUP_S, "setup", self._config)
            strand = Strand({self._place.model: self._hosted}, *self._limits)
            while (items := self._line.take()) is not None:
                for report in strand.do(items):
                    self._report(report)
                    if isinstance(report, Fault):
                        return
        except Exception as error:
            self._report(Fault(self._place.strand, told(error)))
        finally:
            if self._process is not None:
                self._process.kill()

    def _hosted(self, alphabet: Alphabet) -> HostedModel:
        assert self._process is not None
        return HostedModel(self._process, self._place.model, alphabet)
