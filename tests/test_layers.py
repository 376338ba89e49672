"""The house: imports go only leftwards through this table, and each layer keeps to what it may know.

Only what can be read from the sources belongs here; nothing of sideman is imported. A new module goes into the table,
to the right of all that it imports; one that is in no layer fails.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]

# `__init__` is the package itself: its version and nothing else.
LAYERS: Final = {
    "pure": """__init__ errors manners events systems views timeline beats osc addresses harmony harmonic chart
               viewpoint tokens controls treatments chain hand judgement streams text seats rights constraints params
               commands agenda effects inputs settings voice session desk waiting hub gear protocol""",
    "heart": """contract pyblend llm models columns memory beatmemory memoryfile activation learned copying
                completing realiser pywalk player band standin strand elsewhere house reception spoken engine""",
    "shell": """config hosts clock alarm tidying wire gate plugin host background stranger inference bridging shelf
                corpora importing generating journal replay server testing rehearsal doctor evaluation training report
                cli __main__""",
}
LAYER_OF: Final = {module: layer for layer, modules in LAYERS.items() for module in modules.split()}
ORDER: Final = list(LAYER_OF)

# The parts of the C++ core, and who may import them.
CORE: Final = {"_core.osc": {"osc"}, "_core.model": set(LAYERS["heart"].split()), "_core.wire": {"wire"}}

# What reaches the network, the clock, chance, threads or the disk.
OUTSIDE: Final = {
    *("asyncio", "socket", "socketserver", "select", "selectors", "ssl"),
    *("threading", "concurrent", "multiprocessing", "subprocess", "queue", "signal"),
    *("time", "datetime", "random", "secrets", "uuid"),
    *("logging", "pathlib", "os", "io", "tempfile", "shutil", "importlib"),
}
# A model may be loaded from a file; but its time is an argument, and its chance is keyed.
NOT_FOR_THE_HEART: Final = {"asyncio", "socket", "time", "datetime", "random", "secrets", "uuid"}

PUBLIC_DOOR: Final = {"sideman.plugin", "sideman.models", "sideman.events", "sideman.errors", "sideman.tokens"}
# The demo is a client like any other; only the command line knows that it is there.
OUR_CLIENTS: Final = {"sideman_client": {"cli"}}


class Import(NamedTuple):
    """One imported module, by its whole dotted name, and where."""

    line: int
    name: str


def imports(source: str, package: str) -> Iterator[Import]:
    """Every module that a source imports, wherever in it; `package` is what its relative imports count from.

    `from sideman import hub` may name a module or something in one: it counts as `sideman.hub`.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(node.lineno, alias.name)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                deeper = base in ("sideman", "sideman._core") or not node.module
                yield Import(node.lineno, f"{base}.{alias.name}" if deeper else base)


def sideman_faults(module: str, source: str, package: str = "sideman") -> list[str]:
    """What is wrong with the imports of one module of sideman, a line for each; `module` is its place in the table."""
    layer = LAYER_OF.get(module)
    if layer is None:
        return [f"{module}: in no layer; put it into LAYERS, to the right of all that it imports"]
    faults = []
    for line, name in imports(source, package):
        top, *rest = name.split(".")
        fault = None
        if top == "sideman":
            fault = _inner_fault(module, rest)
        elif layer == "pure" and top in OUTSIDE:
            fault = f"pure may not import {top}"
        elif layer == "heart" and top in NOT_FOR_THE_HEART:
            fault = f"the heart may not import {top}"
        elif top in OUR_CLIENTS and module not in OUR_CLIENTS[top]:
            fault = f"only {', '.join(OUR_CLIENTS[top])} may import {top}"
        elif top.startswith("sideman_") and top not in OUR_CLIENTS:
            fault = f"plugins come in by their entry point, not by import {top}"
        if fault:
            faults.append(f"{module}:{line}: {fault}")
    return faults


def _inner_fault(module: str, rest: list[str]) -> str | None:
    if rest[:1] == ["_core"]:
        part = ".".join(rest[:2])
        if module == "testing" or module in CORE.get(part, ()):
            return None
        return f"only {', '.join(sorted(CORE.get(part, ()))) or 'nobody'} may import {part}"
    # `from . import __version__` is of the package itself.
    wanted = rest[0] if rest and rest[0] in LAYER_OF else "__init__"
    if rest and not rest[0].startswith("__") and rest[0] not in LAYER_OF:
        return f"{rest[0]} is in no layer"
    if wanted != module and ORDER.index(wanted) > ORDER.index(module):
        return f"{wanted} ({LAYER_OF[wanted]}) stands to the right of {module} ({LAYER_OF[module]})"
    return None


