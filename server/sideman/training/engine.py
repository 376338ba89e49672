"""A trained model played by the C++ engine: what a stage has taught is measured on what a player would run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..llm import config_of, transformer
from ..tokens import (
    BAR,
    END_TOKEN,
    MUSIC,
    SELF,
    TEXT,
    Around,
    Carrying,
    Grammar,
    Plan,
    Standing,
    allowed_bytes,
    around_tokens,
    plan,
    planned,
    text_tokens,
)
from ..viewpoint import class_beats
from .exercises import Order
from .lessons import GRAMMAR, opening
from .phrases import Phrase
from .songs import Song
from .streams import event_rows

#: As players draw: what is less probable than this share of the most probable is left out.
MIN_P: Final = 0.1
#: So many tokens are heard at once, where a model's config.json does not say on how many it was taught.
WINDOW: Final = 512
MOST_EVENTS: Final = 64
MOST_BYTES: Final = 240


class Engine:
    """One sequence of a model, from a folder with its weights and `config.json`; it hears what it was taught on.

    Raises `Unfit`, which names the file and what is wrong.
    """

    def __init__(self, folder: Path, weights_as: str = "f32") -> None:
        self.about: Mapping[str, Any] = config_of(folder).get("sideman") or {}
        window = self.about.get("window")
        self.window = window if isinstance(window, int) and 0 < window <= WINDOW else WINDOW
        self._model, _ = transformer(folder, sequences=1, window=self.window, weights_as=weights_as)
        self._at = np.zeros(1, np.int32)
        self.logits: npt.NDArray[np.float32] = np.zeros(0, np.float32)

    def begin(self, tokens: Sequence[int]) -> None:
        """Hear tokens from the beginning."""
        self._model.reset(0)
        self.hear(tokens)

    def hear(self, tokens: Sequence[int]) -> None:
        """Hear more."""
        for token in tokens:
            self.logits = self._model.step(self._at, np.array([token], np.int32))[0]

    def distribution(self, spans: Sequence[tuple[int, int]]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Tokens that may come, by ranges [first, past), and their probabilities."""
        tokens = np.concatenate([np.arange(first, past) for first, past in spans])
        odds = self.logits[tokens].astype(np.float64)
        p = np.exp(odds - odds.max())
        return tokens, p / p.sum()

    def draw(self, chance: np.random.Generator, spans: Sequence[tuple[int, int]], temperature: float = 1.0) -> int:
        """Draw a token among those that may come, and hear it."""
        tokens, p = self.distribution(spans)
        if temperature <= 0:
            token = int(tokens[p.argmax()])
        else:
            p = np.where(p >= MIN_P * p.max(), p, 0.0) ** (1 / temperature)
            token = int(chance.choice(tokens, p=p / p.sum()))
        self.hear([token])
        return token


