"""What a plain n-gram has counted, as an ARPA file that kenlm reads; counts and discounts are the naive twin's."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from server import naive


def word(symbol: object) -> str:
    """A symbol's name in the file."""
    return "<s>" if symbol == naive.NOTHING else f"w{symbol}"


def write(path: Path, symbols: Sequence[int], order: int) -> None:
    """Interpolated modified Kneser-Ney of one phrase of symbols, as probabilities and back-off weights."""
    (events,) = naive.followed([[(symbol,) for symbol in symbols]], 0, order)
    flat = [(tuple(s if s == naive.NOTHING else s[0] for s in longest), value) for longest, value in events]  # type: ignore[index]
    counts = naive.kneser_ney_counts(flat)
    discounts = [naive.discounts(counts, depth) for depth in range(order)]
    uniform = 1 / (len(set(symbols)) + 1)
    known: dict[tuple[naive.Context, int], float] = {}
    backoff: dict[naive.Context, float] = {}
    for here in sorted(counts, key=len):
        d, total = discounts[len(here)], counts[here].total()
        backoff[here] = sum(d[min(count, 3) - 1] for count in counts[here].values()) / total
        for value, count in counts[here].items():
            shorter = known[here[:-1], value] if here else uniform
            known[here, value] = (count - d[min(count, 3) - 1]) / total + backoff[here] * shorter
    lines: list[list[str]] = [[] for _ in range(order)]
    lines[0] += [
        _line(uniform * backoff[()], "<unk>", None),
        f"-99\t<s>\t{_log(backoff.get((naive.NOTHING,)))}",
        "-99\t</s>",
    ]
    for (here, value), p in known.items():
        gram = " ".join(word(symbol) for symbol in (*reversed(here), value))
        lines[len(here)].append(_line(p, gram, backoff.get((value, *here)) if len(here) + 1 < order else None))
    with path.open("w", encoding="utf-8") as file:
        file.write("\\data\\\n" + "".join(f"ngram {n}={len(own)}\n" for n, own in enumerate(lines, 1)))
        for n, own in enumerate(lines, 1):
            file.write(f"\n\\{n}-grams:\n" + "\n".join(own) + "\n")
        file.write("\n\\end\\\n")


def _log(p: float | None) -> str:
    return "0" if p is None else f"{math.log10(p):.9g}"


def _line(p: float, gram: str, weight: float | None) -> str:
    return f"{math.log10(p):.9g}\t{gram}" + (f"\t{_log(weight)}" if weight is not None else "")
