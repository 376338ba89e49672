"""The training kit without PyTorch: what is learned from, rules that make examples, and rules that judge them."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sideman.errors import SetupError
from sideman.tokens import BEGIN_TOKEN, END_TOKEN, INSTRUCTIONS, MUSIC, TEXT, Grammar, Plan, Standing, plan, shape_of
from sideman.training import garden
from sideman.training.exercises import HELD_OUT, PAIRS, SINGLE, Order, obedient, obeys, orders
from sideman.training.lessons import (
    AT_THE_END,
    GRAMMAR,
    Lesson,
    exam,
    lessons_source,
    opening,
    phrase_tokens,
    row_of,
)
from sideman.training.letters import texts_of_corpus, texts_of_files
from sideman.training.phrases import Phrase, key_of, pairs, phrases, plan_of
from sideman.training.school import music_school, text_school
from sideman.training.sentences import example, make, obeyed, tasks_source
from sideman.training.songs import Song, chords_ahead, moved, song_of, songs_of_corpus, songs_of_files, varied
from sideman.training.streams import VIEWS, batch, song_row, songs_source, texts_source
from sideman.training.wordings import NAMES
from sideman.viewpoint import Viewpoint

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def line(seed: int, notes: int = 60, name: str = "") -> dict[str, Any]:
    """A made-up melody over two chords, a line of a corpus."""
    chance = np.random.default_rng(seed)
    pitches = [SCALE[(i + int(chance.integers(3))) % 8] for i in range(notes)]
    rows = [[i * 0.5, 0.5 if i % 12 != 11 else 0.25, pitch] for i, pitch in enumerate(pitches)]
    rows = [[onset + 4 * (i // 12), length, pitch] for i, (onset, length, pitch) in enumerate(rows)]
    chords = [[4.0 * i, 4.0, "", "C:maj" if i % 2 else "G:7"] for i in range(60)]
    return {"id": name or f"m{seed}", "title": "t", "meter": "4/4", "notes": rows, "chords": chords}


def song(seed: int = 0, notes: int = 60) -> Song:
    made = song_of(line(seed, notes))
    assert made is not None
    return made


def corpus(folder: Path, pieces: int = 6) -> Path:
    (folder / "wjd").mkdir(parents=True)
    made = [line(seed) for seed in range(pieces)]
    with gzip.open(folder / "wjd" / "wjd.jsonl.gz", "wt") as file:
        file.write("\n".join(json.dumps(one) for one in made))
    names = [one["id"] for one in made]
    (folder / "wjd" / "splits.json").write_text(
        json.dumps({"train": names[2:], "valid": names[:1], "test": names[1:2]})
    )
    return folder


def test_a_song_is_what_a_session_would_have_heard() -> None:
    made = song()
    assert len(made.events) == 60
    assert made.places[:3] == (0.0, 0.5, 1.0)
    assert [event.last for event in made.events].count(True) == 5
    assert {event.chord for event in made.events} == {"C:maj", "G:7"}
    assert chords_ahead(made)[0] == ("G:7", "C:maj", 4.0)


def test_a_song_moved_to_another_key_takes_its_chords_along() -> None:
    made, other = song(), varied(song(), 3)
    assert [e.top.pitch - d.top.pitch for e, d in zip(other.events, made.events, strict=True)] == [3] * 60
    assert moved("C:maj", 3) == "Eb"
    assert {event.chord for event in other.events} == {"Eb", "Bb7"}
    assert moved("what", 3) == "what"


def test_a_song_at_another_tempo_has_lost_its_places_in_the_bar() -> None:
    slow = varied(song(), 0, 2.0)
    assert slow.events[1].span_beats == 1.0
    assert slow.places == ()


def test_corpora_are_read_by_their_splits_and_folders_of_files_too(tmp_path: Path) -> None:
    data = corpus(tmp_path)
    assert len(songs_of_corpus(data, "wjd", "train")) == 4
    assert len(songs_of_files(data / "wjd" / "wjd.jsonl.gz")) == 6
    (tmp_path / "empty").mkdir()
    with pytest.raises(SetupError, match="holds no music"):
        songs_of_files(tmp_path / "empty")


@pytest.mark.parametrize("name", VIEWS)
def test_a_row_of_a_song_is_a_stream_of_its_viewpoint(name: str) -> None:
    grammar, found = Grammar(name), 0
    for seed in range(40):
        tokens, weights = song_row(song(seed % 3), np.random.default_rng(seed), 200)
        assert len(tokens) == len(weights) <= 200
        if (
            tuple(tokens[: len(grammar.header)]) != grammar.header
            or MUSIC.read(tokens[len(grammar.header)])[0] == "view"
        ):
            continue
        found += 1
        at = Standing()
        for token in tokens[len(grammar.header) :]:
            at = grammar.step(at, token)
    assert found or VIEWS[name] < 0.1


def test_a_row_of_plain_pitch_and_ioi_says_what_the_viewpoint_sees() -> None:
    made = song()
    tokens, weights = phrase_tokens(phrases(made)[0], 1, False, False)
    viewpoint = Viewpoint("pitch*ioi")
    befores = (None, *made.events[:11])
    symbols = [viewpoint.symbol(event, before) for event, before in zip(made.events[:12], befores, strict=True)]
    values = [MUSIC.read(token)[1] for token in tokens[:-1]]
    assert list(zip(values[::2], values[1::2], strict=True)) == symbols
    assert tokens[-1] == END_TOKEN
    assert set(weights) == {1.0}


def test_the_same_key_gives_the_same_rows_and_another_gives_others() -> None:
    source = songs_source([song(0), song(1)])
    first, again, other = (batch(source, key, 2, 64)[0] for key in ((1, 2, 0), (1, 2, 0), (1, 3, 0)))
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("names", [*((name,) for name in SINGLE), *PAIRS, *HELD_OUT], ids="+".join)
def test_an_answer_made_to_obey_does_and_the_phrase_it_was_made_of_mostly_did_not(names: tuple[str, ...]) -> None:
    chance = np.random.default_rng(1)
    there = pairs([song(seed, 90) for seed in range(4)])
    made, before = 0, 0
    for _ in range(40):
        heard, following = there[int(chance.integers(len(there)))]
        wanted = orders(chance, names, heard, following)
        before += all(obeys(order, heard, following) for order in wanted)
        answer = obedient(chance, wanted, heard, following)
        if answer is not None:
            made += 1
            assert all(obeys(order, heard, answer) for order in wanted)
    assert made >= 20
    assert before < 40


def test_held_out_pairs_of_instructions_are_never_tuned() -> None:
    assert not {frozenset(pair) for pair in HELD_OUT} & {frozenset(pair) for pair in PAIRS}
    assert {name for pair in (*PAIRS, *HELD_OUT) for name in pair} == set(SINGLE)
    source = lessons_source([song(seed, 90) for seed in range(3)], songs_source([song()]), plans=0.5)
    names = list(INSTRUCTIONS)
    for seed in range(60):
        tokens, _ = source(np.random.default_rng(seed), 257)
        starts = [at for at, token in enumerate(tokens) if token == BEGIN_TOKEN]
        for first, past in zip(starts, [*starts[1:], len(tokens)], strict=True):
            said = frozenset(names[v] for n, v in map(MUSIC.read, tokens[first:past]) if n == "instruct")
            assert said not in {frozenset(pair) for pair in HELD_OUT}


def test_a_lesson_is_a_stream_of_the_grammar_and_only_the_answer_counts() -> None:
    for with_plan in (False, True):
        for one in exam(0, [song(seed, 90) for seed in range(3)], [("beats", "tonic"), ("chords",)], 5, with_plan):
            row = row_of(one, True, 500)
            assert row is not None
            at = Standing()
            for token in row[0][3:]:
                at = Grammar("pitch*ioi").step(at, token)
            begun = len(opening(one.before, one.orders, True))
            assert set(row[1][:begun]) == {0.0}
            assert row[1][-1] >= 1.0
            if one.plan is not None:
                said = plan(one.plan)
                assert tuple(row[0][begun : begun + len(said)]) == said
                assert plan_of(one.answer) == one.plan


def test_shapes_and_plans_are_heard() -> None:
    assert [shape_of(line) for line in ([60] * 6, [60, 60, 64, 64, 67, 67], [67, 67, 64, 64, 60, 60])] == [
        "level",
        "rising",
        "falling",
    ]
    assert shape_of([60, 60, 67, 67, 60, 60]) == "arch"
    assert shape_of([67, 67, 60, 60, 67, 67]) == "valley"
    assert plan_of(Phrase((60, 62, 64, 67), (13, 13, 15, 13))) == Plan(7, "rising", (3, 1))
    assert key_of([60, 62, 64, 65, 67, 69, 71, 60, 67]) == 0
    assert obeys(Order("beats", 5), Phrase((60,), (13,)), Phrase((60, 62, 64, 67), (13, 13, 15, 13)))


def test_rules_make_sentences_that_obey_and_see_what_does_not() -> None:
    chance = np.random.default_rng(0)
    for name in NAMES:
        for unseen in (False, True):
            for _ in range(40):
                task = make(chance, name, unseen, unseen)
                assert obeyed(task, task.answer)
                assert not obeyed(task, task.answer + " ")
                assert obeyed(task, task.sentence) == (name == "repeat")


def test_what_is_held_out_is_not_in_what_is_tuned() -> None:
    chance = np.random.default_rng(0)
    unseen = {word.text for word in garden.WORDS if garden.held_out(word.single)}
    frames = {frame for frames in garden.SENTENCES.values() for frame in frames if garden.held_out(frame)}
    assert len(unseen) > 30
    assert len(frames) > 5
    for _ in range(300):
        task = make(chance, "fruits")
        said = re.sub("pommes? de terre", "", f" {task.sentence} {task.answer} ")
        assert not any(re.search(rf"\b{word}\b", said) for word in unseen)
        assert not garden.held_out(task.instruction)


def test_a_word_fits_where_no_article_changes() -> None:
    for word in garden.WORDS:
        for sort in ("fruit", "vegetable"):
            there = garden.fitting(word, sort, False)
            assert any(other.text != word.text for other in there), word
            assert all(other.kind == word.kind and other.language == word.language for other in there)


def test_of_a_task_only_the_answer_is_learned() -> None:
    task = make(np.random.default_rng(0), "word")
    tokens, weights = example(task)
    learned = [token for token, weight in zip(tokens, weights, strict=True) if weight]
    assert bytes(learned[:-1]).decode() == task.answer
    assert TEXT.read(learned[-1]) == ("control", 2)
    row, heavy = tasks_source(texts_source([(1.0, ["hello"])]))(np.random.default_rng(1), 256)
    assert len(row) == len(heavy) <= 256


def test_at_school_what_nobody_could_foresee_is_said_twice() -> None:
    chance = np.random.default_rng(0)
    first = TEXT.ranges["control"].first
    for _ in range(20):
        tokens, weights = text_school()(chance, 256)
        assert len(tokens) == len(weights) <= 256
        _, sentence, answer = [part for part in split(tokens, first) if part][:3]
        assert sentence == answer
        tokens, weights = music_school()(chance, 256)
        assert len(tokens) == len(weights) <= 256
        low, past = GRAMMAR.span(1)
        times = [
            token for token in tokens[: tokens.index(END_TOKEN, tokens.index(END_TOKEN) + 1)] if low <= token < past
        ]
        assert times[: len(times) // 2] == times[len(times) // 2 :]
        heard = [weight for token, weight in zip(tokens, weights, strict=True) if low <= token < past]
        assert set(heard) == {0.0, 1.0}


def split(tokens: list[int], control: int) -> list[list[int]]:
    """What lies between control tokens."""
    parts: list[list[int]] = [[]]
    for token in tokens:
        if token >= control:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def test_words_are_named_with_their_sorts() -> None:
    chance = np.random.default_rng(0)
    unseen = {word.text for word in garden.WORDS if garden.held_out(word.single)}
    tasks = [make(chance, "sort") for _ in range(200)]
    assert any(word in unseen for task in tasks for word in task.sentence.split(", "))  # of these it may be told
    for task in tasks:
        sorts = dict(pair.split(": ") for pair in task.answer.split(", "))
        for text, sort in sorts.items():
            there = {word.sort for word in garden.WORDS if word.text == text}
            assert {"vegetable": "vegetable", "légume": "vegetable", "fruit": "fruit"}[sort] in there
        assert list(sorts) == list(dict.fromkeys(task.sentence.split(", ")))


def test_how_an_answer_ends_counts_more_where_that_was_asked_for() -> None:
    phrase = Phrase((60, 62, 64, 65, 67), (13,) * 5)
    plain, ending = (row_of(Lesson((phrase,), wanted, phrase), tell_chords=False, length=256)
                     for wanted in ((Order("higher"),), (Order("tonic", 0),)))  # fmt: skip
    assert plain is not None
    assert ending is not None
    last = len(GRAMMAR.names) + 1
    assert plain[1][-last:] == [1.0] * last
    assert ending[1][-last:] == [AT_THE_END] * last


def test_what_looks_private_is_left_out_of_messages(tmp_path: Path) -> None:
    (tmp_path / "sms").mkdir()
    said = ["see you at 8", "call 0612345678", "a@b.org", "http://x.y"]
    with gzip.open(tmp_path / "sms" / "sms.jsonl.gz", "wt") as file:
        file.write("\n".join(json.dumps({"id": str(i), "text": text}) for i, text in enumerate(said)))
    (tmp_path / "sms" / "splits.json").write_text(json.dumps({"train": [str(i) for i in range(4)]}))
    assert texts_of_corpus(tmp_path, "sms", "train") == ["see you at 8"]
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    assert texts_of_files(tmp_path / "a.txt") == ["one", "two"]


def test_without_pytorch_the_command_says_what_to_install(tmp_path: Path) -> None:
    hidden = tmp_path / "torch.py"
    hidden.write_text("raise ImportError('hidden')")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from sideman.cli import main; main()",
            "train",
            "pretrain",
            "--out",
            str(tmp_path / "m"),
        ],
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 2
    assert "pip install 'sideman[train]'" in done.stderr
    assert "Traceback" not in done.stderr