def plugin_faults(where: str, source: str, package: str) -> list[str]:
    """What a plugin imports of sideman beside the public door."""
    return [
        f"{where}:{line}: a plugin may import only {', '.join(sorted(PUBLIC_DOOR))}, not {name}"
        for line, name in imports(source, package)
        if name.split(".")[0] == "sideman" and ".".join(name.split(".")[:2]) not in PUBLIC_DOOR
    ]


def client_faults(where: str, source: str, package: str) -> list[str]:
    """What a client imports of sideman: it may start the server, and talk to it, and know nothing else."""
    return [
        f"{where}:{line}: a client may not import {name}"
        for line, name in imports(source, package)
        if name.split(".")[0] == "sideman"
    ]


def sources(folder: str) -> Iterator[tuple[Path, str, str]]:
    """Each Python file below a folder of packages: its path, its text, the package it lies in."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        relative = path.relative_to(ROOT / folder)
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8"), ".".join(relative.parent.parts)


def test_imports_in_sideman_go_only_leftwards() -> None:
    faults = []
    for path, source, package in sources("server"):
        # A noun that has become a folder stands in the table by the folder's name.
        inner = path.relative_to("server/sideman").with_suffix("").parts
        faults += sideman_faults(inner[0], source, package)
    assert not faults, "\n".join(faults)


def test_plugins_come_in_by_the_public_door() -> None:
    faults = [fault for path, *rest in sources("plugins") for fault in plugin_faults(str(path), *rest)]
    assert not faults, "\n".join(faults)


def test_clients_know_nothing_of_the_server() -> None:
    faults = [fault for path, *rest in sources("clients/python") for fault in client_faults(str(path), *rest)]
    assert not faults, "\n".join(faults)


def test_each_module_stands_in_the_table_once() -> None:
    everything = " ".join(LAYERS.values()).split()
    assert sorted(everything) == sorted(set(everything))


def test_an_import_to_the_right_is_found() -> None:
    assert sideman_faults("seats", "from .session import Session")
    assert sideman_faults("session", "def f():\n    from . import engine")
    assert sideman_faults("hub", "import sideman.server")
    assert sideman_faults("engine", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .wire import Wire")
    assert sideman_faults("session", "from ..engine import Engine", "sideman.session")
    assert not sideman_faults("session", "from .seats import Seat\nfrom . import timeline\nimport math")
    assert not sideman_faults("session", "from ..seats import Seat\nfrom .inner import f", "sideman.session")


def test_a_module_in_no_layer_is_found() -> None:
    assert sideman_faults("gossip", "import math")
    assert sideman_faults("session", "from .gossip import talk")


def test_time_chance_and_the_outside_are_kept_out_of_the_pure() -> None:
    for name in ("asyncio", "socket", "threading", "time", "random", "logging", "pathlib"):
        assert sideman_faults("session", f"import {name}")
        assert sideman_faults("timeline", f"from {name} import something")
        assert not sideman_faults("server", f"import {name}")
    assert sideman_faults("band", "import random")
    assert sideman_faults("streams", "import os.path")


def test_the_core_is_reached_only_by_those_who_may() -> None:
    for part, allowed in {"osc": "osc", "model": "models", "wire": "wire"}.items():
        for source in (
            f"from ._core import {part}",
            f"from ._core.{part} import x",
            f"import sideman._core.{part}",
        ):
            assert not sideman_faults(allowed, source)
            assert sideman_faults("hub", source)
    assert sideman_faults("models", "from ._core import osc")
    assert sideman_faults("osc", "from . import _core")


def test_a_plugin_or_client_that_reaches_inside_is_found() -> None:
    assert plugin_faults("p", "from sideman.session import Session", "sideman_oracle")
    assert plugin_faults("p", "from sideman import hub", "sideman_oracle")
    assert plugin_faults("p", "import sideman", "sideman_oracle")
    assert not plugin_faults("p", "from sideman.models import Oracle\nfrom .x import y", "sideman_oracle")
    assert client_faults("c", "import sideman.osc", "sideman_client")
    assert not client_faults("c", "import subprocess\nfrom .message import f", "sideman_client")
    assert sideman_faults("server", "import sideman_oracle")
    assert sideman_faults("server", "from sideman_client.demo import main")
