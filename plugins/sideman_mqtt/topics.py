"""Topics and payloads as values: where a message goes, and what one that comes asks for. No network here.

PREFIX/SESSION/json/ADDRESS            what the session says: a JSON list of the arguments
PREFIX/SESSION/osc/ADDRESS             the same as an OSC packet
PREFIX/SESSION/in/json/ADDRESS         a command, in the name of the bridge's own seat
PREFIX/SESSION/in/osc                  the same as an OSC packet, message or bundle
PREFIX/SESSION/in/NAME/json/ADDRESS    in the name of a performer of its own; /in/NAME/osc too
PREFIX/SESSION/to/NAME/json/ADDRESS    what is said to that performer alone; /to/NAME/osc too
PREFIX/SERVER/online, /heartbeat, /lost
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import msgspec

from sideman.plugin import Message

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}\Z")
#: The state of things, which who comes later must find: kept by the broker.
STATE: Final = re.compile(
    r"/(transport|tempo|metre|harmony|chart(/loop)?|section|session/is"
    r"|player/[^/]+/(state|hears|is|plan|record|takes)|performer/[^/]+/state)\Z"
)
MOST_BYTES: Final = 65_536


class Odd(Exception):
    """A message from the broker that asks for nothing that can be done: what is wrong, and what may help."""

    def __init__(self, what: str, cure: str) -> None:
        super().__init__(f"{what}; {cure}")
        self.what = what
        self.cure = cure


@dataclass(frozen=True, slots=True)
class Asked:
    """What a message from the broker asks for: by whom (empty: the bridge's own seat), as a message or a packet."""

    session: str
    who: str
    message: Message | None
    packet: bytes = b""


def out_topic(base: str, message: Message) -> str:
    """Where an address is told, below `base`; each parameter has a topic of its own, so that each is kept."""
    topic = base + message.address
    name = message.arguments[0] if message.arguments else None
    if message.address.endswith("/is") and isinstance(name, str):
        topic += f"/{name}"
    return re.sub(r"[+#\0]", "_", topic)


def payload_of(message: Message) -> bytes:
    """The arguments as a JSON list."""
    return msgspec.json.encode(message.arguments)


def is_state(message: Message) -> bool:
    """Whether a message tells of how things are, rather than of what happens."""
    return STATE.match(message.address) is not None


def asked(prefix: str, topic: str, payload: bytes) -> Asked:
    """What a message below `PREFIX/+/in/` asks for. Raises `Odd`."""
    session, _, rest = topic.removeprefix(prefix + "/").partition("/in/")
    parts = rest.split("/")
    who = "" if parts[0] in ("json", "osc") else parts.pop(0)
    if who and not NAME.match(who):
        raise Odd(
            f"{who[:40]!r} is not a name", "names begin with a letter and have at most 32 letters, digits, _ or -"
        )
    if len(payload) > MOST_BYTES:
        raise Odd(f"{len(payload)} bytes are too much", f"at most {MOST_BYTES}")
    if parts[:1] == ["osc"]:
        return Asked(session, who, None, payload)
    if parts[:1] != ["json"] or len(parts) < 2:
        raise Odd("that topic says neither json nor osc", f"publish to {prefix}/{session}/in/json/note, or .../in/osc")
    return Asked(session, who, Message("/" + "/".join(parts[1:]), arguments_of(payload)))


def arguments_of(payload: bytes) -> tuple[int | float | str | bool, ...]:
    """The arguments in a JSON payload: a list of numbers, strings and booleans, one of them alone, or nothing."""
    if not payload.strip():
        return ()
    try:
        said = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Odd(f"that is no JSON: {error}"[:200], "publish a list of arguments: [60, 90]") from None
    values = said if isinstance(said, list) else [said]
    for value in values:
        if not isinstance(value, int | float | str):
            raise Odd(
                f"{type(value).__name__} is no argument", "publish a flat list of numbers, strings, true and false"
            )
    return tuple(values)
