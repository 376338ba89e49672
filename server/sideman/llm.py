"""A small LLM from a folder: `config.json` and `model.safetensors`, checked, and the model that players use.

The folder is Hugging Face's form with one section more, `sideman`, that says what the tokens mean (docs/llm.md). Only
loading belongs here: what a model predicts is the core's, what tokens mean is `tokens/`'s.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from ._core import model as _core
from .tokens import END_TOKEN, MUSIC, Grammar, vocabulary_of

#: So many contexts are held at once; of more players, some are read again from the beginning of what they remember.
CONTEXTS: Final = 32
#: So many tokens of the past are read, some 130 events of three components.
WINDOW: Final = 512
#: Of fewer an event might not find room.
LEAST_WINDOW: Final = 256
_FIELDS: Final = {
    "vocab_size": int,
    "hidden_size": int,
    "intermediate_size": int,
    "num_hidden_layers": int,
    "num_attention_heads": int,
    "num_key_value_heads": int,
    "head_dim": int,
    "rms_norm_eps": float,
    "rope_theta": float,
    "tie_word_embeddings": bool,
    "max_position_embeddings": int,
}
#: GPT-2's names for the same.
_GPT2: Final = {
    "n_embd": "hidden_size",
    "n_layer": "num_hidden_layers",
    "n_head": "num_attention_heads",
    "n_inner": "intermediate_size",
    "n_positions": "max_position_embeddings",
    "layer_norm_epsilon": "rms_norm_eps",
}


class Unfit(Exception):
    """A folder that holds no model for this purpose; the text says why, naming file and field."""


def transformer(folder: Path, **running: Any) -> tuple[_core.Transformer, Mapping[str, Any]]:
    """The engine with a folder's weights, and the whole of its `config.json`; raises `Unfit`.

    `running`: `weights_as`, `cache_as`, `sequences`, `window`, `rollback`, `kernel` as `Transformer` takes them.
    """
    config = config_of(folder)
    return _engine(folder, config, running), config


def _engine(folder: Path, config: Mapping[str, Any], running: Mapping[str, Any]) -> _core.Transformer:
    kind = config.get("model_type")
    if kind not in ("llama", "gpt2"):
        raise Unfit(f"{folder / 'config.json'}: model_type is {kind!r}; llama and gpt2 can be read")
    if config.get("rope_scaling") is not None:
        raise Unfit(f"{folder / 'config.json'}: rope_scaling is not known; only plain rotary positions are")
    if config.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise Unfit(f"{folder / 'config.json'}: activation_function must be gelu_new")
    if kind == "gpt2":
        config = _as_llama(config)
    fields: dict[str, Any] = {name: _field(config, name, of, folder) for name, of in _FIELDS.items() if name in config}
    fields.setdefault("head_dim", fields.get("hidden_size", 0) // max(1, fields.get("num_attention_heads", 1)))
    weights = folder / "model.safetensors"
    try:
        with weights.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _core.Transformer(data, model_type=kind, **fields, **running)
    except OSError as error:
        raise Unfit(f"{weights}: {error.strerror}") from None
    except (ValueError, TypeError) as error:  # an empty file cannot be mapped; a field is missing
        raise Unfit(f"{weights}: {error}") from None


def _as_llama(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """GPT-2's fields under Llama's names."""
    named = {_GPT2.get(name, name): value for name, value in config.items() if value is not None}
    if isinstance(named.get("hidden_size"), int):
        named.setdefault("intermediate_size", 4 * named["hidden_size"])
    named.setdefault("num_key_value_heads", named.get("num_attention_heads", 0))
    return named


def config_of(folder: Path) -> Mapping[str, Any]:
    """What a folder says of its model; raises `Unfit`."""
    path = folder / "config.json"
    try:
        found = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unfit(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise Unfit(f"{path}: is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Unfit(f"{path}: must be a JSON object")
    return found


def _field(config: Mapping[str, Any], name: str, of: type, folder: Path) -> int | float | bool:
    value = config[name]
    if isinstance(value, bool) is not (of is bool) or not isinstance(value, (int, float) if of is float else of):
        raise Unfit(f"{folder / 'config.json'}: {name} must be {of.__name__}, not {value!r}")
    return of(value)  # type: ignore[no-any-return]


def reader(folder: Path, *, contexts: int = CONTEXTS, window: int = WINDOW, **running: Any) -> _core.Reader:
    """Who reads music for players, with a folder's model: at most `window` tokens, and no more than it was taught on.

    Raises `Unfit`, also where its tokens mean other things.
    """
    running = {"weights_as": "int8", "cache_as": "bf16", **running}
    config = config_of(folder)
    said = config.get("sideman")
    try:
        kind = vocabulary_of(said, {MUSIC.kind: MUSIC})
    except ValueError as error:
        raise Unfit(f"{folder / 'config.json'}: {error}") from None
    learned = said.get("window") if isinstance(said, Mapping) else None
    if isinstance(learned, int) and learned >= LEAST_WINDOW:  # what it never saw it would not understand
        window = min(window, learned)
    engine = _engine(folder, config, {**running, "sequences": contexts, "window": window})
    if int(config["vocab_size"]) < kind.size:
        raise Unfit(f"{folder / 'config.json'}: vocab_size must be at least {kind.size}")
    return _core.Reader(engine)


def llm(by: _core.Reader, alphabet: _core.Alphabet, **mixing: float) -> _core.LLM:
    """A model of the symbols of an alphabet that tells its `names`; raises `Refused` for a viewpoint without tokens."""
    grammar = Grammar("*".join(getattr(alphabet, "names", ())) or "pitch")
    spans = [grammar.span(place) for place in range(len(grammar.names))]
    return _core.LLM(
        by, list(grammar.header), [(first - 1, past) for first, past in spans], END_TOKEN, alphabet, **mixing
    )


def llm_factory(folder: Path, **running: Any) -> Callable[[_core.Alphabet], _core.LLM]:
    """What makes models that all ask one reader, loaded when the first is made; raises `Unfit` then."""
    loaded: list[_core.Reader] = []

    def make(alphabet: _core.Alphabet) -> _core.LLM:
        if not loaded:
            loaded.append(reader(folder, **running))
        return llm(loaded[0], alphabet)

    return make


__all__ = ["CONTEXTS", "WINDOW", "Unfit", "llm", "llm_factory", "reader", "transformer"]
