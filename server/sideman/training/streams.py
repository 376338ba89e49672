"""Songs and texts as rows of tokens to be trained on, each token with its weight in the loss.

What stands beside the events is given, so it is not learned to be foretold, but for its first token: that it comes, and
no end, is worth knowing. All chance comes from the generator that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from ..tokens import END_TOKEN, MUSIC, TEXT, Around, Grammar, around_tokens, event_symbol, text_tokens
from ..viewpoint import Viewpoint
from .songs import Song, chords_ahead, room, varied

Chance = np.random.Generator
Row = tuple[list[int], list[float]]  # tokens, weights
#: From a generator and a length, a row of at most so many tokens.
Source = Callable[[Chance, int], Row]

#: The viewpoints that are trained, each with its share.
VIEWS: Final = {
    "pitch*ioi": 0.42,
    "pitch": 0.14,
    "pitch*ioi*duration": 0.16,
    "pitch*duration": 0.08,
    "interval*ioi": 0.06,
    "scale_degree*ioi": 0.03,
    "pitch_class*ioi": 0.03,
    "contour*ioi": 0.02,
    "interval": 0.02,
    "ioi": 0.02,
    "duration": 0.02,
}
_SHARES: Final = np.cumsum(list(VIEWS.values()))
#: How often what stands beside the events is told, the order of components is another, a duration still sounds.
CHORDS_TOLD: Final = 0.6
PLACE_TOLD: Final = 0.6
PLAYERS_TOLD: Final = 0.4
TIME_VARIED: Final = 0.4
SHUFFLED: Final = 0.1
SOUNDING: Final = 0.03
JITTER: Final = 0.06


def view(chance: Chance) -> str:
    """A viewpoint, by its share, now and then with its components in another order."""
    names = list(VIEWS)[min(int(np.searchsorted(_SHARES, chance.random() * _SHARES[-1])), len(VIEWS) - 1)].split("*")
    if len(names) > 1 and chance.random() < SHUFFLED:
        names = [names[i] for i in chance.permutation(len(names))]
    return "*".join(names)


def event_rows(
    song: Song,
    name: str,
    tell: tuple[bool, bool],
    who: Sequence[int] = (),
    sounding: npt.NDArray[np.bool_] | None = None,
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Of each event: what is said before it, and its components.

    `tell`: chords, places; `who`: the slot that plays each event, empty: not said; `sounding`: durations not yet known.
    """
    grammar, viewpoint = Grammar(name), Viewpoint(name)
    at = viewpoint.place("duration")
    rows = []
    before_event, before = None, None
    ahead_of = chords_ahead(song) if tell[0] else [(None, None, 0.0)] * len(song.events)
    for number, event in enumerate(song.events):
        chord, following, ahead = ahead_of[number]
        place = song.places[number] if tell[1] and song.places else -1.0
        now = Around(who[number] if who else -1, chord, following, ahead, place)
        symbol = event_symbol(viewpoint, event, before_event)
        if sounding is not None and at >= 0 and sounding[number]:
            symbol = (*symbol[:at], 0, *symbol[at + 1 :])
        rows.append((around_tokens(now, before), grammar.tokens(symbol)))
        before_event, before = event, now
    return rows


