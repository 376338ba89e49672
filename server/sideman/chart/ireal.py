"""Charts of iReal Pro: `irealbook://` as its maker describes it, and `irealb://`, the same with letters changed about.

One link holds one song or more, of which the first is read. Its music is a row of cells, with bar lines `| [ ] { } Z`,
sections `*A`, metres `T44`, endings `N1`, `x` for the bar before and `r` for the two before. The description is at
https://www.irealpro.com/ireal-pro-custom-chord-chart-protocol. Staff texts are only read where they say how often,
or (`D.C. al Coda`, `D.S. al Fine`) where to go on: then the bars are written out in the order in which they are played.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from ..errors import Refused
from ..harmony import NO_CHORD, parse
from .form import MOST_BARS, Bar, Chart, opaque_label
from .jumps import Jumps
from .text import spread

LINK: Final = re.compile(r"irealb(?P<open>ook)?://(?P<songs>[^\"\n]*)")
_CHANGED: Final = "1r34LbKcu7"  # stands before music whose letters are changed about
_BLOCK: Final = 50
_SHORT: Final = (("XyQ", "   "), ("LZ", " |"), ("Kcl", "| x"))
_SECTIONS: Final = {"i": "Intro", "V": "Verse"}
_METRES: Final = {"12": (12, 8)}
_TOKEN: Final = re.compile(
    r"""(?P<text><[^>]*>)
      | (?P<aside>\([^)]*\))
      | (?P<line>[|\[\]{}Z])
      | \*(?P<section>[A-Za-z])
      | T(?P<metre>\d\d)
      | N(?P<ending>\d)
      | (?P<chord>[A-GW][b#]?(?:\*[^*]*\*|(?:sus|alt|add|[-^+hob#\d])*)(?:/[A-G][b#]?)?)
      | (?P<cell>[ pnxr])
      | (?P<mark>[SQfslYU,])
      | (?P<stray>.)""",
    re.VERBOSE | re.DOTALL,
)
_JUMP: Final = re.compile(r"\bD\. ?(?P<to>[CS])\. ?(?:al (?P<until>coda|fine|\S+ end).*)?", re.IGNORECASE)
_FINE: Final = re.compile(r"\s*fine\s*", re.IGNORECASE)
_TIMES: Final = re.compile(r"(\d{1,2})x", re.IGNORECASE)


def read_ireal(text: str) -> Chart:
    """The first chart in a link; raises `Refused`."""
    found = LINK.search(text)
    if found is None:
        raise Refused("there is no link of iReal Pro in it", "share the song from there, as irealb://…")
    fields = unquote(found["songs"]).split("===")[0].split("=")
    music = next((part.partition(_CHANGED)[2] for part in fields if _CHANGED in part), "")
    if music:
        music = changed_about(music)
    elif found["open"] and len(fields) >= 6:
        music = fields[5]
    else:
        raise Refused("there is no music in that link", "share the song anew from iReal Pro")
    for short, meant in _SHORT:
        music = music.replace(short, meant)
    reader = _Reader()
    for token in _TOKEN.finditer(music):
        reader.take(token)
    return Chart(opaque_label(fields[0]) or "untitled", tuple(reader.bars()))


def changed_about(music: str) -> str:
    """Of each whole 50 letters the first 5 and the 11th to 24th trade places with their mirrors, but not of the last.

    Done twice it is undone.
    """
    blocks = []
    while len(music) > _BLOCK:
        block, music = list(music[:_BLOCK]), music[_BLOCK:]
        if len(music) >= 2:
            for place in (*range(5), *range(10, 24)):
                mirror = _BLOCK - 1 - place
                block[place], block[mirror] = block[mirror], block[place]
        blocks.append("".join(block))
    return "".join(blocks) + music


@dataclass(slots=True)
class _Reader:
    """What has been read so far, and the cells of the bar under way: a chord, or nothing where one goes on."""

    _bars: list[Bar] = field(default_factory=list)
    _cells: list[str] = field(default_factory=list)
    _metre: tuple[int, int] = (4, 4)
    _section: str = ""
    _opens: bool = False
    _ending: tuple[int, ...] = ()
    _times: int = 2
    _again: int = 0  # the bar is one before: so many bars ago
    _last: str = ""  # chord
    _jumps: Jumps = field(default_factory=Jumps)

    def take(self, token: re.Match[str]) -> None:
        """One token."""
        if (line := token["line"]) is not None:
            self._line(line)
        elif (text := token["text"]) is not None:
            self._text(text)
        elif token["section"] is not None:
            self._section = _SECTIONS.get(token["section"], token["section"])
        elif (digits := token["metre"]) is not None:
            self._metre = _METRES.get(digits, (int(digits[0]), int(digits[1])))
            if self._metre[0] < 1 or self._metre[1] not in (1, 2, 4, 8):
                raise Refused(f"bar {len(self._bars) + 1}: T{digits} is no metre", "mend it in iReal Pro")
        elif token["ending"] is not None:
            self._ending = (int(token["ending"]),) if token["ending"] != "0" else ()
        elif token["chord"] is not None:
            self._chord(token["chord"])
        elif token["cell"] is not None:
            self._cell(token["cell"])
        elif token["mark"] == "S":
            self._jumps.segno = len(self._bars)
        elif token["mark"] == "Q":
            self._jumps.codas.append(self._after)
        elif token["stray"] is not None:
            raise Refused(f"bar {len(self._bars) + 1}: {token['stray']!r} is not understood", "mend it in iReal Pro")

    def bars(self) -> list[Bar]:
        """All of it."""
        self._bar()
        # A repeat that was never said to begin does so where the last one ended.
        since, open_ = 0, False
        for place, bar in enumerate(self._bars):
            open_ = open_ or bar.opens
            follows = place > 0 and self._bars[place - 1].times > 0
            if (bar.times or (bar.ending and not follows)) and not open_ and since < len(self._bars):
                self._bars[since] = replace(self._bars[since], opens=True)
            if bar.ending:
                open_ = True
            if bar.times:
                since, open_ = place + 1, False
        return self._jumps.written_out(self._bars)

    @property
    def _after(self) -> int:
        """How many bars there will be when the one under way is there, if there is anything in it."""
        return len(self._bars) + bool(self._cells or self._again)

    def _line(self, line: str) -> None:
        self._bar()
        if line == "{":
            self._opens = True
        elif line == "}" and self._bars:
            self._bars[-1] = replace(self._bars[-1], times=self._times)
            self._times = 2

    def _text(self, text: str) -> None:
        if jump := _JUMP.search(text):
            until = (jump["until"] or "").lower()
            if self._jumps.after or until.endswith("end"):
                what = f"bar {self._after}: {text[1:-1][:40]!r} is a jump that is not understood"
                raise Refused(what, "write the bars out in their order")
            self._jumps.to, self._jumps.until, self._jumps.after = jump["to"].upper(), until, self._after
        elif _FINE.fullmatch(text[1:-1]):
            self._jumps.fine = self._after
        if times := _TIMES.search(text):
            self._times = min(max(int(times[1]), 2), 64)

    def _chord(self, chord: str) -> None:
        if chord.startswith("W"):  # the chord before, over another bass
            bass = chord.partition("/")[2]
            chord = self._last.partition("/")[0] + (f"/{bass}" if bass else "")
        chord = chord.replace("*", "")
        if chord:
            self._last = chord
        self._cells.append(chord if parse(chord) is not None else opaque_label(chord))

    def _cell(self, cell: str) -> None:
        if cell in "xr":
            self._again = 1 if cell == "x" else 2
        elif cell == "n":
            self._cells.append(NO_CHORD)
        else:
            self._cells.append("")

    def _bar(self) -> None:
        """The cells so far are a bar, if there is a chord in them, or the sign for one before."""
        cells, again = self._cells, self._again
        self._cells, self._again = [], 0
        while cells and not cells[0]:  # nothing sounds before the first chord: it came early
            cells.pop(0)
        if again:
            if len(self._bars) < again:
                raise Refused(f"bar {len(self._bars) + 1}: there is no bar before to repeat", "mend it in iReal Pro")
            for bar in self._bars[-again:]:
                self._add(bar.labels)
        elif cells:
            self._add(_on_beats(cells, self._metre[0], len(self._bars) + 1))

    def _add(self, labels: tuple[str, ...]) -> None:
        if len(self._bars) == MOST_BARS:
            raise Refused(f"it has more than {MOST_BARS} bars", "divide it")
        self._bars.append(Bar(labels, self._metre[1], self._section, self._opens, 0, self._ending))
        self._section, self._opens, self._ending = "", False, ()


def _on_beats(cells: Sequence[str], beats: int, number: int) -> tuple[str, ...]:
    """A label for each beat: chords where their cells lie, or evenly where so one would be lost."""
    chords = [cell for cell in cells if cell]
    if len(chords) > beats:
        raise Refused(f"bar {number}: {len(chords)} chords on {beats} beats", "another metre before it, as T54")
    placed: list[str] = []
    for beat in range(beats):
        cell = cells[beat * len(cells) // beats]
        placed.append(cell or placed[-1])
    return tuple(placed) if _changes(placed) == _changes(chords) else spread(chords, beats)


def _changes(labels: Sequence[str]) -> list[str]:
    return [label for place, label in enumerate(labels) if place == 0 or label != labels[place - 1]]
