"""What the session wants done: words to say, a voice to cut, a model to make, to teach, to ask.

The session never calls a player or a socket: it leaves these values, in order, and whoever runs it acts on them.
"""

from __future__ import annotations

from typing import NamedTuple

from .addresses import Value
from .events import Event, Query
from .osc import Message
from .seats import Endpoint, Seat


class Say(NamedTuple):
    """A message that is due at `due_ns`: to one seat or endpoint, or (`to` None) to all of a session that want it.

    With a `player`, it belongs to that voice's plan and is dropped if the voice is cut before it is due. With a
    `lead_ns` it is only for those who get things at least so much before they are due, with `ahead` only for those of
    them who get them in bundles with time tags. With an `again_ns` it is said again: to whom it had left by then, it is
    not.
    """

    due_ns: int
    address: str
    arguments: tuple[Value, ...]
    to: Seat | Endpoint | None = None
    but: Seat | None = None
    player: str = ""
    epoch: int = 0
    lead_ns: int = 0
    ahead: bool = False
    again_ns: int = 0


class Cut(NamedTuple):
    """What a voice was still to say after `after_ns` is void; what is due by then leaves when it is due."""

    player: str
    after_ns: int


class Make(NamedTuple):
    """A new player."""

    player: str
    model: str
    viewpoint: str
    memory: str


class Exchange(NamedTuple):
    """A player is to play from another model, through another viewpoint, or from another blend."""

    player: str
    model: str
    viewpoint: str
    memory: str
    parts: tuple[tuple[str, float], ...]


class Unmake(NamedTuple):
    """A player ends; its memory stays."""

    player: str


class Teach(NamedTuple):
    """An event has closed: these players hear it; `learn` says which of them learn from it."""

    players: tuple[str, ...]
    learn: tuple[bool, ...]
    event: Event
    stream: int


class StandIn(NamedTuple):
    """A slow model has not answered, or cannot: the cheapest that there is answers in its place; `reason` says why."""

    query: Query
    reason: str


class Revert(NamedTuple):
    """The last `events` that a player planned were dropped unsent."""

    player: str
    events: int


class Forget(NamedTuple):
    """Events of a player's memory from a beat on are unlearned, or (`again`) learned as before."""

    player: str
    since_beat: float
    again: bool


class Keep(NamedTuple):
    """A take is kept with a memory: beats of events from position `first` on; of no beats: the last one is dropped."""

    player: str
    memory: str
    first: int
    since_beats: float
    span_beats: float


class Clear(NamedTuple):
    """All of a memory is forgotten, or (`again`) what was forgotten so last is remembered."""

    player: str  # none: whoever plays from it
    memory: str
    again: bool


class Errand(NamedTuple):
    """A memory is to be saved (`what` is "save") or loaded, under a name; `to` is told how it went."""

    player: str  # none
    what: str
    memory: str
    name: str
    to: Seat
    address: str


class Obey(NamedTuple):
    """The time of a delayed command has come: it is checked again, and done as if it had come at `played_ns`.

    `panics` counts those that there had been: if there was another by the time that it is its turn, it is dropped.
    """

    player: str  # none
    message: Message
    source: Endpoint
    by: Seat
    played_ns: int
    panics: int


class ForgetPerformer(NamedTuple):
    """All memories of a session lose what somebody played; `to` is told how much that was."""

    player: str  # none
    session: str
    performer: str
    to: Seat


Effect = (
    Say
    | Cut
    | Make
    | Exchange
    | Unmake
    | Teach
    | StandIn
    | Revert
    | Forget
    | Keep
    | Clear
    | Errand
    | ForgetPerformer
    | Obey
    | Query
)
