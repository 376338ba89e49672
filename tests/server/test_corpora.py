"""Music from files: every format as it should be, as it often is, and broken."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sideman.chart.songs import chord_of
from sideman.corpora import Piece, Unreadable, events_of, found, read
from sideman.corpora.charts import read_chart
from sideman.corpora.jsonlines import read_lines
from sideman.corpora.midi import read_midi
from sideman.corpora.musicxml import read_musicxml
from sideman.importing import keep
from sideman.memory import Memory

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
with_corpora = pytest.mark.skipif(not DATA.is_dir(), reason="the corpora are not beside this checkout")

SCORE = """<?xml version="1.0"?>
<score-partwise><work><work-title>Two bars</work-title></work><part id="P1">
<measure number="1"><attributes><divisions>2</divisions></attributes><sound tempo="90"/>
<harmony><root><root-step>B</root-step><root-alter>-1</root-alter></root><kind>minor-seventh</kind></harmony>
<note><pitch><step>C</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice></note>
<note><chord/><pitch><step>E</step><octave>4</octave></pitch><duration>2</duration><voice>1</voice></note>
<note><rest/><duration>2</duration></note>
<note><pitch><step>F</step><alter>1</alter><octave>4</octave></pitch><duration>4</duration><tie type="start"/></note>
</measure><measure number="2">
<note><pitch><step>F</step><alter>1</alter><octave>4</octave></pitch><duration>4</duration><tie type="stop"/></note>
<backup><duration>4</duration></backup>
<note><pitch><step>G</step><octave>2</octave></pitch><duration>4</duration><voice>2</voice></note>
</measure></part></score-partwise>"""


def midi(kind: int, *tracks: list[tuple[str, int, int, int]]) -> bytes:
    """A file of tracks of (message, note, velocity, ticks)."""
    file = mido.MidiFile(type=kind, ticks_per_beat=480)
    for messages in tracks:
        track = mido.MidiTrack()
        file.tracks.append(track)
        for name, note, velocity, ticks in messages:
            track.append(mido.Message(name, note=note, velocity=velocity, time=ticks))
    raw = io.BytesIO()
    file.save(file=raw)
    return raw.getvalue()


TUNE = [("note_on", 60, 90, 0), ("note_off", 60, 0, 240), ("note_on", 64, 80, 240), ("note_on", 64, 0, 480)]


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_midi_files_of_every_type_are_read(kind: int) -> None:
    tracks = [TUNE] if kind == 0 else [TUNE, TUNE]
    piece = read_midi("tune", midi(kind, *tracks))
    first = piece.flows[0].heard
    assert [(note.onset_beats, note.duration_beats, note.pitch, note.velocity) for note in first] == [
        (0.0, 0.5, 60, 90),
        (1.0, 1.0, 64, 80),
    ]
    if kind == 1:
        assert piece.flows[1].heard == first
    if kind == 2:  # its tracks follow one another
        assert piece.flows[1].heard[0].onset_beats == 2.0


def test_of_a_file_that_is_cut_off_what_is_there_is_kept() -> None:
    whole = midi(0, TUNE * 10)
    kept = []
    for length in range(40, len(whole)):
        piece = read_midi("tune", whole[:length])
        assert piece.oddities or length >= len(whole) - 4
        kept.append(piece.notes)
    assert kept == sorted(kept)
    assert kept[-1] == 20


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 200))
def test_whatever_is_no_midi_file_is_refused_and_nothing_worse(junk: bytes, at: int) -> None:
    whole = midi(0, TUNE * 4)
    for data in (junk, whole[:at] + junk, whole[:at] + junk + whole[at:]):
        try:
            read_midi("junk", data)
        except Unreadable as error:
            assert error.cure


@pytest.mark.extra
@with_corpora
def test_real_and_odd_midi_files_are_read_or_refused_as_they_deserve() -> None:
    for entry in json.loads((DATA / "midi" / "index.json").read_text()):
        path = DATA / "midi" / entry["file"]
        try:
            pieces = list(read(path))
        except Unreadable:
            assert not entry["valid"], path.name
            continue
        if "notes" in entry:
            assert pieces[0].notes == entry["notes"]


def test_a_score_gives_voices_ties_and_chords() -> None:
    piece = read_musicxml("two", SCORE.encode())
    assert (piece.name, piece.bpm) == ("Two bars", 90)
    assert piece.chords == [(0.0, "Bbm7")]
    first, second = piece.flows
    assert [(note.onset_beats, note.duration_beats, note.pitch) for note in first.heard] == [
        (0.0, 1.0, 60),
        (0.0, 1.0, 64),
        (2.0, 4.0, 66),
    ]
    assert [(note.onset_beats, note.pitch) for note in second.heard] == [(4.0, 43)]
    events = events_of(piece, first)
    assert [len(event.notes) for event in events] == [2, 1]
    assert events[0].chord == "Bbm7"


def test_a_packed_score_is_the_same_and_entities_are_refused() -> None:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        archive.writestr(
            "META-INF/container.xml", '<container><rootfiles><rootfile full-path="a.xml"/></rootfiles></container>'
        )
        archive.writestr("a.xml", SCORE)
    assert read_musicxml("two", raw.getvalue()).notes == 4
    bomb = SCORE.replace("<score-partwise>", '<!DOCTYPE s [<!ENTITY a "b">]><score-partwise>')
    with pytest.raises(Unreadable, match="entities"):
        read_musicxml("bomb", bomb.encode())


def test_json_lines_give_notes_grids_texts_and_chords() -> None:
    lines = [
        {"id": "a", "notes": [[0, 1, 60, 3.2], [1, 1, 62]], "chords": [[0, 2, "Dm7", "D:min7"]], "tempo": 200},
        {"id": "b", "grid": [[72, 60], [72, 62], [-1, 62]], "step_beats": 0.5},
        {"id": "c", "text": "ça alors !"},
        {"id": "d", "chords": [[0, 4, "C"], [4, 4, "F"]]},
    ]
    data = gzip.compress("\n".join(json.dumps(line) for line in lines).encode())
    first, second, third, fourth = read_lines("all", data)
    assert first.chords == [(0.0, "Dm7")]
    assert first.bpm == 200
    assert [[(note.onset_beats, note.duration_beats, note.pitch) for note in flow.heard] for flow in second.flows] == [
        [(0.0, 1.0, 72.0)],
        [(0.0, 0.5, 60.0), (0.5, 1.0, 62.0)],
    ]
    assert [heard.label for heard in third.flows[0].heard] == ["ça", "alors", "!"]
    assert [heard.label for heard in fourth.flows[0].heard] == ["C", "F"]


def test_a_line_that_is_none_is_named() -> None:
    with pytest.raises(Unreadable, match="line 2"):
        list(read_lines("x", b'{"notes": [[0, 1, 60]]}\n{"notes": [[0, "one", 60]]}\n'))
    with pytest.raises(Unreadable, match="gzip"):
        list(read_lines("x", b"\x1f\x8bnonsense"))


def test_a_chart_gives_its_chords_bar_by_bar() -> None:
    piece = read_chart("two-five", b"[A] Dm7 | G7 C7/E | % |\n[B] 3/4 F^7 | % || N\n")
    bars = ["Dm7", "G7", "C7/E", "G7", "C7/E", "F^7", "F^7", "N"]
    assert piece.chords == list(zip((0.0, 4.0, 6.0, 8.0, 10.0, 12.0, 15.0, 18.0), bars, strict=True))
    with pytest.raises(Unreadable, match="bar 2: 'Hm7' is no chord"):
        read_chart("wrong", b"Dm7 | Hm7 |")
    with pytest.raises(Unreadable, match="no bars"):
        read_chart("prose", b"It was a dark and stormy night")


def djazz_song(folder: Path) -> Path:
    song = folder / "Blues"
    (song / "new").mkdir(parents=True)
    (song / "Blues.json").write_text(
        json.dumps({"metadata": {"tempo": 140, "beats_per_measure": 4}, "grid_data": {"0": "5_7", "1": "10_min7"}})
    )
    note = {"ontime_in_beats": 0.5, "pitch": 65, "velocity": 99, "duration_in_beats": 0.25, "channel": 3}
    (song / "new" / "solo.json").write_text(json.dumps({"beats": {"0": {"notes": [note]}, "1": {"notes": note}}}))
    return song


def test_a_song_folder_of_djazz_gives_its_chart_and_its_scores(tmp_path: Path) -> None:
    (piece,) = read(djazz_song(tmp_path))
    assert piece.bpm == 140
    assert piece.chords == [(0.0, "F7"), (1.0, "Bbmin7")]
    assert [(heard.onset_beats, heard.pitch, heard.channel) for heard in piece.flows[0].heard] == [
        (0.5, 65, 3),
        (1.5, 65, 3),
    ]
    assert chord_of("scene_b") == "scene_b"


def test_folders_are_searched_and_what_is_no_music_is_left(tmp_path: Path) -> None:
    djazz_song(tmp_path)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.mid").write_bytes(midi(0, TUNE))
    (tmp_path / "readme.txt").write_text("nothing")
    assert [path.name for path in found([tmp_path])] == ["Blues", "a.mid"]
    assert found([tmp_path / "readme.txt"]) == [tmp_path / "readme.txt"]


def test_pieces_are_kept_with_a_break_between_them() -> None:
    memory = Memory()
    summary = keep(memory, [read_midi("one", midi(0, TUNE)), read_midi("two", midi(0, TUNE))])
    assert (summary.pieces, summary.notes, summary.events) == (2, 4, 4)
    assert [memory.has(place) for place in range(len(memory))] == [True, True, False, True, True, False]
    assert memory.event(0).performer == "one"
    assert memory.event(1).last


def test_silences_end_phrases_as_on_stage() -> None:
    piece = Piece("p", bpm=60)
    piece.flows = read_midi("x", midi(0, [*TUNE, ("note_on", 67, 80, 960), ("note_off", 67, 0, 480)])).flows
    events = events_of(piece, piece.flows[0])
    assert [event.last for event in events] == [False, True, True]
    assert events[1].span_beats == 1.0
