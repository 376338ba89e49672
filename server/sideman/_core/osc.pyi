"""The OSC codec: packets to plain Python values and back, and address patterns in linear time."""

from collections.abc import Sequence

Argument = int | float | str | bytes | bool | None

def parse(packet: bytes) -> tuple[str, tuple[Argument, ...]] | tuple[int, list[object]] | str:
    """A message as (address, arguments), a bundle as (time tag, elements), or the reason why it is neither."""

def encode(address: str, *arguments: Argument) -> bytes:
    """A message as a packet; raises `ValueError` or `TypeError` for what OSC cannot say."""

def encode_bundle(time_tag: int, elements: Sequence[bytes]) -> bytes:
    """A bundle of packets with an NTP time tag."""

def is_pattern(address: str) -> bool:
    """Whether an address has a character that makes it a pattern."""

def match(pattern: str, address: str) -> bool:
    """Whether a pattern matches an address; a malformed pattern matches nothing."""

def match_steps(pattern: str, address: str) -> int:
    """How many states `match` visits: for tests that count work."""
