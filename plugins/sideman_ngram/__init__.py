"""The n-gram as a plugin: it enters by the same door as a stranger's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sideman.models import viewing_ngram
from sideman.plugin import Plugin, Registry


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the model `ngram`."""
    registry.model("ngram", viewing_ngram)


plugin = Plugin("ngram", setup)