def song_bits(engine: Engine, song: Song, view: str, tell: tuple[bool, bool] = (False, False)) -> list[float]:
    """The bits of each event of a song in a viewpoint, from nothing before it; `tell`: chords, places.

    When as many tokens have been heard as it was taught on, the older half is dropped, as players do it.
    """
    grammar = Grammar(view)
    found: list[float] = []
    engine.begin(grammar.header)
    told: list[int] = []
    for beside, components in event_rows(song, view, tell):
        if len(told) + len(beside) + len(components) > engine.window - 16:
            told = told[len(told) // 2 :]
            engine.begin([*grammar.header, *told])
        engine.hear(beside)
        total = 0.0
        for place, token in enumerate(components):
            first, past = grammar.span(place)
            tokens, p = engine.distribution([(first, past)])
            total -= float(np.log2(p[token - int(tokens[0])]))
            engine.hear([token])
        found.append(total)
        told += (*beside, *components)
    return found


def text_bits(engine: Engine, texts: Sequence[str]) -> float:
    """The bits of a character, a mean over whole texts and their ends, each from nothing before it."""
    control = TEXT.ranges["control"].first
    bits, characters = 0.0, 0
    for text in texts:
        engine.begin([control + 1])
        for token in [*text_tokens(text), control + 2]:
            tokens, p = engine.distribution([(0, 256), (control + 2, control + 3)])
            bits -= float(np.log2(p[int(np.flatnonzero(tokens == token)[0])]))
            engine.hear([token])
        characters += len(text) + 1
    return bits / max(characters, 1)


def answer(
    engine: Engine,
    chance: np.random.Generator,
    before: Sequence[Phrase],
    wanted: Sequence[Order] = (),
    chords: Phrase | None = None,
    intended: Plan | None = None,
    plans: bool = False,
    temperature: float = 1.0,
) -> tuple[Phrase, Plan | None]:
    """What the model answers, and the plan that it had; a plan may be given, or made by the model itself (`plans`).

    `chords`: a phrase whose chords, in their times, are told.
    """
    tell = chords is not None and bool(chords.chords)
    engine.begin(opening(before, wanted, tell))
    if intended is not None:
        engine.hear(plan(intended))
    elif plans:
        intended = _intention(engine, chance)
    pitches: list[int] = []
    iois: list[int] = []
    labels: list[str] = []
    now, said = 0.0, Around(SELF)
    carrying = Carrying(intended) if intended is not None else None
    while len(pitches) < MOST_EVENTS:
        label = None
        if tell and chords is not None:
            label = chords.chords[max(bisect_right(chords.onsets, now + 1e-6) - 1, 0)]
        around = Around(SELF, label, None, 0.0, now % BAR)
        # Whether the phrase ends is asked before anything is said beside the next event, as it was learned.
        if carrying is not None:
            if (carrying := carrying.at(now)).over:  # as players do it
                break
        elif pitches and _ends(engine, chance, temperature):
            break
        engine.hear(around_tokens(around, said))
        if carrying is not None:
            engine.hear(carrying.cues())
        said = around
        pitches.append(MUSIC.read(engine.draw(chance, [GRAMMAR.span(0)], temperature))[1] - 1)
        iois.append(MUSIC.read(engine.draw(chance, [GRAMMAR.span(1)], temperature))[1])
        labels.append(label or "")
        carrying = carrying.played(pitches[-1]) if carrying is not None else None
        now += class_beats(iois[-1])
    return Phrase(tuple(pitches), tuple(iois), tuple(labels)), intended


def _ends(engine: Engine, chance: np.random.Generator, temperature: float) -> bool:
    """Whether a phrase ends here: drawn as tokens are, so not where an end is much less probable than more."""
    tokens, p = engine.distribution([(part.first, part.past) for part in GRAMMAR.allowed(Standing())])
    end = float(p[tokens == END_TOKEN].sum())
    odds = np.array([end, 1.0 - end])
    odds = np.where(odds >= MIN_P * odds.max(), odds, 0.0) ** (1 / temperature)
    return bool(chance.random() < odds[0] / odds.sum())


def _intention(engine: Engine, chance: np.random.Generator) -> Plan:
    """The plan that the model makes."""
    tokens = [MUSIC.token("plan", 0)]
    engine.hear(tokens)
    due = ["cadence", "shape", "bars"]
    while due:
        part = MUSIC.ranges[due.pop(0)]
        tokens.append(engine.draw(chance, [(part.first + (part.name in ("cadence", "bars")), part.past)]))
        if part.name == "bars":
            due += ["density"] * MUSIC.read(tokens[-1])[1]
    return planned(tokens)


def written(engine: Engine, tokens: Sequence[int]) -> str:
    """What a model of text writes after tokens, the most probable byte each time, up to the end."""
    return "".join(letter for letter, _ in considered(engine, tokens))


def considered(engine: Engine, tokens: Sequence[int], most: int = MOST_BYTES) -> list[tuple[str, float]]:
    """The same character by character, each with its probability: the product of its bytes'; at most so many bytes."""
    engine.begin(tokens)
    end = TEXT.ranges["control"].first + 2
    made: list[tuple[str, float]] = []
    begun, sure = b"", 1.0
    for _ in range(most):
        there, p = engine.distribution([*allowed_bytes(begun), *([] if begun else [(end, end + 1)])])
        at = int(p.argmax())
        if there[at] == end:
            break
        begun, sure = begun + bytes([there[at]]), sure * float(p[at])
        engine.hear([int(there[at])])
        if letter := begun.decode("utf-8", errors="ignore"):
            made.append((letter, sure))
            begun, sure = b"", 1.0
    return made
