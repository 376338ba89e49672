"""The screen of the demo: a line for each note, with its place on a small piano roll and where it came from.

Only looks belong here. On a terminal each player has a colour; elsewhere the lines are plain ASCII.
"""

from __future__ import annotations

from itertools import cycle
from typing import Final, TextIO

from rich.console import Console
from rich.text import Text

from .melody import name_of
from .message import Message

LOWEST: Final = 48  # C3
HIGHEST: Final = 84  # C6

_COLOURS: Final = ("cyan", "yellow", "magenta", "green", "blue", "red")


class Screen:
    """Prints lines; each is out when its method returns."""

    def __init__(self, file: TextIO) -> None:
        self._console = _Console(file=file, highlight=False, soft_wrap=True)
        fancy = self._console.is_terminal and "utf" in (file.encoding or "").lower()
        self._empty, self._octave, self._mark = "·│█" if fancy else ".|#"
        self._colours: dict[str, str] = {}
        self._palette = cycle(_COLOURS)

    def say(self, text: str, style: str = "") -> None:
        """One line that is not a note."""
        self._console.print(Text(text, style=style))

    def heading(self) -> None:
        """The names of the columns."""
        octaves = "".join(f"C{octave:<11}" for octave in range(LOWEST // 12 - 1, HIGHEST // 12))
        self.say(f"{'beat':>6} {'who':<8} {'':<3} {octaves:<37.37} {'after':<8}{'beat':>6}{'n':>3}{'p':>4}", "bold")

    def note(self, beat: float, who: str, pitch: float, source: str = "") -> None:
        """A note: when, who, which, and what it goes on from."""
        colour = self._colour(who)
        place = min(max(round(pitch), LOWEST), HIGHEST) - LOWEST
        line = Text(f"{beat:6.1f} ")
        line.append(f"{who[:8]:<8} {name_of(pitch):<3} ", colour)
        line.append(self._roll(0, place), "dim")
        line.append(self._mark, f"bold {colour}")
        line.append(self._roll(place + 1, HIGHEST - LOWEST + 1), "dim")
        if source:
            line.append(f" {source}", "default")
        self._console.print(line)

    def _roll(self, first: int, past: int) -> str:
        return "".join(self._empty if cell % 12 else self._octave for cell in range(first, past))

    def _colour(self, who: str) -> str:
        if who not in self._colours:
            self._colours[who] = next(self._palette)
        return self._colours[who]


class _Console(Console):
    """A console that leaves a closed pipe to its caller."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def origin(why: Message) -> str:
    """What a `/player/<p>/why` tells, in the columns of the heading.

    Whose note it goes on from, at which beat that was played (-: by nobody), how many notes before it were
    alike, and how probable it was, from 0 to 1.
    """
    source = str(why.arguments[3])
    _, chance, beat, context = why.numbers[:4]
    place = f"{beat:.1f}" if beat >= 0 else "-"
    percent = "1" if chance > 0.995 else f".{chance * 100:02.0f}" if chance >= 0.01 else "<.01"
    return f"{source[:8]:<8}{place:>6}{context:3}{percent:>4}"
