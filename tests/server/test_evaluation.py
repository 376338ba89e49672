"""Evaluation on small made pieces: the protocol, the figures, the command; and on the corpora where they are there.

How well a model does is docs/evaluation.md's; here it is whether the figures are what they say.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from sideman.cli import app
from sideman.errors import SetupError
from sideman.evaluation import corpora, examination, report, spelling, tasks
from sideman.evaluation.closed import ClosedAlphabet, Floats, Ints, Prefix
from sideman.evaluation.contestants import Contestant, Wish, contestant
from sideman.evaluation.score import Outcome, calibrated, calibration_error, difference, ratio, score
from sideman.evaluation.spelling import Piece
from sideman.evaluation.tasks import TASKS
from sideman.evaluation.trial import LateMean, Pupil, trial
from sideman.models import Alphabet, NGram, Oracle
from sideman.systems import SYSTEMS, system_for

MELODIES = [[60, 62, 64, 62], [60, 62, 64, 65], [67, 65, 64, 62, 60]]


def melody(pitches: Sequence[int], name: str = "m", beats: float = 0.5) -> dict[str, Any]:
    """A line of a corpus: a melody in even notes over one chord a bar."""
    notes = [[i * beats, beats, pitch] for i, pitch in enumerate(pitches)]
    chords = [[0, 2, "C", "C:maj"], [2, 2, "G7", "G:7"]]
    return {"id": name, "title": name, "meter": "4/4", "notes": notes, "chords": chords}


def written(path: Path, read: Sequence[dict[str, Any]]) -> Path:
    """The lines as a file packed by gzip."""
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(fields) + "\n" for fields in read)
    return path


def asked(train: Sequence[Sequence[int]], test: Sequence[Sequence[int]]) -> examination.Examination:
    """An examination in pitch of made melodies."""
    made = [corpora.pieces([melody(pitches) for pitches in part], "pitch") for part in (train, test)]
    symbols = frozenset(tuple(row) for part in made for piece in part for row in piece.symbols.tolist())
    return examination.Examination("made", "pitch", "dance", made[0], made[1], symbols)


# Spelling


def test_a_span_takes_the_nearest_class_on_a_logarithmic_scale() -> None:
    assert [spelling.span_class(beats) for beats in (0.125, 0.5, 1.0, 8.0, 100.0, 0.0)] == [1, 5, 8, 13, 13, 1]
    assert spelling.span_class(1.2) == 8
    assert spelling.span_class(1.25) == 9


def test_pitch_and_span_are_spelled_the_last_note_by_its_length() -> None:
    rows = spelling.spell(melody([60, 67], beats=1.0), "pitchdur")
    assert rows.tolist() == [[61, 8], [68, 8]]


def test_a_chorale_is_spelled_voice_by_voice_in_quarters_with_silence_as_a_value_of_its_own() -> None:
    grid = [[74, 70, 65, 58]] * 4 + [[75, 70, -1, 55]] * 4
    assert spelling.spell({"grid": grid}, "satb").ravel().tolist() == [75, 71, 66, 59, 76, 71, 129, 56]


def test_chords_are_spelled_by_the_beat_or_by_the_change() -> None:
    chords = [[0, 2, "C", "C:maj"], [2, 1, "C6", "C:maj"], [3, 1, "N", "N"]]
    assert spelling.spell({"chords": chords}, "beat").tolist() == [[1, 1], [1, 1], [1, 1], [13, 13]]
    assert spelling.spell({"chords": chords}, "change").tolist() == [[1, 1], [13, 13]]


def test_a_message_ends_with_a_line_break() -> None:
    assert spelling.spell({"text": "é!"}, "char").ravel().tolist() == [233, 33, 10]


def test_the_chord_and_the_place_in_the_bar_are_given_at_each_onset() -> None:
    rows = spelling.given(melody([60] * 10), ["chord", "bar"], 10)
    named = [dict(zip(spelling.GIVEN, row, strict=True)) for row in rows.tolist()]
    assert [(row["root"], row["kind"], row["next_root"]) for row in named[3:5]] == [(1, 1, 8), (8, 3, 13)]
    assert [(row["beat"], row["place"]) for row in named[7:9]] == [(4, 43), (1, 1)]
    assert named[9]["root"] == 13, "behind the last chord there is none"
    assert not spelling.given(melody([60]), [], 1).any()


def test_what_a_piece_has_not_cannot_be_given() -> None:
    with pytest.raises(SetupError, match="no chord"):
        spelling.given({"id": "x", "notes": [[0, 1, 60]]}, ["chord"], 1)


def test_each_kind_of_music_has_a_system_and_its_views_make_an_n_gram() -> None:
    for name, system in SYSTEMS.items():
        components = len(system.order)
        NGram(alphabet=Alphabet(components), views=system.views)
        assert sorted(system.order) == list(range(components)), name
    assert system_for("pitch", "unheard-of kind") == SYSTEMS["pitch"]


# The closed alphabet


def predicted(table: dict[Prefix, dict[int, float]]) -> Any:
    """What a model would say, from a table: value 0 is the unseen."""

    def predict(prefix: Prefix) -> tuple[Ints, Floats]:
        row = table[prefix]
        return np.array(sorted(row), np.int32), np.array([row[value] for value in sorted(row)])

    return predict


def test_the_mass_of_the_unseen_goes_to_the_values_that_a_model_does_not_list() -> None:
    closed = ClosedAlphabet([(1,), (2,), (3,), (4,)])
    p = closed.distribution((), predicted({(): {0: 0.4, 2: 0.6}}))
    assert p == pytest.approx([0.4 / 3, 0.6, 0.4 / 3, 0.4 / 3])


def test_values_that_no_symbol_has_get_nothing() -> None:
    closed = ClosedAlphabet([(1, 1), (1, 2), (2, 1)])
    predict = predicted({(): {0: 0.2, 1: 0.4, 2: 0.4}, (2,): {0: 0.2, 1: 0.2, 2: 0.6}})
    assert closed.distribution((), predict) == pytest.approx([0.5, 0.5])
    assert closed.distribution((2,), predict) == pytest.approx([1.0])


def test_probabilities_that_do_not_sum_to_one_are_refused() -> None:
    with pytest.raises(ValueError, match="sum to"):
        ClosedAlphabet([(1,), (2,)]).distribution((), predicted({(): {0: 0.1, 1: 0.5, 2: 0.5}}))


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=12), st.randoms())
def test_the_best_guesses_are_those_of_the_whole_table(symbols: list[tuple[int, int]], chance: Any) -> None:
    closed = ClosedAlphabet(symbols)

    def row() -> dict[int, float]:
        raw = [chance.random() + 1e-3 for _ in range(5)]
        return {value: weight / sum(raw) for value, weight in enumerate(raw)}

    predict = predicted({(): row(), **{(value,): row() for value in range(1, 5)}})
    whole: dict[Prefix, float] = {}
    for prefix_value, p in zip(closed.values(()), closed.distribution((), predict), strict=True):
        prefix = (int(prefix_value),)
        for value, q in zip(closed.values(prefix), closed.distribution(prefix, predict), strict=True):
            whole[(*prefix, int(value))] = p * q
    assert sum(whole.values()) == pytest.approx(1.0)
    best = closed.best(predict, 3)
    assert [p for p, _ in best] == pytest.approx(sorted(whole.values(), reverse=True)[: len(best)])
    assert len(best) == min(3, len(whole))
    assert all(whole[symbol] == pytest.approx(p) for p, symbol in best)


# The figures


def outcome(bits: Sequence[float], pieces: Sequence[int]) -> Outcome:
    """An outcome of which only the bits matter."""
    n = len(bits)
    return Outcome(np.array(bits), np.full(n, 0.5), np.ones(n, bool), np.ones(n, bool), np.array(pieces), 1.0)


def test_the_standard_error_is_over_pieces() -> None:
    mean, error = ratio(np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 0, 1, 1]))
    assert mean == 2.0
    assert error == pytest.approx(math.sqrt(2 / 1 * (2**2 + 2**2)) / 4)


def test_a_paired_difference_of_equals_has_no_error() -> None:
    ours, theirs = outcome([1.0, 2.0, 4.0], [0, 0, 1]), outcome([2.0, 3.0, 5.0], [0, 0, 1])
    assert difference(ours, theirs) == pytest.approx((-1.0, 0.0))


def test_a_model_that_is_right_as_often_as_it_says_stays_within_the_simulated_bound() -> None:
    chance = np.random.Generator(np.random.Philox(1))
    confidence = chance.random(4000)
    right = chance.random(4000) < confidence
    assert calibration_error(confidence, right) < calibrated(confidence) < 0.05
    assert calibration_error(confidence, chance.random(4000) < confidence**2) > calibrated(confidence)


# The protocol


def test_the_bits_are_those_of_the_model_asked_by_hand() -> None:
    test = [[60, 62, 65], [64, 67]]
    result = examination.examine(asked(MELODIES, test), "ngram", False, Wish(order=3))
    alphabet = Alphabet(1)
    model = NGram(3, alphabet)
    model.know(np.array([[61], [63], [65], [66], [68]], np.int32))
    for pitches in MELODIES:
        model.learn(np.array([[pitch + 1] for pitch in pitches], np.int32))
        model.end()
    bits = []
    for pitches in test:
        state = model.start()
        for pitch in pitches:
            values, p = model.predict(state)
            bits.append(-math.log2(p[values.tolist().index(pitch + 1)] / (1 - p[0])))
            model.advance(state, (pitch + 1,))
    assert result.outcome.bits == pytest.approx(bits)
    assert result.score.events == 5
    assert result.score.pieces == 2
    assert result.score.perplexity == pytest.approx(2 ** (sum(bits) / 5))


@pytest.mark.parametrize("model", ["ngram", "oracle"])
def test_no_piece_helps_another(model: str) -> None:
    strange = [72, 60, 67, 72, 60, 67, 72]
    alone = examination.examine(asked([*MELODIES, [72]], [strange]), model, True)
    after = examination.examine(asked([*MELODIES, [72]], [strange, [62, 64], strange]), model, True)
    assert after.outcome.bits[-7:] == pytest.approx(alone.outcome.bits, abs=1e-9)
    assert after.outcome.bits[:7] == pytest.approx(alone.outcome.bits, abs=1e-9)


@pytest.mark.parametrize("model", ["ngram", "oracle"])
def test_a_model_that_learns_the_running_piece_knows_its_repeats(model: str) -> None:
    repeats = [[60, 69, 61, 68] * 8]
    deaf = examination.examine(asked(MELODIES, repeats), model, False).score.bits_per_event
    assert examination.examine(asked(MELODIES, repeats), model, True).score.bits_per_event < deaf - 1.0


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 6))
def test_meeting_the_training_again_in_folds_leaves_the_counts_as_they_were(folds: int) -> None:
    given = asked(MELODIES * 2, [[60, 62, 67]])
    closed = ClosedAlphabet(given.symbols)
    once, again = (
        trial(
            Contestant("n", lambda alphabet: NGram(3, alphabet), (0,), n), given.train, given.test, closed, False
        ).bits
        for n in (0, folds)
    )
    assert once == pytest.approx(again, abs=1e-9)


def test_views_are_weighed_by_pieces_that_the_model_does_not_know() -> None:
    """A melody that is there twice, under one title, says nothing about how well memory serves for a new one."""
    chance = np.random.Generator(np.random.Philox(2))
    twins = [chance.integers(60, 72, 40).tolist() for _ in range(12)]
    made = [
        Piece(f"{i}{twin}", f"title {i}", *corpora.pieces([melody(pitches)], "pitch")[0][2:])
        for twin in "ab"
        for i, pitches in enumerate(twins)
    ]
    given = asked([range(60, 72)], [chance.integers(60, 72, 40).tolist() for _ in range(6)])
    learned = examination.Examination("made", "pitch", "dance", made, given.test, given.symbols)
    trusting, wary = (
        examination.examine(learned, "ngram", False, Wish(folds=folds)).score.bits_per_event for folds in (0, 6)
    )
    assert wary < trusting
    assert wary < math.log2(12) + 0.2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-9.0, 9.0), min_size=1, max_size=30), st.integers(0, 9))
def test_a_late_mean_counts_the_later_the_more_by_binomial_coefficients(values: list[float], late: int) -> None:
    mean = LateMean(late)
    for value in values:
        mean.add(np.array([value, -value], np.float32))
    counts = [math.comb(number + late, late) for number in range(len(values))]
    expected = sum(count * value for count, value in zip(counts, values, strict=True)) / sum(counts)
    assert mean.value == pytest.approx([expected, -expected], abs=1e-5)


@pytest.mark.parametrize("folds", [0, 4])
def test_a_piece_under_trial_does_not_begin_with_the_weights_of_the_last_piece_of_the_training(folds: int) -> None:
    """After twenty tunes, one of chance alone: how the views were trusted in that is not how they are in general."""
    chance = np.random.Generator(np.random.Philox(4))
    noise = chance.integers(60, 72, 400).tolist()
    given = asked([[60, 62, 64, 65, 67, 69, 71] * 4] * 20 + [noise], [[60, 62]])
    candidate = contestant("ngram", "pitch", "dance", wish=Wish(folds=folds))
    closed = ClosedAlphabet(given.symbols)
    seen: list[Floats] = []

    class Watched(Pupil):
        def _study(self, piece: Piece, weigh: bool) -> tuple[int, int]:
            places = super()._study(piece, weigh)
            if weigh:
                seen.append(np.array(self.model.weights, np.float64))
            return places

    pupil = Watched(candidate, given.train, closed)
    mean = LateMean()
    for weights in seen:
        mean.add(weights)
    assert len(seen) == len(given.train)
    assert mean.value is not None
    assert np.allclose(pupil.model.weights, mean.value, rtol=1e-5, atol=1e-6)
    assert not np.allclose(pupil.model.weights, seen[-1], rtol=1e-3, atol=1e-3)


# The command

RUN = CliRunner()


def files(folder: Path) -> list[str]:
    """Two made files as arguments."""
    train = written(folder / "a.jsonl.gz", [melody(pitches, f"a{i}") for i, pitches in enumerate(MELODIES * 4)])
    test = written(folder / "b.jsonl.gz", [melody(pitches, f"b{i}") for i, pitches in enumerate(MELODIES)])
    return ["evaluate", "--train", str(train), "--test", str(test)]


@pytest.mark.parametrize("viewpoint", ["pitch", "pitchdur", "beat", "change"])
def test_two_files_are_evaluated_and_the_last_line_is_an_object(tmp_path: Path, viewpoint: str) -> None:
    said = RUN.invoke(app, [*files(tmp_path), "--viewpoint", viewpoint, "--online", "--json", "--against", "oracle"])
    assert said.exit_code == 0, said.output
    spoken = json.loads(said.output.splitlines()[-1])
    assert {"task", "model", "bits_per_event", "standard_error", "events", "pieces", "perplexity", "top1", "top3",
            "calibration_error", "events_per_s", "settings"} <= set(spoken)  # fmt: skip
    assert spoken["pieces"] == 3
    assert spoken["top1"] <= spoken["top3"] <= 1.0
    assert spoken["against"]["model"] == "oracle"


def test_chord_and_bar_can_be_given(tmp_path: Path) -> None:
    said = RUN.invoke(app, [*files(tmp_path), "--viewpoint", "pitch", "--given", "chord,bar", "--json"])
    assert said.exit_code == 0, said.output
    assert json.loads(said.output.splitlines()[-1])["settings"]["given"] == ["chord", "bar"]


def test_a_mistake_is_told_with_its_cure(tmp_path: Path) -> None:
    for arguments, cure in (
        (["evaluate"], "--task"),
        (["evaluate", "--task", "wjd.pitch", "--data", str(tmp_path / "no")], "SIDEMAN_DATA"),
        (["evaluate", "--task", "nothing", "--data", str(tmp_path)], "jsb.satb"),
        (["evaluate", "--task", "wjd.pitch", "--data", str(tmp_path)], "holds no corpus wjd"),
        ([*files(tmp_path), "--viewpoint", "pitch", "--given", "mood"], "bar and chord"),
        ([*files(tmp_path), "--viewpoint", "char"], "another --viewpoint"),
        ([*files(tmp_path), "--viewpoint", "pitch", "--model", "nobody"], "ngram, oracle"),
    ):
        said = RUN.invoke(app, arguments)
        assert isinstance(said.exception, SetupError), said.output
        assert cure in str(said.exception)


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    broken = tmp_path / "x.jsonl.gz"
    broken.write_bytes(b"nothing packed")
    with pytest.raises(SetupError, match="cannot read"):
        corpora.lines(broken)


# The corpora


def folder() -> Path:
    """The corpora's folder; without it these tests are left out."""
    try:
        return corpora.data_folder(None)
    except SetupError:
        pytest.skip("the corpora are not here: SIDEMAN_DATA names their folder")


