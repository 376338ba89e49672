"""The plugin door: entry points of the group `sideman.plugins`, checked when they register.

Bundled plugins come in by this door too, in process. A stranger's model runs in a process of its own (`stranger.py`),
unless the configuration says `in_process = true` for it; bridges and observers run in this process only, on threads of
their own (`bridging.py`). A broken plugin is left out with a clear line; the server lives.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol

from .addresses import NAME, NAME_CURE
from .band import Band
from .errors import PluginFault
from .gate import Gate, Guest
from .models import METHODS, ModelFactory
from .osc import Message
from .seats import Endpoint
from .settings import PluginSettings
from .treatments import TREATMENTS, Treat, Treatment

__all__ = ["Bridge", "Gate", "Guest", "Message", "Observer", "Plugin", "Registry", "bundled", "find", "registered"]

GROUP: Final = "sideman.plugins"
OURS: Final = "sideman"


class Bridge(Protocol):
    """Brings another network in."""

    async def run(self, gate: Gate) -> None:
        """Do so until it is cancelled, on a thread and a loop of its own; `gate` lets its guests in.

        When the server ends it is cancelled, and has a few seconds to say good-bye.
        """


class Observer(Protocol):
    """Sees what comes in and what goes out, on a thread of its own; it cannot change either."""

    def heard(self, time_ns: int, source: Endpoint, packet: bytes) -> None:
        """A packet came in."""

    def said(self, due_ns: int, packet: bytes) -> None:
        """A packet goes out, once for all who get it; what is cut before it is due is not taken back here."""


@dataclass(slots=True)
class Registry:
    """What a plugin brings: it calls these in its `setup`."""

    plugin: str
    models: dict[str, ModelFactory] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)
    observers: dict[str, Observer] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    effects: dict[str, Treatment] = field(default_factory=dict)

    def effect(self, name: str, treat: Treat, does: str = "") -> None:
        """An effect: `treat(event, arguments, before)` makes of a `Planned` another, of nothing else, and quickly.

        `arguments` are the numbers behind its name (`name:1:2.5`), `before` what was planned before. Onset and span
        stay the event's own, notes are kept within bounds. One that raises leaves the chain. Raises `PluginFault`.
        """
        if not NAME.match(name):
            raise PluginFault(f"{self.plugin}: {name!r} is no name for an effect", NAME_CURE)
        if not callable(treat) or not takes_three(treat):
            raise PluginFault(
                f"{self.plugin}: effect {name!r} is no function of three arguments", "see CONTRIBUTING.md"
            )
        if name in self.effects or name in TREATMENTS:
            raise PluginFault(f"{self.plugin}: there is an effect {name!r} already", "give it another name")
        self.effects[name] = Treatment(name, treat, does)

    def model(self, name: str, factory: ModelFactory, *, slow: bool = False) -> None:
        """A kind of model: `factory(alphabet)` makes one. Raises `PluginFault` naming what it lacks.

        One that may take longer than 0.2 ms for an event is `slow`: it lives on a thread of its own, and has a
        stand-in for whenever it is not there in time.
        """
        if not callable(factory):
            raise PluginFault(f"{self.plugin}: model {name!r} is no class or function", "register the class itself")
        if inspect.isclass(factory):
            lacking = [method for method in METHODS if not callable(getattr(factory, method, None))]
            if lacking:
                raise PluginFault(f"{self.plugin}: model {name!r} lacks {', '.join(lacking)}", "see CONTRIBUTING.md")
        if name in self.models:
            raise PluginFault(f"{self.plugin}: model {name!r} is registered twice", "give it another name")
        self.models[name] = factory
        if slow:
            self.slow.add(name)

    def bridge(self, name: str, bridge: Bridge) -> None:
        """A bridge to another network; its guests speak from hosts `@name`. Raises `PluginFault`."""
        if not NAME.match(name):
            raise PluginFault(f"{self.plugin}: {name!r} is not a bridge's name", NAME_CURE)
        if not inspect.iscoroutinefunction(getattr(bridge, "run", None)):
            raise PluginFault(f"{self.plugin}: bridge {name!r} lacks async run(gate)", "see CONTRIBUTING.md")
        if name in self.bridges:
            raise PluginFault(f"{self.plugin}: bridge {name!r} is registered twice", "give it another name")
        self.bridges[name] = bridge

    def observer(self, name: str, observer: Observer) -> None:
        """An observer of all that comes in and goes out. Raises `PluginFault`."""
        lacking = [method for method in ("heard", "said") if not callable(getattr(observer, method, None))]
        if lacking:
            raise PluginFault(f"{self.plugin}: observer {name!r} lacks {', '.join(lacking)}", "see CONTRIBUTING.md")
        if name in self.observers:
            raise PluginFault(f"{self.plugin}: observer {name!r} is registered twice", "give it another name")
        self.observers[name] = observer


def takes_three(treat: Treat) -> bool:
    """Whether a function can be called with three arguments."""
    try:
        inspect.signature(treat).bind(None, None, None)
    except (TypeError, ValueError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class Plugin:
    """What an entry point leads to. `setup(registry, config)` registers; `config` is its table of the configuration."""

    name: str
    setup: Callable[[Registry, Mapping[str, Any]], None]


@dataclass(slots=True)
class Found:
    """The plugins of this installation: models made in process, those of strangers, what runs beside the music, and
    what was left out and why."""

    factories: dict[str, ModelFactory] = field(default_factory=dict)
    bridges: dict[str, Bridge] = field(default_factory=dict)
    observers: dict[str, Observer] = field(default_factory=dict)
    slow: dict[str, ModelFactory] = field(default_factory=dict)  # made in process, on a thread of their own
    strangers: dict[str, str] = field(default_factory=dict)  # model -> the plugin that brings it
    effects: dict[str, Treatment] = field(default_factory=dict)
    complaints: list[str] = field(default_factory=list)


def points() -> dict[str, EntryPoint]:
    """The entry points of the group by name."""
    return {point.name: point for point in entry_points(group=GROUP)}


def is_ours(point: EntryPoint) -> bool:
    """Whether a plugin comes with sideman."""
    return point.dist is not None and point.dist.name == OURS


def registered(point: EntryPoint, config: Mapping[str, Any]) -> Registry:
    """Load a plugin here and let it register what it brings. Raises `PluginFault` for whatever goes wrong."""
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
    return registry


def _bundled() -> list[Registry]:
    return [registered(point, {}) for point in points().values() if is_ours(point)]


def bundled_models() -> dict[str, ModelFactory]:
    """The models that come with sideman, by name."""
    return {name: made for registry in _bundled() for name, made in registry.models.items()}


def bundled_slow() -> dict[str, ModelFactory]:
    """Those of them that are slow."""
    return {name: registry.models[name] for registry in _bundled() for name in sorted(registry.slow)}


def bundled() -> Band:
    """A band with the quick models that come with sideman."""
    return Band({name: made for name, made in bundled_models().items() if name not in bundled_slow()})


def find(settings: Mapping[str, PluginSettings], models_of: Callable[[str, Mapping[str, Any]], list[str]]) -> Found:
    """All plugins that are installed and not switched off. `models_of` asks a stranger's for its models."""
    found = Found()
    for name, point in points().items():
        chosen = settings.get(name, PluginSettings())
        if not chosen.enabled:
            continue
        try:
            if is_ours(point) or chosen.in_process:
                brought = registered(point, chosen.config)
                strangers: dict[str, str] = {}
            else:
                brought = Registry(name)
                strangers = dict.fromkeys(models_of(name, chosen.config), name)
            for kind, new, there in (
                ("model", {*brought.models, *strangers}, {*found.factories, *found.slow, *found.strangers}),
                ("bridge", {*brought.bridges}, {*found.bridges}),
                ("observer", {*brought.observers}, {*found.observers}),
                ("effect", {*brought.effects}, {*found.effects}),
            ):
                for taken in sorted(new & there):
                    raise PluginFault(f"plugin {name}: there is a {kind} {taken!r} already", "rename one of them")
        except PluginFault as fault:
            found.complaints.append(str(fault))
            continue
        for model, made in brought.models.items():
            (found.slow if model in brought.slow else found.factories)[model] = made
        found.strangers.update(strangers)
        found.bridges.update(brought.bridges)
        found.observers.update(brought.observers)
        found.effects.update(brought.effects)
    return found
