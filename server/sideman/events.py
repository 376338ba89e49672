"""The values that travel: notes, events, where an event came from, what is asked of a player and what it answers.

Only frozen data belong here; whoever makes or changes them lives elsewhere.
Beats are quarter notes at the session's tempo, `_ns` is on the session's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .manners import Manners


@dataclass(frozen=True, slots=True)
class Note:
    """One sounding note of an event."""

    pitch: float  # MIDI number; a fraction is cents
    velocity: float  # above 0, to 127
    offset_beats: float  # after the event's onset
    duration_beats: float
    channel: int = 1


@dataclass(frozen=True, slots=True)
class Control:
    """A controller, the bend or the pressure as it was moved during an event."""

    kind: str  # `control`, `bend` or `pressure`
    number: int  # of the controller; of pressure the pitch, -1 for all; of bend 0
    value: float  # 0 to 127, of bend -1 to 1
    offset_beats: float  # after the event's onset
    channel: int = 1


@dataclass(frozen=True, slots=True)
class Event:
    """What was played at one onset: a note, a chord or a label."""

    performer: str
    onset_ns: int
    onset_beats: float
    span_beats: float  # to the next onset of its stream; at a phrase's end its sounding length
    notes: tuple[Note, ...] = ()
    label: str = ""
    last: bool = False  # the last event of its phrase
    chord: str = ""  # the harmony in force at its onset
    word: str = ""  # of a typed character: the word that it ends
    numbers: tuple[float, ...] = ()  # of a gesture
    origin: str = ""  # of what a player played: whose event it had been
    controls: tuple[Control, ...] = ()
    form_beats: float = -1.0  # where in the form it began, below 0 where no transport ran

    @property
    def top(self) -> Note:
        """The highest note: what `pitch` and `interval` look at."""
        notes = self.notes
        return notes[0] if len(notes) == 1 else max(notes, key=lambda note: note.pitch)

    @property
    def duration_beats(self) -> float:
        """From the onset to the last note-off."""
        return max((note.offset_beats + note.duration_beats for note in self.notes), default=self.span_beats)


@dataclass(frozen=True, slots=True)
class PartWord:
    """What one part of a blend had to say about the event that was chosen."""

    name: str
    weight: float  # a mean over the components: a share of 1 in a mixture, an exponent in a product
    probability: float  # before masks and sampler, a product over the components


@dataclass(frozen=True, slots=True)
class Why:
    """Where an event of a player came from. Probabilities are products over the symbol's components."""

    model: str
    probability: float  # after masks and sampler settings: what it was drawn with
    raw: float  # what the model itself gave
    entropy_bits: float  # of the raw distributions, summed over the components
    rank: int  # of the chosen value in the model's own order, the worst over the components; 0 is the most probable
    source: str  # the performer whose event it goes on from, or the model's own name
    source_position: int  # in memory, -1: none
    source_beat: float  # where that event was played, -1: none
    context: int  # how many events of context agreed
    bound_by: tuple[str, ...] = ()  # constraints that forbade something, and rules given up: "gave up taboo"
    key: str = ""  # of the draw: seed/player/ordinal
    parts: tuple[PartWord, ...] = ()  # of a blend
    origin: str = ""  # where that event was a player's: whose it had been
    lit: tuple[tuple[str, float], ...] = ()  # in `follow`: the influences that lit the place, each with how high

    def is_from(self, performer: str) -> bool:
        """Whether it was made from what somebody had played."""
        return performer in (self.source, self.origin)


@dataclass(frozen=True, slots=True)
class Planned:
    """One event that a player intends: when, what, why."""

    onset_beats: float
    span_beats: float
    notes: tuple[Note, ...]
    label: str
    why: Why
    gesture: tuple[float, ...] = ()
    suggestions: tuple[tuple[str, float], ...] = ()  # completions of a text, each with its probability, best first
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Before:
    """What an effect may know of what was planned before an event, without effects."""

    events: tuple[Planned, ...]  # the last of them, in order
    count: int  # of all since the player was made


@dataclass(frozen=True, slots=True)
class Query:
    """What the session asks of a player: go on from where you are, until `until_beats` or `count` events.

    An answer carries (epoch, revision, memory_length) back; to an older one nobody listens any more.
    """

    player: str
    epoch: int  # raised by stop and panic
    revision: int  # raised whenever the unsent plan is dropped
    memory_length: int
    seed: int
    ordinal: int  # of the first event asked for, in this player's life: part of the key of chance
    onset_beats: float  # of the first event asked for
    until_beats: float  # the event that crosses this is the last
    count: int  # at most so many
    phrase_of: str = ""  # performer whose phrase is answered: begin after it; empty: go on
    stream: int = -1  # the stream of that phrase
    opening: Event | None = None  # `follow`: the event that has just opened; its span is not known yet
    opening_stream: int = -1
    follows: bool = False  # it reacts by what is lit in its memory, where anything is
    avoid: tuple[int, int] = (0, 0)  # memory positions [first, past) of the phrase: used only if there is nothing else
    channel: int = 1
    velocity: float = 0.0  # mean velocity to match, 0: the sources' own
    settings: Mapping[str, int | float | str] = field(default_factory=dict)  # parameters by name
    chord: str = ""  # the harmony in force
    manners: Manners = field(default_factory=Manners)  # of the ensemble: what leaves room for others
    grid_beats: float = 0.0  # added to a beat it gives the place in the form: whole numbers are beats
    jump: float | None = None  # go there in memory first: to what was played from that beat on; below 0: nowhere
    played: tuple[Planned, ...] | None = None  # what goes before, whoever chose it; None: the player chose it all
    scenario: tuple[str, ...] = ()  # `chart`: the labels that are asked for, from the beat on that holds the onset
    chart_beat: int = -1  # the number of that beat in the form, from 0; -1: there is no chart
    take: int = 0  # the take that is to be played again, from 1; 0: none
    take_since: float = 0.0  # where on the timeline its first round begins


@dataclass(frozen=True, slots=True)
class Answer:
    """What a player answers: events in order of onset, perhaps none (`note` says why)."""

    player: str
    epoch: int
    revision: int
    memory_length: int
    events: tuple[Planned, ...] = ()
    note: str = ""
    plan: str = ""  # what it intends, where it has just planned
