"""A trained model played by the C++ engine: what a stage has taught is measured on what a player would run."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..models import Transformer
from ..tokens import END_TOKEN, MUSIC, SELF, TEXT, Around, Plan, Standing, around_tokens, plan, planned
from ..viewpoint import class_beats
from .exercises import Order
from .lessons import GRAMMAR, opening
from .phrases import BAR, Phrase

#: As players draw: what is less probable than this share of the most probable is left out.
MIN_P: Final = 0.1
#: What of config.json the engine wants to know.
FIELDS: Final = (
    *("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
    *("num_key_value_heads", "head_dim", "rms_norm_eps", "rope_theta", "tie_word_embeddings"),
)
MOST_EVENTS: Final = 64
MOST_BYTES: Final = 240


class Engine:
    """One sequence of a model, from a folder with its weights and `config.json`."""

    def __init__(self, folder: Path, window: int = 512, weights_as: str = "f32") -> None:
        config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        self.about = config["sideman"]
        self._model = Transformer(
            (folder / "model.safetensors").read_bytes(),
            **{name: config[name] for name in FIELDS},
            sequences=1,
            window=window,
            weights_as=weights_as,
        )
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

    def bits(self, tokens: Sequence[int], spans: Sequence[Sequence[tuple[int, int]] | None]) -> list[float]:
        """The bits of each token that has spans, all heard from the beginning; what lies in no span is impossible."""
        found = []
        self._model.reset(0)
        for at, (token, own) in enumerate(zip(tokens, spans, strict=True)):
            if own is not None and at:
                there, p = self.distribution(own)
                found.append(float(-np.log2(p[int(np.flatnonzero(there == token)[0])])))
            self.hear([token])
        return found


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
    while len(pitches) < MOST_EVENTS:
        label = None
        if tell and chords is not None:
            label = chords.chords[max(bisect_right(chords.onsets, now + 1e-6) - 1, 0)]
        around = Around(SELF, label, None, 0.0, now % BAR)
        # Whether the phrase ends is asked before anything is said beside the next event, as it was learned.
        if pitches:
            tokens, p = engine.distribution([(part.first, part.past) for part in GRAMMAR.allowed(Standing())])
            if chance.random() < p[tokens == END_TOKEN].sum():
                break
        engine.hear(around_tokens(around, said))
        said = around
        pitches.append(MUSIC.read(engine.draw(chance, [GRAMMAR.span(0)], temperature))[1] - 1)
        iois.append(MUSIC.read(engine.draw(chance, [GRAMMAR.span(1)], temperature))[1])
        labels.append(label or "")
        now += class_beats(iois[-1])
    return Phrase(tuple(pitches), tuple(iois), tuple(labels)), intended


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
    engine.begin(tokens)
    end = TEXT.ranges["control"].first + 2
    made: list[int] = []
    for _ in range(MOST_BYTES):
        token = engine.draw(np.random.default_rng(0), [(0, 256), (end, end + 1)], temperature=0.0)
        if token == end:
            break
        made.append(token)
    return bytes(made).decode("utf-8", errors="replace")
