"""The one table of parameters: name, range, default, unit, meaning. Checks, `get`, `set` and the docs are made from it.

What a parameter does is elsewhere; here is only what it may be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .addresses import Value
from .chain import words
from .constraints import pitch_classes, transpositions
from .errors import Refused
from .manners import registers, turns
from .tokens import instructions_of, plan_of


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter. `whole`: only whole numbers; a value beyond the range is clipped to it."""

    name: str
    low: float
    high: float
    default: float
    unit: str
    does: str
    whole: bool = False

    def check(self, value: Value) -> tuple[Value, bool]:
        """The value in force and whether it was clipped; raises `Refused` for what is no finite number."""
        if isinstance(value, str):
            sent = value
            try:
                value = float(sent)
            except ValueError:
                raise Refused(f"{self.name} must be a number, {sent[:32]!r} came", self.cure) from None
        if not math.isfinite(value):
            raise Refused(f"{self.name} must be a finite number, {value} came", self.cure)
        if self.whole and value != int(value):
            raise Refused(f"{self.name} must be a whole number, {value:g} came", self.cure)
        kept = min(max(value, self.low), self.high)
        return (int(kept) if self.whole else float(kept)), kept != value

    @property
    def range(self) -> str:
        """From the least to the most, in words."""
        return f"{self.low:g} to {self.high:g}"

    @property
    def said(self) -> str:
        """The default in words."""
        return f"{self.default:g}"

    @property
    def cure(self) -> str:
        """What may be sent."""
        return f"send {self.low:g} to {self.high:g}{' ' + self.unit if self.unit else ''}"


@dataclass(frozen=True, slots=True)
class TextParam:
    """A parameter that is words. `read` raises `ValueError`, naming what is wrong, for those that it may not be."""

    name: str
    default: str
    unit: str
    does: str
    read: Callable[[str], object]
    most: int = 200
    empty: str = "all"  # what no words mean

    def check(self, value: Value) -> tuple[Value, bool]:
        """The words in force, never clipped; raises `Refused`."""
        words = str(value)
        if len(words.encode()) > self.most:
            raise Refused(f"{self.name} has more than {self.most} bytes", self.cure)
        try:
            self.read(words)
        except ValueError as error:
            raise Refused(f"{self.name}: {error}", self.cure) from None
        return words, False

    @property
    def range(self) -> str:
        """What it may be, in words."""
        return "words"

    @property
    def said(self) -> str:
        """The default in words."""
        return self.default or self.empty

    @property
    def cure(self) -> str:
        """What may be sent."""
        return f"send {self.unit}"


AnyParam = Param | TextParam


def table(params: Iterable[AnyParam]) -> Mapping[str, AnyParam]:
    """Parameters by name."""
    return {param.name: param for param in params}


