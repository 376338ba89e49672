"""The small LLM as a plugin: the model that ships with it, or one from a folder that the configuration names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sideman.errors import PluginFault
from sideman.models import llm_factory
from sideman.plugin import Plugin, Registry

SHIPPED: Final = Path(__file__).parent / "models" / "music"


def setup(registry: Registry, config: Mapping[str, Any]) -> None:
    """Bring the model `llm`. `config`: `folder` (of a model as `sideman train` makes it) and `kernel`.

    Raises `PluginFault` where the folder is not there; what is wrong with its files is told when a player asks for it.
    """
    unknown = set(config) - {"folder", "kernel"}
    if unknown:
        raise PluginFault(f"llm: no key {min(unknown)!r}", "keys: folder, kernel")
    folder = Path(str(config.get("folder", SHIPPED))).expanduser()
    if not (folder / "model.safetensors").is_file():
        raise PluginFault(
            f"llm: {folder} holds no model.safetensors", "name the folder of a model: [plugins.llm.config]"
        )
    registry.model("llm", llm_factory(folder, kernel=str(config.get("kernel", "auto"))), slow=True)


plugin = Plugin("llm", setup)
