"""Da capo and dal segno: bars with jumps are written out in the order in which they are played."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import Refused
from .form import Bar, order


@dataclass(slots=True)
class Jumps:
    """Where the signs of a chart stand, by the number of bars before them."""

    to: str = "C"  # da capo, or S: dal segno
    until: str = ""  # coda, fine, or nothing: to where the jump stands
    after: int = 0  # the jump; 0: there is none
    segno: int = 0
    codas: list[int] = field(default_factory=list)
    fine: int = -1

    def written_out(self, bars: list[Bar]) -> list[Bar]:
        """The bars from the beginning to the jump, from where it goes, and then the coda; raises `Refused`."""
        if not self.after:
            return bars
        leave, coda = self.after, len(bars)
        if self.until == "coda":
            if not self.codas:
                raise Refused(f"bar {self.after}: there is no coda to jump to", "set its sign where it is left")
            leave, coda = self.codas[0], self.codas[1] if len(self.codas) > 1 else self.after
        elif self.until == "fine":
            if self.fine < 0:
                raise Refused(f"bar {self.after}: there is no Fine to play to", "write it where the tune ends")
            leave = self.fine
        numbers = order(bars[: self.after]) + _once(bars[:leave], self.segno if self.to == "S" else 0)
        numbers += [coda + number for number in order(bars[coda:])]
        names: list[str] = []
        for bar in bars:
            names.append(bar.section or (names[-1] if names else ""))
        played: list[Bar] = []
        for place, number in enumerate(numbers):
            goes_on = place > 0 and names[numbers[place - 1]] == names[number]
            section = bars[number].section or ("" if goes_on else names[number])
            played.append(Bar(bars[number].labels, bars[number].unit, section))
        return played


def _once(bars: Sequence[Bar], start: int) -> list[int]:
    """The numbers of bars from `start` on as they are played after a jump: no repeats, and only last endings."""
    numbers, skipping = [], False
    for number in range(start, len(bars)):
        if bars[number].ending:
            closed = next((at for at in range(number, len(bars)) if bars[at].times), len(bars))
            skipping = closed + 1 < len(bars) and bool(bars[closed + 1].ending)
        if not skipping:
            numbers.append(number)
        if bars[number].times:
            skipping = False
    return numbers
