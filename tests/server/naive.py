"""Naive twins of the prediction core: the textbook's words, slow and plain, to hold the fast one against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

Links = tuple[list[int], list[int]]
LINKS = 20
PATH = 12
SUPPOSED = 10.0


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


def places(suffix: Sequence[int], place: int) -> list[int]:
    """The place, those up its suffix links, then those whose link leads to one of these, newest first: 20 in all."""
    path: list[int] = []
    state = place
    while state > 0 and len(path) < PATH:
        path.append(state)
        state = suffix[state]
    reverse = [(at, other) for at in path for other in range(len(suffix) - 1, 0, -1) if suffix[other] == at][
        : LINKS - len(path)
    ]
    return path + [other for _, other in reverse if other not in path]


Level = tuple[tuple[int, int, int], list[int]]


def levels(symbols: Sequence[int], found: Sequence[tuple[int, int]]) -> list[Level]:
    """From the longest context on: its kind (context, votes, distinct), and the states that name something new."""
    named: set[int] = set()
    made: list[Level] = []
    for context in sorted({context for context, _ in found}, reverse=True):
        fresh = [state for one, state in found if one == context and symbols[state - 1] not in named]
        distinct = {symbols[state - 1] for state in fresh}
        if fresh:
            made.append(((min(context, 15), min(len(fresh), 8), min(len(distinct), 8)), fresh))
        named |= distinct
    return made


def rates(symbols: Sequence[int]) -> dict[tuple[int, int, int], list[float]]:
    """Of each kind of level how often it was right and how often it was asked, while all of it was learned."""
    kinds: dict[tuple[int, int, int], list[float]] = {}
    for count in range(1, len(symbols)):
        heard = symbols[:count]
        suffix, _ = oracle_links(heard)
        found = [(agreement(heard, heard, at), at + 1) for at in places(suffix, count) if at < count]
        for kind, fresh in levels(symbols, found):
            rate = kinds.setdefault(kind, [0.0, 0.0])
            rate[1] += 1
            if symbols[count] in {symbols[state - 1] for state in fresh}:
                rate[0] += 1
                break
    return kinds


def votes(played: Sequence[int], symbols: Sequence[int], place: int) -> list[tuple[int, float]]:
    """(state of the successor, its share of the whole) of the places that one votes from."""
    suffix, _ = oracle_links(symbols)
    known = rates(symbols)
    found = [(agreement(played, symbols, at), at + 1) for at in places(suffix, place) if at < len(symbols)]
    shares, left = [], 1.0
    for kind, fresh in levels(symbols, found):
        right, trials = known.get(kind, [0.0, 0.0])
        share = left * (right + SUPPOSED * len(fresh) / (len(fresh) + len({symbols[state - 1] for state in fresh})))
        share /= trials + SUPPOSED
        shares += [(state, share / len(fresh)) for state in fresh]
        left -= share
    return shares


def joint(tuples: Sequence[tuple[int, ...]], found: Sequence[tuple[int, float]]) -> dict[tuple[int, ...], float]:
    """J over every tuple of known values and the unseen one, from votes for states of one stream."""
    components = len(tuples[0])
    unigrams = []
    for c in range(components):
        counts = Counter(symbol[c] for symbol in tuples)
        mass = len(tuples) + 0.5 * (len(counts) + 1)
        unigrams.append({0: 0.5 / mass, **{value: (count + 0.5) / mass for value, count in counts.items()}})
    whole: dict[tuple[int, ...], float] = {(): 1.0 - sum(weight for _, weight in found)}
    for table in unigrams:
        whole = {(*key, value): p * q for key, p in whole.items() for value, q in table.items()}
    for state, weight in found:
        whole[tuples[state - 1]] += weight
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


Context = tuple[object, ...]
Followed = tuple[Context, int]
NOTHING = "before the first"


def followed(phrases: Sequence[Sequence[tuple[int, ...]]], component: int, order: int) -> list[list[Followed]]:
    """For each event of each phrase its longest context, nearest first, and the component that followed it.

    The components chosen before it come first, then order - 1 whole symbols; one mark stands for the phrase's begin.
    """
    return [
        [(context(phrase[:place], symbol[:component], order), symbol[component]) for place, symbol in enumerate(phrase)]
        for phrase in phrases
    ]


def context(past: Sequence[tuple[int, ...]], chosen: Sequence[int], order: int) -> Context:
    """The longest context after a past, of an event whose first components are chosen already."""
    behind = [*reversed(past), NOTHING][: order - 1]
    return (*reversed(chosen), *behind)


def kneser_ney_counts(events: Sequence[Followed]) -> dict[Context, Counter[int]]:
    """How often each value followed each longest context; at a shorter one, how many one longer it followed."""
    counts: dict[Context, Counter[int]] = {}
    for longest, value in events:
        counts.setdefault(longest, Counter())[value] += 1
    for depth in range(max((len(longest) for longest in counts), default=0), 0, -1):
        for here in [known for known in counts if len(known) == depth]:
            for value in counts[here]:
                counts.setdefault(here[:-1], Counter())[value] += 1
    return counts


def discounts(counts: dict[Context, Counter[int]], depth: int) -> tuple[float, float, float]:
    """Chen & Goodman's D1, D2, D3+ for one length of context; what docs/models.md says where they cannot be told."""
    n = Counter(count for here, values in counts.items() if len(here) == depth for count in values.values())
    if not all(n[k] for k in (1, 2, 3, 4)):
        return 0.5, 0.5, 0.5
    y = n[1] / (n[1] + 2 * n[2])
    found = [k - (k + 1) * y * n[k + 1] / n[k] for k in (1, 2, 3)]
    one, two, three = (min(max(d, 0.05), k - 0.02) for k, d in enumerate(found, 1))
    return one, two, three


