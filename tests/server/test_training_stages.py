"""The four stages at small scale, with PyTorch: each runs, goes on after a kill, and leaves what the engine plays.

How far full ones come is docs/training.md's.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from server.test_recorded import a_judged_evening
from server.test_training import corpus, song
from sideman.cli import app
from sideman.errors import SetupError
from sideman.tokens import MUSIC, TEXT
from sideman.training.engine import Engine, answer, written
from sideman.training.lessons import exam
from sideman.training.measures import ends, flatness, obedience, plans_carried, recall, text_obedience
from sideman.training.phrases import Phrase
from sideman.training.preferences import Preference, read, write
from sideman.training.recorded import of_recordings
from sideman.training.sentences import make
from sideman.training.shape import Shape
from sideman.training.streams import batch, songs_source
from sideman.training.torches import Place

try:
    import torch

    from sideman.training import stages
    from sideman.training.align import Alignment, distance, margins, rows
    from sideman.training.course import CHECKPOINT, Course, bits, train
    from sideman.training.network import Llama, _by_chunks
    from sideman.training.saving import load, save
except ImportError as error:  # the extra is not installed: every test says so
    LACKING = f"{error}: pip install 'sideman[train]'"
else:
    LACKING = ""

pytestmark = [pytest.mark.extra, pytest.mark.skipif(bool(LACKING), reason=LACKING or "-")]

SMALL = Shape(MUSIC.size, 32, 64, 2, 2, 1, 16)
if not LACKING:
    COURSE = Course(steps=12, rows=2, length=128, rate=3e-3, warm=2, every=4, seed=1)
    HERE = stages.Work(Place("cpu"))


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(64, 32, 48, 2, 4, 1, 16),
        Shape(64, 64, 96, 3, 4, 2, 32),
        Shape(64, 32, 64, 2, 2, 2, 16, tie_word_embeddings=False),
    ],
)
def test_what_was_trained_is_what_the_engine_computes(shape: Shape, tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Llama(replace(shape, vocab_size=MUSIC.size))
    save(tmp_path, model, MUSIC, {})
    again, vocabulary, _ = load(tmp_path)
    assert vocabulary is MUSIC
    tokens = np.random.default_rng(0).integers(0, MUSIC.used, 150)
    engine = Engine(tmp_path)
    own = []
    engine.begin([])
    for token in tokens:
        engine.hear([int(token)])
        own.append(engine.logits.copy())
    with torch.no_grad():
        want = again(torch.from_numpy(tokens)[None])[0].numpy()
    # The engine keeps keys and values in bf16.
    assert np.abs(np.array(own) - want).max() < 0.02 * np.abs(want).max()


def test_chunks_of_attention_are_the_attention_of_torch() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(2, 4, 300, 16), torch.randn(2, 2, 300, 16), torch.randn(2, 2, 300, 16)
    want = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True)
    assert torch.allclose(_by_chunks(q, k, v), want, atol=1e-5)


def test_pretraining_learns_and_the_same_seed_gives_the_same_weights(tmp_path: Path) -> None:
    songs = [song(seed, 90) for seed in range(4)]
    course = replace(COURSE, steps=40)
    held = [batch(songs_source(songs), (9,), 4, 64)]
    torch.manual_seed(course.seed)
    before = bits(Llama(SMALL), held, "cpu")
    made = [stages.pretrain_music(songs, songs, course, tmp_path / name, HERE, SMALL) for name in "ab"]
    assert made[0].curve == made[1].curve
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()
    assert bits(load(tmp_path / "a")[0], held, "cpu") < 0.8 * before


def test_a_course_that_was_broken_off_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    source = songs_source([song(0, 90)])
    ended = []
    for folder, stops in (("whole", (None,)), ("broken", (9, None))):
        for stop in stops:
            torch.manual_seed(0)
            model = Llama(SMALL, COURSE.dropout)
            train(model, source, [], COURSE, Place("cpu"), tmp_path / folder, stop_at=stop)
        ended.append(model.state_dict())
    # It was killed at step 9, and went on from the checkpoint at step 8.
    assert all(torch.equal(ended[0][name], ended[1][name]) for name in ended[0])
    with pytest.raises(SetupError, match="another course"):
        train(Llama(SMALL), source, [], replace(COURSE, seed=5), Place("cpu"), tmp_path / "whole")
    (tmp_path / "whole" / CHECKPOINT).write_bytes(b"no")
    with pytest.raises(SetupError, match="cannot read"):
        train(Llama(SMALL), source, [], COURSE, Place("cpu"), tmp_path / "whole")


def test_all_stages_of_music_run_and_are_measured(tmp_path: Path) -> None:
    songs = [song(seed, 90) for seed in range(4)]
    stages.pretrain_music(songs, songs, COURSE, tmp_path / "pretrain", HERE, SMALL)
    further = replace(COURSE, length=512, short=1.0, steps=4, every=2)
    stages.tune_music(tmp_path / "pretrain", songs, songs, further, tmp_path / "tune", HERE)
    stages.plan_music(tmp_path / "tune", songs, songs, further, tmp_path / "plan", HERE)
    engine = Engine(tmp_path / "plan")
    assert engine.about["stage"] == "plan"
    rows = obedience(engine, exam(0, songs, [("key",), ("beats", "tonic")], 3))
    assert [(row.name, row.tried) for row in rows] == [("key", 3), ("beats + tonic", 3)]
    planned = exam(0, songs, [()], 4, with_plan=True)
    assert plans_carried(engine, planned).tried == 4
    counted = ends(engine, planned, tries=2)
    assert counted.tries == counted.right + counted.wrong == 8
    with pytest.raises(SetupError, match="one of music"):
        stages.tune_text(tmp_path / "plan", [(1.0, ["a"])], further, tmp_path / "no", HERE)


def test_alignment_wins_preferences_and_keeps_within_its_bound(tmp_path: Path) -> None:
    songs = [song(seed, 90) for seed in range(4)]
    stages.pretrain_music(songs, songs, COURSE, tmp_path / "tuned", HERE, SMALL)
    before = (Phrase((60, 62, 64, 65), (13, 13, 13, 15)),)
    chance = np.random.default_rng(0)
    some = []
    for _ in range(32):
        high = tuple(int(pitch) for pitch in chance.integers(72, 84, 6))
        some.append(Preference(before, Phrase(high, (13,) * 6), Phrase(tuple(p - 24 for p in high), (11,) * 6)))
    write(tmp_path / "p.jsonl", some)
    assert read(tmp_path / "p.jsonl") == some
    won: list[float] = []
    moved: list[float] = []
    for name in ("free", "bound"):
        how = Alignment(rounds=4, rate=3e-3, bound_bits=moved[0] / 3 if moved else 100.0)
        result = stages.align_music(tmp_path / "tuned", some[8:], some[:8], how, tmp_path / name, HERE)
        won.append(result.won)
        moved.append(result.bits)
    assert won[0] == 1.0
    assert 0 < moved[1] <= moved[0] / 3
    tuned, aligned = load(tmp_path / "tuned")[0], load(tmp_path / "free")[0]
    assert np.mean(margins(aligned, tuned, some[:8], "cpu", 0.1)) > 0
    assert distance(tuned, tuned, some[:8]) == 0.0


def test_notes_that_were_liked_on_stage_become_more_probable(tmp_path: Path) -> None:
    evening = a_judged_evening(tmp_path / "evening.sideman")
    pairs = of_recordings([evening])
    assert all(one.last_only and one.liked.pitches[-1] > one.disliked.pitches[-1] for one in pairs)
    stages.pretrain_music([song(1, 90)], [song(2, 90)], COURSE, tmp_path / "tuned", HERE, SMALL)
    command = ["train", "align", "--from", str(tmp_path / "tuned"), "--out", str(tmp_path / "liked"), "--bound", "9"]
    result = CliRunner().invoke(app, [*command, "--recording", str(evening)])
    assert result.exit_code == 0, result.output
    tuned, aligned = load(tmp_path / "tuned")[0], load(tmp_path / "liked")[0]
    assert np.mean(margins(aligned, tuned, pairs, "cpu", 0.1)) > 0


def test_only_the_note_that_was_judged_counts(tmp_path: Path) -> None:
    pair = of_recordings([a_judged_evening(tmp_path / "evening.sideman")])[0]
    for tokens, weights in rows(pair):
        assert len(tokens) == len(weights)
        assert weights[-2:] == [1.0, 1.0]
        assert sum(weights) == 2.0


def test_text_is_tuned_to_answer_and_measured(tmp_path: Path) -> None:
    texts = [(1.0, ["hello there, how are you", "bonjour, comment vas-tu"])]
    small = replace(SMALL, vocab_size=TEXT.size)
    stages.pretrain_text(texts, texts, replace(COURSE, steps=150, rate=8e-3, rows=4), tmp_path / "p", HERE, small)
    engine = Engine(tmp_path / "p")
    assert recall(engine, ["hello there, how are you"]) == (1, 1)
    stages.tune_text(tmp_path / "p", texts, replace(COURSE, length=512, short=1.0, steps=2), tmp_path / "t", HERE)
    chance = np.random.default_rng(0)
    row = text_obedience(Engine(tmp_path / "t"), [make(chance, "repeat") for _ in range(2)])
    assert (row.tried, row.chance) == (2, 2)
    assert written(engine, [257]) != ""


def test_answers_are_drawn_by_key(tmp_path: Path) -> None:
    songs = [song(seed, 90) for seed in range(4)]
    stages.pretrain_music(songs, songs, COURSE, tmp_path, HERE, SMALL)
    before = (Phrase((60, 62, 64, 65), (13, 13, 13, 15)),)
    first, again, other = (answer(Engine(tmp_path), np.random.default_rng(seed), before)[0] for seed in (1, 1, 2))
    assert first == again != other
    assert all(0 <= pitch < 128 for pitch in first.pitches)
    assert flatness([first, other]).notes > 0


def test_the_command_trains_from_a_corpus(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from sideman.cli import app

    data = corpus(tmp_path / "data")
    arguments = ["--corpus", "wjd", "--data", str(data), "--steps", "2", "--seed", "3", "--device", "cpu"]
    done = CliRunner().invoke(app, ["train", "pretrain", "--out", str(tmp_path / "m"), *arguments])
    assert done.exit_code == 0, done.output
    assert load(tmp_path / "m")[2]["data"] == "wjd"
    with pytest.raises(SetupError, match="no model to be read"):
        load(tmp_path / "nowhere")
