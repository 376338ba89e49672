"""The bench's Llama as a GGUF file, for llama.cpp through llama-cpp-python: the same weights, f32 or its Q8_0."""

from __future__ import annotations

import ctypes
import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from server.llama import Array, Shape, Weights

Step = Callable[[], object]
MOST = 1024  # positions
#: GGUF's names for the layers' matrices and norms.
NAMES = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


class Cpp:
    """One model in llama.cpp: a token for each sequence of the batch a step, with one thread."""

    def __init__(self, cpp: Any, file: Path, batch: int, cache_f16: bool) -> None:
        self._cpp, self._batch = cpp, batch
        wanted = cpp.llama_model_default_params()
        wanted.n_gpu_layers = 0
        self._model = cpp.llama_model_load_from_file(str(file).encode(), wanted)
        if not self._model:
            raise RuntimeError(f"llama.cpp cannot load {file}")
        how = cpp.llama_context_default_params()
        how.n_ctx = MOST * batch
        how.n_batch = how.n_ubatch = 512
        how.n_seq_max = batch
        how.n_threads = how.n_threads_batch = 1
        if not cache_f16:
            how.type_k = how.type_v = 0  # GGML_TYPE_F32
        self._context = cpp.llama_init_from_model(self._model, how)
        self._tokens = cpp.llama_batch_init(max(batch, 1), 0, 1)
        self._at = 0

    def step(self, tokens: npt.NDArray[np.int32]) -> None:
        """One more token of each sequence."""
        batch = self._tokens
        batch.n_tokens = self._batch
        for sequence in range(self._batch):
            batch.token[sequence] = int(tokens[sequence])
            batch.pos[sequence] = self._at
            batch.n_seq_id[sequence] = 1
            batch.seq_id[sequence][0] = sequence
            batch.logits[sequence] = 1
        self._at += 1
        if (status := self._cpp.llama_decode(self._context, batch)) != 0:
            raise RuntimeError(f"llama_decode: {status}")

    def logits(self, sequence: int, vocabulary: int) -> Array:
        """After the last step."""
        found = self._cpp.llama_get_logits_ith(self._context, sequence)
        return np.ctypeslib.as_array(ctypes.cast(found, ctypes.POINTER(ctypes.c_float)), (vocabulary,)).copy()

    def close(self) -> None:
        """Let it go."""
        self._cpp.llama_batch_free(self._tokens)
        self._cpp.llama_free(self._context)
        self._cpp.llama_model_free(self._model)


def made(shape: Shape, weights: Weights, batch: int, int8: bool) -> Cpp | None:
    """The model, f32 throughout or Q8_0 with a cache of f16; None where llama-cpp-python or gguf is not installed."""
    try:
        cpp: Any = importlib.import_module("llama_cpp")
        gguf: Any = importlib.import_module("gguf")
    except ImportError:
        return None
    silent = cpp.llama_log_callback(lambda level, text, data: None)
    cpp.llama_log_set(silent, None)
    _kept.append(silent)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.gguf"
        _write(gguf, file, shape, weights, int8)
        return Cpp(cpp, file, batch, int8)


_kept: list[Any] = []  # what C calls back must not be collected


def _write(gguf: Any, file: Path, shape: Shape, weights: Weights, int8: bool) -> None:
    writer = gguf.GGUFWriter(file, "llama")
    writer.add_context_length(MOST)
    writer.add_embedding_length(shape.hidden_size)
    writer.add_block_count(shape.num_hidden_layers)
    writer.add_feed_forward_length(shape.intermediate_size)
    writer.add_head_count(shape.num_attention_heads)
    writer.add_head_count_kv(shape.num_key_value_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_rope_freq_base(shape.rope_theta)
    writer.add_layer_norm_rms_eps(shape.rms_norm_eps)
    writer.add_vocab_size(shape.vocab_size)
    writer.add_tokenizer_model("no_vocab")
    for name, weight in weights.items():
        _add(gguf, writer, _name(name), _turned(shape, name, weight), int8)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _name(name: str) -> str:
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    if name == "lm_head.weight":
        return "output.weight"
    _, _, layer, *part, _ = name.split(".")
    return f"blk.{layer}.{NAMES['.'.join(part)]}.weight"


def _turned(shape: Shape, name: str, weight: Array) -> Array:
    """llama.cpp turns neighbours by positions, Hugging Face halves: rows of queries and keys change places."""
    heads = {"q_proj": shape.num_attention_heads, "k_proj": shape.num_key_value_heads}.get(name.split(".")[-2])
    if heads is None:
        return weight
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, weight.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(weight.shape))


def _add(gguf: Any, writer: Any, name: str, weight: Array, int8: bool) -> None:
    if not int8 or weight.ndim < 2:
        writer.add_tensor(name, weight.astype(np.float32))
        return
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor(name, gguf.quants.quantize(weight.astype(np.float32), kind), raw_dtype=kind)
