"""The live server: an engine on an event loop, between a wire and a clock.

It numbers what comes in, records it, hands what comes out to the wire, and wakes the engine when it asked to be.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

import msgspec

from . import __version__
from .alarm import Alarm
from .background import Background
from .band import Band
from .bridging import Bridging
from .clock import Clock
from .effects import Cut, Unmake
from .elsewhere import Place
from .engine import Engine
from .errors import SetupError
from .inference import Inference
from .inputs import (
    Answered,
    Begin,
    Built,
    Datagram,
    End,
    Failed,
    Input,
    Loaded,
    Obeyed,
    Saved,
    Troubled,
    Wake,
    WallTime,
    Wired,
)
from .journal import Recorder
from .learned import Job
from .memoryfile import Damaged, encode
from .plugin import Observer, find
from .seats import Endpoint
from .settings import PluginSettings, Settings
from .shelf import ChartShelf, Shelf
from .strand import Fault, Ready, Report
from .stranger import Worker, models_of
from .tidying import Tidying
from .timeline import SECOND
from .wire import Arrival, LiveWire

log = logging.getLogger("sideman")

#: Wall time is read this often, and told to the engine when it has moved by more than a millisecond.
WALL_TIME_EVERY_S = 5.0
WALL_TIME_STEP_NS = 1_000_000
#: What the wire has done is told to the engine so often, for `/status`.
WIRE_EVERY_S = 5.0
LOG_LINES_A_SECOND = 20
#: Of the words of an exception, and of what troubles a bridge, so many characters are told.
MOST_WORDS = 300


class Server:
    """One engine with its wire. A seed of 0 in the settings draws one, which is recorded."""

    def __init__(
        self,
        wire: LiveWire,
        clock: Clock,
        settings: Settings,
        recorder: Recorder | None = None,
        observers: Mapping[str, Observer] = MappingProxyType({}),
    ) -> None:
        """`observers` see what goes by, beside those of plugins. Raises `SetupError` for what cannot be."""
        self._wire = wire
        self._clock = clock
        self._recorder = recorder
        self._number = 0
        self._alarm = Alarm(clock, self._wake)
        self._stopped = asyncio.Event()
        self._log_second = 0
        self._log_lines = 0
        self.faults = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers: dict[Place, Worker] = {}
        self._inference: Inference | None = None  # there is no such thread until it is needed
        self._halves: set[int] = set()  # jobs of which one half is done: ours, or the slow model's
        self._builder = Background("builder")
        self._clerk = Background("clerk")  # what he has to do with files is finished before the end
        self._shelf = Shelf(Path(settings.memories).expanduser() if settings.memories else None)
        self._charts = ChartShelf(Path(settings.charts).expanduser() if settings.charts else None)
        self._settings = settings
        self._found = find(settings.plugins, models_of)
        for complaint in self._found.complaints:
            log.warning("left out: %s", complaint)
        self._bridging = Bridging(self._found.bridges, {**self._found.observers, **observers}, clock)
        begin = Begin(
            clock.now(),
            settings.seed or secrets.randbits(63),
            secrets.token_bytes(32),
            __version__,
            tuple(self._found.strangers),
            msgspec.json.encode(settings),
            tuple(self._found.slow),
        )
        self._record(begin)
        self.engine = Engine(begin, Band(self._found.factories, self._found.effects))
        if self.engine.complaints:
            raise SetupError(f"the configuration: {self.engine.complaints[0]}", "try it with --check")
        self._wall_offset = 0
        self._wired: tuple[int, int, int, int, int] | None = None  # what was told of the wire
        self._published = -1

    async def run(self, ready: Callable[[], None]) -> None:
        """Serve until SIGINT, SIGTERM or `stop`; `ready` is called once packets and signals are heeded."""
        loop = self._loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM"):
            try:
                loop.add_signal_handler(getattr(signal, name), self.stop)
            except NotImplementedError:  # Windows: KeyboardInterrupt ends the loop instead
                signal.signal(getattr(signal, name), lambda *_: loop.call_soon_threadsafe(self.stop))
        sys.setswitchinterval(0.0005)
        self._tidying = Tidying(self._clock.now())
        self._wall_time()
        self._hand_over()
        self._build()
        self._wire.start(self.receive)
        self._tell_of_wire()
        self._bridging.start(self._came_over, self._in_trouble)
        log.info("%s", self._wire.said)
        self._arm()
        ready()
        try:
            await self._stopped.wait()
        finally:
            self.feed(End(self._clock.now()))
            self._alarm.set(None)
            self._tidying.end()
            self._bridging.close()
            for worker in self._workers.values():
                worker.close()
            if self._inference is not None:
                self._inference.close()
            self._clerk.finish()
            if self._recorder:
                self._recorder.close()
            self._wire.close()
            counts = self._wire.counts()
            log.info(
                "ended: %d packets sent, %d could not be, %d overdue and dropped, 99 %% within %.2f ms, all %.2f; "
                "%d commands refused, %d faults",
                counts.sent,
                counts.dropped,
                counts.stale,
                counts.late_p99_ns / 1e6,
                counts.late_most_ns / 1e6,
                self.engine.refused,
                self.faults,
            )
            if counts.lost:
                log.warning("%d packets were lost on arrival: more came than could be obeyed", counts.lost)

    def stop(self) -> None:
        """Let `run` return."""
        self._stopped.set()

    def receive(self, item: Arrival) -> None:
        """A datagram has arrived."""
        self._tidying.heard(item.time_ns)
        self.feed(item)
        self._arm()

    def _came_over(self, time_ns: int, source: Endpoint, packet: bytes) -> None:
        """A packet has come over a bridge."""
        self._tidying.heard(time_ns)
        self.feed(Datagram(time_ns, source, packet))
        self._arm()

    def _in_trouble(self, kind: str, name: str, what: str) -> None:
        """A bridge or an observer tells so on its own thread."""
        self._later(lambda: Troubled(self._clock.now(), kind, name, what[:MOST_WORDS]))

    def feed(self, item: Input) -> None:
        """Number an input, record it, let the engine act on it, hand on what comes out."""
        self._record(item)
        try:
            outputs = self.engine.feed(item)
        except Exception:
            self.faults += 1
            log.exception("a fault of sideman's own; the session goes on")
            return
        finally:
            if isinstance(item, Obeyed):
                self._wire.lift(item.cut)
        wire, recorder = self._wire, self._recorder
        bridging = self._bridging if self._bridging.any else None
        if bridging:
            bridging.heard(item)
        if self._published != self.engine.seating:
            self._published = self.engine.seating
            wire.publish(self.engine.stoppers(), self.engine.players())
        if recorder and isinstance(item, Datagram | Obeyed):
            recorder.spoke(item.source, self.engine.spoke)
        ended = item.offs if isinstance(item, Obeyed) else ()
        for output in outputs:
            if recorder:
                recorder.output(output)
            if bridging:
                output = bridging.divert(output)
            if isinstance(output, Cut):
                wire.cut(output.player, output.after_ns)
            elif output.packet not in ended:  # the wire has sent these already
                wire.send(*output)
        if self.engine.elsewhere.handed and self._loop is not None:
            self._hand_over()
        if self.engine.building and self._loop is not None:
            self._build()
        if self.engine.errands or self.engine.erasures:
            self._run_errands()
        if self.engine.log:
            self._log(self.engine.log)
            self.engine.log.clear()

    def _build(self) -> None:
        """Learn on the builder's thread what takes long; it is switched in by an input when it is there."""
        jobs, self.engine.building = self.engine.building, []
        for job in jobs:
            self._builder.submit(partial(self._learn, job))

    def _run_errands(self) -> None:
        """Read and write memories, and erase from the recording, on the clerk's thread."""
        errands, self.engine.errands = self.engine.errands, []
        for number in errands:
            what = {"save": self._save, "load": self._bring, "chart": self._bring_chart}
            self._clerk.submit(partial(what[self.engine.running(number).errand.what], number))
        erasures, self.engine.erasures = self.engine.erasures, []
        if self._recorder is not None:
            self._recorder.flush()
            for session, performer in erasures:
                self._clerk.submit(partial(self._recorder.erase, session, performer))

    def _save(self, number: int) -> None:
        """On the clerk's thread."""
        running, reason = self.engine.running(number), ""
        try:
            assert running.snapshot is not None
            self._shelf.keep(running.errand.name, encode(running.snapshot, running.velocity))
        except OSError as error:
            reason = f"cannot be written to {self._shelf.folder}: {error.strerror}"
        except Exception as error:
            log.exception("a memory could not be saved")
            reason = f"{type(error).__name__}: {error}"
        self._later(lambda: Saved(self._clock.now(), number, reason))

    def _bring(self, number: int) -> None:
        """On the clerk's thread: read it, and make of it what the engine would."""
        running, data, reason = self.engine.running(number), b"", ""
        name = running.errand.name
        try:
            data = self._shelf.bring(name)
            running.memory = self.engine.band.decode(data)
        except FileNotFoundError:
            reason = f"there is no such file in {self._shelf.folder}; there are: {', '.join(self._shelf.names())}"
        except OSError as error:
            reason = f"{self._shelf.path(name)} cannot be read: {error.strerror}"
        except Damaged as error:
            data, reason = b"", f"{self._shelf.path(name)} is {error}"
        except Exception as error:
            log.exception("a memory could not be loaded")
            data, reason = b"", f"{type(error).__name__}: {error}"
        self._later(lambda: Loaded(self._clock.now(), number, data, reason))

    def _bring_chart(self, number: int) -> None:
        """On the clerk's thread."""
        name, data, reason = self.engine.running(number).errand.name, b"", ""
        try:
            data = self._charts.bring(name)
        except FileNotFoundError:
            reason = f"there is no such chart in {self._charts.folder}; there are: {', '.join(self._charts.names())}"
        except OSError as error:
            reason = f"{name} in {self._charts.folder} cannot be read: {error.strerror}"
        self._later(lambda: Loaded(self._clock.now(), number, data, reason))

    def _learn(self, job: Job) -> None:
        """On the builder's thread."""
        reason = ""
        try:
            job.build()
        except Exception as error:
            log.exception("a model could not be built")
            reason = f"{type(error).__name__}: {error}"
        self._on_loop(lambda: self._built(job.number, reason, elsewhere=job.elsewhere))

    def _built(self, number: int, reason: str, *, elsewhere: bool) -> None:
        """A job is done; where a slow model is learned too, when both are."""
        if elsewhere and not reason and number not in self._halves:
            self._halves.add(number)
            return
        self._halves.discard(number)
        self.feed(Built(self._clock.now(), number, reason[:MOST_WORDS]))
        self._arm()

    def _hand_over(self) -> None:
        """Give players that live elsewhere what they are to do."""
        handed, self.engine.elsewhere.handed = self.engine.elsewhere.handed, []
        limits = self.engine.band.limits
        for place, item in handed:
            plugin = self._found.strangers.get(place.model)
            if plugin is None:
                if self._inference is None:
                    factories = {**self._found.factories, **self._found.slow}
                    self._inference = Inference(factories, limits, self._reported)
                self._inference.hand(place, item)
            elif isinstance(item, Unmake):
                if (worker := self._workers.pop(place, None)) is not None:
                    asyncio.get_running_loop().run_in_executor(None, worker.close)
            else:
                if place not in self._workers:
                    chosen = self._settings.plugins.get(plugin, PluginSettings())
                    self._workers[place] = Worker(place, plugin, chosen.config, limits, self._reported)
                self._workers[place].hand(item)

    def _reported(self, report: Report) -> None:
        """Called by a worker's thread."""
        if isinstance(report, Ready):
            self._on_loop(lambda: self._built(report.job, report.reason, elsewhere=True))
        elif isinstance(report, Fault):
            self._later(lambda: Failed(self._clock.now(), report.player, report.reason[:MOST_WORDS]))
        else:
            self._later(lambda: Answered(self._clock.now(), report))

    def _later(self, item: Callable[[], Input]) -> None:
        def feed() -> None:
            if not self._stopped.is_set():
                self.feed(item())
                self._arm()

        self._on_loop(feed)

    def _on_loop(self, call: Callable[[], None]) -> None:
        if self._loop is not None and not self._stopped.is_set():
            self._loop.call_soon_threadsafe(call)

    def _record(self, item: Input) -> None:
        self._number += 1
        if self._recorder:
            self._recorder.input(self._number, item)

    def _arm(self) -> None:
        self._alarm.set(self.engine.next_ns())

    def _wake(self) -> None:
        """What has arrived by now comes first; then what has fallen due."""
        now = self._clock.now()
        self._wire.drain()
        due = self.engine.next_ns()
        if due is not None and due <= now:
            self.feed(Wake(now))
        self._arm()

    def _wall_time(self) -> None:
        if self._stopped.is_set():
            return
        offset = self._clock.wall_offset()
        if abs(offset - self._wall_offset) > WALL_TIME_STEP_NS:
            self._wall_offset = offset
            self.feed(WallTime(self._clock.now(), offset))
        if self._recorder:
            self._recorder.flush()
        self._tidying.pause(self._clock.now())
        asyncio.get_running_loop().call_later(WALL_TIME_EVERY_S, self._wall_time)

    def _tell_of_wire(self) -> None:
        """What it has done by now, if that has changed."""
        if self._stopped.is_set():
            return  # the recording is closed, and nobody would be told
        counts = self._wire.counts()
        done = (counts.sent, counts.dropped, counts.stale, counts.late_p99_ns, counts.late_most_ns)
        if done != self._wired:
            self._wired = done
            self.feed(Wired(self._clock.now(), self._wire.said, *done))
        asyncio.get_running_loop().call_later(WIRE_EVERY_S, self._tell_of_wire)

    def _log(self, lines: Sequence[str]) -> None:
        """At most so many lines a second; the rest are counted."""
        second = self._clock.now() // SECOND
        if second != self._log_second:
            if self._log_lines > LOG_LINES_A_SECOND:
                log.info("%d more lines like these", self._log_lines - LOG_LINES_A_SECOND)
            self._log_second, self._log_lines = second, 0
        for line in lines:
            self._log_lines += 1
            if self._log_lines <= LOG_LINES_A_SECOND:
                log.info("%s", line)
