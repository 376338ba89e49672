"""The transformer held against a naive one: its logits, batches, rollback, the window, and files that are refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.llama import Array, Shape, file_of, logits, weights_of
from sideman.models import Transformer, transformer_kernels

SHAPES = {
    "small": Shape(),
    "every head its own": Shape(num_key_value_heads=4, num_hidden_layers=1),
    "two groups of three": Shape(num_attention_heads=6, num_key_value_heads=2, head_dim=32, hidden_size=66),
    "untied": Shape(tie_word_embeddings=False, vocab_size=100, rope_theta=500.0),
    "odd sizes": Shape(hidden_size=44, intermediate_size=75, vocab_size=5, num_hidden_layers=3),
    "five heads": Shape(
        num_attention_heads=5, num_key_value_heads=1, head_dim=48, hidden_size=95, intermediate_size=200
    ),
}
KERNELS = transformer_kernels()
#: int8 in groups of 32 keeps the largest magnitude to one part in 254; over a few layers the errors add up.
INT8_SHARE = 0.05  # of the logits' root mean square


def model_of(shape: Shape, weights: dict[str, Array] | None = None, **running: Any) -> Transformer:
    return Transformer(file_of(weights or weights_of(shape)), **shape._asdict(), **running)


def tokens_of(shape: Shape, n: int, seed: int = 1) -> list[int]:
    return [int(x) for x in np.random.default_rng(seed).integers(0, shape.vocab_size, n)]


def fed(model: Transformer, tokens: list[int], sequence: int = 0) -> Array:
    """Logits after each token of one sequence alone."""
    which = np.array([sequence], np.int32)
    return np.concatenate([model.step(which, np.array([token], np.int32)) for token in tokens])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", SHAPES)
def test_the_logits_are_those_of_a_naive_llama(name: str, kernel: str) -> None:
    shape = SHAPES[name]
    tokens = tokens_of(shape, 40)
    found = fed(model_of(shape, cache_as="f32", kernel=kernel), tokens)
    assert np.abs(found - logits(shape, weights_of(shape), tokens)).max() < 1e-4


@pytest.mark.parametrize("name", SHAPES)
def test_int8_weights_and_a_bf16_cache_stay_near(name: str) -> None:
    shape = SHAPES[name]
    tokens = tokens_of(shape, 40)
    expected = logits(shape, weights_of(shape), tokens)
    size = np.sqrt((expected**2).mean())
    ways: list[dict[str, Any]] = [
        {"cache_as": "bf16"},
        {"weights_as": "int8", "cache_as": "f32"},
        {"weights_as": "int8"},
    ]
    for running in ways:
        off = np.sqrt(((fed(model_of(shape, **running), tokens) - expected) ** 2).mean())
        assert 0 < off < INT8_SHARE * size


@pytest.mark.parametrize("weights_as", ["f32", "int8"])
@pytest.mark.parametrize("cache_as", ["f32", "bf16"])
@pytest.mark.parametrize("name", SHAPES)
def test_every_kernel_gives_the_same_bits(name: str, cache_as: str, weights_as: str) -> None:
    shape = SHAPES[name]
    tokens = tokens_of(shape, 60)
    running: dict[str, Any] = {"cache_as": cache_as, "weights_as": weights_as, "window": 33, "rollback": 5}
    first, *others = [fed(model_of(shape, kernel=kernel, **running), tokens) for kernel in KERNELS]
    for other in others:
        assert other.tobytes() == first.tobytes()


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("weights_as", ["f32", "int8"])
def test_a_sequence_is_bitwise_the_same_alone_and_in_a_batch(weights_as: str, kernel: str) -> None:
    shape = SHAPES["two groups of three"]
    model = model_of(shape, weights_as=weights_as, kernel=kernel, window=20)
    songs = [tokens_of(shape, 30, seed) for seed in range(7)]
    alone = [fed(model_of(shape, weights_as=weights_as, kernel=kernel, window=20), song) for song in songs]
    chance = np.random.default_rng(5)
    reached = [0] * len(songs)
    while min(reached) < 30:
        # Whoever has tokens left takes part or not, in any order: neighbours come and go.
        present = [s for s in chance.permutation(7) if reached[s] < 30 and chance.random() < 0.8]
        tokens = np.array([songs[s][reached[s]] for s in present], np.int32)
        found = model.step(np.array(present, np.int32), tokens)
        for row, s in zip(found, present, strict=True):
            assert row.tobytes() == alone[s][reached[s]].tobytes()
            reached[s] += 1


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 24), st.integers(0, 9), st.data())
def test_what_is_taken_back_leaves_no_trace(window: int, rollback: int, data: st.DataObject) -> None:
    shape = Shape(num_hidden_layers=1, vocab_size=7)
    running: dict[str, Any] = {"window": window, "rollback": rollback, "sequences": 2}
    model, kept = model_of(shape, **running), list[int]()
    last = b""
    for _ in range(data.draw(st.integers(1, 12))):
        kept += (new := data.draw(st.lists(st.integers(0, 6), min_size=1, max_size=12)))
        last = fed(model, new)[-1].tobytes()
        n = data.draw(st.integers(0, rollback))
        speculated = data.draw(st.lists(st.integers(0, 6), min_size=n, max_size=n))
        if speculated:
            fed(model, speculated)
            model.rollback(0, n)
        assert model.length(0) == len(kept)
    assert fed(model_of(shape, **running), kept)[-1].tobytes() == last
    assert fed(model, [3])[-1].tobytes() == fed(model_of(shape, **running), [*kept, 3])[-1].tobytes()


@pytest.mark.parametrize("window", [1, 5, 16, 33])
def test_a_token_sees_the_window_and_nothing_before(window: int) -> None:
    shape = Shape(num_hidden_layers=3)
    tokens = tokens_of(shape, 120)
    expected = logits(shape, weights_of(shape), tokens, window)
    found = fed(model_of(shape, window=window, rollback=3, cache_as="f32"), tokens)
    assert np.abs(found - expected).max() < 1e-4
    assert np.abs(found - logits(shape, weights_of(shape), tokens)).max() > 1e-2


def test_no_more_is_taken_back_than_is_kept() -> None:
    model = model_of(Shape(), window=10, rollback=6)
    fed(model, tokens_of(Shape(), 40))
    with pytest.raises(ValueError, match="n must be from 0 to 6, not 7"):
        model.rollback(0, 7)
    model.rollback(0, 4)
    with pytest.raises(ValueError, match="n must be from 0 to 2, not 3"):
        model.rollback(0, 3)
    model.reset(0)
    assert model.length(0) == 0
    with pytest.raises(ValueError, match="n must be from 0 to 0, not 1"):
        model.rollback(0, 1)


def test_a_sequence_that_begins_anew_forgets() -> None:
    shape = Shape()
    model = model_of(shape)
    first = fed(model, tokens_of(shape, 9))
    model.reset(0)
    assert fed(model, tokens_of(shape, 9)).tobytes() == first.tobytes()


def test_half_precision_weights_are_read() -> None:
    shape = Shape()
    halves = {name: weight.astype(np.float16) for name, weight in weights_of(shape).items()}
    halves["model.norm.weight"][0] = 3e-7  # below the least normal number
    tokens = tokens_of(shape, 20)
    expected = logits(shape, halves, tokens)
    assert np.abs(fed(model_of(shape, halves, cache_as="f32"), tokens) - expected).max() < 1e-4


@pytest.mark.parametrize(
    ("sequences", "tokens", "why"),
    [
        ([0], [29], "tokens must be from 0 to 28"),
        ([0], [-1], "tokens must be from 0 to 28"),
        ([3], [1], "sequences must be from 0 to 2"),
        ([-1], [1], "sequences must be from 0 to 2"),
        ([1, 1], [1, 2], "sequences must be different"),
        ([0, 1], [1], "one token a sequence"),
    ],
)
def test_a_wrong_step_is_refused_and_moves_nothing(sequences: list[int], tokens: list[int], why: str) -> None:
    model = model_of(Shape(), sequences=3)
    with pytest.raises(ValueError, match=why):
        model.step(np.array(sequences, np.int32), np.array(tokens, np.int32))
    assert [model.length(i) for i in range(3)] == [0, 0, 0]


def test_weights_that_lead_beyond_all_numbers_are_told() -> None:
    weights = weights_of(Shape())
    weights["model.norm.weight"] *= np.float32(3e38) / np.abs(weights["model.norm.weight"]).max()
    model = model_of(Shape(), weights)
    with pytest.raises(ValueError, match="not finite"):
        fed(model, [1])
    assert model.length(0) == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"vocab_size": 0}, "vocab_size must be from 1"),
        ({"num_hidden_layers": -1}, "num_hidden_layers must not be negative"),
        ({"num_key_value_heads": 3}, "must be a multiple of num_key_value_heads"),
        ({"head_dim": 24}, "head_dim must be a multiple of 16"),
        ({"rms_norm_eps": float("nan")}, "rms_norm_eps must be"),
        ({"rope_theta": 0.5}, "rope_theta must be"),
        ({"hidden_size": 48}, r"has the shape \[29, 32\], but the configuration asks for \[29, 48\]"),
        ({"num_hidden_layers": 3}, r"model.layers.2.input_layernorm.weight: is not in the file"),
        ({"num_hidden_layers": 1}, r"model.layers.1.\S+: is a tensor that this kind of model does not have"),
        ({"tie_word_embeddings": False}, "lm_head.weight: is not in the file"),
        ({"weights_as": "int4"}, "weights_as must be f32 or int8, not int4"),
        ({"cache_as": "f16"}, "cache_as must be f32 or bf16, not f16"),
        ({"kernel": "mmx"}, "kernel must be one of auto, .*plain, not mmx"),
        ({"window": 60_000, "sequences": 256}, "choose fewer sequences or a smaller window"),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused_by_name(change: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Transformer(file_of(weights_of(Shape())), **{**Shape()._asdict(), **change})


SOUND = file_of(weights_of(Shape()))
ENTRIES = json.loads(SOUND[8 : 8 + int.from_bytes(SOUND[:8], "little")])
NORM = "model.norm.weight"


def refused(file: bytes) -> str:
    with pytest.raises(ValueError, match=r".") as caught:
        Transformer(file, **Shape()._asdict())
    return str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SOUND) - 1))
def test_a_file_cut_off_anywhere_is_refused(length: int) -> None:
    assert refused(SOUND[:length])


@settings(max_examples=200, deadline=None)
@given(st.binary(min_size=1, max_size=20))
def test_a_file_that_goes_on_behind_its_end_is_refused(more: bytes) -> None:
    assert "goes on behind its last tensor" in refused(SOUND + more)


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 8 + int.from_bytes(SOUND[:8], "little") - 1), st.integers(1, 255))
def test_a_damaged_header_is_refused_or_means_the_same(at: int, change: int) -> None:
    damaged = bytearray(SOUND)
    damaged[at] ^= change
    try:
        model = Transformer(bytes(damaged), **Shape()._asdict())
    except ValueError as why:
        assert str(why)
    else:
        assert fed(model, [1, 2]).tobytes() == fed(model_of(Shape()), [1, 2]).tobytes()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_what_is_no_safetensors_file_is_refused(junk: bytes) -> None:
    assert refused(junk)
    assert refused(len(junk).to_bytes(8, "little") + junk)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(set(ENTRIES) - {"__metadata__"})), st.integers(0, 1), st.integers(-8, 2**70))
def test_offsets_that_are_moved_are_refused(name: str, end: int, to: int) -> None:
    header = json.loads(json.dumps(ENTRIES))
    if header[name]["data_offsets"][end] == to:
        to += 4
    header[name]["data_offsets"][end] = to
    assert refused(file_of(weights_of(Shape()), header))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"dtype": "I32"}, "is I32, but must be F32, F16 or BF16"),
        ({"dtype": "F9"}, "unknown dtype F9"),
        ({"dtype": "F16"}, "its data_offsets do not fit its shape"),
        ({"shape": [2**32, 2**32]}, "asks for more bytes than the file has"),
        ({"shape": [31]}, "its data_offsets do not fit its shape"),
        ({"shape": [4, 8]}, r"has the shape \[4, 8\], but the configuration asks for \[32\]"),
        ({"shape": [-32]}, "lacks a whole number"),
        ({"colour": "red"}, "unknown key colour"),
        ({"data_offsets": [0, 128]}, "overlaps another tensor"),
    ],
)
def test_a_tensor_that_is_wrong_is_refused_by_name(change: dict[str, Any], why: str) -> None:
    header = json.loads(json.dumps(ENTRIES))
    header[NORM] |= change
    with pytest.raises(ValueError, match=why):
        Transformer(file_of(weights_of(Shape()), header), **Shape()._asdict())


def test_a_tensor_that_is_there_twice_is_refused() -> None:
    text = json.dumps(ENTRIES)
    again = text[:-1] + f', "{NORM}": {json.dumps(ENTRIES[NORM])}' + "}"
    file = len(again).to_bytes(8, "little") + again.encode() + SOUND[8 + len(text) :]
    assert refused(file) == f"{NORM}: is there twice"


def test_a_tensor_of_another_kind_of_model_is_refused() -> None:
    weights = weights_of(Shape()) | {"model.layers.0.self_attn.q_proj.bias": np.zeros(64, np.float32)}
    assert refused(file_of(weights)).startswith("model.layers.0.self_attn.q_proj.bias: is a tensor that")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(weights_of(Shape()))),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([np.nan, np.inf, -np.inf]),
    st.sampled_from([np.float32, np.float16]),
)
def test_a_number_that_is_not_finite_is_refused_by_its_tensors_name(
    name: str, share: float, number: float, kind: type[np.floating[Any]]
) -> None:
    weights: dict[str, Array] = {key: weight.astype(kind) for key, weight in weights_of(Shape()).items()}
    flat = weights[name].reshape(-1)
    flat[int(share * len(flat))] = number
    assert refused(file_of(weights)) == f"{name}: holds a number that is not finite"


@pytest.mark.extra
@pytest.mark.parametrize("name", SHAPES)
def test_the_logits_are_those_of_transformers(name: str) -> None:
    reason = "needs torch and transformers: pip install torch transformers"
    torch: Any = pytest.importorskip("torch", reason=reason)
    transformers: Any = pytest.importorskip("transformers", reason=reason)
    shape = SHAPES[name]
    fields = {**shape._asdict(), "attn_implementation": "eager", "max_position_embeddings": 512}
    with torch.no_grad():
        theirs = transformers.LlamaForCausalLM(transformers.LlamaConfig(**fields)).float().eval()
        assert theirs.config.num_key_value_heads == shape.num_key_value_heads
        given = {key: torch.from_numpy(weight) for key, weight in weights_of(shape).items()}
        missing, unexpected = theirs.load_state_dict(given, strict=False)
        assert not unexpected
        assert set(missing) <= {"lm_head.weight"}
        theirs.tie_weights()
        tokens = tokens_of(shape, 60)
        expected = theirs(torch.tensor([tokens])).logits[0].numpy()
    assert np.abs(fed(model_of(shape, cache_as="f32"), tokens) - expected).max() < 1e-4
