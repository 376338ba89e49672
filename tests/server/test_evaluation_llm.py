"""An LLM among the contestants: its tokens are the tasks' own symbols, and its word is weighed by a fixed share."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from server.llama import Shape, file_of, weights_of
from sideman.errors import SetupError
from sideman.evaluation.contestants import Wish, contestant
from sideman.evaluation.llm import TASK_VOCABULARY, TaskReader, header, spans
from sideman.models import Alphabet
from sideman.tokens import MUSIC

SHAPE = Shape(vocab_size=TASK_VOCABULARY.size)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tasks")
    config = {"model_type": "llama", **SHAPE._asdict(), "sideman": TASK_VOCABULARY.to_data()}
    (made / "config.json").write_text(json.dumps(config))
    (made / "model.safetensors").write_bytes(file_of(weights_of(SHAPE)))
    return made


def test_each_task_has_a_token_and_each_component_a_range() -> None:
    assert header("wjd.pitch") != header("jsb.satb")
    assert [part.past - part.first for part in spans("pitchdur")] == [130, 14]
    with pytest.raises(SetupError, match="no tokens for char"):
        spans("char")


def test_its_word_counts_by_a_fixed_share_beside_the_blend(folder: Path) -> None:
    reader = TaskReader(folder)
    said = []
    for name, share in (("blend", 0.5), ("llm", 0.5), ("blend+llm", 0.5)):
        wish = Wish(llm=reader, llm_share=share, task="wjd.pitch")
        model = contestant(name, "pitch", "solo", (), wish).make(Alphabet(1))
        model.learn(np.arange(1, 130, dtype=np.int32)[:, None])
        state = model.start()
        for pitch in (60, 64, 67):
            model.advance(state, (pitch,))
        values, p = model.predict(state)
        said.append(dict(zip(values.tolist(), p.tolist(), strict=True)))
    blend, word, both = said
    assert blend[0] == pytest.approx(0, abs=0.02)
    for pitch in (60, 72, 100):
        assert both[pitch] == pytest.approx(0.5 * blend[pitch] + 0.5 * word[pitch], abs=1e-3)
        assert both[pitch] != pytest.approx(blend[pitch], abs=1e-4)


def test_a_task_without_a_model_or_of_another_kind_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="needs a model"):
        contestant("llm", "pitch", "solo")
    config = json.loads((folder / "config.json").read_text()) | {"sideman": MUSIC.to_data()}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(SetupError, match="sideman train tasks"):
        TaskReader(tmp_path)


@pytest.mark.extra
def test_pieces_become_rows_in_any_key() -> None:
    pytest.importorskip("torch", reason="needs PyTorch: pip install torch")
    from sideman.training.tasks import task_row

    piece = np.array([(60 + i % 12, 1 + i % 13) for i in range(40)], np.int32)
    keys = set()
    for seed in range(40):
        tokens, weights = task_row("wjd.pitchdur", piece, np.random.default_rng(seed), 60)
        assert tuple(tokens[:2]) == header("wjd.pitchdur")
        assert len(tokens) == len(weights) <= 60
        first, _ = spans("pitchdur")
        played = [token - first.first for token in tokens[2::2]]
        keys.add(played[0] - 60)
        assert {later - earlier for earlier, later in pairwise(played)} <= {1, -11}
    assert len(keys) > 6
