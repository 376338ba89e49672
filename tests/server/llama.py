"""A naive Llama in numpy, random weights for it, and a writer of safetensors: what the transformer is held against."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Weights = dict[str, Array]


class Shape(NamedTuple):
    """The fields of config.json that make a difference."""

    vocab_size: int = 29
    hidden_size: int = 32
    intermediate_size: int = 48
    num_hidden_layers: int = 2
    num_attention_heads: int = 4
    num_key_value_heads: int = 1
    head_dim: int = 16
    rms_norm_eps: float = 1e-5
    rope_theta: float = 10000.0
    tie_word_embeddings: bool = True


def weights_of(shape: Shape, seed: int = 0) -> Weights:
    """Random float32 weights under Hugging Face's names, so large that the logits differ."""
    chance = np.random.default_rng(seed)
    width, inner = shape.hidden_size, shape.intermediate_size
    queries, keys = shape.num_attention_heads * shape.head_dim, shape.num_key_value_heads * shape.head_dim
    sizes = {"model.embed_tokens": (shape.vocab_size, width), "model.norm": (width,)}
    for i in range(shape.num_hidden_layers):
        of = f"model.layers.{i}."
        sizes |= {of + "input_layernorm": (width,), of + "post_attention_layernorm": (width,)}
        sizes |= {of + "self_attn.q_proj": (queries, width), of + "self_attn.k_proj": (keys, width)}
        sizes |= {of + "self_attn.v_proj": (keys, width), of + "self_attn.o_proj": (width, queries)}
        sizes |= {of + "mlp.gate_proj": (inner, width), of + "mlp.up_proj": (inner, width)}
        sizes |= {of + "mlp.down_proj": (width, inner)}
    if not shape.tie_word_embeddings:
        sizes["lm_head"] = (shape.vocab_size, width)
    return {
        f"{name}.weight": (1 + 0.1 * chance.normal(size=size) if "norm" in name else _matrix(chance, size)).astype("f4")
        for name, size in sizes.items()
    }


def _matrix(chance: np.random.Generator, size: tuple[int, ...]) -> Array:
    found: Array = chance.normal(size=size) / np.sqrt(size[-1])
    return found


def logits(shape: Shape, weights: Mapping[str, Array], tokens: Sequence[int], window: int = 10**9) -> Array:
    """float64[n, vocab_size]: after each token, the logits of the next; each sees at most the last `window`."""

    def w(name: str) -> Array:
        return weights[f"{name}.weight"].astype(np.float64)

    def norm(x: Array, name: str) -> Array:
        found: Array = x / np.sqrt((x**2).mean(-1, keepdims=True) + shape.rms_norm_eps) * w(name)
        return found

    n, dim = len(tokens), shape.head_dim
    angles = np.outer(np.arange(n), shape.rope_theta ** (-np.arange(0, dim, 2) / dim))
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]

    def turned(x: Array) -> Array:
        a, b = x[..., : dim // 2], x[..., dim // 2 :]
        return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    ages = np.arange(n)[:, None] - np.arange(n)[None]
    seen = (ages >= 0) & (ages < window)
    group = shape.num_attention_heads // shape.num_key_value_heads
    x = w("model.embed_tokens")[list(tokens)]
    for i in range(shape.num_hidden_layers):
        of = f"model.layers.{i}."
        y = norm(x, of + "input_layernorm")
        q, k, v = ((y @ w(f"{of}self_attn.{part}_proj").T).reshape(n, -1, dim) for part in "qkv")
        q, k, v = turned(q), turned(k).repeat(group, 1), v.repeat(group, 1)
        scores = np.where(seen, np.einsum("qhd,khd->hqk", q, k) / np.sqrt(dim), -np.inf)
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        x = x + np.einsum("hqk,khd->qhd", p, v).reshape(n, -1) @ w(of + "self_attn.o_proj").T
        y = norm(x, of + "post_attention_layernorm")
        gate = y @ w(of + "mlp.gate_proj").T
        x = x + (gate / (1 + np.exp(-gate)) * (y @ w(of + "mlp.up_proj").T)) @ w(of + "mlp.down_proj").T
    found: Array = norm(x, "model.norm") @ w("model.embed_tokens" if shape.tie_word_embeddings else "lm_head").T
    return found


def file_of(weights: Mapping[str, Array], header: Mapping[str, object] | None = None, extra: bytes = b"") -> bytes:
    """A safetensors file of weights in F32 or F16; another header may be given, and bytes behind the last tensor."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    data = b""
    for name, weight in weights.items():
        raw = weight.tobytes()
        kind = "F16" if weight.dtype == np.float16 else "F32"
        entries[name] = {"dtype": kind, "shape": list(weight.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(entries if header is None else header).encode()
    return len(text).to_bytes(8, "little") + text + data + extra
