"""Another sideman gives the beat: this one joins it over OSC, and each `/clock` there is a `/beat` here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from sideman.errors import PluginFault
from sideman.plugin import Gate, Message, Plugin, Registry
from sideman_client import Client, NobodyAnswers, Refused

log = logging.getLogger("sideman")
AGAIN_S: Final = 5.0


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[plugins.remote.config]`."""

    host: str = ""  # of the other server; nothing is done without
    port: int = 7117
    name: str = "follower"  # by which it joins there
    token_file: str = ""  # its first line is the token for that
    there: str = "main"  # the session there
    here: str = "main"  # the session that follows
    latency_ms: float = 0.0  # how long its beats are under way


class RemoteBeat:
    """The bridge."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def run(self, gate: Gate) -> None:
        """Follow until cancelled; a server that is not there is asked again every 5 s."""
        config = self._config
        told = False
        guest = gate.enter(f"beat-of-{config.name}"[:32], nothing, session=config.here)
        if config.latency_ms:
            guest.send("/latency", config.latency_ms)
        while True:
            try:
                client = Client(
                    config.name,
                    host=config.host,
                    port=config.port,
                    session=config.there,
                    token=token_of(config),
                    kind="server",
                )
                async with client:
                    log.info("remote: following the beat of %s:%d", config.host, config.port)
                    gate.trouble("")
                    told = False
                    async for message in client:
                        if message.address == "/clock" and len(message.arguments) == 3:
                            guest.send("/beat", int(message.arguments[1]))
            except (NobodyAnswers, Refused, OSError) as error:
                if not told:
                    log.warning("remote: %s; trying again every %g s", error, AGAIN_S)
                    gate.trouble(f"{error}; it tries again every {AGAIN_S:g} s")
                told = True
            await asyncio.sleep(AGAIN_S)


def token_of(config: Config) -> str:
    """The token in its file; `-` without one. Raises `PluginFault`."""
    if not config.token_file:
        return "-"
    try:
        return Path(config.token_file).expanduser().read_text(encoding="utf-8").split()[0]
    except (OSError, UnicodeDecodeError, IndexError) as error:
        raise PluginFault(f"[plugins.remote.config] token_file: {error}", "name a file that holds a token") from None


def nothing(message: Message, packet: bytes) -> None:
    """What is said here does not go there."""


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the bridge `remote` if `host` is set."""
    try:
        chosen = msgspec.convert(dict(config), Config)
    except msgspec.ValidationError as error:
        raise PluginFault(f"[plugins.remote.config]: {error}", "docs/beat.md lists every key") from None
    if not chosen.host:
        if config:
            raise PluginFault("[plugins.remote.config] names no server", 'set host = "..."')
        return
    token_of(chosen)
    registry.bridge("remote", RemoteBeat(chosen))


plugin = Plugin("remote", setup)
