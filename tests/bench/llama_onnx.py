"""The bench's Llama as an ONNX graph, for onnxruntime: the same weights, with a cache for each sequence of the batch.

Grouped heads, rotary positions and the cache are one operator of onnxruntime's own (GroupQueryAttention); int8 is its
dynamic quantisation, a scale for each column of a matrix.
"""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from server.llama import Array, Shape, Weights

Step = Callable[[], object]
MOST = 1024  # positions


def step_of(shape: Shape, weights: Weights, batch: int, before: int, int8: bool) -> Step | None:
    """One step of the whole batch, `before` tokens in each cache; None where onnxruntime or onnx is not installed."""
    try:
        ort: Any = importlib.import_module("onnxruntime")
        onnx: Any = importlib.import_module("onnx")
    except ImportError:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(_model(onnx, shape, weights), path)
        if int8:
            quantization: Any = importlib.import_module("onnxruntime.quantization")
            small = Path(folder) / "int8.onnx"
            quantization.quantize_dynamic(
                path,
                small,
                weight_type=quantization.QuantType.QInt8,
                per_channel=True,
                op_types_to_quantize=["MatMul"],
                extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
            )
            path = small
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    kept: list[Any] = []

    def bind(name: str, array: Array) -> None:
        value = ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))
        kept.append(value)
        binding.bind_ortvalue_input(name, value)

    bind("tokens", np.full((batch, 1), 3, np.int64))
    bind("seen", np.full((batch,), before, np.int32))
    bind("total", np.array(before + 1, np.int32))
    chance = np.random.default_rng(2)
    size = (batch, shape.num_key_value_heads, MOST, shape.head_dim)
    for i in range(shape.num_hidden_layers):
        for part in ("key", "value"):
            value = ort.OrtValue.ortvalue_from_numpy(chance.normal(size=size).astype("f4"))
            kept.append(value)
            binding.bind_ortvalue_input(f"past_{part}_{i}", value)
            binding.bind_ortvalue_output(f"new_{part}_{i}", value)  # the same memory: the cache grows in its place
    binding.bind_output("logits")

    def step() -> object:
        session.run_with_iobinding(binding)
        return kept

    return step


def _model(onnx: Any, shape: Shape, weights: Weights) -> Any:
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes: list[Any] = []
    constants: list[Any] = []

    def constant(name: str, array: Array) -> str:
        constants.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(kind: str, inputs: list[str], name: str, more: tuple[str, ...] = (), **attributes: Any) -> str:
        nodes.append(helper.make_node(kind, inputs, [name, *more], name=name, **attributes))
        return name

    def linear(x: str, weight: str, name: str) -> str:
        return node("MatMul", [x, constant(f"{weight}.T", weights[f"{weight}.weight"].T)], name)

    def norm(x: str, weight: str, name: str) -> str:
        scale = constant(f"{weight}.scale", weights[f"{weight}.weight"])
        return node("SimplifiedLayerNormalization", [x, scale], name, axis=-1, epsilon=1e-5)

    angles = np.outer(np.arange(MOST), 10000.0 ** (-np.arange(0, shape.head_dim, 2) / shape.head_dim))
    cos, sin = constant("cos", np.cos(angles).astype("f4")), constant("sin", np.sin(angles).astype("f4"))
    x = node("Gather", [constant("embedding", weights["model.embed_tokens.weight"]), "tokens"], "x0")
    inputs = [
        helper.make_tensor_value_info("tokens", kinds.INT64, ["batch", 1]),
        helper.make_tensor_value_info("seen", kinds.INT32, ["batch"]),
        helper.make_tensor_value_info("total", kinds.INT32, []),
    ]
    outputs = [helper.make_tensor_value_info("logits", kinds.FLOAT, ["batch", 1, shape.vocab_size])]
    cache = ["batch", shape.num_key_value_heads, MOST, shape.head_dim]
    for i in range(shape.num_hidden_layers):
        of = f"model.layers.{i}."
        y = norm(x, of + "input_layernorm", f"n{i}")
        q, k, v = (linear(y, f"{of}self_attn.{part}_proj", f"{part}{i}") for part in "qkv")
        for part in ("key", "value"):
            inputs.append(helper.make_tensor_value_info(f"past_{part}_{i}", kinds.FLOAT, cache))
            outputs.append(helper.make_tensor_value_info(f"new_{part}_{i}", kinds.FLOAT, cache))
        seen = node(
            "GroupQueryAttention",
            [q, k, v, f"past_key_{i}", f"past_value_{i}", "seen", "total", cos, sin],
            f"a{i}",
            (f"new_key_{i}", f"new_value_{i}"),
            domain="com.microsoft",
            num_heads=shape.num_attention_heads,
            kv_num_heads=shape.num_key_value_heads,
            do_rotary=1,
        )
        x = node("Add", [x, linear(seen, of + "self_attn.o_proj", f"o{i}")], f"r{i}")
        y = norm(x, of + "post_attention_layernorm", f"m{i}")
        gate = linear(y, of + "mlp.gate_proj", f"g{i}")
        small = node("Mul", [gate, node("Sigmoid", [gate], f"s{i}")], f"w{i}")
        hidden = node("Mul", [small, linear(y, of + "mlp.up_proj", f"u{i}")], f"h{i}")
        x = node("Add", [x, linear(hidden, of + "mlp.down_proj", f"d{i}")], f"x{i + 1}")
    last = norm(x, "model.norm", "last")
    node("MatMul", [last, constant("head", weights["model.embed_tokens.weight"].T)], "logits")
    graph = helper.make_graph(nodes, "llama", inputs, outputs, constants)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 9
    return model
