"""MIDI clock gives the beat: a plugin that is there where the configuration names a MIDI port."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sideman.errors import PluginFault
from sideman.plugin import Gate, Message, Plugin, Registry

from .clock import Beat, MidiClock, Started, Stopped
from .config import Config

log = logging.getLogger("sideman")
AGAIN_S: Final = 5.0


class MidiBeat:
    """The bridge. `midi` is the module rtmidi."""

    def __init__(self, config: Config, midi: Any) -> None:
        self._config = config
        self._midi = midi

    async def run(self, gate: Gate) -> None:
        """Follow until cancelled; a port that is not there is looked for every 5 s."""
        loop = asyncio.get_running_loop()
        clock = MidiClock()
        guest = gate.enter("midi-clock", nothing, session=self._config.session, token=token_of(self._config))
        if self._config.latency_ms:
            guest.send("/latency", self._config.latency_ms)

        def hear(data: bytes) -> None:
            for said in clock.hear(data):
                for address, *arguments in commands(said, self._config):
                    guest.send(str(address), *arguments)

        def came(message: tuple[list[int], float], _: object = None) -> None:
            loop.call_soon_threadsafe(hear, bytes(message[0]))

        told = False
        while True:
            port = self._open()
            if port is not None:
                break
            if not told:
                log.warning("midi: no port whose name has %r; looking again every %g s", self._config.port, AGAIN_S)
            told = True
            await asyncio.sleep(AGAIN_S)
        port.ignore_types(sysex=True, timing=False, active_sense=True)
        port.set_callback(came)
        try:
            await asyncio.Event().wait()
        finally:
            port.close_port()

    def _open(self) -> Any:
        port = self._midi.MidiIn(name="sideman")
        if self._config.port == "virtual":
            port.open_virtual_port("clock")
            return port
        for number, name in enumerate(port.get_ports()):
            if self._config.port.lower() in name.lower():
                port.open_port(number)
                log.info("midi: the beat comes from %s", name)
                return port
        return None


def commands(said: Beat | Started | Stopped, config: Config) -> list[tuple[str | int | float, ...]]:
    """What the server is told."""
    if isinstance(said, Beat):
        return [("/beat", 0 if said.number is None else said.number % config.beats_in_bar + 1)]
    if not config.transport:
        return []
    return [("/position", said.number), ("/start",)] if isinstance(said, Started) else [("/stop",)]


def token_of(config: Config) -> str:
    """The token in its file; empty without one. Raises `PluginFault`."""
    if not config.token_file:
        return ""
    try:
        return Path(config.token_file).expanduser().read_text(encoding="utf-8").split()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise PluginFault(f"[plugins.midi.config] token_file: {error}", "name a file that holds a token") from None


def nothing(message: Message, packet: bytes) -> None:
    """What is said here goes nowhere."""


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the bridge `midi` if `port` is set."""
    try:
        chosen = msgspec.convert(dict(config), Config)
    except msgspec.ValidationError as error:
        raise PluginFault(f"[plugins.midi.config]: {error}", "docs/beat.md lists every key") from None
    if not chosen.port:
        if config:
            raise PluginFault("[plugins.midi.config] names no port", 'set port = "..."')
        return
    token_of(chosen)
    try:
        midi = importlib.import_module("rtmidi")
    except ImportError:
        raise PluginFault(
            "MIDI is configured, and the package rtmidi is missing", f"{sys.executable} -m pip install 'sideman[midi]'"
        ) from None
    if not midi.get_compiled_api():
        raise PluginFault("this rtmidi knows no MIDI system", "install one with ALSA, JACK or CoreMIDI")
    registry.bridge("midi", MidiBeat(chosen, midi))


plugin = Plugin("midi", setup)
