"""The shape of a transformer, as `config.json` says it; PyTorch is not needed to speak of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ..errors import SetupError


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of config.json that make a difference."""

    vocab_size: int
    hidden_size: int = 128
    intermediate_size: int = 384
    num_hidden_layers: int = 6
    num_attention_heads: int = 4
    num_key_value_heads: int = 1
    head_dim: int = 32
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = True

    def to_data(self) -> dict[str, Any]:
        """As in config.json."""
        return asdict(self)


def check(shape: Shape) -> None:
    """Raise `SetupError` for a shape that the engine would not take."""
    if shape.head_dim % 16 or shape.num_attention_heads % shape.num_key_value_heads:
        raise SetupError(
            f"{shape.num_attention_heads} heads of {shape.head_dim} over {shape.num_key_value_heads} for the keys",
            "head_dim is a multiple of 16, and the heads a multiple of those for keys",
        )
