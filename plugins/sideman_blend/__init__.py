"""The blend as a plugin: oracle and n-gram as one model, by the same door as a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sideman.models import ModelFactory, Oracle, blended, viewing_ngram
from sideman.plugin import Plugin, Registry

PARTS: Final = (("oracle", 1.0), ("ngram", 1.0))


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the model `blend`."""
    makers: dict[str, ModelFactory] = {"oracle": Oracle, "ngram": viewing_ngram}
    registry.model("blend", blended(makers, PARTS))


plugin = Plugin("blend", setup)
