"""GPT-2's blocks held against naive ones: logits, names, and where its positions end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.gpt2 import Shape, logits, weights_of
from server.llama import Array, file_of
from sideman.llm import Unfit, transformer
from sideman.models import Transformer, transformer_kernels

SHAPES = {
    "small": Shape(),
    "one head": Shape(n_head=1, n_layer=1),
    "odd sizes": Shape(n_embd=48, n_head=3, n_inner=75, vocab_size=5),
}


def model_of(shape: Shape, weights: dict[str, Array] | None = None, **running: Any) -> Transformer:
    file = file_of(weights or weights_of(shape))
    return Transformer(file, **shape.fields(), model_type="gpt2", **running)  # type: ignore[arg-type]


def fed(model: Transformer, tokens: list[int]) -> Array:
    return np.concatenate([model.step(np.array([0], np.int32), np.array([token], np.int32)) for token in tokens])


def tokens_of(shape: Shape, n: int) -> list[int]:
    return [int(x) for x in np.random.default_rng(1).integers(0, shape.vocab_size, n)]


@pytest.mark.parametrize("kernel", transformer_kernels())
@pytest.mark.parametrize("name", SHAPES)
def test_the_logits_are_those_of_a_naive_gpt2(name: str, kernel: str) -> None:
    shape = SHAPES[name]
    tokens = tokens_of(shape, 40)
    found = fed(model_of(shape, cache_as="f32", kernel=kernel), tokens)
    assert np.abs(found - logits(shape, weights_of(shape), tokens)).max() < 1e-4


@pytest.mark.parametrize("name", SHAPES)
def test_int8_weights_stay_near(name: str) -> None:
    shape = SHAPES[name]
    tokens = tokens_of(shape, 40)
    expected = logits(shape, weights_of(shape), tokens)
    off = np.sqrt(((fed(model_of(shape, weights_as="int8"), tokens) - expected) ** 2).mean())
    assert 0 < off < 0.05 * np.sqrt((expected**2).mean())


def test_names_without_their_root_and_buffers_beside_the_weights_are_known() -> None:
    shape = Shape()
    bare = weights_of(shape, root="") | {"h.0.attn.bias": np.ones((1, 1, 64, 64), np.float32)}
    tokens = tokens_of(shape, 10)
    assert fed(model_of(shape, bare), tokens).tobytes() == fed(model_of(shape), tokens).tobytes()


def test_where_its_positions_end_a_token_is_refused_and_nothing_moves() -> None:
    model = model_of(Shape(n_positions=8))
    fed(model, [1] * 8)
    with pytest.raises(ValueError, match="at most 8 tokens"):
        fed(model, [1])
    with pytest.raises(ValueError, match="at most 8 tokens"):
        model.read(1, np.ones(9, np.int32))
    assert model.length(0) == 8
    assert model.length(1) == 0
    model.rollback(0, 1)
    fed(model, [1])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"num_key_value_heads": 1}, "as many key and value heads"),
        ({"head_dim": 32}, "num_attention_heads times head_dim"),
        ({"max_position_embeddings": 0}, "max_position_embeddings must be"),
    ],
)
def test_a_shape_that_is_none_of_gpt2s_is_refused(changed: dict[str, int], said: str) -> None:
    fields: dict[str, Any] = Shape().fields() | changed
    with pytest.raises(ValueError, match=said):
        Transformer(file_of(weights_of(Shape())), **fields, model_type="gpt2")


def test_a_folder_of_hugging_faces_form_is_read(tmp_path: Path) -> None:
    shape = Shape()
    config = {"model_type": "gpt2", "n_inner": None, "activation_function": "gelu_new", **shape._asdict()}
    config["n_inner"] = None  # four times the width
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes(file_of(weights_of(shape)))
    model, _ = transformer(tmp_path, cache_as="f32")
    tokens = tokens_of(shape, 20)
    assert np.abs(fed(model, tokens) - logits(shape, weights_of(shape), tokens)).max() < 1e-4
    (tmp_path / "config.json").write_text(json.dumps(config | {"activation_function": "relu"}))
    with pytest.raises(Unfit, match="activation_function must be gelu_new"):
        transformer(tmp_path)


@pytest.mark.extra
@pytest.mark.parametrize("name", SHAPES)
def test_the_logits_are_those_of_transformers(name: str) -> None:
    reason = "needs torch and transformers: pip install torch transformers"
    torch: Any = pytest.importorskip("torch", reason=reason)
    transformers: Any = pytest.importorskip("transformers", reason=reason)
    shape = SHAPES[name]
    with torch.no_grad():
        config = transformers.GPT2Config(**shape._asdict(), attn_implementation="eager")
        theirs = transformers.GPT2LMHeadModel(config).float().eval()
        given = {key: torch.from_numpy(weight) for key, weight in weights_of(shape).items()}
        missing, unexpected = theirs.load_state_dict(given, strict=False)
        assert not unexpected
        assert all("attn.bias" in key or "masked_bias" in key or key == "lm_head.weight" for key in missing)
        theirs.tie_weights()
        tokens = tokens_of(shape, 50)
        expected = theirs(torch.tensor([tokens])).logits[0].numpy()
    assert np.abs(fed(model_of(shape, cache_as="f32"), tokens) - expected).max() < 1e-4
