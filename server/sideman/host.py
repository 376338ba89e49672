"""The other side of a stranger's plugin: a process that hosts the contract, and nothing else.

It is started by `stranger.py` and answers one request at a time; whatever it prints goes to standard error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import msgspec
import numpy as np

from .errors import PluginFault
from .models import Alphabet, Model
from .plugin import points, registered


class Host:
    """One plugin, and the one model that is made of it."""

    def __init__(self, plugin: str) -> None:
        self._plugin = plugin
        self._models: dict[str, Callable[[Alphabet], Model]] = {}
        self._model: Any = None
        self._states: dict[int, Any] = {}

    def setup(self, config: dict[str, Any]) -> list[str]:
        """Load the plugin; the names of its models."""
        brought = registered(points()[self._plugin], config)
        if brought.bridges or brought.observers or brought.effects:
            raise PluginFault(
                f"plugin {self._plugin} brings what runs in the server's process only",
                f"if you trust it: [plugins.{self._plugin}] in_process = true",
            )
        self._models = brought.models
        return list(self._models)

    def make(self, model: str, components: int) -> None:
        """Make the model."""
        self._model = self._models[model](Alphabet(components))

    def learn(self, symbols: list[list[int]], stream: int) -> None:
        """Learn tuples [n, components]."""
        self._model.learn(np.array(symbols, np.int32), stream)

    def start(self, state: int) -> None:
        """A new state under a number."""
        self._states[state] = self._model.start()

    def copy(self, state: int, new: int) -> None:
        """A copy of a state under another number."""
        self._states[new] = self._states[state].copy()

    def rollback(self, state: int, n: int) -> None:
        """Take back advances."""
        self._states[state].rollback(n)

    def drop(self, states: list[int]) -> None:
        """These states are not needed any more."""
        for state in states:
            self._states.pop(state, None)

    def advance(self, state: int, symbol: list[int] | int, at: int | None) -> None:
        """Go on by a symbol."""
        self._model.advance(self._states[state], symbol if isinstance(symbol, int) else tuple(symbol), at)

    def predict(self, state: int, prefix: list[int], exclude: list[tuple[int, int]]) -> tuple[list[int], list[float]]:
        """Values and probabilities of the next component."""
        values, p = self._model.predict(self._states[state], tuple(prefix), [tuple(pair) for pair in exclude])
        return [int(value) for value in values], [float(q) for q in p]

    def sources(self, state: int, symbol: list[int], exclude: list[tuple[int, int]]) -> list[int]:
        """Positions that support a symbol."""
        found = self._model.sources(self._states[state], tuple(symbol), [tuple(pair) for pair in exclude])
        return [int(position) for position in found]


def serve(connection: Connection, plugin: str) -> None:
    """Answer requests until the other side hangs up."""
    sys.stdout = sys.stderr
    host = Host(plugin)
    while True:
        try:
            name, arguments = msgspec.msgpack.decode(connection.recv_bytes())
        except (EOFError, OSError):
            return
        try:
            answer = {"ok": getattr(host, name)(*arguments)}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:300]}
        connection.send_bytes(msgspec.msgpack.encode(answer))
