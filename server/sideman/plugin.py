"""The plugin door: entry points of the group `sideman.plugins`, checked when they register.

Bundled plugins come in by this door too, in process. A stranger's runs in a process of its own (`stranger.py`), unless
the configuration says `in_process = true` for it. A broken one is left out with a clear line; the server lives.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from .band import Band
from .errors import PluginFault
from .models import METHODS, ModelFactory
from .settings import PluginSettings

GROUP: Final = "sideman.plugins"
OURS: Final = "sideman"


@dataclass(slots=True)
class Registry:
    """What a plugin brings: it calls these in its `setup`."""

    plugin: str
    models: dict[str, ModelFactory] = field(default_factory=dict)

    def model(self, name: str, factory: ModelFactory) -> None:
        """A kind of model: `factory(alphabet)` makes one. Raises `PluginFault` naming what it lacks."""
        if not callable(factory):
            raise PluginFault(f"{self.plugin}: model {name!r} is no class or function", "register the class itself")
        if inspect.isclass(factory):
            lacking = [method for method in METHODS if not callable(getattr(factory, method, None))]
            if lacking:
                raise PluginFault(f"{self.plugin}: model {name!r} lacks {', '.join(lacking)}", "see CONTRIBUTING.md")
        if name in self.models:
            raise PluginFault(f"{self.plugin}: model {name!r} is registered twice", "give it another name")
        self.models[name] = factory


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an entry point leads to. `setup(registry, config)` registers; `config` is its table of the configuration."""

    name: str
    setup: Callable[[Registry, Mapping[str, Any]], None]


@dataclass(slots=True)
class Found:
    """The plugins of this installation: models made in process, those of strangers, and what was left out and why."""

    factories: dict[str, ModelFactory] = field(default_factory=dict)
    strangers: dict[str, str] = field(default_factory=dict)  # model -> the plugin that brings it
    complaints: list[str] = field(default_factory=list)


def points() -> dict[str, EntryPoint]:
    """The entry points of the group by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def is_ours(point: EntryPoint) -> bool:
    """Whether a plugin comes with sideman."""
    return point.dist is not None and point.dist.name == OURS


def registered(point: EntryPoint, config: Mapping[str, Any]) -> dict[str, ModelFactory]:
    """Load a plugin here and let it register: its models. Raises `PluginFault` for whatever goes wrong."""
    try:
        plugin = point.load()
        if not isinstance(plugin, Plugin):
            raise PluginFault(f"{point.value} is no sideman.plugin.Plugin", "see CONTRIBUTING.md")
        registry = Registry(plugin.name)
        plugin.setup(registry, config)
    except PluginFault:
        raise
    except Exception as error:
        raise PluginFault(f"plugin {point.name} fails at set-up: {type(error).__name__}: {error}", "mend it") from error
    return registry.models


def bundled_models() -> dict[str, ModelFactory]:
    """The models that come with sideman, by name."""
    return {name: made for point in points().values() if is_ours(point) for name, made in registered(point, {}).items()}


def bundled() -> Band:
    """A band with the models that come with sideman."""
    return Band(bundled_models())


def find(settings: Mapping[str, PluginSettings], models_of: Callable[[str, Mapping[str, Any]], list[str]]) -> Found:
    """All plugins that are installed and not switched off. `models_of` asks a stranger's for its models."""
    found = Found()
    for name, point in points().items():
        chosen = settings.get(name, PluginSettings())
        if not chosen.enabled:
            continue
        try:
            if is_ours(point) or chosen.in_process:
                new: Mapping[str, Any] = registered(point, chosen.config)
            else:
                new = dict.fromkeys(models_of(name, chosen.config), name)
            taken = [model for model in new if model in found.factories or model in found.strangers]
            if taken:
                raise PluginFault(f"plugin {name}: there is a model {taken[0]!r} already", "rename one of them")
        except PluginFault as fault:
            found.complaints.append(str(fault))
            continue
        if is_ours(point) or chosen.in_process:
            found.factories.update(new)
        else:
            found.strangers.update(new)
    return found
