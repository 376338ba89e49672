"""The factor oracle as a plugin: it enters by the same door as a stranger's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sideman.models import Oracle
from sideman.plugin import Plugin, Registry


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the model `oracle`."""
    registry.model("oracle", Oracle)


plugin = Plugin("oracle", setup)
