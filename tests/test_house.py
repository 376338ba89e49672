"""The documents hold what they say: every command shown is one, every key is there, every link leads somewhere.

Only documents and sources as texts belong here; what the server does is tested elsewhere.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from sideman.addresses import BROADCASTS
from sideman.commands import parse
from sideman.errors import Refused
from sideman.osc import Message
from sideman.protocol import page
from sideman.settings import Settings, spoken

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("clients/**/*.md")])
WRITTEN: Final = [path for path in DOCUMENTS if path.name != "protocol.md"]
BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def said(text: str) -> Iterator[str]:
    """What a document shows in OSC: code in backquotes that begins with a slash, and such lines of indented blocks.

    Where an indented line says more, it stands behind two spaces.
    """
    prose = BLOCK.sub("", text)
    yield from re.findall(r"`(/[^`\n]*)`", prose)
    for line in re.findall(r"^ {4}(/.*)$", prose, re.MULTILINE):
        yield re.split(r"\s{2,}", line)[0]


def of_a_place(line: str) -> bool:
    """Whether a line that begins with a slash names a folder or a file rather than an address."""
    return line.startswith(("/etc/", "/opt/", "/path/"))


def is_known(line: str) -> bool:
    """Whether a line is a command that the server would take, or begins with an address that it sends.

    Words in capitals stand for what the reader puts there; the end of an address, `/play`, counts as a player's.
    """
    filled = re.sub(r"<(\w)>|\bNAME\b", "ann", re.sub(r"\b(PORT|NUMBER|PITCH|VELOCITY|MILLISECONDS)\b", "64", line))
    address = filled.split()[0]
    shapes = {re.sub(r"<\w+>", "*", broadcast.template) for broadcast in BROADCASTS}
    if re.sub(r"^/(player|performer)/[^/]+/", r"/\1/*/", address) in shapes:
        return True
    for candidate in (filled, f"/player/sideman{filled}"):
        try:
            parse(spoken(candidate))
        except Refused as refused:
            # An address alone, as a text speaks of it, lacks its arguments.
            if " " not in filled and not refused.what.startswith("no such address"):
                return True
        else:
            return True
    return False


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_shown_is_one_that_the_server_takes(path: Path) -> None:
    lines = [line for line in said(path.read_text(encoding="utf-8")) if not of_a_place(line)]
    assert [line for line in lines if not is_known(line)] == []


def test_a_command_that_the_server_refuses_is_found() -> None:
    text = "say `/stop`, then\n\n    /player/bass/dance 3    and dance\n"
    assert [line for line in said(text) if not is_known(line)] == ["/player/bass/dance 3"]
    assert not is_known("/note 200 90")
    assert is_known("/player/bass/hear")
    with pytest.raises(Refused):
        parse(Message("/tempo", ()))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    dead = [link for link in links if not link.startswith("http") and not (path.parent / link).exists()]
    assert dead == []


def test_the_protocol_page_is_current() -> None:
    written = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    assert written == "\n".join(page()) + "\n", "write it anew by: make docs"


def keys(struct: type[msgspec.Struct]) -> dict[str, object]:
    """The keys of a table of the configuration that hold plain values, and their defaults as JSON has them."""
    found: dict[str, object] = {}
    for field in msgspec.structs.fields(struct):
        if field.default_factory is not msgspec.NODEFAULT:
            found[field.name] = field.default_factory()
        else:
            found[field.name] = field.default
    return found


def described(text: str) -> dict[str, dict[str, str]]:
    """The tables of docs/configuration.md: for each heading its keys, and their defaults as written."""
    tables: dict[str, dict[str, str]] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        heading = section.split("\n")[0].strip("`[]").removesuffix(".NAME")
        rows = re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.MULTILINE)
        tables[heading] = {key: default.strip().strip("`") for key, default in rows}
    return tables


def test_the_configuration_page_names_every_key_with_its_default() -> None:
    tables = described((ROOT / "docs/configuration.md").read_text(encoding="utf-8"))
    inner = {
        field.name: getattr(field.type, "__args__", (field.type,))[-1] for field in msgspec.structs.fields(Settings)
    }
    top = {key: default for key, default in keys(Settings).items() if key not in tables}
    expected = {"At the top": top, **{name: keys(inner[name]) for name in tables if name in inner}}
    assert set(expected) == set(tables)
    for name, table in expected.items():
        assert set(table) == set(tables[name]), name
        if name == "tokens":
            continue
        for key, default in table.items():
            shown = tables[name][key]
            empty = default in ("", msgspec.NODEFAULT)
            assert empty or shown == json.dumps(default), f"{name}.{key}"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_configuration_shown_is_valid(path: Path) -> None:
    for language, block in BLOCK.findall(path.read_text(encoding="utf-8")):
        if language == "toml" and "[project" not in block:
            for name, message in msgspec.convert(tomllib.loads(block), Settings).commands():
                assert name
                parse(message)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_shown_is_there(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    shown = set(re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    assert shown <= targets


def test_every_module_begins_with_what_belongs_in_it() -> None:
    sources = [
        path for folder in ("server", "plugins", "clients", "tests", "tools") for path in (ROOT / folder).rglob("*.py")
    ]
    silent = [
        str(path.relative_to(ROOT)) for path in sources if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    headers = [*(ROOT / "cpp").rglob("*.[ch]pp"), *(ROOT / "tests").rglob("*.[ch]pp")]
    silent += [str(path.relative_to(ROOT)) for path in headers if not path.read_text("utf-8").startswith("//")]
    assert silent == []
