"""Chord spellings: the many ways in which musicians write the same chord."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.harmony import KINDS, NAMES, Chord, opaque, parse

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("label", "root", "kind"),
    [
        ("Dm7", "D", "min7"),
        ("G7", "G", "7"),
        ("Cmaj7", "C", "maj7"),
        ("C^7", "C", "maj7"),
        ("CM7", "C", "maj7"),
        ("Bb-7", "Bb", "min7"),
        ("F#m7b5", "F#", "hdim"),
        ("C7(b9)", "C", "7b9"),
        ("C", "C", "maj"),
        ("A:min", "A", "min"),
        ("Gb:7", "F#", "7"),
        ("Eb+7", "Eb", "aug7"),
        ("B°7", "B", "dim7"),
        ("Fsus", "F", "sus4"),
    ],
)
def test_spellings_that_musicians_use_are_understood(label: str, root: str, kind: str) -> None:
    chord = parse(label)
    assert chord is not None
    assert (NAMES[chord.root], chord.kind) == (root, kind)


def test_a_bass_note_is_one_of_the_chord() -> None:
    chord = parse("C/E")
    assert chord == Chord(0, "maj", 4)
    assert parse("C7/Bb") == Chord(0, "7", 10)
    over = parse("C/D")
    assert over is not None
    assert over.pitch_classes == {0, 2, 4, 7}


@pytest.mark.parametrize("label", ["N", "", "scene 3", "H7", "Cwhatever"])
def test_what_is_no_chord_is_none(label: str) -> None:
    assert parse(label) is None


def test_only_what_looks_like_a_chord_and_is_not_understood_is_opaque() -> None:
    assert not opaque("N")
    assert not opaque("Dm7")
    assert opaque("Cwhatever")


@given(st.integers(0, 11), st.sampled_from(sorted(KINDS)), st.integers(0, 11))
def test_a_chord_is_read_back_from_its_own_label(root: int, kind: str, bass: int) -> None:
    chord = Chord(root, kind, bass)
    assert parse(chord.label) == chord


@given(st.integers(0, 11), st.sampled_from(sorted(KINDS)), st.integers(-24, 24))
def test_moving_a_chord_moves_its_tones(root: int, kind: str, semitones: int) -> None:
    chord = Chord(root, kind, root)
    assert chord.moved(semitones).pitch_classes == {(tone + semitones) % 12 for tone in chord.pitch_classes}
    assert chord.moved(semitones).family == chord.family


@given(st.text(max_size=12))
def test_no_label_whatever_is_too_much(label: str) -> None:
    parse(label)


@pytest.mark.extra
@pytest.mark.skipif(not DATA.is_dir(), reason="the corpora are not beside this checkout")
def test_chord_labels_of_real_charts_are_understood() -> None:
    known = Counter[bool]()
    for corpus in ("wjd", "irb", "nottingham"):
        with gzip.open(DATA / corpus / f"{corpus}.jsonl.gz", "rt") as lines:
            for line in lines:
                known.update(parse(chord[2]) is not None for chord in json.loads(line)["chords"] if chord[3] != "N")
    assert known[True] / known.total() > 0.97