PLAYER_PARAMS: Final = table(
    (
        Param("temperature", 0, 4, 1, "", "0 always takes the most probable, 1 draws as learned, more is wilder"),
        Param(
            "continuity", 0, 1000, 3, "events", "after so many in a row from one place it must go on from another", True
        ),
        Param("taboo", 0, 60, 0, "events", "so many of the last sources are not used again", True),
        Param("min_context", 0, 32, 0, "events", "places in memory that agree on fewer events have no say", True),
        Param("max_notes", 1, 16, 16, "notes", "of a chord at most so many, the highest first", True),
        Param("pitch_low", 0, 127, 0, "MIDI", "the lowest pitch that it may play", True),
        Param("pitch_high", 0, 127, 127, "MIDI", "the highest pitch that it may play", True),
        Param("range_hardness", 0, 1, 1, "", "1: never outside the pitch range; below, outside is only less probable"),
        TextParam(
            "pitch_classes",
            "",
            "notes' names such as C Eb G, a chord such as Dm7, or all",
            "only these pitch classes, as they sound",
            pitch_classes,
        ),
        Param("classes_hardness", 0, 1, 1, "", "1: no other pitch class; below, others are only less probable"),
        Param(
            "chord_tones", 0, 1, 0, "", "how much it keeps to the tones of the chord in force, most on the beat; 0: not"
        ),
        Param("register", 0, 127, 0, "MIDI", "about which pitch it prefers to play; 0: none", True),
        Param("register_width", 1, 64, 12, "semitones", "how far from its register it still likes to go"),
        Param(
            "longest_copy",
            0,
            1000,
            0,
            "events",
            "of what it plays at most so many in a row are as memory has them; 0: any number",
            True,
        ),
        Param("density", 0, 32, 0, "onsets a beat", "at most so many; what is above becomes rests; 0: no ceiling"),
        Param("rests", 0, 1, 0, "", "so large a share of its events becomes rests"),
        TextParam(
            "transpositions",
            "",
            "semitones such as -12 0 7 12, or all",
            "its sources are moved only by these, where memory has any such; all: by whatever is drawn",
            transpositions,
        ),
        Param("weight_melodic", 0, 1, 1, "", "in `follow`: how much the melody that it hears lights its memory"),
        Param("weight_harmonic", 0, 1, 0.5, "", "in `follow`: how much the chord, or the notes heard together, do"),
        Param("weight_self", 0, 1, 0.5, "", "in `follow`: how much what it has played itself does"),
        Param("activation_decay", 0.1, 64, 4, "beats", "in `follow`: so long, and a lit place has faded to a tenth"),
        Param(
            "activation_threshold", 0.001, 1, 0.1, "", "in `follow`: a place that is lit lower than this is dark again"
        ),
        Param("lead", 0, 8, 1, "events", "in `follow`: it plays what came so much later; 0: the same in unison", True),
        Param("phase", 0, 1, 0, "", "in `follow`: how much an event's place in the beat must agree; 1: fully, 0: not"),
        Param("continuity_bonus", 0, 10, 1.5, "", "in `follow`: multiplies what goes on from what it played last"),
        Param(
            "tempo_consistency", 0, 1, 0, "", "in `follow`: how much events played at another tempo than its last lose"
        ),
        Param("transposition_consistency", 0, 1, 0.5, "", "in `follow`: how much events moved by other semitones lose"),
        TextParam(
            "instruction",
            "",
            "sparser, denser, higher, lower, chords, rhythm, key C minor, tonic D, beats 4; commas between them",
            "what an LLM is told to do; other models heed no words",
            instructions_of,
            empty="none",
        ),
        TextParam(
            "plan",
            "",
            "own, or such as: ends C, rising, 4 6 2 (a shape, and the notes of each bar)",
            "what an LLM is to play next; own: it plans by itself, and says so before it plays",
            plan_of,
            empty="none",
        ),
        Param(
            "transpose_range",
            0,
            12,
            6,
            "semitones",
            "in `chart`: memory's beats may be moved by so much to fit, unless `transpositions` says by what",
            True,
        ),
        Param(
            "chord_families",
            0,
            1,
            1,
            "",
            "in `chart`: 1: chords of one family (dominant, minor …) are alike; 0: only of the same kind",
            True,
        ),
        Param(
            "chart_copy",
            0,
            1000,
            12,
            "events",
            "in `chart`: at most so many in a row are as memory has them, or fewer by `longest_copy`; 0: any number",
            True,
        ),
        Param("lookahead", 1, 128, 16, "beats", "in `chart`: so far ahead memory is compared with the chart", True),
        Param("microtones", 0, 1, 0, "", "1: pitches are sent with their cents, as floats", True),
        Param("transpose", -48, 48, 0, "semitones", "added to every pitch but drums", True),
        Param("octave", -4, 4, 0, "octaves", "so many octaves are added to every pitch but drums", True),
        Param("volume", 0, 1, 1, "", "multiplies every velocity as it is sent; none becomes 0"),
        Param("speed", 0.125, 8, 1, "", "against the beat: 2 is twice as fast, 0.5 half as fast"),
        Param("hold", 0, 1, 0, "", "1: it goes on holding what it is at; a stop lets go", True),
        Param("loop", 0, 256, 0, "beats", "so many beats go round, the last that it played; 0: none; a stop ends it"),
        Param(
            "through", 0, 1, 0, "", "1: it plays its memory through, as recorded and in order; 0: it improvises", True
        ),
        Param(
            "learn", 0, 1, 1, "", "whether it goes on learning from whom it hears; 0: its memory stays as it is", True
        ),
        Param(
            "solo",
            0,
            1,
            0,
            "",
            "1: all players without it are silent, and go on thinking; by no leader's hand only its owner's",
            True,
        ),
        Param("velocity_scale", 0.01, 4, 1, "", "multiplies every velocity"),
        Param("channel", 0, 255, 0, "", "the channel that it plays on; 0: that of what it answers or takes up", True),
        TextParam(
            "effects",
            "",
            "effects with their values, such as transpose:7 delay:0.5, or - for none",
            "the chain that every event goes through",
            words,
            most=400,
            empty="none",
        ),
        Param(
            "leash",
            0,
            100_000,
            64,
            "beats",
            "so long (60 s at least) after the last human act it falls silent; 0: never",
        ),
        Param("yield", 0, 1, 1, "", "whether a new onset of whom it answers ends the answer", True),
    )
)

SESSION_PARAMS: Final = table(
    (
        Param("phrase_gap_s", 0.05, 60, 1, "s", "a phrase ends so long after its last note-off"),
        Param("chord_ms", 0, 500, 30, "ms", "onsets within it of the first are one event"),
        Param("hold_max_s", 0.1, 600, 10, "s", "a note or event that lasts longer no longer delays a phrase's end"),
        Param("echo_ms", 0, 2000, 0, "ms", "machine pitches heard back within it are ignored"),
        Param("tap_starts", 0, 1, 0, "", "whether four taps of `/beat` start the transport", True),
        Param(
            "panic_release_s",
            0,
            86_400,
            0,
            "s",
            "so long after a panic it starts again by itself, unless stopped; 0: never",
        ),
        Param(
            "manners_density",
            0,
            64,
            0,
            "notes a beat",
            "all players together play at most so many, and share them; 0: any number",
        ),
        TextParam(
            "manners_registers",
            "",
            "players with their octaves such as bass 1-2 shadow 4, auto, or -",
            "who plays in which octaves (the fourth from middle C on); auto: they are shared out; empty: all in all",
            registers,
        ),
        TextParam(
            "manners_turns",
            "",
            "players' names, *, or -",
            "who is silent while a human plays; *: all but those that follow; empty: nobody",
            turns,
            empty="nobody",
        ),
        Param("manners_turns_beats", 0.25, 64, 2, "beats", "so long after a human's last onset they are silent"),
        Param("seed", 0, 2**53, 0, "", "of chance; the same seed and the same playing give the same notes", True),
    )
)


def defaults(params: Mapping[str, AnyParam]) -> dict[str, Value]:
    """The values in force before anybody has set any."""
    return {param.name: param.check(param.default)[0] for param in params.values()}


def check(params: Mapping[str, AnyParam], name: str, value: Value) -> tuple[Value, bool]:
    """The value of a parameter in force and whether it was clipped; raises `Refused`, also for an unknown name."""
    if name not in params:
        raise Refused(f"no parameter {name[:32]!r}", f"parameters: {', '.join(params)}")
    return params[name].check(value)
