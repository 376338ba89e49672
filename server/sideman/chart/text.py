"""Charts as one types them: `[A] Dm7 | G7 | C^7 | %`, with `|: … :|`, `|1. … :|2. …`, `3/4`, several chords in a bar.

A line's end is a bar's end. `.` and `/` let the chord before go on, `%` the bar before; `N` is no chord, `*` any label,
a label that is no chord stands in double quotes. `:|x3` is played three times. Lines that begin with `#`
are remarks, and so is what stands behind `//`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..errors import Refused
from ..harmony import NO_CHORD, parse
from .form import MAX_LABEL, MAX_SECTION, MOST_BARS, MOST_BEATS, MOST_TIMES, WILDCARD, Bar, Chart

_TOKEN: Final = re.compile(
    r"""(?P<line> :\|+:?(?:x\d+)? | \|+:? | \n )
      | \[(?P<section>[^\]|\n]*)\]
      | "(?P<quoted>[^"|\n]*)"
      | (?P<word> (?:(?!:?\|)[^\s\["])+ )
      | (?P<stray> \S )""",
    re.VERBOSE,
)
_REMARK: Final = re.compile(r"(?:\A|\s)//.*")
_METRE: Final = re.compile(r"(\d{1,3})/(\d{1,3})\Z")
#: Patchers make a number of `1.` and send it without the point.
_ENDING: Final = re.compile(r"(\d{1,2}(?:,\d{1,2})*)\.?\Z")
_NONE: Final = (NO_CHORD, "NC", "N.C.")
CHORD_CURE: Final = 'write Dm7 G7 C^7 F#m7b5 C/E, N for none, * for any, "fog" for a label that is no chord'


def read_text(text: str, name: str = "untitled", metre: tuple[int, int] = (4, 4)) -> Chart:
    """The chart in a text, in `metre` until it says another; raises `Refused` that names bar and cure."""
    reader = _Reader(*metre)
    lines = [_REMARK.sub("", line) for line in text.splitlines() if not line.lstrip().startswith("#")]
    for found in _TOKEN.finditer("\n".join(lines)):
        reader.take(found)
    return Chart(name, tuple(reader.bars()))


@dataclass(slots=True)
class _Reader:
    """What has been read so far: bars, the words of the bar under way, and what is said of it before its chords."""

    beats: int
    unit: int
    _bars: list[Bar] = field(default_factory=list)
    _words: list[str] = field(default_factory=list)
    _section: str = ""
    _opens: bool = False
    _ending: tuple[int, ...] = ()
    _open: bool = False  # a repeat is under way
    _since: int = 0  # where a repeat begins that was not said to begin

    @property
    def _number(self) -> int:
        return len(self._bars) + 1

    def take(self, found: re.Match[str]) -> None:
        """One token."""
        if (line := found["line"]) is not None:
            self._line(line)
        elif (section := found["section"]) is not None:
            self._bar()
            if self._section:
                raise Refused(f"bar {self._number}: section {self._section!r} has no bars", "write chords behind it")
            if not section.strip() or len(section) > MAX_SECTION:
                raise Refused(f"bar {self._number}: a section's name has 1 to {MAX_SECTION} letters", "write [A]")
            self._section = section.strip()
        elif found["quoted"] is not None:
            self._words.append(f'"{found["quoted"]}')
        elif found["stray"] is not None:
            raise Refused(f"bar {self._number}: a stray {found['stray']!r}", 'close it, as [A] or "fog"')
        else:
            self._word(found["word"])

    def bars(self) -> list[Bar]:
        """All of it, now that the text has ended."""
        self._bar()
        if self._opens or self._ending or self._section:
            raise Refused(f"bar {self._number}: there are no chords in it", "write chords at the end, or end earlier")
        return self._bars

    def _word(self, word: str) -> None:
        if metre := _METRE.match(word):
            if self._words:
                raise Refused(f"bar {self._number}: {word} in the middle of it", "write a metre where a bar begins")
            self.beats, self.unit = int(metre[1]), int(metre[2])
            if not 1 <= self.beats <= MOST_BEATS or self.unit not in (1, 2, 4, 8, 16, 32, 64):
                raise Refused(f"bar {self._number}: {word} is no metre", "write for example 3/4, 7/8")
        elif (ending := _ENDING.match(word)) and not self._words:
            self._ends(tuple(int(number) for number in ending[1].split(",")))
        else:
            self._words.append(word)

    def _ends(self, numbers: tuple[int, ...]) -> None:
        if any(not 1 <= number <= MOST_TIMES for number in numbers):
            raise Refused(f"bar {self._number}: endings are numbered 1 to {MOST_TIMES}", "write |1. and :|2.")
        if not self._open and (not self._bars or not self._bars[-1].times):
            if self._since >= len(self._bars):
                raise Refused(f"bar {self._number}: an ending of no repeat", "write |: where the repeat begins")
            self._bars[self._since] = replace(self._bars[self._since], opens=True)
        self._ending = numbers
        self._open = True

    def _line(self, line: str) -> None:
        self._bar()
        if line.startswith(":"):
            times = int(line.partition("x")[2] or 2)
            if not self._bars or self._opens or self._bars[-1].times:
                raise Refused(f"bar {self._number}: {line} with nothing before it", "write chords before it")
            if not 2 <= times <= MOST_TIMES:
                raise Refused(f"bar {self._number - 1}: a repeat is played 2 to {MOST_TIMES} times", "write :|x3")
            if not self._open:
                self._bars[self._since] = replace(self._bars[self._since], opens=True)
            self._bars[-1] = replace(self._bars[-1], times=times)
            self._open, self._since = False, len(self._bars)
        if line.partition("x")[0].endswith("|:"):
            self._opens = True

    def _bar(self) -> None:
        """The words so far are a bar, if there are any."""
        if not self._words:
            return
        if len(self._bars) == MOST_BARS:
            raise Refused(f"it has more than {MOST_BARS} bars", "divide it")
        if self._opens:
            self._open = True
        labels = self._labels()
        self._bars.append(Bar(labels, self.unit, self._section, self._opens, 0, self._ending))
        self._words, self._section, self._opens, self._ending = [], "", False, ()

    def _labels(self) -> tuple[str, ...]:
        before = self._bars[-1].labels if self._bars else ()
        if self._words == ["%"] and len(before) == self.beats:
            return before
        labels: list[str] = []
        for word in self._words:
            if word in ("%", ".", "/"):
                if not labels and not before:
                    raise Refused(f"bar {self._number}: nothing stands before {word}", "begin with a chord")
                labels.append(labels[-1] if labels else before[-1])
            else:
                labels.append(self._label(word))
        if len(labels) > self.beats:
            what = f"bar {self._number}: {len(labels)} chords on {self.beats} beats"
            raise Refused(what, "write | between bars, or another metre before them")
        return spread(labels, self.beats)

    def _label(self, word: str) -> str:
        if word in _NONE:
            return NO_CHORD
        label = word.removeprefix('"')
        if not label or len(label.encode()) > MAX_LABEL:
            raise Refused(f"bar {self._number}: a label has 1 to {MAX_LABEL} bytes", CHORD_CURE)
        if word == WILDCARD or word.startswith('"') or parse(word) is not None:
            return label
        raise Refused(f"bar {self._number}: {word[:24]!r} is no chord", CHORD_CURE)


def spread(labels: Sequence[str], beats: int) -> tuple[str, ...]:
    """Labels over the beats of a bar, as evenly as whole beats allow, the first ones longer."""
    return tuple(labels[beat * len(labels) // beats] for beat in range(beats))


def write_text(chart: Chart) -> str:
    """The chart as a text that reads back as the same chart."""
    words: list[str] = []
    before: Bar | None = None
    for bar in chart.bars:
        if before is not None and before.times:
            words.append(":|" if before.times == 2 else f":|x{before.times}")
        if bar.section and before is not None:
            words.append("\n")
        if bar.opens:
            words.append("|:")
        elif before is not None and not before.times and not bar.section:
            words.append("|")
        if bar.ending:
            words.append(",".join(map(str, bar.ending)) + ".")
        if bar.section:
            words.append(f"[{bar.section}]")
        if before is None or (len(bar.labels), bar.unit) != (len(before.labels), before.unit):
            words.append(f"{len(bar.labels)}/{bar.unit}")
        words.append("%" if before is not None and before.labels == bar.labels else _written(bar))
        before = bar
    if before is not None and before.times:
        words.append(":|" if before.times == 2 else f":|x{before.times}")
    return " ".join(words).replace(" \n ", "\n")


def _written(bar: Bar) -> str:
    """The labels of one bar: each change once where that spreads them rightly, else one word for each beat."""
    beats = len(bar.labels)
    changes = [label for beat, label in enumerate(bar.labels) if beat == 0 or label != bar.labels[beat - 1]]
    if spread(changes, beats) == bar.labels:
        return " ".join(map(_spelled, changes))
    return " ".join(
        "." if beat and label == bar.labels[beat - 1] else _spelled(label) for beat, label in enumerate(bar.labels)
    )


def _spelled(label: str) -> str:
    plain = label in (NO_CHORD, WILDCARD) or parse(label) is not None
    return label if plain and not re.search(r"\s", label) else f'"{label}"'
