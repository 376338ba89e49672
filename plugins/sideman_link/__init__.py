"""Ableton Link gives the beat: a plugin in a package of its own, since Link is under the GPL and sideman is not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aalink

from sideman.errors import PluginFault
from sideman.plugin import Gate, Message, Plugin, Registry

#: A peer that is enabled sooner may override the tempo of those who are there (Ableton/link, issue 146): measured here,
#: after 0.6 s in half of the trials, after 1.5 s in none of four.
PATIENCE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Config:
    """`[plugins.link.config]`."""

    session: str = "main"
    beats_in_bar: int = 4
    alone: bool = False  # whether Link's beat counts while no other peer is there
    latency_ms: float = 0.0


class LinkBeat:
    """The bridge. It only listens: it never changes Link's tempo."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, gate: Gate) -> None:
        """Give each beat of Link's until cancelled."""
        config = self._config
        link = aalink.Link(120.0)
        link.quantum = float(config.beats_in_bar)
        guest = gate.enter("link", nothing, session=config.session)
        if config.latency_ms:
            guest.send("/latency", config.latency_ms)
        await asyncio.sleep(PATIENCE_S)
        link.enabled = True
        try:
            while True:
                beat = await link.sync(1)
                if link.num_peers or config.alone:
                    guest.send("/beat", round(beat) % config.beats_in_bar + 1)
        finally:
            link.enabled = False


def nothing(message: Message, packet: bytes) -> None:
    """What is said here does not go to Link."""


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the bridge `link`."""
    try:
        chosen = Config(**config)
    except TypeError as error:
        raise PluginFault(f"[plugins.link.config]: {error}", "keys: session, beats_in_bar, alone, latency_ms") from None
    registry.bridge("link", LinkBeat(chosen))


plugin = Plugin("link", setup)
