"""The LLM: µs for one token a sequence, at about 1, 5 and 20 million parameters, beside numpy, torch, onnxruntime
and llama.cpp; a whole event; how soon it is there and what it takes; sixteen players.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import llama_gguf, llama_onnx
from bench.llm_players import beginning, events, sixteen
from bench.report import Table, Timing, each
from server.llama import Shape, file_of, weights_of
from sideman.models import Transformer, transformer_kernels

SIZES = {
    "1M": Shape(256, 128, 384, 5, 4, 1, 32),
    "5M": Shape(512, 256, 768, 7, 8, 2, 32),
    "20M": Shape(1024, 512, 1408, 6, 8, 2, 64),
}
BATCHES = (1, 4, 8, 16)
FORMATS = (("f32", "f32"), ("f32", "bf16"), ("int8", "bf16"))
BEFORE = 448  # tokens in each sequence's cache as the clock starts
TURNS = 7
IN_A_TURN = 9  # steps, after one that is not counted: it finds the caches full of the others' numbers
#: With whom we compare, and what has to be installed for that.
OTHERS = {"llama.cpp": "llama-cpp-python gguf", "onnxruntime": "onnxruntime onnx", "torch": "torch"}
TIMED = TURNS * (IN_A_TURN + 1)

Floats = npt.NDArray[np.float32]
Step = Callable[[], object]


def run() -> list[Table]:
    """One table for each size: every kernel in every format, and the others, in turns; then what players meet."""
    return [*(_table(name, shape) for name, shape in SIZES.items()), events(), beginning(), sixteen()]


def _table(name: str, shape: Shape) -> Table:
    weights = weights_of(shape)
    count = sum(weight.size for weight in weights.values())
    file = file_of(weights)
    rows: list[tuple[str, str, int, float, float, float, float]] = []
    found: list[tuple[int, dict[str, float]]] = []
    for batch in BATCHES:
        steps: dict[tuple[str, str], Step] = {}
        for kernel in transformer_kernels():
            for weights_as, cache_as in FORMATS:
                made = Transformer(
                    file, **shape._asdict(), sequences=batch, weights_as=weights_as, cache_as=cache_as, kernel=kernel
                )
                steps[kernel, f"{weights_as}, cache {cache_as}"] = _ours(made, batch)
        steps["numpy", "f32"] = _numpy(shape, weights, batch)
        theirs = _torch(shape, weights, batch)
        if theirs:
            steps["torch", "f32"] = theirs
        for how, int8 in (("f32", False), ("int8 (dynamic), cache f32", True)):
            if ort := llama_onnx.step_of(shape, weights, batch, BEFORE, int8):
                steps["onnxruntime", how] = ort
        for how, int8 in (("f32", False), ("Q8_0, cache f16", True)):
            if cpp := llama_gguf.made(shape, weights, batch, int8):
                steps["llama.cpp", how] = _cpp(cpp, batch)
        samples: dict[tuple[str, str], list[float]] = {key: [] for key in steps}
        for _ in range(TURNS):
            for key, step in steps.items():
                step()
                samples[key] += each(step, IN_A_TURN).samples_s
        for (who, how), times in samples.items():
            least, median, p99 = Timing(times).cells()
            rows.append((who, how, batch, least, median, p99, median / batch))
        best = min(median for who, _, of, _, median, _, _ in rows if of == batch and who in transformer_kernels())
        times_as_long = {
            who: min(median for name, _, of, _, median, _, _ in rows if of == batch and name == who) / best
            for who in OTHERS
            if any(row[0] == who for row in rows)
        }
        found.append((batch, times_as_long))
    missing = [packages for who, packages in OTHERS.items() if not any(row[0] == who for row in rows)]
    said = f" Not installed here: pip install {' '.join(missing)}." if missing else ""
    ratios = "; ".join(
        f"batch {batch}: " + ", ".join(f"{who} {ratio:.1f} times ours" for who, ratio in of.items())
        for batch, of in found
        if of
    )
    return Table(
        f"LLM of about {name}: one step, a token for each sequence of the batch ({count:,} parameters)",
        ("who", "format", "batch", "least µs", "median µs", "p99 µs", "median µs/token"),
        rows,
        f"{TURNS} turns of {IN_A_TURN} steps from Python, after one that warms the caches; {BEFORE} tokens and more in "
        "each sequence. torch, onnxruntime and llama.cpp with one thread, numpy with as many as its BLAS takes; torch "
        f"and numpy without turning by positions. The best median of each: {ratios or 'nobody to compare with'}."
        + said,
    )


def _ours(model: Transformer, batch: int) -> Step:
    which, tokens = np.arange(batch, dtype=np.int32), np.full(batch, 3, np.int32)
    for _ in range(BEFORE):
        model.step(which, tokens)
    return lambda: model.step(which, tokens)


def _cpp(model: llama_gguf.Cpp, batch: int) -> Step:
    tokens = np.full(batch, 3, np.int32)
    for _ in range(BEFORE):
        model.step(tokens)
    return lambda: model.step(tokens)


class _Llama:
    """One step of the whole batch in array operations that numpy and torch share, over a cache of random numbers."""

    def __init__(self, shape: Shape, weights: dict[str, Any], batch: int, caches: list[tuple[Any, Any]], of: Any):
        self.shape, self.w, self.batch, self.caches, self.of = shape, weights, batch, caches, of

    def norm(self, x: Any, name: str) -> Any:
        return x / (self.of.sqrt((x * x).mean(-1)) + 1e-5)[:, None] * self.w[f"{name}.weight"]

    def step(self) -> Any:
        shape, w, of = self.shape, self.w, self.of
        group = shape.num_attention_heads // shape.num_key_value_heads
        x = w["model.embed_tokens.weight"][[3] * self.batch]
        for i, (keys, values) in enumerate(self.caches):
            at = f"model.layers.{i}."
            y = self.norm(x, at + "input_layernorm")
            q, k, v = (y @ w[f"{at}self_attn.{part}_proj.weight"].T for part in "qkv")
            keys[:, :, -1] = k.reshape(self.batch, -1, shape.head_dim)
            values[:, :, -1] = v.reshape(self.batch, -1, shape.head_dim)
            scores = q.reshape(self.batch, -1, group, shape.head_dim) @ keys.swapaxes(-1, -2)
            p = of.exp(scores / shape.head_dim**0.5)
            seen = (p / p.sum(-1)[..., None]) @ values
            x = x + seen.reshape(self.batch, -1) @ w[at + "self_attn.o_proj.weight"].T
            y = self.norm(x, at + "post_attention_layernorm")
            gate = y @ w[at + "mlp.gate_proj.weight"].T
            x = (
                x
                + (gate / (1 + of.exp(-gate)) * (y @ w[at + "mlp.up_proj.weight"].T)) @ w[at + "mlp.down_proj.weight"].T
            )
        return self.norm(x, "model.norm") @ w["model.embed_tokens.weight"].T


def _caches(shape: Shape, batch: int) -> list[tuple[Floats, Floats]]:
    chance = np.random.default_rng(2)
    size = (batch, shape.num_key_value_heads, BEFORE + TIMED // 2, shape.head_dim)
    return [
        (chance.normal(size=size).astype("f4"), chance.normal(size=size).astype("f4"))
        for _ in range(shape.num_hidden_layers)
    ]


def _numpy(shape: Shape, weights: dict[str, Any], batch: int) -> Step:
    return _Llama(shape, weights, batch, _caches(shape, batch), np).step


def _torch(shape: Shape, weights: dict[str, Any], batch: int) -> Step | None:
    """None where torch is not installed."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        return None
    torch.set_num_threads(1)
    theirs = {name: torch.from_numpy(weight) for name, weight in weights.items()}
    caches = [(torch.from_numpy(k), torch.from_numpy(v)) for k, v in _caches(shape, batch)]
    model = _Llama(shape, theirs, batch, caches, torch)

    def step() -> object:
        with torch.inference_mode():
            return model.step()

    return step
