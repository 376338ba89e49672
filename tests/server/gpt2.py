"""A naive GPT-2 in numpy and random weights for it: what the transformer is held against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from server.llama import Array, Weights


class Shape(NamedTuple):
    """The fields of config.json that make a difference."""

    n_embd: int = 32
    n_layer: int = 2
    n_head: int = 2
    n_inner: int = 128
    n_positions: int = 64
    vocab_size: int = 29

    def fields(self) -> dict[str, int]:
        """The same as the engine takes them."""
        return {
            "vocab_size": self.vocab_size,
            "hidden_size": self.n_embd,
            "intermediate_size": self.n_inner,
            "num_hidden_layers": self.n_layer,
            "num_attention_heads": self.n_head,
            "num_key_value_heads": self.n_head,
            "head_dim": self.n_embd // self.n_head,
            "max_position_embeddings": self.n_positions,
        }


def weights_of(shape: Shape, root: str = "transformer.", seed: int = 0) -> Weights:
    """Random float32 weights under Hugging Face's names, so large that the logits differ."""
    chance = np.random.default_rng(seed)
    width, inner = shape.n_embd, shape.n_inner
    sizes: dict[str, tuple[int, ...]] = {"wte": (shape.vocab_size, width), "wpe": (shape.n_positions, width)}
    for i in range(shape.n_layer):
        of = f"h.{i}."
        sizes |= {of + "ln_1": (width,), of + "attn.c_attn": (width, 3 * width), of + "attn.c_proj": (width, width)}
        sizes |= {of + "ln_2": (width,), of + "mlp.c_fc": (width, inner), of + "mlp.c_proj": (inner, width)}
    sizes["ln_f"] = (width,)
    found: Weights = {}
    for name, size in sizes.items():
        drawn = chance.normal(size=size)
        scaled = 1 + 0.1 * drawn if len(size) == 1 else drawn / np.sqrt(size[0] if "." in name else 4)
        found[f"{root}{name}.weight"] = scaled.astype("f4")
        if "w" not in name.split(".")[-1][:1]:
            found[f"{root}{name}.bias"] = (0.1 * chance.normal(size=size[-1])).astype("f4")
    return found


def logits(shape: Shape, weights: Mapping[str, Array], tokens: Sequence[int], root: str = "transformer.") -> Array:
    """float64[n, vocab_size]: after each token, the logits of the next."""

    def w(name: str) -> Array:
        return weights[root + name].astype(np.float64)

    def norm(x: Array, name: str) -> Array:
        x = x - x.mean(-1, keepdims=True)
        found: Array = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) * w(f"{name}.weight") + w(f"{name}.bias")
        return found

    def linear(x: Array, name: str) -> Array:
        found: Array = x @ w(f"{name}.weight") + w(f"{name}.bias")
        return found

    n, dim = len(tokens), shape.n_embd // shape.n_head
    seen = np.arange(n)[:, None] >= np.arange(n)[None]
    x = w("wte.weight")[list(tokens)] + w("wpe.weight")[:n]
    for i in range(shape.n_layer):
        q, k, v = (
            part.reshape(n, -1, dim) for part in np.split(linear(norm(x, f"h.{i}.ln_1"), f"h.{i}.attn.c_attn"), 3, -1)
        )
        scores = np.where(seen, np.einsum("qhd,khd->hqk", q, k) / np.sqrt(dim), -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        x = x + linear(np.einsum("hqk,khd->qhd", p, v).reshape(n, -1), f"h.{i}.attn.c_proj")
        y = linear(norm(x, f"h.{i}.ln_2"), f"h.{i}.mlp.c_fc")
        y = 0.5 * y * (1 + np.tanh(np.sqrt(2 / np.pi) * (y + 0.044715 * y**3)))
        x = x + linear(y, f"h.{i}.mlp.c_proj")
    found: Array = norm(x, "ln_f") @ w("wte.weight").T
    return found
