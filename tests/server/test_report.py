"""What improvisations are measured by: copied runs against a naive search, hand-made lines, and the human values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from sideman.cli import app
from sideman.errors import SetupError
from sideman.evaluation.corpora import corpus, data_folder
from sideman.models import NGram, Oracle
from sideman.report import lines, measures
from sideman.report.borrowing import Reference
from sideman.report.improvising import Improviser

words = st.lists(st.integers(0, 2), max_size=20)


def melody(pitches: list[int], name: str = "", step: float = 0.5) -> lines.Line:
    notes = tuple(lines.Note(step * at, step, pitch) for at, pitch in enumerate(pitches))
    return lines.Line(name, notes)


@given(st.lists(words, max_size=4), words)
def test_a_match_is_the_longest_run_up_to_a_place_that_one_sequence_holds(
    known: list[list[int]], asked: list[int]
) -> None:
    runs = {tuple(one[a:b]) for one in known for a in range(len(one)) for b in range(a + 1, len(one) + 1)}
    naive = [
        max((n for n in range(1, at + 2) if tuple(asked[at + 1 - n : at + 1]) in runs), default=0)
        for at in range(len(asked))
    ]
    assert Reference(known).matches(asked) == naive


def test_a_copy_in_another_key_is_a_copy() -> None:
    theirs = melody([60, 62, 64, 65, 67, 69, 71, 72, 74, 76, 77])
    ours = melody([note.pitch + 5 for note in theirs.notes])
    found = measures.measured(ours, measures.Learned([theirs]))
    assert found["copied_run_joint"] == found["copied_run_interval"] == 11
    assert found["copied_share_8"] == 1
    assert found["novel_4gram"] == 0
    assert found["range"] == 17


def test_the_same_pitches_in_another_rhythm_are_copied_by_interval_alone() -> None:
    theirs = melody([60, 62, 64, 65, 67, 69, 71, 72, 74])
    ours = melody([note.pitch for note in theirs.notes], step=1.0)
    found = measures.copied(ours, measures.Learned([theirs]))
    assert (found["copied_run_joint"], found["copied_run_interval"]) == (1, 9)


def test_a_loop_repeats_itself_and_a_scale_does_not() -> None:
    loop, scale = measures.repeated(melody([60, 62, 64, 60] * 8)), measures.repeated(melody(list(range(40, 72))))
    assert loop["self_repeat_6"] > 0.7
    assert loop["distinct_4gram"] < 0.2
    assert measures.repeated(melody([60, 65, 61, 67, 62, 70, 63, 75, 64]))["self_repeat_6"] == 0
    assert scale["distinct_4gram"] < 0.1  # one interval again and again


def test_chord_tones_are_counted_under_the_chord_of_the_moment() -> None:
    fields = {
        "id": "x",
        "notes": [[0, 1, 60], [1, 1, 61], [2, 1, 65], [3, 1, 64], [4, 1, 66]],
        "chords": [[0, 2, "C", "C:maj"], [2, 2, "Dm", "D:min"], [4, 4, "N.C.", "N"]],
    }
    line = lines.line(fields)
    assert measures.chord_tones(line, measures.Learned([line]))["chord_tone_ratio"] == pytest.approx(2 / 4)


def test_of_notes_that_begin_together_the_highest_is_kept() -> None:
    line = lines.line({"notes": [[0, 1, 60], [0, 1, 64], [1, 1, 62]]})
    assert [note.pitch for note in line.notes] == [64, 62]


@pytest.mark.parametrize("factory", [Oracle, lambda alphabet: NGram(alphabet=alphabet)])
def test_an_improvisation_has_as_many_notes_as_its_piece_and_is_the_same_for_a_seed(factory: object) -> None:
    known = [melody([60, 62, 64, 65, 64, 62] * 5, str(at)) for at in range(3)]
    improviser = Improviser(factory, known)  # type: ignore[arg-type]
    one, again = (improviser.over(known[1], 3) for _ in range(2))
    assert len(one.notes) == len(known[1].notes)
    assert one == again
    assert {note.pitch for note in one.notes} <= {60, 62, 64, 65}


def test_the_command_compares_two_files(tmp_path: Path) -> None:
    piece = {"id": "a", "notes": [[at / 2, 0.5, 60 + at % 5] for at in range(40)]}
    (tmp_path / "a.jsonl").write_text(json.dumps(piece) + "\n")
    told = CliRunner().invoke(
        app,
        [
            "report",
            "--pieces",
            f"{tmp_path}/a.jsonl",
            "--reference",
            f"{tmp_path}/a.jsonl",
            "--model",
            "oracle",
            "--json",
        ],
    )
    assert told.exit_code == 0, told.output
    found = json.loads(told.output.splitlines()[-1])["columns"]
    assert found["pieces"]["copied_run_joint"] == [40, 0]
    assert set(found) == {"pieces", "oracle"}


HUMAN = {
    "copied_run_joint": (8.0, 1.9), "copied_run_interval": (13.3, 5.8), "copied_share_8": (0.016, 0.028),
    "novel_4gram": (0.135, 0.062), "novel_6gram": (0.663, 0.104), "novel_8gram": (0.919, 0.052),
    "distinct_4gram": (0.848, 0.074), "self_repeat_6": (0.011, 0.020), "chord_tone_ratio": (0.503, 0.066),
    "chord_tone_on_beat": (0.538, 0.097), "chord_tone_duration": (0.532, 0.078), "pc_entropy": (3.334, 0.155),
    "groove_all": (0.823, 0.056), "groove_adjacent": (0.825, 0.057), "groove_jaccard": (0.215, 0.057),
    "ioi_entropy": (2.671, 0.248), "range": (28.2, 4.7), "mean_abs_interval": (2.640, 0.362),
    "steps_share": (0.560, 0.086), "leaps_share": (0.039, 0.021), "repeat_note_share": (0.048, 0.030),
}  # fmt: skip


@pytest.mark.extra
def test_the_human_values_of_our_research_come_out_again() -> None:
    try:
        read, splits = corpus(data_folder(None), "wjd")
    except SetupError:
        pytest.skip("no corpora here: give their folder by SIDEMAN_DATA")
    train, test = (lines.lines([read[piece] for piece in splits[part]]) for part in ("train", "test"))
    learned = measures.Learned(train)
    found = measures.summary([measures.measured(piece, learned) for piece in test])
    for measure, (mean, deviation) in HUMAN.items():
        close = 0.06 if mean > 1.5 and measure not in ("pc_entropy", "ioi_entropy") else 0.0016
        assert found[measure] == pytest.approx((mean, deviation), abs=close), measure
