"""What a session is, and how it says so: its settings, time, streams, players, and the words that tell of them.

Nothing here decides anything.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ..addresses import Value
from ..agenda import Agenda
from ..beats import BeatFollower
from ..chart import WILDCARD, Course
from ..effects import Effect, Say
from ..judgement import Judgement
from ..osc import Message
from ..params import PLAYER_PARAMS, SESSION_PARAMS, defaults
from ..seats import Endpoint, Seat, Seats
from ..streams import Stream
from ..timeline import Timeline, Transport
from ..treatments import TREATMENTS, Treatment
from ..voice import Voice, Wanted
from .unheard import Reaction, Unheard


@dataclass(frozen=True, slots=True)
class Pending:
    """A command that waits, by whom it was given, and whether it is done on its beat itself."""

    when: str
    message: Message
    source: Endpoint
    by: Seat
    on_beat: bool


#: So many are kept where nobody takes them.
MOST_JUDGEMENTS = 256


#: More in one go would be lost on the way (PROTOCOL.md: never a burst above 1,000 packets).
MOST_AT_ONCE: Final = 900
#: Of so many memories the status tells each by itself, first of those that are played from.
MOST_MEMORIES_TOLD: Final = 512
_PLAYER_DEFAULTS: Final = defaults(PLAYER_PARAMS)


def _is_default(address: str, arguments: tuple[Value, ...]) -> bool:
    """Whether a message tells of a player's parameter that nobody has changed."""
    if not (address.startswith("/player/") and address.endswith("/is")):
        return False
    name, value = arguments
    return _PLAYER_DEFAULTS.get(str(name)) == value


