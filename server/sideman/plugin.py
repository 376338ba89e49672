"""The plugin door. The bundled models come in by it as a stranger's would."""

from __future__ import annotations

from .band import Band
from .models import Oracle


def bundled() -> Band:
    """A band with the models that come with sideman."""
    return Band({"oracle": Oracle})
