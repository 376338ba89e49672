"""For what cannot join: broadcasts as they are, or each note under an address of its own, and its end where wanted.

Gear knows no durations, so the end of a note waits in the wire from when the note is planned, under a plan of its own:
it must outlive the plan of its player, and yet be taken back where the note never comes or has ended sooner.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from .addresses import Value
from .effects import Cut, Say
from .hub import Output, Send, ending, plain
from .osc import match
from .seats import Endpoint
from .settings import OutputSettings


@dataclass(slots=True)
class Ending:
    """The end of a note at one output: when it is planned now, and when it is where nothing ends the note sooner."""

    slot: int  # no two that wait have the same
    output: int
    player: str  # session/name
    note: tuple[Value, ...]  # pitch, channel, event
    start_ns: int
    natural_ns: int
    end_ns: int
    packet: bytes
    to: tuple[Endpoint, ...]

    @property
    def plan(self) -> str:
        """Under what the wire keeps it; no player has such a name."""
        return f"{self.player} {self.slot}"

    def send(self, epoch: tuple[str, int] | None) -> Send:
        """It, for the wire."""
        return Send(self.end_ns, self.packet, self.to, epoch, self.packet, self.end_ns)


class Gear:
    """The outputs of one session, and the ends of notes that wait for them."""

    def __init__(self, session: str) -> None:
        self._session = session
        self.outputs: list[OutputSettings] = []
        self._endings: list[Ending] = []

    def route(self, say: Say, now: int) -> Iterator[Output]:
        """The packets of one message; none where it matches no output."""
        if say.to is not None or say.lead_ns or say.ahead:
            return
        for number, output in enumerate(self.outputs):
            if not (output.pattern == say.address or match(output.pattern, say.address)):
                continue
            to = ((output.host, output.port),)
            epoch = (say.player, say.epoch) if say.player else None
            player, _, kind = say.address.removeprefix("/player/").rpartition("/")
            if not output.address:
                yield Send(say.due_ns, plain(say.address, say.arguments), to, epoch, *ending(say))
            elif kind == "note":
                pitch, velocity, duration_ms, channel, event = say.arguments
                note = _own(output, player, pitch, velocity, duration_ms, channel, event)
                if not output.offs:
                    yield Send(say.due_ns, note, to, epoch)
                    continue
                off = _own(output, player, pitch, 0, duration_ms, channel, event)
                over_ns = say.due_ns + round(float(duration_ms) * 1e6)
                key = (round(float(pitch)), channel, event)
                slot = self._free_slot(now)
                end = Ending(slot, number, self._key(player), key, say.due_ns, over_ns, over_ns, off, to)
                self._endings.append(end)
                yield Send(say.due_ns, note, to, epoch, off, over_ns)
                yield end.send((end.plan, say.epoch))
            elif kind == "off" and output.offs:
                sooner = self._sooner(number, self._key(player), say)
                yield from sooner
                if not sooner:  # what may just have left
                    pitch, channel, event = say.arguments
                    yield Send(say.due_ns, _own(output, player, pitch, 0, 0.0, channel, event), to, epoch)

    def cut(self, cut: Cut) -> Iterator[Output]:
        """What a player was still to play is void: so is the end of what does not begin, and what would end sooner
        only for the sake of that ends when it is over."""
        kept = []
        for end in self._endings:
            if end.player != cut.player or end.end_ns <= cut.after_ns:
                kept.append(end)
            elif end.start_ns > cut.after_ns:
                yield Cut(end.plan, cut.after_ns)
            else:
                kept.append(end)
                if end.end_ns != end.natural_ns:
                    yield Cut(end.plan, cut.after_ns)
                    end.end_ns = end.natural_ns
                    yield end.send((end.plan, 0))
        self._endings = kept

    def _sooner(self, number: int, player: str, say: Say) -> list[Output]:
        """A note ends before its time: so does it at an output, and no second time."""
        found: list[Output] = []
        for end in self._endings:
            if (end.output, end.player, end.note) != (number, player, say.arguments):
                continue
            if end.start_ns <= say.due_ns < end.end_ns:
                end.end_ns = say.due_ns
                found.append(Cut(end.plan, say.due_ns))
                found.append(end.send((end.plan, say.epoch) if say.player else None))
        return found

    def _free_slot(self, now: int) -> int:
        self._endings = [end for end in self._endings if end.end_ns >= now]
        taken = {end.slot for end in self._endings}
        return next(slot for slot in count() if slot not in taken)

    def _key(self, player: str) -> str:
        return f"{self._session}/{player}"


def _own(output: OutputSettings, player: str, *note: Value) -> bytes:
    """A note as an output wants it; `note`: pitch, velocity, duration, channel, event."""
    fields = dict(zip(("pitch", "velocity", "duration_ms", "channel", "event"), note, strict=True), player=player)
    return plain(output.address, [fields[name] for name in output.args])
