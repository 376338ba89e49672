"""The n-gram as a plugin: it enters by the same door as a stranger's model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sideman.models import Alphabet, NGram
from sideman.plugin import Plugin, Registry


def plain(alphabet: Alphabet) -> NGram:
    """An n-gram of order 5 by Kneser-Ney."""
    return NGram(alphabet=alphabet)


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the model `ngram`."""
    registry.model("ngram", plain)


plugin = Plugin("ngram", setup)
