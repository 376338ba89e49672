"""A whole server on simulated time: for our tests, and for anyone who tests a patch or a plugin without waiting.

    stage = Stage()
    ann = stage.performer("ann")
    ann.play([(60, 0.5), (62, 0.5)])
    stage.advance(3)
    ann.got("/player/sideman/note")

No socket is opened and nobody sleeps; what was fed and what came out can be recorded and replayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from .addresses import Value
from .clock import SimulatedClock
from .effects import Cut
from .elsewhere import Place
from .engine import Engine
from .hub import Output
from .inputs import Answered, Begin, Built, Datagram, End, Failed, Input, Loaded, Saved, Wake, WallTime
from .memoryfile import encode as encode_memory
from .models import ModelFactory
from .osc import Bundle, Message, decode, encode
from .plugin import bundled, bundled_models, bundled_slow
from .seats import Endpoint
from .settings import Settings
from .shelf import BUNDLED, ChartShelf
from .strand import Fault, Handed, Ready, Report, Strand
from .timeline import SECOND
from .wire import SimWire

HOST = "127.0.0.1"


class Heard(NamedTuple):
    """A message that arrived, and when."""

    time_s: float
    address: str
    arguments: tuple[object, ...]


class Stage:
    """An engine, a simulated clock and a simulated wire. Times are in seconds from the start."""

    def __init__(
        self,
        seed: int = 1,
        settings: Settings | None = None,
        *,
        slow: Mapping[str, ModelFactory] | None = None,
        strangers: tuple[str, ...] = (),
    ) -> None:
        """`slow` are models beside the bundled ones that answer `slow_s` after they are asked; nobody answers for
        `strangers`: a test feeds what their processes would.
        """
        self.clock = SimulatedClock()
        self.wire = SimWire()
        self.building_s = 0.0  # how long it takes until what is learned elsewhere is there
        self.files: dict[str, bytes] = {}
        self._charts = ChartShelf(BUNDLED)
        self._built: list[tuple[int, int]] = []
        self.inputs: list[Input] = []
        self.outputs_of: list[list[Output]] = []  # of each input
        self.spoke_of: list[frozenset[str]] = []  # whose it was, where it was a packet
        self._slow = {**bundled_slow(), **(slow or {})}
        self._strangers = strangers
        self.slow_s = 0.0  # how long slow models take for what has gathered
        self._strands: dict[Place, Strand] = {}
        self._gathered: list[tuple[Place, Handed]] = []
        self._reports: list[tuple[int, Report]] = []
        config = msgspec.json.encode(settings or Settings())
        begin = Begin(0, seed, b"a secret for tests", "test", strangers, config, tuple(self._slow))
        self.inputs.append(begin)
        self.outputs_of.append([])
        self.spoke_of.append(frozenset())
        self.engine = Engine(begin, bundled())
        self.feed(WallTime(0, self.clock.wall_offset()))
        self._ports = 40_000
        self._read = 0
        self._heard: dict[Endpoint, list[Heard]] = {}

    @property
    def now_s(self) -> float:
        """The present moment."""
        return self.clock.now() / SECOND

    @property
    def outputs(self) -> list[Output]:
        """All that came out, in order."""
        return [output for outputs in self.outputs_of for output in outputs]

    @property
    def events(self) -> int:
        """How many events its performers and players have played."""
        return self.engine.events

    def context_of(self, player: str) -> int:
        """How many of the last events of the newest stream agree with what a player (session/name) knew before."""
        return self.engine.band.context_of(player)

    def feed(self, item: Input) -> None:
        """Give the engine an input and the wire what comes out."""
        self.inputs.append(item)
        outputs = self.engine.feed(item)
        self.outputs_of.append(outputs)
        self.spoke_of.append(self.engine.spoke)
        for output in outputs:
            if isinstance(output, Cut):
                self.wire.cut(output.player, output.after_ns)
            else:
                self.wire.send(*output)
        for job in self.engine.building:
            job.build()
            if not job.elsewhere:
                self._built.append((self.clock.now() + round(self.building_s * SECOND), job.number))
        self.engine.building.clear()
        self._gathered += [item for item in self.engine.elsewhere.handed if item[0].model not in self._strangers]
        self.engine.elsewhere.handed.clear()
        self._infer()
        self._run_errands()
        while self._built and self._built[0][0] <= self.clock.now():
            self.feed(Built(self.clock.now(), self._built.pop(0)[1]))

    def _infer(self) -> None:
        """What has gathered for slow models is done when they are free, and known `slow_s` later."""
        if self._reports or not self._gathered:
            return
        gathered, self._gathered = self._gathered, []
        due = self.clock.now() + round(self.slow_s * SECOND)
        places: dict[Place, list[Handed]] = {}
        for place, item in gathered:
            places.setdefault(place, []).append(item)
        factories = {**bundled_models(), **self._slow}
        for place, handed in places.items():
            strand = self._strands.setdefault(place, Strand(factories, *self.engine.band.limits))
            self._reports += [(due, report) for report in strand.do(handed)]
        if self.slow_s == 0:
            self._report(due)

    def _report(self, now: int) -> None:
        """Slow models have done what they had gathered."""
        reports, self._reports = self._reports, []
        for _, report in reports:
            if isinstance(report, Ready):
                self.feed(Built(now, report.job, report.reason))
            elif isinstance(report, Fault):
                self.feed(Failed(now, report.player, report.reason))
            else:
                self.feed(Answered(now, report))
        self._infer()

    def _run_errands(self) -> None:
        """Memories are kept in `files`, at once; whatever a test puts there can be loaded."""
        errands, self.engine.errands = self.engine.errands, []
        for number in errands:
            running, now = self.engine.running(number), self.clock.now()
            name = running.errand.name
            if running.errand.what == "chart" and name not in self.files:
                try:
                    self.feed(Loaded(now, number, self._charts.bring(name)))
                except FileNotFoundError:
                    self.feed(Loaded(now, number, b"", "there is no such chart"))
                continue
            if running.snapshot is not None:
                self.files[name] = encode_memory(running.snapshot, running.velocity)
                self.feed(Saved(now, number))
            elif name in self.files:
                self.feed(Loaded(now, number, self.files[name]))
            else:
                self.feed(Loaded(now, number, b"", f"there is no such file; there are: {', '.join(self.files)}"))

    def advance(self, seconds: float) -> None:
        """Let time pass: what falls due happens when it is due."""
        self.advance_to(self.clock.now() + round(seconds * SECOND))

    def advance_to(self, until_ns: int) -> None:
        """Let time pass up to a moment."""
        while True:
            wake, due = self.engine.next_ns(), self.wire.next_ns()
            built = self._built[0][0] if self._built else None
            told = self._reports[0][0] if self._reports else None
            moments = [moment for moment in (wake, due, built, told) if moment is not None and moment <= until_ns]
            if not moments:
                break
            moment = max(min(moments), self.clock.now())
            self.clock.advance(moment)
            self.wire.advance(moment)
            if built is not None and built <= moment:
                self.feed(Built(moment, self._built.pop(0)[1]))
            if told is not None and told <= moment:
                self._report(moment)
            if wake is not None and wake <= moment:
                self.feed(Wake(moment))
        self.clock.advance(until_ns)
        self.wire.advance(until_ns)

    def end(self) -> None:
        """Stop the server."""
        self.feed(End(self.clock.now()))

    def port(self, host: str = HOST) -> Endpoint:
        """A new port that somebody may speak from."""
        self._ports += 1
        return host, self._ports

    def packet(self, source: Endpoint, packet: bytes) -> None:
        """A datagram arrives."""
        self.feed(Datagram(self.clock.now(), source, packet))

    def performer(self, name: str, *more: Value) -> Performer:
        """Somebody who has joined; what arrived so far is put aside."""
        performer = Performer(self, name)
        performer.send("/join", name, *more)
        performer.clear()
        return performer

    def arrived(self, endpoint: Endpoint) -> list[Heard]:
        """All that has been sent to an endpoint, in order."""
        for time_ns, packet, to in self.wire.sent[self._read :]:
            messages = flattened(decode(packet))
            for place in to:
                box = self._heard.setdefault(place, [])
                box.extend(Heard(time_ns / SECOND, message.address, message.arguments) for message in messages)
        self._read = len(self.wire.sent)
        return self._heard.setdefault(endpoint, [])


class Performer:
    """Somebody at a port of a stage."""

    def __init__(self, stage: Stage, name: str, host: str = HOST) -> None:
        self.stage = stage
        self.name = name
        self.endpoint = stage.port(host)
        self._seen = 0

    def send(self, address: str, *arguments: Value | bool) -> None:
        """Send a message."""
        self.stage.packet(self.endpoint, encode(address, *arguments))

    def play(self, notes: Iterable[tuple[float, float]], velocity: float = 90, legato: float = 0.9) -> None:
        """Play (pitch, seconds to the next) one after another; time passes meanwhile."""
        for pitch, seconds in notes:
            self.send("/note", float(pitch), float(velocity))
            self.stage.advance(seconds * legato)
            self.send("/note", float(pitch), 0.0)
            self.stage.advance(seconds * (1 - legato))

    def heard(self) -> list[Heard]:
        """What has arrived since `clear`."""
        return self.stage.arrived(self.endpoint)[self._seen :]

    def got(self, address: str) -> list[tuple[object, ...]]:
        """The arguments of what has arrived under an address since `clear`."""
        return [heard.arguments for heard in self.heard() if heard.address == address]

    def clear(self) -> None:
        """Put aside what has arrived."""
        self._seen = len(self.stage.arrived(self.endpoint))


def flattened(content: Message | Bundle) -> list[Message]:
    """The messages in a packet."""
    if isinstance(content, Message):
        return [content]
    return [message for element in content.elements for message in flattened(element)]
