"""Naive twins of the prediction core: the textbook's words, slow and plain, to hold the fast one against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Links = tuple[list[int], list[int]]
LINKS = 32
WEIGHED = 12


def oracle_links(symbols: Sequence[int]) -> Links:
    """Suffix links and LRS by Allauzen, Crochemore & Raffinot's and Lefebvre & Lecroq's algorithms."""
    count = len(symbols)
    suffix, lrs = [-1] + [0] * count, [0] * (count + 1)
    transitions: list[dict[int, int]] = [{} for _ in range(count + 1)]
    for state, symbol in enumerate(symbols):
        new, last, walk = state + 1, state, suffix[state]
        transitions[state][symbol] = new
        while walk > -1 and symbol not in transitions[walk]:
            transitions[walk][symbol] = new
            last, walk = walk, suffix[walk]
        suffix[new] = 0 if walk == -1 else transitions[walk][symbol]
        if suffix[new]:
            other = suffix[new] - 1
            if other == suffix[last]:
                common = lrs[last]
            else:
                while suffix[other] != suffix[last]:
                    other = suffix[other]
                common = min(lrs[last], lrs[other])
            lrs[new] = common + 1
    return suffix, lrs


def agreement(played: Sequence[int], symbols: Sequence[int], state: int) -> int:
    """How many symbols up to a state are those that were played last, at most 32."""
    agreed = 0
    while agreed < min(len(played), state, 32) and symbols[state - 1 - agreed] == played[-1 - agreed]:
        agreed += 1
    return agreed


def votes(played: Sequence[int], symbols: Sequence[int], place: int) -> list[tuple[int, float]]:
    """(state of the successor, weight) of the place and at most 31 suffix links."""
    suffix, _ = oracle_links(symbols)
    found, state = [], place
    for _ in range(LINKS):
        if state <= 0:
            break
        if state < len(symbols):
            found.append((state + 1, 2.0 ** min(agreement(played, symbols, state), WEIGHED)))
        state = suffix[state]
    return found


def joint(tuples: Sequence[tuple[int, ...]], found: Sequence[tuple[int, float]]) -> dict[tuple[int, ...], float]:
    """DESIGN §3's J over every tuple of known values and the unseen one, from votes for states of one stream."""
    components = len(tuples[0])
    unigrams = []
    for c in range(components):
        counts = Counter(symbol[c] for symbol in tuples)
        mass = len(tuples) + 0.5 * (len(counts) + 1)
        unigrams.append({0: 0.5 / mass, **{value: (count + 0.5) / mass for value, count in counts.items()}})
    total = sum(weight for _, weight in found)
    distinct = len({tuples[state - 1] for state, _ in found})
    share = len(found) / (len(found) + distinct) if found else 0.0
    whole: dict[tuple[int, ...], float] = {(): 1.0 - share}
    for table in unigrams:
        whole = {(*key, value): p * q for key, p in whole.items() for value, q in table.items()}
    for state, weight in found:
        whole[tuples[state - 1]] += share * weight / total
    return whole


def component(whole: dict[tuple[int, ...], float], prefix: tuple[int, ...]) -> dict[int, float]:
    """J marginalised: the next component given those before it."""
    mass: Counter[int] = Counter()
    for key, p in whole.items():
        if key[: len(prefix)] == prefix:
            mass[key[len(prefix)]] += p  # type: ignore[assignment]
    total = sum(mass.values())
    return {value: p / total for value, p in sorted(mass.items())}


def ascending(values: Sequence[int]) -> bool:
    """Whether each value is above the one before."""
    return all(earlier < later for earlier, later in pairwise(values))
