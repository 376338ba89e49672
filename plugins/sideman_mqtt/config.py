"""What `[plugins.mqtt.config]` may say. Secrets are named by file, since a recording holds the configuration."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import msgspec

from sideman.errors import PluginFault


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table, with its defaults."""

    host: str = ""  # of the broker; nothing is done without
    port: int = 0  # 0: 1883, with tls 8883
    user: str = ""
    password_file: str = ""  # its first line
    tls: bool = False
    ca_file: str = ""  # of who signed the broker's certificate; empty: whom the system trusts
    prefix: str = "sideman"
    server: str = ""  # its name under the prefix; empty: this machine's
    sessions: list[str] = msgspec.field(default_factory=lambda: ["main"])
    name: str = "mqtt"  # of the seat that it takes in each
    token_file: str = ""  # the first line is the token for that seat; empty: none
    formats: list[str] = msgspec.field(default_factory=lambda: ["json", "osc"])
    human_notes: bool = False  # whether what humans play goes out too
    queue: int = 1000  # so much waits for the broker, then the oldest is dropped
    most_in: int = 500  # messages a second that are taken, for all together

    def check(self) -> None:
        """Raise `PluginFault` for what cannot be."""
        for key, value in (("prefix", self.prefix), ("server", self.server)):
            if re.search(r"[+#\0]", value):
                raise PluginFault(f"[plugins.mqtt.config] {key} = {value!r} is no topic", "leave out + and #")
        if not self.prefix:
            raise PluginFault("[plugins.mqtt.config] prefix is empty", 'write for example prefix = "sideman"')
        unknown = [name for name in self.formats if name not in ("json", "osc")]
        if unknown or not self.formats:
            raise PluginFault(f"[plugins.mqtt.config] formats = {self.formats}", 'of "json" and "osc", one or both')
        if not 1 <= self.queue <= 1_000_000 or self.most_in < 1 or not 0 <= self.port <= 65_535:
            raise PluginFault(
                "[plugins.mqtt.config]: a number is out of its range", "queue 1 to 1000000, most_in from 1"
            )
        self.password()
        self.token()

    def password(self) -> str | None:
        """What the password's file says; None without one. Raises `PluginFault`."""
        return _first_line("password_file", self.password_file) or None

    def token(self) -> str:
        """What the token's file says; empty without one. Raises `PluginFault`."""
        return _first_line("token_file", self.token_file)

    @property
    def server_name(self) -> str:
        """Its name under the prefix."""
        return self.server or re.sub(r"[^A-Za-z0-9_.-]", "-", socket.gethostname()) or "server"

    @property
    def broker_port(self) -> int:
        """The broker's port."""
        return self.port or (8883 if self.tls else 1883)


def _first_line(key: str, path: str) -> str:
    if not path:
        return ""
    try:
        return (Path(path).expanduser().read_text(encoding="utf-8").splitlines() or [""])[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise PluginFault(
            f"[plugins.mqtt.config] {key}: {path} cannot be read: {error}", "name a file that can"
        ) from None
