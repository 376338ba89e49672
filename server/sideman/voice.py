"""One player as the session sees it: armed or not, what it plans, what of it sounds, what it says of its state.

The automatic layer of a player lives here; how its events are chosen does not (the session asks, a player answers).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import Final

from .addresses import Value
from .chain import Fault, Link, treated
from .controls import Key, put_to_rest, resting_keys, told
from .effects import Cut, Effect, Revert, Say
from .events import Answer, Before, Event, Note, Planned, Query
from .hand import Hand
from .manners import Manners
from .seats import Seat
from .streams import Phrase
from .timeline import MINUTE, SECOND, Timeline
from .treatments import REACH
from .viewpoint import EARLY_BEATS

MODES: Final = ("free", "answer", "follow", "chart", "manual")
LEASH_LEAST_NS: Final = 60 * SECOND
LEASHING_BEATS: Final = 8.0
#: A fader's stream of changes within this is one change.
ONE_CHANGE_NS: Final = 2 * SECOND
MAX_CHANGES: Final = 64
HORIZON_NS: Final = 250_000_000
#: A slow model is asked a beat ahead, at most so much.
SLOW_HORIZON_NS: Final = SECOND
#: So many of the last events are told to a model that may not have chosen them itself.
RECENT: Final = 32
#: Older than this, what is overdue is dropped and never rushed out.
STALE_NS: Final = 250_000_000
MS: Final = 1_000_000
#: What is due within this may have left by the time when a decision reaches the wire: it counts as sent.
ON_ITS_WAY_NS: Final = 4 * MS
REMEMBERED: Final = 4096
EVENTS_A_QUERY: Final = 32
#: A query asks for at least this much, however the horizon is rounded.
LEAST_BEATS: Final = 1e-6
#: No chain of players that react to players is longer.
DEEPEST: Final = 4
ENDLESS: Final = float("inf")


#: The models of a blend, each with its weight.
Parts = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a player is to become, who wants it, and by which address."""

    model: str
    viewpoint: str
    parts: Parts
    by: Seat | None
    address: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A phrase that may be answered, and where it lies in the voice's memory."""

    phrase: Phrase
    stream: int
    avoid: tuple[int, int]
    depth: int = 0  # how many reactions of players led to it; a human's is 0


@dataclass(slots=True)
class Sounding:
    """A note that was handed over: `natural_end_ns` is its end unless something ends it before."""

    start_ns: int
    end_ns: int
    natural_end_ns: int
    pitch: int
    channel: int
    event: int
    note: Note  # as it is to sound
    by_hand: bool = False  # struck again, because it is held


@dataclass(frozen=True, slots=True)
class Played:
    """An event with the number under which it went out."""

    number: int
    due_ns: int
    planned: Planned
    moved: frozenset[Key] = frozenset()  # bends and pressures that are to be put to rest after it
    raw: Planned | None = None  # before effects
    by_hand: bool = False  # it was no player's idea
    erased: bool = False  # it was made from what somebody played who is forgotten: only when it was is known
    judged: tuple[tuple[str, int], ...] = ()  # by performers: 1 where they like it, -1 where they do not


@dataclass(slots=True)
class Change:
    """What somebody changed of a player, and how it was before."""

    by: str
    what: str
    at_ns: int
    before: Value | tuple[str, ...] | Wanted