def kneser_ney(events: Sequence[Followed], here: Context, values: Sequence[int]) -> dict[int, float]:
    """Interpolated modified Kneser-Ney: every value's probability after a context; 0 is the unseen one."""
    counts = kneser_ney_counts(events)
    p = dict.fromkeys((0, *values), 1 / (len(values) + 1))
    for depth in range(len(here) + 1):
        after = counts.get(here[:depth])
        if after is None:
            break
        d = discounts(counts, depth)
        total = sum(after.values())
        backoff = sum(d[min(count, 3) - 1] for count in after.values()) / total
        p = {
            value: (max(after[value] - d[min(after[value], 3) - 1], 0) if after[value] else 0) / total + backoff * q
            for value, q in p.items()
        }
    return p


def ppm(events: Sequence[Followed], here: Context, values: Sequence[int]) -> dict[int, float]:
    """PPM by escape C with exclusion, from the same counts; what is left is shared by what no context knows."""
    counts = kneser_ney_counts(events)
    p: dict[int, float] = {}
    left = 1.0
    for depth in range(len(here), -1, -1):
        after = {value: count for value, count in counts.get(here[:depth], Counter()).items() if value not in p}
        if after:
            whole = sum(after.values()) + len(after)
            p |= {value: left * count / whole for value, count in after.items()}
            left *= len(after) / whole
    rest = [value for value in (0, *values) if value not in p]
    return p | dict.fromkeys(rest, left / len(rest))


def kneser_ney_aged(
    events: Sequence[Followed], beats: Sequence[float], half_life: float, here: Context, values: Sequence[int]
) -> dict[int, float]:
    """Kneser-Ney where what followed a context is worth what is left of it now, and what is kept back is not less."""
    counts, now = kneser_ney_counts(events), max(beats)
    p = dict.fromkeys((0, *values), 1 / (len(values) + 1))
    for depth in range(len(here) + 1):
        after = counts.get(here[:depth])
        if after is None:
            break
        d = discounts(counts, depth)
        worth = {}
        for value, count in after.items():
            heard = [b for (c, v), b in zip(events, beats, strict=True) if c[:depth] == here[:depth] and v == value]
            fresh = sum(2 ** -((now - beat) / half_life) for beat in heard) / len(heard)
            worth[value] = (count - d[min(count, 3) - 1]) * fresh
        back = sum(d[min(count, 3) - 1] for count in after.values())
        total = sum(worth.values()) + back
        p = {value: (worth.get(value, 0.0) + back * q) / total for value, q in p.items()}
    return p