@pytest.mark.extra
@pytest.mark.parametrize("name", [name for name in TASKS if name != "prose_fr.char"])
def test_events_and_pieces_are_those_of_the_baselines(name: str) -> None:
    task = TASKS[name]
    read, splits = corpora.corpus(folder(), task.corpus)
    test = corpora.pieces([read[piece] for piece in splits["test"]], task.viewpoint)
    assert sum(len(piece.symbols) for piece in test) == task.events
    assert len(test) == task.pieces
    every = {
        tuple(row) for piece in corpora.pieces(list(read.values()), task.viewpoint) for row in piece.symbols.tolist()
    }
    # The baselines' alphabets hold the symbols of the pieces that are kept aside, too: a few more in some corpora.
    assert task.uniform - 0.06 < math.log2(len(every)) < task.uniform + 0.0006


def test_each_task_names_its_baselines() -> None:
    assert len(TASKS) == 14
    for task in tasks.TASKS.values():
        assert task.aim < task.counting < task.kneser_ney < task.unigram < task.uniform or task.viewpoint == "char"


def test_a_small_task_on_a_real_corpus() -> None:
    given = examination.of_task("openewld.pitch", folder(), "valid")
    small = examination.Examination(
        given.task, given.viewpoint, given.kind, given.train[:40], given.test[:3], given.symbols
    )
    deaf, online = (examination.examine(small, "ngram", learns).score for learns in (False, True))
    assert online.bits_per_event < deaf.bits_per_event < math.log2(len(given.symbols))
    assert score(examination.examine(small, "oracle", True).outcome).events == online.events


def test_the_oracle_and_the_n_gram_have_what_a_trial_needs() -> None:
    for model in (Oracle(Alphabet(1)), NGram(alphabet=Alphabet(1))):
        assert all(hasattr(model, name) for name in ("learn", "start", "advance", "predict"))


# The document


def test_the_document_gets_new_figures_and_its_log_only_grows() -> None:
    given = asked(MELODIES, MELODIES)
    results = {model: examination.examine(replace(given, task="wjd.pitch"), model, True) for model in tasks.MODELS}
    trials = [report.Trials("wjd.pitch", (), results), report.Trials("wjd.pitch", ("chord", "bar"), results)]
    empty = f"a {report.FIGURES[0]}old {report.FIGURES[1]} b {report.LOG[0]}{report.LOG[1]} c"
    once = report.filled(empty, trials, "2026-01-02", "0.1")
    assert "old" not in once
    assert "wjd.pitch, chord and bar given" in once
    assert "3.213" in once, "what others reached stands beside"
    again = report.filled(once, trials, "2026-01-03", "0.1")
    assert again.count("| wjd.pitch | ngram |") == 2
    assert again.count("As of") == 1
    with pytest.raises(SetupError, match="figures"):
        report.filled("nothing", trials, "2026-01-02", "0.1")
