"""The OSC codec: packets to plain Python values and back, and address patterns in bounded work."""

from collections.abc import Sequence
from typing import Final

Argument = int | float | str | bytes | bool | None
Parsed = tuple[str, tuple[Argument, ...]] | tuple[int, list[Parsed]]

REASONS: Final[tuple[str, ...]]
"""Every reason for which `parse` refuses."""

def parse(packet: bytes, /) -> Parsed | str:
    """A message as (address, arguments), a bundle as (time tag, elements), a refusal as its reason.

    Arguments: i h r t give int, f d float, s S c str, b m bytes (m: port, status, two data bytes), T F I bool
    (I, the impulse, is True), N None; those of arrays stand among the others. A message may lack its type tag
    string: it then has no arguments. Floats may be NaN or infinite. Elements are what `parse` gives for each.
    Never raises on data; `packet` is bytes, else TypeError. Source: OSC 1.0.
    """

def encode(address: str, /, *arguments: Argument) -> bytes:
    """A message as a packet: int gives i (h beyond 32 bits), float f, str s, bytes b, bool T or F, None N.

    Raises TypeError or ValueError, naming what is wrong, for what OSC or the limits do not allow.
    """

def build(address: str, arguments: Sequence[Argument] = (), /) -> bytes:
    """As `encode`, with the arguments in a sequence."""

def build_bundle(time_tag: int, elements: Sequence[bytes], /) -> bytes:
    """A bundle of packets as a packet; `time_tag` is 64-bit NTP, 1 means on arrival.

    Raises TypeError or ValueError, naming what is wrong, if `parse` would refuse it.
    """

def is_pattern(address: str, /) -> bool:
    """Whether an address holds any of * ? [ ] { }."""

def pattern_fault(pattern: str, /) -> str | None:
    """What is wrong with a pattern (it then matches nothing), or None."""

def match(pattern: str, address: str, /) -> bool:
    """Whether an OSC 1.0 pattern matches an address, in bounded work; * ? [a-c] [!a] never match '/'."""

def match_steps(pattern: str, address: str, /) -> int:
    """The work that `match` does, in steps: see `match` in osc_pattern.hpp for the bound."""
