"""The MQTT bridge as a plugin: it enters by the public door, and is there where the configuration names a broker."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import msgspec

from sideman.errors import PluginFault
from sideman.plugin import Plugin, Registry

from .config import Config

CURE = "docs/mqtt.md lists every key of [plugins.mqtt.config]"


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the bridge `mqtt` if `host` is set."""
    try:
        chosen = msgspec.convert(dict(config), Config)
    except msgspec.ValidationError as error:
        raise PluginFault(f"[plugins.mqtt.config]: {error}", CURE) from None
    if not chosen.host:
        if config:
            raise PluginFault("[plugins.mqtt.config] names no broker", 'set host = "..."')
        return
    chosen.check()
    try:
        from .bridge import MqttBridge
    except ImportError as error:
        if error.name not in ("aiomqtt", "paho"):
            raise
        raise PluginFault(
            "MQTT is configured, and the package aiomqtt is missing", f"{sys.executable} -m pip install 'sideman[mqtt]'"
        ) from None
    registry.bridge("mqtt", MqttBridge(chosen))


plugin = Plugin("mqtt", setup)
