"""A model on disk: f16 safetensors and a `config.json` in Hugging Face's form, as the engine reads them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import load_file, save_file

from ..errors import SetupError
from ..tokens import MUSIC, TEXT, Vocabulary, vocabulary_of
from .network import Llama
from .shape import Shape

WEIGHTS: Final = "model.safetensors"
CONFIG: Final = "config.json"
VOCABULARIES: Final[dict[str, Vocabulary]] = {"music": MUSIC, "text": TEXT}


def save(folder: Path, model: Llama, vocabulary: Vocabulary, about: Mapping[str, Any]) -> None:
    """Write a model; `about` says how it came to be, and goes into the section `sideman` beside the vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: weight.detach().to("cpu", torch.float16).contiguous() for name, weight in model.state_dict().items()
    }
    config = {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "torch_dtype": "float16",
        "max_position_embeddings": 512,
        **model.shape.to_data(),
        "sideman": {**vocabulary.to_data(), **about},
    }
    part = folder / (WEIGHTS + ".part")
    save_file(weights, part, metadata={"format": "pt"})
    os.replace(part, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def load(folder: Path, dropout: float = 0.0) -> tuple[Llama, Vocabulary, dict[str, Any]]:
    """A model that was saved, its vocabulary, and what was said about it. Raises `SetupError` that names the fault."""
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        vocabulary = vocabulary_of(config.get("sideman"), VOCABULARIES)
        shape = Shape(**{name: config[name] for name in Shape.__dataclass_fields__})
        model = Llama(shape, dropout)
        weights = load_file(folder / WEIGHTS)
        model.load_state_dict({name: weight.float() for name, weight in weights.items()})
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise SetupError(
            f"no model to be read in {folder}: {error}", "give the folder of one that was trained"
        ) from None
    return model, vocabulary, config["sideman"]
