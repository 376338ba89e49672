"""A chart as a value: bars as they are written, and the form as it is played, with repeats and endings unfolded.

How charts are spelled is not known here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from ..errors import Refused

#: A label that every other one matches.
WILDCARD: Final = "*"
MOST_BARS: Final = 10_000
MOST_BEATS: Final = 64
#: Of the whole form as it is played.
MOST_FORM_BEATS: Final = 16_384
MOST_TIMES: Final = 64
MAX_LABEL: Final = 200
MAX_SECTION: Final = 64


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar as it is written."""

    labels: tuple[str, ...]  # one for each beat
    unit: int = 4  # of the metre; its beats are the labels
    section: str = ""  # that begins here
    opens: bool = False  # a repeat begins here
    times: int = 0  # a repeat ends here and is played so often; 0: none ends
    ending: tuple[int, ...] = ()  # the passes of the repeat that play what begins here


class ChartBeat(NamedTuple):
    """One beat of the form as it is played."""

    label: str
    bar: int  # of the form, from 1: repeated bars count each time
    beat: int  # in the bar, from 1
    section: str
    beats: int  # in this bar
    unit: int
    opens: bool  # a section begins on it


@dataclass(frozen=True, slots=True)
class Chart:
    """A form to play over. `form` is made of `bars`; raises `Refused` where its repeats make no sense."""

    name: str
    bars: tuple[Bar, ...]
    form: tuple[ChartBeat, ...] = field(init=False, compare=False, repr=False)
    labels: tuple[str, ...] = field(init=False, compare=False, repr=False)  # of the form

    def __post_init__(self) -> None:
        object.__setattr__(self, "form", _unfolded(self.bars))
        object.__setattr__(self, "labels", tuple(beat.label for beat in self.form))

    @property
    def length(self) -> int:
        """How many bars the form has as it is played."""
        return self.form[-1].bar

    @property
    def sections(self) -> tuple[str, ...]:
        """The names of its sections, in order of first appearance."""
        return tuple(dict.fromkeys(beat.section for beat in self.form if beat.section))

    def bar_at(self, bar: int) -> int:
        """The beat of the form with which a bar (from 1) begins; raises `Refused`."""
        for place, beat in enumerate(self.form):
            if beat.bar == bar:
                return place
        raise Refused(f"there is no bar {bar}", f"{self.name} has the bars 1 to {self.length}")

    def section_at(self, name: str) -> tuple[int, int]:
        """The beats [first, past) of the form of a section where it comes first; raises `Refused`."""
        for first, beat in enumerate(self.form):
            if beat.section == name:
                past = first + 1
                while past < len(self.form) and self.form[past].section == name and not self.form[past].opens:
                    past += 1
                return first, past
        there = ", ".join(self.sections) or "none; name one in brackets, as [A]"
        raise Refused(f"there is no section {name[:MAX_SECTION]!r}", f"sections of {self.name}: {there}")


def opaque_label(text: str) -> str:
    """A label made of any text, such as can be written between double quotes."""
    words = " ".join(text.split()).replace('"', "'").replace("|", "!").replace("//", "/")
    return words.encode()[:MAX_LABEL].decode(errors="ignore").strip()


def _unfolded(bars: Sequence[Bar]) -> tuple[ChartBeat, ...]:
    if not bars:
        raise Refused("there are no bars in it", "write chords between bars: Dm7 | G7 | C^7 | %")
    names: list[str] = []
    for bar in bars:
        names.append(bar.section or (names[-1] if names else ""))
    form: list[ChartBeat] = []
    for number, written in enumerate(order(bars), 1):
        if number > MOST_BARS:
            raise Refused(f"it has more than {MOST_BARS} bars", "divide it")
        if len(form) > MOST_FORM_BEATS:
            raise Refused(f"it has more than {MOST_FORM_BEATS} beats", "divide it")
        bar, section = bars[written], names[written]
        begins = bool(section) and (bool(bar.section) or not form or form[-1].section != section)
        beats = len(bar.labels)
        for beat, label in enumerate(bar.labels, 1):
            form.append(ChartBeat(label, number, beat, section, beats, bar.unit, begins and beat == 1))
    return tuple(form)


def order(bars: Sequence[Bar]) -> list[int]:
    """The numbers of the written bars, from 0, in the order in which they are played; raises `Refused`."""
    for number, bar in enumerate(bars, 1):
        if bar.opens and bar.ending:
            raise Refused(f"bar {number}: a repeat begins with an ending", "write what is repeated before it")
    played: list[int] = []
    at = 0
    while at < len(bars):
        if bars[at].opens:
            passes, at = _repeat(bars, at)
            played += passes
        elif bars[at].times:
            raise Refused(f"bar {at + 1}: a repeat ends that has not begun", "write |: where it begins")
        elif bars[at].ending:
            raise Refused(f"bar {at + 1}: an ending of no repeat", "write |: where the repeat begins")
        else:
            played.append(at)
            at += 1
        if len(played) > MOST_BARS:
            raise Refused(f"it has more than {MOST_BARS} bars", "divide it")
    return played


def _repeat(bars: Sequence[Bar], start: int) -> tuple[list[int], int]:
    """What is played from where a repeat begins, and where it goes on after that."""
    end = start
    while not bars[end].ending and not bars[end].times:
        end += 1
        if end == len(bars) or bars[end].opens:
            raise Refused(f"bar {start + 1}: the repeat that begins here does not end", "write :| at its end")
    if not bars[end].ending:
        return list(range(start, end + 1)) * bars[end].times, end + 1
    body = list(range(start, end))
    endings: dict[int, tuple[int, int]] = {}  # of each pass: the bars [first, past)
    at, closed = end, True
    while closed and at < len(bars) and bars[at].ending:
        past = _closed(bars, at)
        closed = past > 0
        for number in bars[at].ending:
            if number in endings:
                raise Refused(f"bar {at + 1}: ending {number} comes twice", "give each pass one ending")
            endings[number] = (at, past or at + 1)
        at = past or at + 1
    passes = max(2, *endings)
    for number in range(1, passes + 1):
        if number not in endings:
            raise Refused(f"bar {end + 1}: ending {number} is missing", f"write |{number}. before it")
    if not closed and endings[passes][1] != at:
        raise Refused(f"bar {at}: this ending does not end", "write :| at its end, or make it the last")
    played: list[int] = []
    for number in range(1, passes + 1):
        first, past = endings[number]
        played += [*body, *range(first, past)]
    return played, at


def _closed(bars: Sequence[Bar], at: int) -> int:
    """Where an ending that begins at `at` is past; 0 where nothing ends it, as the last one may be."""
    for place in range(at, len(bars)):
        if place > at and (bars[place].ending or bars[place].opens):
            return 0
        if bars[place].times:
            return place + 1
    return 0
