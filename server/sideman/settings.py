"""What the configuration may say: names, types, defaults.

Reading the file is `config.py`'s; obeying is the engine's.
"""

from __future__ import annotations

import shlex
from typing import Final

import msgspec

from .addresses import NAME, NAME_CURE, ROLES, Value
from .errors import Refused
from .osc import Message
from .rights import Rights
from .seats import KINDS

PORTS: Final = 65_536
#: What of a note an output can send under an address of its own.
NOTE_FIELDS: Final = ("pitch", "velocity", "duration_ms", "channel", "event", "player")


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A table of the configuration; a key that it does not know is an error."""


class SessionSettings(Section, frozen=True):
    """`[[sessions]]`: an ensemble that is there from the start. `say` is what a leader would send there."""

    name: str = "main"
    tempo: float = 120.0
    chart: str = ""  # its text, or the name of one that is kept
    params: dict[str, int | float | str] = {}
    say: list[str] = []


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
    """`[[performers]]`: who is expected. Such a seat never lapses; with an `address` it need not join.

    `say` is what that performer would send at the start, after all else.
    """

    name: str
    session: str = "main"
    kind: str = "human"
    role: str = "player"
    address: str = ""  # HOST:PORT that it speaks from and hears at
    say: list[str] = []


class OutputSettings(Section, frozen=True):
    """`[[outputs]]`: gear and programs that cannot join.

    Broadcasts that match `pattern` go to `host`:`port`. With an `address`, each note goes there instead, with `args`
    (of `NOTE_FIELDS`); with `offs`, so does its end, with velocity 0.
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
        said += [(session.name, spoken(line)) for session in self.sessions for line in session.say]
        said += [("main", spoken(line)) for line in self.say]
        return said

    def faults(self) -> list[str]:
        """What the types allow and nobody could obey: each by its place, with its cure."""
        found = []
        for performer in self.performers:
            what = f"performers: {performer.name!r}"
            if not NAME.match(performer.name):
                found.append(f"{what} is not a name; {NAME_CURE}")
            if performer.kind not in KINDS:
                found.append(f"{what} has no kind {performer.kind!r}; kinds: {', '.join(KINDS)}")
            if performer.role not in ROLES[1:]:
                found.append(f"{what} has no role {performer.role!r}; roles: {', '.join(ROLES[1:])}")
            host, _, port = performer.address.rpartition(":")
            if performer.address and not (host and port.isdigit() and 0 < int(port) < PORTS):
                found.append(f"performers: {performer.address!r} is no HOST:PORT; write for example 10.0.0.7:9000")
            if any(player.name == performer.name and player.session == performer.session for player in self.players):
                found.append(f"{what} is a player's name too; give one of them another")
        for output in self.outputs:
            if not 0 < output.port < PORTS:
                found.append(f"outputs: there is no port {output.port}; send to 1 to {PORTS - 1}")
            found += [
                f"outputs: args has no {name!r}; there are: {', '.join(NOTE_FIELDS)}"
                for name in output.args
                if name not in NOTE_FIELDS
            ]
        names = [session.name for session in self.sessions] + [player.name for player in self.players]
        names += [player.session for player in self.players] + [performer.session for performer in self.performers]
        found += [f"{name!r} is not a name; {NAME_CURE}" for name in dict.fromkeys(names) if not NAME.match(name)]
        return found


def _player(player: PlayerSettings) -> list[Message]:
    prefix = f"/player/{player.name}"
    messages = [Message(f"{prefix}/new", (player.model, player.viewpoint, player.memory or "-"))]
    messages.append(Message(f"{prefix}/learn", (int(player.learn),)))
    messages += [Message(f"{prefix}/set", (name, value)) for name, value in player.params.items()]
    messages.append(Message(f"{prefix}/hear", tuple(player.hear)))
    messages.append(Message(f"{prefix}/mode", (player.mode,)))
    messages.append(Message(f"{prefix}/play" if player.armed else f"{prefix}/stop", ()))
    return messages


def spoken(line: str) -> Message:
    """A command as one would type it, `/player/sideman/param/temperature 0.8`, as a message; raises `Refused`."""
    try:
        address, *words = shlex.split(line)
    except ValueError as error:
        raise Refused(f"{line[:64]!r} is no command: {str(error).lower()}", "write it as in docs/protocol.md") from None
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
