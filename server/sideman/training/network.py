"""The transformer to be trained: the engine's Llama in PyTorch, under Hugging Face's names, to be saved as it is.

What differs from the engine is only that it drops out and learns. Sources: as in cpp/include/sideman/transformer.hpp.
"""

from __future__ import annotations

from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import nn

from .shape import Shape, check


class Norm(nn.Module):
    """RMSNorm."""

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Any) -> Any:
        """[..., width], in the precision that what follows computes in."""
        y = F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        kind = x.device.type
        return y.to(torch.get_autocast_dtype(kind)) if torch.is_autocast_enabled(kind) else y


class Attention(nn.Module):
    """Grouped heads with rotary positions."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        queries, keys = shape.num_attention_heads * shape.head_dim, shape.num_key_value_heads * shape.head_dim
        self.q_proj = nn.Linear(shape.hidden_size, queries, bias=False)
        self.k_proj = nn.Linear(shape.hidden_size, keys, bias=False)
        self.v_proj = nn.Linear(shape.hidden_size, keys, bias=False)
        self.o_proj = nn.Linear(queries, shape.hidden_size, bias=False)

    def forward(self, x: Any, turn: tuple[Any, Any]) -> Any:
        """[batch, n, hidden]."""
        batch, n, _ = x.shape
        heads, keys, dim = self.shape.num_attention_heads, self.shape.num_key_value_heads, self.shape.head_dim
        weight = torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight])
        y = F.linear(x, weight).view(batch, n, heads + 2 * keys, dim).transpose(1, 2)
        turned = _turned(y[:, : heads + keys], turn)
        q, k, v = turned[:, :heads], turned[:, heads:], y[:, heads + keys :]
        if x.device.type == "cpu":
            z = _by_chunks(q, k, v)
        else:
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
        return self.o_proj(z.transpose(1, 2).reshape(batch, n, heads * dim))


#: On a processor, so many queries are looked at together, against the keys up to the last of them.
_CHUNK: Final = 128


def _by_chunks(q: Any, k: Any, v: Any) -> Any:
    """Causal attention by plain products, the heads of a group side by side: twice as quick here as torch's own."""
    batch, heads, n, dim = q.shape
    keys = k.shape[1]
    q = (q * dim**-0.5).view(batch, keys, heads // keys, n, dim)
    parts = []
    for first in range(0, n, _CHUNK):
        past = min(first + _CHUNK, n)
        size = past - first
        rows = q[:, :, :, first:past].reshape(batch, keys, -1, dim)
        scores = torch.matmul(rows, k[:, :, :past].transpose(2, 3)).view(batch, heads, size, past)
        unseen = torch.full((size, past), float("-inf"), dtype=scores.dtype).triu(first + 1)
        shares = F.softmax(scores + unseen, -1, dtype=scores.dtype).view(batch, keys, -1, past)
        parts.append(torch.matmul(shares, v[:, :, :past]).view(batch, heads, size, dim))
    return torch.cat(parts, 2)


def _turned(x: Any, turn: tuple[Any, Any]) -> Any:
    cos, sin = (part.to(x.dtype) for part in turn)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


class Feed(nn.Module):
    """SwiGLU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.up_proj = nn.Linear(shape.hidden_size, shape.intermediate_size, bias=False)
        self.down_proj = nn.Linear(shape.intermediate_size, shape.hidden_size, bias=False)

    def forward(self, x: Any) -> Any:
        """[batch, n, hidden]."""
        gate, up = F.linear(x, torch.cat([self.gate_proj.weight, self.up_proj.weight])).chunk(2, -1)
        return self.down_proj(F.silu(gate) * up)


class Block(nn.Module):
    """One layer."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.input_layernorm = Norm(shape.hidden_size, shape.rms_norm_eps)
        self.self_attn = Attention(shape)
        self.post_attention_layernorm = Norm(shape.hidden_size, shape.rms_norm_eps)
        self.mlp = Feed(shape)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Any, turn: tuple[Any, Any]) -> Any:
        """[batch, n, hidden]."""
        x = x + self.drop(self.self_attn(self.input_layernorm(x), turn))
        return x + self.drop(self.mlp(self.post_attention_layernorm(x)))


class Body(nn.Module):
    """Embedding, layers and the last norm."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.layers = nn.ModuleList(Block(shape, dropout) for _ in range(shape.num_hidden_layers))
        self.norm = Norm(shape.hidden_size, shape.rms_norm_eps)


class Llama(nn.Module):
    """int64[batch, n] tokens in, [batch, n, vocab] logits out."""

    def __init__(self, shape: Shape, dropout: float = 0.0) -> None:
        super().__init__()
        check(shape)
        self.shape = shape
        self.model = Body(shape, dropout)
        if not shape.tie_word_embeddings:
            self.lm_head = nn.Linear(shape.hidden_size, shape.vocab_size, bias=False)
        for name, weight in self.named_parameters():
            if weight.dim() > 1:
                deep = name.endswith(("o_proj.weight", "down_proj.weight"))
                nn.init.normal_(weight, std=0.02 / (2 * shape.num_hidden_layers) ** 0.5 if deep else 0.02)

    def hidden(self, tokens: Any) -> Any:
        """What the head looks at [batch, n, hidden]."""
        n = tokens.shape[1]
        half = torch.arange(0, self.shape.head_dim, 2, device=tokens.device, dtype=torch.float64)
        angles = torch.outer(
            torch.arange(n, device=tokens.device, dtype=torch.float64),
            self.shape.rope_theta ** (-half / self.shape.head_dim),
        )
        turn = angles.cos().float(), angles.sin().float()
        x = self.model.embed_tokens(tokens)
        for layer in self.model.layers:
            x = layer(x, turn)
        return self.model.norm(x)

    def logits_of(self, hidden: Any) -> Any:
        """Through the head."""
        head = self.model.embed_tokens.weight if self.shape.tie_word_embeddings else self.lm_head.weight
        return F.linear(hidden, head)

    def forward(self, tokens: Any) -> Any:
        """Logits after each token."""
        return self.logits_of(self.hidden(tokens))