class SessionState:
    """Everything that a session knows. Its beats count from the moment it was made."""

    def __init__(
        self,
        name: str,
        seed: int,
        models: tuple[str, ...],
        seats: Seats,
        now: int,
    ) -> None:
        self.name = name
        self.new = False  # nobody has joined it yet
        self.lasting = False  # in the configuration: never closed
        self.left_ns = now  # when the last seat was gone
        self.models = models
        self.slow: frozenset[str] = frozenset()  # those that answer in their own time, or never
        self.seats = seats
        self.effects: list[Effect] = []
        self.agenda = Agenda()
        self.timeline = Timeline(now)
        self.transport = Transport()
        self.bpm = self.timeline.bpm  # the tempo; the timeline's own also makes up for the phase of a tapped beat
        self.follower: BeatFollower | None = None  # of whoever taps the beat
        self.tapper = ""
        self.last_tap_ns = now
        self.unheeded = ""  # who has been told that somebody else gives the beat
        self.taps = 0
        self.settings: dict[str, Value] = defaults(SESSION_PARAMS)
        self._defaults = dict(self.settings)
        self.settings["seed"] = seed
        self.voices: dict[str, Voice] = {}
        self.streams: dict[tuple[str, str], Stream] = {}
        self._stream_numbers = 0
        self.gesture_sizes: dict[tuple[str, str], int] = {}
        self.harmony = ""  # the chord in force
        self.course: Course | None = None  # through the chart, if there is one
        self.pending: list[Pending] = []  # commands that wait for their time
        self.panics = 0
        self.chart_label = ""  # of the chart, that was said last
        self.section = ""  # of the chart, that was said last
        self._followed: int | None = None  # the position whose beat of the chart was said last
        self.leashes: dict[str, float] = {}  # that players had who were dropped
        self.last_human_ns = now
        self.last_human_beat = self.timeline.beat_at(now)
        self.echoes = 0
        self.unheard: dict[str, deque[Unheard]] = {}  # of players that others hear
        self.room_until_beat = -math.inf  # so long it is a human's turn
        self.reactions: dict[str, Reaction] = {}  # of players that follow others
        self.wanted: dict[str, Wanted] = {}  # of players that are to become others
        self.memory_lengths: dict[str, int] = {}
        self.phrase_starts: dict[tuple[int, str], int] = {}
        self.takes: dict[str, int] = {}  # how many each memory has
        self.last_event = 0
        self.heard = 0  # events of performers that closed
        self.late = 0
        self.discarded = 0  # answers that came too late
        self.judgements: deque[Judgement] = deque(maxlen=MOST_JUDGEMENTS)  # that nobody has taken yet
        self.treatments: dict[str, Treatment] = dict(TREATMENTS)
        self.failed_effects: list[tuple[str, str, str]] = []  # player, effect, reason

    def say(self, now: int, address: str, *arguments: Value, but: Seat | None = None) -> None:
        """Broadcast, now."""
        self.effects.append(Say(now, address, arguments, None, but))

    def tell(self, now: int, to: Seat | Endpoint, address: str, *arguments: Value) -> None:
        """To one alone, now."""
        self.effects.append(Say(now, address, arguments, to))

    def show(self, voice: Voice, now: int, *, always: bool = False) -> None:
        """Broadcast a player's state if it has changed."""
        states = voice.states()
        if always or states != voice.shown:
            voice.shown = states
            self.say(now, f"/player/{voice.name}/state", *states)

    def state(self) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """The whole present state as the broadcasts that would tell of it."""
        yield "/transport", (int(self.transport.running),)
        yield "/tempo", (self.bpm,)
        yield "/metre", (self.transport.beats, self.transport.unit)
        if self.course is not None:
            yield "/chart", (self.course.chart.name, self.course.chart.length)
            if self.course.loop != (0, 0):
                yield "/chart/loop", self.looped_bars()
            if self.section:
                yield "/section", (self.section,)
        if self.harmony or self.chart_label == WILDCARD:
            yield "/harmony", (self.harmony or WILDCARD,)
        for seat in self.seats.of(self.name):
            if seat.state != "gone":
                yield f"/performer/{seat.name}/state", (seat.state,)
        for voice in self.voices.values():
            yield f"/player/{voice.name}/state", voice.states()
        for voice in self.voices.values():
            yield f"/player/{voice.name}/hears", voice.hears
        for voice in self.voices.values():
            if voice.recording is not None:
                yield f"/player/{voice.name}/record", (1,)
            if kept := self.takes.get(voice.memory, 0):
                yield f"/player/{voice.name}/takes", (voice.take, kept)
        for voice in self.voices.values():
            for name, value in voice.settings.items():
                yield f"/player/{voice.name}/is", (name, value)
        for name, value in self.settings.items():
            if name != "seed" and value != self._defaults[name]:
                yield "/session/is", (name, value)

    def looped_bars(self) -> tuple[int, int]:
        """The first and the last bar that are gone round; 0 and 0: none."""
        if self.course is None or self.course.loop == (0, 0):
            return 0, 0
        first, past = self.course.loop
        form = self.course.chart.form
        return form[first].bar, form[past - 1].bar

    def tell_state(self, now: int, seat: Seat) -> None:
        """The whole state to one seat, then `/synced` with the number of its messages.

        Of a house so full that it would be a burst, parameters that stand at their defaults are left out.
        """
        told = list(self.state())
        if len(told) > MOST_AT_ONCE:
            told = [message for message in told if not _is_default(*message)]
        for address, arguments in told:
            self.effects.append(Say(now, address, arguments, seat))
        self.tell(now, seat, "/synced", len(told))

    def status(self) -> list[tuple[str, tuple[Value, ...]]]:
        """What `/status` tells of this session: key and values."""
        here = [seat for seat in self.seats.of(self.name) if seat.state == "here"]
        lines: list[tuple[str, tuple[Value, ...]]] = [
            ("session", (self.name,)),
            ("performers", (len(here),)),
            ("players", (len(self.voices),)),
            ("heard", (self.heard,)),
            ("played", (self.last_event,)),
            ("late", (self.late,)),
            ("missed_deadlines", (sum(voice.missed for voice in self.voices.values()),)),
            ("answers_discarded", (self.discarded,)),
            ("events_by_stand_ins", (sum(voice.stood_in for voice in self.voices.values()),)),
            ("offs_without_ons", (sum(stream.ignored_offs for stream in self.streams.values()),)),
            ("echoes_ignored", (self.echoes,)),
            ("sounding", (sum(len(voice.sounding) for voice in self.voices.values()),)),
        ]
        lines += [("performer", (seat.name, seat.kind, seat.role, *seat.reply)) for seat in here]
        lines += [("player", (voice.name, *voice.states())) for voice in self.voices.values()]
        lines += [
            ("slow_player", (voice.name, voice.missed, voice.stood_in, voice.failed or "-"))
            for voice in self.voices.values()
            if voice.slow
        ]
        lines += [("failed_effect", failed) for failed in self.failed_effects]
        lengths, used = self.memory_lengths, {voice.memory for voice in self.voices.values()}
        told = sorted(lengths, key=lambda name: name not in used)[:MOST_MEMORIES_TOLD]
        lines += [("memory", (name, lengths[name])) for name in told]
        if len(told) < len(lengths):
            lines.append(("memories", (len(lengths),)))
        return lines

    def take(self) -> list[Effect]:
        """The effects so far; they are then the caller's."""
        effects, self.effects = self.effects, []
        return effects
