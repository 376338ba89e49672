"""What the configuration may say: names, types, defaults.

Reading the file is `config.py`'s; obeying is the engine's.
"""

from __future__ import annotations

import shlex

import msgspec

from .addresses import Value
from .osc import Message
from .rights import Rights


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the configuration; a key that it does not know is an error."""


class SessionSettings(Section, frozen=True):
    """`[[sessions]]`: an ensemble that is there from the start."""

    name: str = "main"
    tempo: float = 120.0
    chart: str = ""  # its text, or the name of one that is kept
    params: dict[str, int | float | str] = {}


class PlayerSettings(Section, frozen=True):
    """`[[players]]`: a machine voice that is there from the start; `sideman` may be among them."""

    name: str
    session: str = "main"
    model: str = "oracle"
    viewpoint: str = "pitch*ioi"
    memory: str = ""
    mode: str = "answer"
    armed: bool = True
    hear: list[str] = msgspec.field(default_factory=lambda: ["*"])
    learn: bool = True
    params: dict[str, int | float | str] = {}


class PerformerSettings(Section, frozen=True):
    """`[[performers]]`: who is expected. Such a seat never lapses; with an `address` it need not join."""

    name: str
    session: str = "main"
    kind: str = "human"
    role: str = "player"
    address: str = ""  # HOST:PORT that it speaks from and hears at


class OutputSettings(Section, frozen=True):
    """`[[outputs]]`: gear and programs that cannot join.

    Broadcasts that match `pattern` go to `host`:`port`. With an `address`, each note goes there instead, with `args`
    (of `pitch velocity duration_ms channel event player`); with `offs`, so does its end, with velocity 0.
    """

    host: str
    port: int
    pattern: str = "/player/*/*"
    session: str = "main"
    address: str = ""
    args: list[str] = msgspec.field(default_factory=lambda: ["pitch", "velocity", "channel"])
    offs: bool = False


class PluginSettings(Section, frozen=True):
    """`[plugins.NAME]`: whether a plugin is used, in which process it runs, and what it is told."""

    enabled: bool = True
    in_process: bool = False
    config: dict[str, object] = {}


class Limits(Section, frozen=True):
    """`[limits]`: how much is remembered. The oldest 100,000 events go first."""

    memory_events: int = 1_000_000
    memory_mb: int = 512


class Tokens(Section, frozen=True):
    """`[tokens]`: hashes of the tokens of each role, as `sideman token` prints them."""

    leader: list[str] = []
    player: list[str] = []
    listener: list[str] = []


class Settings(Section, frozen=True):
    """The whole configuration. `say` is what a leader would send at the start, one command a line."""

    host: str = "127.0.0.1"
    osc_port: int = 7117
    http_port: int = 7118
    open: bool = False
    seed: int = 0
    memories: str = ""
    charts: str = ""
    wire: str = "auto"
    limits: Limits = Limits()
    tokens: Tokens = Tokens()
    sessions: list[SessionSettings] = []
    players: list[PlayerSettings] = []
    performers: list[PerformerSettings] = []
    outputs: list[OutputSettings] = []
    plugins: dict[str, PluginSettings] = {}
    say: list[str] = []

    def rights(self) -> Rights:
        """Who may come in."""
        tokens = self.tokens
        granted = {"leader": tokens.leader, "player": tokens.player, "listener": tokens.listener}
        return Rights({role: tuple(kept) for role, kept in granted.items()}, self.open)

    def commands(self) -> list[tuple[str, Message]]:
        """Everything that it says as commands: session and message, in order."""
        said: list[tuple[str, Message]] = []
        for session in self.sessions:
            said.append((session.name, Message("/tempo", (session.tempo,))))
            if session.chart:
                what = "/chart/set" if "|" in session.chart or "://" in session.chart else "/chart/load"
                said.append((session.name, Message(what, (session.chart,))))
            said += [(session.name, Message("/session/set", (name, value))) for name, value in session.params.items()]
        for player in self.players:
            said += [(player.session, message) for message in _player(player)]
        said += [("main", spoken(line)) for line in self.say]
        return said


def _player(player: PlayerSettings) -> list[Message]:
    prefix = f"/player/{player.name}"
    messages = [Message(f"{prefix}/new", (player.model, player.viewpoint, player.memory or "-"))]
    messages += [Message(f"{prefix}/set", (name, value)) for name, value in player.params.items()]
    messages.append(Message(f"{prefix}/hear", tuple(player.hear)))
    messages.append(Message(f"{prefix}/learn", (int(player.learn),)))
    messages.append(Message(f"{prefix}/mode", (player.mode,)))
    messages.append(Message(f"{prefix}/play" if player.armed else f"{prefix}/stop", ()))
    return messages


def spoken(line: str) -> Message:
    """A command as one would type it, `/player/sideman/param/temperature 0.8`, as a message."""
    address, *words = shlex.split(line)
    values: list[Value] = []
    for word in words:
        try:
            values.append(int(word))
        except ValueError:
            try:
                values.append(float(word))
            except ValueError:
                values.append(word)
    return Message(address, tuple(values))
