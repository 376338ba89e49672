"""The configuration file: TOML to `Settings`, with errors that name file, key, nearest valid key and cure."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path

import msgspec

from .errors import SetupError
from .settings import Settings

CURE = "docs/configuration.md lists every key; `sideman serve --config FILE --check` tries a file"


def read(path: Path) -> Settings:
    """The settings in a file; raises `SetupError` that names file, key and cure."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SetupError(f"{path} is not there", "name a file that is") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SetupError(f"{path} cannot be read: {reason}", "check its permissions and encoding") from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"{path}: {error}", "mend that line; see https://toml.io for the syntax") from None
    try:
        return msgspec.convert(data, Settings)
    except msgspec.ValidationError as error:
        raise SetupError(f"{path}{_line(text, str(error))}: {_what(str(error))}", _cure(str(error))) from None


_UNKNOWN = re.compile(r"Object contains unknown field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")
_AT = re.compile(r" - at `\$\.?([^`]*)`")


def _key(error: str) -> str:
    """The dotted key that an error speaks of."""
    unknown = _UNKNOWN.search(error)
    if unknown:
        return ".".join(part for part in (unknown[2], unknown[1]) if part)
    at = _AT.search(error)
    return at[1] if at else ""


def _line(text: str, error: str) -> str:
    """`:LINE` of the first line that sets that key, if one does."""
    name = re.split(r"[.\]]", _key(error))[-1]
    for number, line in enumerate(text.splitlines(), 1):
        if name and re.match(rf"\s*\[*\s*{re.escape(name)}\b", line):
            return f":{number}"
    return ""


def _what(error: str) -> str:
    unknown = _UNKNOWN.search(error)
    if unknown:
        return f"no key {_key(error)!r}"
    return f"{_key(error) or 'the file'}: {_AT.sub('', error)}"


def _cure(error: str) -> str:
    unknown = _UNKNOWN.search(error)
    if not unknown:
        return CURE
    place = re.split(r"[.\[]", unknown[2] or "")[0]
    fields = _fields(place)
    near = difflib.get_close_matches(unknown[1], fields, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"keys here: {', '.join(fields)}"


def _fields(place: str) -> list[str]:
    """The keys of a table of the configuration."""
    for field in msgspec.structs.fields(Settings):
        if field.name == place:
            inner = getattr(field.type, "__args__", (field.type,))[0]
            return [item.name for item in msgspec.structs.fields(inner)]
    return [field.name for field in msgspec.structs.fields(Settings)]
