"""Who may come in, and as what: tokens, roles, and the proof that an address is the sender's own.

Tokens are kept as salted hashes and compared in constant time. What a role may do is in the table of addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from typing import Final

from .errors import Refused, SetupError
from .osc import Message
from .seats import Endpoint
from .timeline import SECOND

CHALLENGE_NS: Final = 5 * SECOND
MAX_CHALLENGES: Final = 64
MAX_NUMBER: Final = 16_777_215
_SCHEME: Final = "blake2b"


def hash_token(token: str, salt: bytes) -> str:
    """A token as the configuration keeps it: `blake2b$SALT$HASH` in hexadecimal."""
    hashed = hashlib.blake2b(token.encode(), salt=salt[:16], digest_size=32).hexdigest()
    return f"{_SCHEME}${salt[:16].hex()}${hashed}"


def digest(secret: bytes, token: str) -> bytes:
    """What a seat remembers of the token that was shown for it; nothing of no token."""
    return hashlib.blake2b(token.encode(), key=secret, digest_size=16).digest() if token else b""


def is_token(token: str, kept: str) -> bool:
    """Whether a token is the one of which `kept` is the hash."""
    try:
        scheme, salt, _ = kept.split("$")
        return scheme == _SCHEME and hmac.compare_digest(hash_token(token, bytes.fromhex(salt)), kept)
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secret_key(secret: bytes, session: str, name: str, now: int) -> str:
    """A seat's key: it serves as the token of whoever joined there."""
    return "k" + hashlib.blake2b(f"{session}/{name}/{now}".encode(), key=secret, digest_size=12).hexdigest()


@dataclass(frozen=True, slots=True)
class Rights:
    """What the configuration grants: token hashes for each role; `open` lets in who has none, as `player`."""

    tokens: dict[str, tuple[str, ...]] = field(default_factory=dict)
    open: bool = False

    def check_host(self, host: str) -> None:
        """Raise `SetupError` where one would listen beyond loopback with neither tokens nor `open`."""
        if not is_loopback(host) and not any(self.tokens.values()) and not self.open:
            raise SetupError(
                f"{host} can be reached from other machines, and anybody could join",
                "set tokens in the configuration (sideman token makes one), say --open, or listen on 127.0.0.1",
            )

    def role(self, host: str, token: str) -> str:
        """The role that somebody at `host` gets by `token` (empty: none); raises `Refused` where it gets none."""
        if token:
            for role in ("leader", "player", "listener"):
                if any(is_token(token, kept) for kept in self.tokens.get(role, ())):
                    return role
        if not any(self.tokens.values()):
            return "leader" if is_loopback(host) else "player"
        if self.open and not token:
            return "player"
        raise Refused(
            "that token is not one of ours" if token else "a token is needed here",
            "join with /join NAME PORT TOKEN; the leader has the token",
        )


@dataclass(slots=True)
class Challenges:
    """Those who asked to join from beyond loopback and have not yet shown that the address is theirs."""

    waiting: dict[Endpoint, tuple[int, int, Message]] = field(default_factory=dict)

    def ask(self, source: Endpoint, message: Message, now: int, secret: bytes) -> int:
        """The number that `source` must send back within 5 s; of too many that wait, the oldest is forgotten."""
        drawn = hashlib.blake2b(f"{source}{now}".encode(), key=secret, digest_size=8).digest()
        number = int.from_bytes(drawn, "big") % MAX_NUMBER + 1
        self.waiting.pop(source, None)
        self.waiting[source] = (number, now + CHALLENGE_NS, message)
        while len(self.waiting) > MAX_CHALLENGES:
            del self.waiting[next(iter(self.waiting))]
        return number

    def confirmed(self, source: Endpoint, number: int, now: int) -> Message | None:
        """The `/join` that `source` has proved to be its own; None when number or time is wrong."""
        asked = self.waiting.get(source)
        if asked is None or asked[0] != number or now > asked[1]:
            return None
        del self.waiting[source]
        return asked[2]
