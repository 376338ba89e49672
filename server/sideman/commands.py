"""From a message to a command: which row of the table it is, and its arguments in the types that the row wants.

What is wrong raises `Refused` with the cure; what the command then does is the session's.
"""

from __future__ import annotations

import difflib
import math
import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from .addresses import NAME, NAME_CURE, TABLE, Address, Argument, Value, find
from .errors import Refused
from .osc import Message

#: What is said in another's name: any address may follow, and its own arguments.
SPOKEN: Final = "/as/<n>/..."
Raw = int | float | str | bytes | bool | None


class Command(NamedTuple):
    """A message that the table knows: its row, the names in its address, its arguments in order."""

    row: Address
    address: str
    names: tuple[str, ...]
    arguments: tuple[Value, ...]
    released: bool = False  # a button's release: obeyed by doing nothing


def parse(message: Message) -> Command:
    """The command that a message means.

    Raises `Refused` for an unknown address, a wrong, missing or surplus argument, and a number that is not finite.
    """
    address, raw = message
    found = find(address)
    if found is None:
        raise Refused(f"no such address: {address}", _nearest(address))
    row, names = found
    for name in names if row.template != SPOKEN else ():  # whose name may be a pattern
        if not NAME.match(name):
            raise Refused(f"{name!r} is not a name", NAME_CURE)
    if row.trigger:
        return _trigger(row, address, names, raw)
    return Command(row, address, names, _arguments(row, raw))


def _trigger(row: Address, address: str, names: tuple[str, ...], raw: Sequence[Raw]) -> Command:
    if len(raw) > 1:
        raise Refused(f"{row.template} takes no arguments, {len(raw)} came", f"send {row.template} alone")
    pressed = float(number(raw[0], row.template, "the button")) if raw else 1.0
    return Command(row, address, names, (), released=pressed == 0.0)


def _arguments(row: Address, raw: Sequence[Raw]) -> tuple[Value, ...]:
    wanted = row.arguments
    last = wanted[-1]
    if len(raw) > len(wanted) and not last.many:
        if last.type != "s":
            raise Refused(f"{len(raw) - len(wanted)} argument(s) too many", f"send {row.usage}")
        head, tail = raw[: len(wanted) - 1], raw[len(wanted) - 1 :]
        raw = (*head, " ".join(text(word, last.name) for word in tail))
    values: list[Value] = []
    for place, argument in enumerate(wanted):
        if argument.many:
            values.extend(coerce(argument, value) for value in raw[place:])
        elif place < len(raw):
            values.append(coerce(argument, raw[place]))
        elif argument.default is not None:
            values.append(argument.default)
        else:
            raise Refused(f"{argument.name} is missing", f"send {row.usage}")
    return tuple(values)


def coerce(argument: Argument, value: Raw) -> Value:
    """A raw value in the type that the argument wants, where nothing is lost; raises `Refused` otherwise."""
    kind = argument.type
    if kind == "s":
        return text(value, argument.name)
    if kind == "any":
        if isinstance(value, str):
            return "" if value == "-" else value
        return number(value, argument.name, "")
    result = number(value, argument.name, "")
    if kind == "i":
        if result != int(result):
            raise Refused(f"{argument.name} must be a whole number, {result:g} came", f"send {int(result)}")
        result = int(result)
    else:
        result = float(result)
    low, high = argument.low, argument.high
    if (low is not None and result < low) or (high is not None and result > high):
        raise Refused(f"{argument.name} must be {low:g} to {high:g}, {result:g} came", "send a value in that range")
    return result


def number(value: Raw, name: str, what: str) -> int | float:
    """A finite number from an int, float, bool or numeric string; raises `Refused` naming `name` otherwise."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        sent = value
        try:
            value = float(sent) if len(sent) <= 64 else math.nan
        except ValueError:
            raise Refused(f"{what or name} must be a number, {sent[:32]!r} came", "send a number") from None
        if math.isfinite(value) and value == int(value):
            value = int(value)
    if not isinstance(value, int | float):
        raise Refused(f"{what or name} must be a number", "send a number")
    if not math.isfinite(value):
        raise Refused(f"{what or name} must be a finite number, {value} came", "send a finite number")
    return value


def text(value: Raw, name: str) -> str:
    """A string; a number becomes its shortest form, `-` the empty string."""
    if isinstance(value, str):
        return "" if value == "-" else value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Refused(f"{name} must be text or a finite number, {value} came", "send text")
        return _shortest(value)
    raise Refused(f"{name} must be text", "send a string")


def _shortest(value: float) -> str:
    """The shortest decimal that a 32-bit float would be read back from: 14.0 is `14`, 0.1 is `0.1`."""
    if value == int(value) and abs(value) < 1e16:
        return str(int(value))
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return repr(value)
    if single != value:
        return repr(value)
    for digits in range(1, 10):
        short = f"{value:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(short)))[0] == single:
            return short
    return repr(value)


def _nearest(address: str) -> str:
    """A cure for an unknown address: the row that is spelled most like it."""
    parts = address.split("/")
    if len(parts) > 3 and parts[1] == "player":
        parts[2] = "<p>"
    near = difflib.get_close_matches("/".join(parts)[:64], [row.template for row in TABLE], n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else "see docs/protocol.md for the addresses"