@dataclass(slots=True, eq=False)
class Voice:
    """A player's place in the session. Beats are the session timeline's."""

    name: str
    key: str  # unique in the server: session/name
    model: str
    viewpoint: str
    memory: str
    owner: str
    settings: dict[str, Value]
    parts: Parts = ()
    made: tuple[str, str, str] = ("", "", "")  # model, viewpoint and memory that it was made with
    mode: str = "free"
    armed: bool = False
    panicked: bool = False
    leashed: bool = False
    leashing: bool = False
    tethered: bool = False  # was leashed, and no human has lifted that yet; a stop does not
    muted: bool = False
    shadowed: bool = False  # others are solo
    solo_over_all: bool = True  # if it is solo, a leader wished it: all others are silent, whosever they are
    failed: str = ""
    halted: bool = False  # `/start` brings it back
    deaf: bool = False  # stopped: phrases that end meanwhile go unanswered
    recording: int | None = None  # since where in memory a take is being recorded
    recorded: tuple[float, float] = (0.0, 0.0)  # the beats of the take that is, or was last: first, past
    take: int = 0  # that it plays, from 1; 0: none
    take_since: float = 0.0  # where on the timeline it began with it
    hears: tuple[str, ...] = ("*",)
    epoch: int = 0
    revision: int = 0
    ordinal: int = 0
    adopted: int = 0  # events that were ever taken into its plan
    foreseen: int = 0  # so many of these are known to those that hear it
    lead_ns: int = 0  # so much before it is due, what is planned may leave
    cut_ns: int = 0  # when its plan was last made void
    depth: int = 1  # of what it plays: how many reactions of players lead to it, this one included
    playing: bool = False
    resting: bool = False  # armed in `free` with nothing to play from yet
    trying: bool = False  # it was asked, and may have nothing: it does not say that it plays
    cursor_beat: float = 0.0
    until_beat: float = ENDLESS
    beats: float = -1.0  # asked for by `play`; below 0: none
    beats_left: float = -1.0  # of a `play` that a stop broke off
    answering: Finished | None = None
    fresh: bool = False  # the next query begins after the phrase
    waiting: Finished | None = None
    asked: Query | None = None
    slow: bool = False  # its model answers in its own time, or never
    begun: int = 0  # how many of the last events follow one another since it last began after a phrase
    asked_ns: int = 0
    missed: int = 0  # deadlines
    stood_in: int = 0  # events that another model chose in place of its own
    played: deque[Played] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    sounding: list[Sounding] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    shown: tuple[str, str, str] = ("", "", "")
    hand: Hand = field(default_factory=Hand)
    chain: tuple[Link, ...] = ()
    faults: list[Fault] = field(default_factory=list)  # of effects that have failed and are still in the chain
    count: int = 0  # of the events that were planned and not dropped
    to_come: list[tuple[int, Say]] = field(default_factory=list)  # of events when they have begun, with their onsets

    @property
    def learn(self) -> bool:
        """Whether it goes on learning."""
        return bool(self.settings["learn"])

    @property
    def leash(self) -> float:
        """So many beats it plays on without a human; 0: without end."""
        return float(self.settings["leash"])

    @property
    def state(self) -> str:
        """The first that holds of the states in PROTOCOL.md."""
        if self.failed:
            return "failed"
        if self.panicked:
            return "panicked"
        if self.leashed:
            return "leashed"
        if not self.armed:
            return "stopped"
        if self.silent:
            return "muted"
        if self.leashing:
            return "leashing"
        return "playing" if self.playing and not self.trying else "armed"

    @property
    def silent(self) -> bool:
        """Whether it thinks without being heard."""
        return self.muted or self.shadowed

    def silences(self, other: Voice) -> bool:
        """Whether it is solo and the other is not, and who wished that may silence the other."""
        reaches = self.solo_over_all or other.owner in ("", self.owner)
        return reaches and bool(self.settings["solo"]) and not other.settings["solo"]

    def states(self) -> tuple[str, str, str]:
        """State, model and mode, as `/player/<p>/state` says them."""
        return self.state, self.model, self.mode

    # What it plays

    @property
    def goes_on(self) -> bool:
        """Whether its mode is to play until it is stopped, whoever else plays."""
        return self.mode in ("free", "chart")

    def begin(self, beat: float, until_beat: float, finished: Finished | None) -> None:
        """Play from `beat` on, until the event that crosses `until_beat`; after a phrase, or going on."""
        self.playing = True
        self.resting = self.trying = False
        self.cursor_beat = beat
        self.until_beat = until_beat
        self.answering = finished
        self.depth = finished.depth + 1 if finished else 1
        self.fresh = finished is not None

    def records(self, event: Event) -> bool:
        """Whether an event belongs to the take that it records, or has recorded last."""
        since, past = self.recorded
        return since - EARLY_BEATS <= event.onset_beats < past - EARLY_BEATS

    def struck(self, pitch: int, since_ns: int, now: int) -> bool:
        """Whether it began a note of that pitch between `since_ns` and `now`."""
        for played in reversed(self.played):
            if played.due_ns < since_ns:
                return False
            if played.due_ns <= now and any(round(note.pitch) == pitch for note in played.planned.notes):
                return True
        return False

    def changed(self, change: Change) -> None:
        """Remember a change for `undo`; of a stream of changes to one thing, how it was before the first."""
        last = self.changes[-1] if self.changes else None
        if (
            last is not None
            and (last.by, last.what) == (change.by, change.what)
            and change.at_ns - last.at_ns <= ONE_CHANGE_NS
            and change.what.startswith("param ")
        ):
            last.at_ns = change.at_ns
            return
        self.changes.append(change)
        del self.changes[:-MAX_CHANGES]

    def query(
        self,
        now: int,
        timeline: Timeline,
        seed: int,
        memory_length: int,
        count: int,
        opening: tuple[Event, int] | None = None,
        chord: str = "",
        grid_beats: float = 0.0,
        manners: Manners | None = None,
    ) -> Query:
        """What to ask its player for: events up to the horizon, or `count` of them."""
        horizon = timeline.beat_at(now + self.horizon_ns(timeline))
        until = min(self.until_beat, self.hand.awaited_until, max(horizon, self.cursor_beat + LEAST_BEATS))
        finished = self.answering if self.fresh else None
        phrase = self.answering.phrase if self.answering else None
        opened, opened_in = opening or (None, -1)
        channel = opened.notes[0].channel if opened is not None and opened.notes else 1
        query = Query(
            player=self.key,
            epoch=self.epoch,
            revision=self.revision,
            memory_length=memory_length,
            seed=seed,
            ordinal=self.ordinal,
            onset_beats=self.cursor_beat,
            until_beats=until if count == 0 else ENDLESS,
            count=count or EVENTS_A_QUERY,
            phrase_of=finished.phrase.performer if finished else "",
            stream=finished.stream if finished else -1,
            avoid=self.answering.avoid if self.answering else (0, 0),
            channel=phrase.channel if phrase else channel,
            velocity=phrase.velocity if phrase else 0.0,
            opening=opened,
            opening_stream=opened_in,
            follows=self.mode == "follow",
            settings=self.settings,
            chord=chord,
            grid_beats=grid_beats,
            manners=manners or Manners(),
            jump=self.hand.jump if self.count == self.hand.jumped_at else None,
        )
        self.asked = query
        return query

    def horizon_ns(self, timeline: Timeline) -> int:
        """How far ahead it plans: a beat or 250 ms, the smaller; where its model is slow the larger, up to 1 s.

        More by what a listener wants to get things ahead.
        """
        beat = round(MINUTE / timeline.bpm)
        own = min(max(HORIZON_NS, beat), SLOW_HORIZON_NS) if self.slow else min(HORIZON_NS, beat)
        return own + self.lead_ns

    def recent(self) -> tuple[Planned, ...]:
        """The last events of what it plays, planned ones too, back to where it began after a phrase."""
        own = (played.raw or played.planned for played in reversed(self.played) if not played.by_hand)
        return tuple(reversed(tuple(islice(own, min(self.begun, RECENT)))))

    def adopts(self, answer: Answer) -> bool:
        """Whether an answer is to the question that stands."""
        asked = self.asked
        return (
            asked is not None
            and (answer.epoch, answer.revision) == (self.epoch, self.revision)
            and answer.memory_length == asked.memory_length
        )

    def again(self, asked: Query, now: int, timeline: Timeline) -> Query:
        """The same question for whoever answers it instead, up to the horizon as it is now; the first is void."""
        self.revision += 1
        self.cursor_beat = max(self.cursor_beat, timeline.beat_at(now))
        horizon = timeline.beat_at(now + self.horizon_ns(timeline))
        until = max(asked.until_beats, min(self.until_beat, horizon), self.cursor_beat + LEAST_BEATS)
        self.asked = replace(asked, revision=self.revision, onset_beats=self.cursor_beat, until_beats=until)
        return self.asked

    def adopt(self, number: int, planned: Planned, timeline: Timeline, *, by_hand: bool = False) -> Iterator[Effect]:
        """Take one event into the plan: its notes, each with its due time, and offs for what it strikes again."""
        raw, planned = planned, self._treated(planned)
        onset = timeline.ns_at(planned.onset_beats)
        moved = self.played[-1].moved if self.played else frozenset()
        left = moved if self.silent else resting_keys(planned.controls)
        self.played.append(Played(number, onset, planned, left, raw, by_hand))
        self.ordinal += not by_hand
        self.begun += not by_hand
        self.adopted += 1
        self.trying = False
        self.count += 1
        self.cursor_beat = planned.onset_beats + planned.span_beats
        if self.silent:
            return
        for control in (*put_to_rest(moved, planned.controls), *planned.controls):
            kind, values = told(control)
            yield self._say(onset, onset + timeline.span_ns(control.offset_beats), kind, *values, number)
        if planned.label:
            yield self._say(onset, onset, "event", planned.label, timeline.span_ns(planned.span_beats) / MS, number)
        if planned.gesture:
            yield self._say(onset, onset, "gesture", number, *planned.gesture)
        if planned.suggestions:
            yield self._say(onset, onset, "suggest", *(value for found in planned.suggestions for value in found))
        for note in planned.notes:
            start = onset + timeline.span_ns(note.offset_beats) if note.offset_beats else onset
            yield from self._strike(onset, start, max(MS, timeline.span_ns(note.duration_beats)), note, number)

    def _treated(self, planned: Planned) -> Planned:
        """The event after the chain of effects; those that failed are left in `faults`."""
        if not self.chain:
            return planned
        last = [played.raw or played.planned for played in islice(reversed(self.played), REACH)]
        result, faults = treated(planned, self.chain, Before(tuple(reversed(last)), self.count))
        self.faults += faults
        return result

    def _strike(self, onset: int, start: int, length: int, note: Note, number: int) -> Iterator[Effect]:
        """A note of the event that begins at `onset`; the same pitch that sounds then ends first, and it ends itself
        where the same pitch is to come again."""
        pitch = round(note.pitch)
        for held in self.sounding:
            if held.pitch != pitch or held.channel != note.channel:
                continue
            if held.start_ns <= start < held.end_ns:
                yield self._say(onset, start, "off", held.pitch, held.channel, held.event)
                held.end_ns = start
            elif start < held.start_ns < min(start + length, held.end_ns):
                length = held.start_ns - start
        self.sounding.append(Sounding(start, start + length, start + length, pitch, note.channel, number, note))
        said = float(note.pitch) if self.settings["microtones"] else pitch
        velocity = max(1, round(note.velocity * float(self.settings["volume"])))
        yield self._say(onset, start, "note", said, velocity, length / MS, note.channel, number)

    def strike(self, now: int, length: int, note: Note, number: int) -> Iterator[Effect]:
        """A note of an event that has begun is struck again, now."""
        yield from self._strike(now, now, length, note, number)
        self.sounding[-1].by_hand = True

    def _say(self, onset: int, due: int, kind: str, *arguments: Value) -> Say:
        """What is said at `due` of the event that begins at `onset`."""
        say = Say(due, f"/player/{self.name}/{kind}", arguments, player=self.key, epoch=self.epoch)
        if due > onset:
            self.to_come.append((onset, say))
        return say

    def forget_ended(self, now: int) -> None:
        """Notes whose end has passed need no note-off."""
        if self.sounding and self.sounding[0].end_ns <= now:
            self.sounding = [held for held in self.sounding if held.end_ns > now]
        self.to_come = [(onset, say) for onset, say in self.to_come if say.due_ns > now]

    def forget_source(self, performer: str) -> None:
        """What it played of somebody's music is no longer known, nor whose it was and when they had played it."""
        for at, played in enumerate(self.played):
            if played.planned.why.is_from(performer):
                nobody = replace(played.planned.why, source="", origin="", source_position=-1, source_beat=-1.0)
                silence = Planned(played.planned.onset_beats, played.planned.span_beats, (), "", nobody)
                self.played[at] = replace(played, planned=silence, raw=None, erased=True)
        own = (played for played in reversed(self.played) if not played.by_hand)
        left = sum(1 for _ in takewhile(lambda played: not played.erased, islice(own, self.begun)))
        self.begun = min(self.begun, left)

    # What ends it

    def silence(self, now: int) -> Iterator[Effect]:
        """Nothing more is said of its plan, and what sounds ends now."""
        yield from self.hush(now)
        self.sounding.clear()
        self.to_come.clear()
        self.hand.open()
        for name in ("hold", "loop"):
            if self.settings[name]:
                self.settings = {**self.settings, name: type(self.settings[name])(0)}
                yield Say(now, f"/player/{self.name}/is", (name, self.settings[name]))
        yield from self._drop_unsent(now)
        yield from self.rest(now)
        self.epoch += 1
        self.cut_ns = now
        self.playing = False
        self.resting = self.trying = False
        self.answering = None
        self.asked = None

    def rest(self, now: int) -> Iterator[Effect]:
        """The bends and pressures of what it played last go back to where nobody bends or presses."""
        if self.played and self.played[-1].moved:
            last = self.played[-1]
            for control in put_to_rest(last.moved):
                kind, values = told(control)
                yield Say(now, f"/player/{self.name}/{kind}", (*values, last.number))
            self.played[-1] = replace(last, moved=frozenset())

    def hush(self, now: int) -> Iterator[Effect]:
        """What sounds ends now, and so does what may just have left; nothing more of what was handed over is said."""
        yield Cut(self.key, now)
        yield from self._call_back(now, now, begun=True)
        for held in self.sounding:
            if held.start_ns <= now + ON_ITS_WAY_NS and now < held.end_ns:
                yield Say(now, f"/player/{self.name}/off", (held.pitch, held.channel, held.event))
                held.end_ns = held.natural_end_ns = now

    def _call_back(self, now: int, after_ns: int, *, begun: bool) -> Iterator[Effect]:
        """To those who get things ahead: what they have of the plan after that moment is void, and its notes end; those
        of events that have begun by then only if these are void too.

        Each is ended at once, and for those who keep bundles until their time again 1 ms after it is due.
        """
        if not self.lead_ns:
            return
        prefix = f"/player/{self.name}"
        void = [played.number for played in takewhile(lambda played: played.due_ns > after_ns, reversed(self.played))]
        if void:
            yield Say(now, f"{prefix}/cut", (void[-1],), ahead=True)
        for held in self.sounding:
            if not begun and held.event not in void:
                continue
            if after_ns < held.start_ns <= now + ON_ITS_WAY_NS + self.lead_ns:
                off = (held.pitch, held.channel, held.event)
                lead_ns = max(1, held.start_ns - now - ON_ITS_WAY_NS)
                if held.start_ns > now + ON_ITS_WAY_NS:  # else all are told
                    yield Say(now, f"{prefix}/off", off, lead_ns=lead_ns)
                yield Say(held.start_ns + MS, f"{prefix}/off", off, lead_ns=lead_ns, ahead=True)

    def revise(self, now: int) -> Iterator[Effect]:
        """The unsent part of its plan is void; what sounds goes on, and so does what it was doing.

        Of an event that has begun, what is still to come (of a broken chord, of an echo) comes."""
        stands_ns = now + ON_ITS_WAY_NS
        yield Cut(self.key, stands_ns)
        yield from self._call_back(now, stands_ns, begun=self.silent)
        later = takewhile(lambda played: played.due_ns > stands_ns, reversed(self.played))
        unsent = {played.number for played in later}
        kept = [] if self.silent else [(onset, say) for onset, say in self.to_come if onset <= stands_ns < say.due_ns]
        ends = {(say.due_ns, *say.arguments) for _, say in kept if say.address.endswith("/off")}
        begun = [held for held in self.sounding if held.event not in unsent]
        self.sounding = [held for held in begun if held.start_ns <= stands_ns or not self.silent]
        for held in self.sounding:
            if held.end_ns > stands_ns and (held.end_ns, held.pitch, held.channel, held.event) not in ends:
                held.end_ns = held.natural_end_ns
        yield from self._drop_unsent(stands_ns)
        self.epoch += 1
        self.cut_ns = stands_ns
        self.revision += 1
        self.asked = None
        self.to_come = [(onset, say._replace(epoch=self.epoch, again_ns=stands_ns)) for onset, say in kept]
        yield from (say for _, say in self.to_come)

    def _drop_unsent(self, now: int) -> Iterator[Effect]:
        dropped = 0
        while self.played and self.played[-1].due_ns > now:
            played = self.played.pop()
            self.cursor_beat = played.planned.onset_beats
            dropped += not played.by_hand
            self.count -= 1
        if dropped:
            self.ordinal -= dropped
            self.begun = max(0, self.begun - dropped)
            yield Revert(self.key, dropped)

    # What it remembers

    def find(self, number: int, now: int) -> Played | None:
        """The event of that number, or (0) the last that was heard; the latest where numbers have begun again."""
        for played in reversed(self.played):
            if played.due_ns <= now and (number == 0 or played.number == number):
                return played
        return None