def song_row(song: Song, chance: Chance, length: int) -> Row:
    """A stretch of a song in some key, tempo and viewpoint, with some of what stands beside it."""
    down, up = room(song)
    name = view(chance)
    grammar = Grammar(name)
    tell = (bool(song.chords) and chance.random() < CHORDS_TOLD, chance.random() < PLACE_TOLD)
    timed = chance.random() < TIME_VARIED
    most = length // (len(grammar.names) + (tell[1] and not timed and bool(song.places))) + 1
    starts = [0, *(i + 1 for i, event in enumerate(song.events[:-1]) if event.last)]
    first = int(chance.choice(starts)) if chance.random() < 0.5 else int(chance.integers(len(song.events)))
    first = max(0, min(first, len(song.events) - most // 2))
    part = song.cut(first, first + most)
    factor = float(2.0 ** chance.uniform(-1.0, 1.0)) if timed else 1.0
    jitter = np.exp(chance.normal(0.0, JITTER, len(part.events))) if timed else None
    part = varied(part, int(chance.integers(down, up + 1)), factor, jitter)
    who = _turns(part, chance) if chance.random() < PLAYERS_TOLD else ()
    rows = event_rows(part, name, tell, who, chance.random(len(part.events)) < SOUNDING)
    tokens, weights = list(grammar.header), [0.0] * len(grammar.header)
    for event, (beside, components) in zip(part.events, rows, strict=True):
        tokens += (*beside, *components)
        weights += (*first_counts(beside), *(1.0 for _ in components))
        if event.last:
            tokens.append(END_TOKEN)
            weights.append(1.0)
        if len(tokens) >= length:
            break
    return tokens[:length], weights[:length]


def first_counts(beside: Sequence[int]) -> tuple[float, ...]:
    """The weights of what stands beside an event: the first says that the phrase goes on, the rest is given.

    A place follows from what came before; a chord does not, and would take too much of the learning.
    """
    if not beside:
        return ()
    first = 1.0 if MUSIC.read(beside[0])[0] == "place" else 0.15
    return (first, *(0.0 for _ in beside[1:]))


def _turns(song: Song, chance: Chance) -> list[int]:
    """Who plays each event: the same slot until a phrase's end."""
    slots, who = [], int(chance.integers(0, 3))
    for event in song.events:
        slots.append(who)
        if event.last:
            who = int(chance.integers(0, 3))
    return slots


def songs_source(songs: Sequence[Song]) -> Source:
    """Rows of songs, longer ones more often."""
    sizes = np.cumsum([len(song.events) for song in songs], dtype=np.float64)

    def row(chance: Chance, length: int) -> Row:
        which = int(np.searchsorted(sizes, chance.random() * sizes[-1], side="right"))
        return song_row(songs[min(which, len(songs) - 1)], chance, length)

    return row


def texts_source(groups: Sequence[tuple[float, Sequence[str]]]) -> Source:
    """Rows of whole texts one after another, each group of texts with its share."""
    control = TEXT.ranges["control"].first
    shares = np.cumsum([share for share, _ in groups])
    packed = [[text_tokens(text) for text in texts] for _, texts in groups]

    def row(chance: Chance, length: int) -> Row:
        tokens: list[int] = []
        while len(tokens) < length:
            own = packed[min(int(np.searchsorted(shares, chance.random() * shares[-1])), len(packed) - 1)]
            text = own[int(chance.integers(len(own)))]
            if len(text) > 2 * length:  # a stretch of a long one, from a word's beginning
                first = int(chance.integers(len(text) - length))
                first = next((i + 1 for i in range(first, first + 64) if text[i] == 0x20), first)
                tokens += [control + 1, *text[first : first + length]]
            else:
                tokens += [control + 1, *text, control + 2]
        tokens = tokens[:length]
        return tokens, [0.0 if token == control + 1 else 1.0 for token in tokens]

    return row


def packed(chance: Chance, length: int, one: Source) -> Row:
    """Rows one after another, as many as fit; a first that is too long is cut. An empty row ends it."""
    tokens: list[int] = []
    weights: list[float] = []
    while len(tokens) < length:
        more, heavy = one(chance, length)
        if not more or (tokens and len(tokens) + len(more) > length):
            break
        tokens, weights = tokens + more, weights + heavy
    return tokens[:length], weights[:length]


def batch(source: Source, seed: Sequence[int], rows: int, length: int, pad: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Tokens int64[rows, length + 1] and weights float32[rows, length] of what is to be foretold."""
    chance = np.random.default_rng(list(seed))
    tokens = np.full((rows, length + 1), pad, np.int64)
    weights = np.zeros((rows, length + 1), np.float32)
    for number in range(rows):
        row, weight = source(chance, length + 1)
        tokens[number, : len(row)], weights[number, : len(weight)] = row, weight
    return tokens, weights[:, 1:]
