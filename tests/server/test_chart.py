"""Charts: read from text, iReal Pro and Djazz, unfolded into the beats of a form, and written as text again."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.chart import Bar, Chart, Course, read, read_bytes, read_text, write_text
from sideman.chart.form import opaque_label
from sideman.chart.ireal import changed_about
from sideman.errors import Refused


def played(chart: Chart) -> list[str]:
    """The bars of the form, each as its labels without those that go on."""
    bars: dict[int, list[str]] = {}
    for beat in chart.form:
        bars.setdefault(beat.bar, []).append(beat.label)
    return [" ".join(a for b, a in pairwise([None, *bar]) if a and a != b) for bar in bars.values()]


def test_bars_have_a_label_for_each_beat_and_a_percent_sign_repeats_the_bar_before() -> None:
    chart = read_text("Dm7 | G7 C7 | C^7 | %")
    assert [bar.labels for bar in chart.bars] == [
        ("Dm7",) * 4,
        ("G7", "G7", "C7", "C7"),
        ("C^7",) * 4,
        ("C^7",) * 4,
    ]
    assert chart.length == 4
    assert [(beat.bar, beat.beat) for beat in chart.form[:6]] == [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2)]


def test_chords_in_a_bar_spread_over_its_beats_unless_slashes_say_otherwise() -> None:
    assert read_text("3/4 C F").bars[0].labels == ("C", "C", "F")
    assert read_text("C F G").bars[0].labels == ("C", "C", "F", "G")
    assert read_text("C / / G").bars[0].labels == ("C", "C", "C", "G")
    assert read_text("C . F .").bars[0].labels == ("C", "C", "F", "F")
    assert read_text("C | . F G A").bars[1].labels == ("C", "F", "G", "A")


def test_repeats_and_endings_are_unfolded() -> None:
    assert played(read_text("|: C | F :| G")) == ["C", "F", "C", "F", "G"]
    assert played(read_text("C :|x3 G")) == ["C", "C", "C", "G"]
    assert played(read_text("|: C |1. F :|2. G | A")) == ["C", "F", "C", "G", "A"]
    assert played(read_text("C | D |1,2. E :|3. F :| G")) == ["C", "D", "E", "C", "D", "E", "C", "D", "F", "G"]
    assert played(read_text("|: C | 1 F :| 2 G | A")) == ["C", "F", "C", "G", "A"]
    assert played(read_text("|: C :|: F :| G")) == ["C", "C", "F", "F", "G"]


def test_sections_metres_no_chord_and_the_wildcard_are_read() -> None:
    chart = read_text('[A] |: Am | N :| \n[B] 3/4 E7 | * | 4/4 "fog"')
    assert [(beat.section, beat.beats) for beat in chart.form if beat.beat == 1] == [
        *(("A", 4),) * 4,
        ("B", 3),
        ("B", 3),
        ("B", 4),
    ]
    assert [place for place, beat in enumerate(chart.form) if beat.opens] == [0, 8, 16]
    assert {beat.label for beat in chart.form} == {"Am", "N", "E7", "*", "fog"}
    assert chart.section_at("B") == (16, 26)
    assert chart.bar_at(6) == 19


def test_the_metre_is_the_one_in_force_until_the_text_says_another() -> None:
    assert len(read_text("C | F", metre=(3, 4)).form) == 6
    assert len(read_text("2/4 C | F", metre=(3, 4)).form) == 4


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no bars"),
        ("C | Hm7", "bar 2: 'Hm7' is no chord"),
        ("% | C", "bar 1: nothing stands before %"),
        ("3/4 C D E F", "bar 1: 4 chords on 3 beats"),
        ("C 3/4 F", "bar 1: 3/4 in the middle"),
        ("C | 5/3 F", "bar 2: 5/3 is no metre"),
        ("|: C | F", "bar 1: the repeat that begins here does not end"),
        (":| C", "nothing before it"),
        ("|1. C", "bar 1: an ending of no repeat"),
        ("|: C |1. F :| G", "bar 2: ending 2 is missing"),
        ("|: C |1. F :|1. G :| A", "bar 3: ending 1 comes twice"),
        ("C | [A", "bar 2: a stray '\\['"),
        ('C | "fog', "bar 2: a stray '\"'"),
        ("C | [A]", "bar 2: there are no chords"),
        ("C :|x99", "bar 1: a repeat is played 2 to 64 times"),
        ("|: C" + " | C" * 200 + ":|x64", "more than 10000 bars"),
    ],
)
def test_bad_text_is_refused_by_bar_and_with_a_cure(text: str, what: str) -> None:
    with pytest.raises(Refused, match=what) as refusal:
        read_text(text)
    assert refusal.value.cure


chords = st.sampled_from(
    ["C", "Dm7", "G7", "C^7", "F#m7b5", "Bb-7", "E7alt", "C/E", "N", "*", "fog", "C#x", "%", "2.", "."]
)
endings = st.sampled_from([(), (), (), (1,), (2,), (1, 2), (3,)])


@st.composite
def charts(draw: st.DrawFn) -> Chart:
    """Charts of bars with repeats wherever chance puts them, where they make sense."""
    bars = []
    for _ in range(draw(st.integers(1, 12))):
        beats = draw(st.integers(1, 7))
        labels = tuple(draw(st.lists(chords, min_size=beats, max_size=beats)))
        section = draw(st.sampled_from(["", "", "", "A", "B 2", "Intro"]))
        times = draw(st.sampled_from([0, 0, 0, 2, 3]))
        bars.append(Bar(labels, draw(st.sampled_from([4, 8])), section, draw(st.booleans()), times, draw(endings)))
    try:
        return Chart("untitled", tuple(bars))
    except Refused:
        return Chart("untitled", tuple(Bar(bar.labels, bar.unit, bar.section) for bar in bars))


@given(charts())
def test_a_chart_written_and_read_is_the_same_chart(chart: Chart) -> None:
    text = write_text(chart)
    again = read_text(text)
    assert again == chart
    assert again.form == chart.form
    assert write_text(again) == text


@given(st.text('ABCDm7^|:[]%./ 12"x#\n*N,', max_size=60))
def test_any_text_is_read_or_refused_and_what_is_read_is_stable(text: str) -> None:
    try:
        chart = read(text)
    except Refused as refusal:
        assert refusal.what
        assert refusal.cure
    else:
        assert read_text(write_text(chart)) == chart


@given(st.text(max_size=300))
def test_any_text_makes_a_label_that_can_be_written(text: str) -> None:
    label = opaque_label(text)
    if label:
        chart = Chart("untitled", (Bar((label,)),))
        assert read_text(write_text(chart)) == chart


MUSIC = "{*AT44C^7   |A-7 D7 |N1G7   |x } N2F7/A p W/C n |r| Z*BT34C   |<3x>{Eb7}[Ab7(Db7) ]"
BARS = ["C^7", "A-7 D7", "G7", "G7", "C^7", "A-7 D7", "F7/A F7/C N"]


def test_a_link_of_ireal_pro_is_read_plain_or_with_its_letters_changed_about() -> None:
    plain = "irealbook://" + quote(f"My Song=Nobody=Medium Swing=C=n={MUSIC}")
    chart = read(plain)
    assert chart.name == "My Song"
    assert played(chart) == [*BARS, "G7", "F7/A F7/C N", "C", "Eb7", "Eb7", "Eb7", "Ab7"]
    assert chart.sections == ("A", "B")
    assert [bar.ending for bar in chart.bars[:5]] == [(), (), (1,), (), (2,)]
    changed = MUSIC.replace("   ", "XyQ").replace(" |", "LZ")
    song = f"My Song=Nobody==Medium Swing=C==1r34LbKcu7{changed_about(changed)}==120=0===Another=…"
    assert read("irealb://" + quote(song)).bars == chart.bars
    assert read_text(write_text(chart)).bars == chart.bars


@pytest.mark.parametrize(
    ("music", "bars"),
    [
        ("[*AC   |F Q|G   |A   <D.C. al Coda>]Q[Bb   |Eb   Z", "C F G A C F Bb Eb"),
        ("[*AC   |SF   |G   Q|A   <D.S. al Coda>]Q[Bb   Z", "C F G A F G Bb"),
        ("{*AC   |N1F   }|N2G   <Fine>]*B[D   <D.C. al Fine>]", "C F C G D C G"),
        ("{C   }[F   <D.C.>Z", "C C F C F"),
    ],
)
def test_the_jumps_of_ireal_pro_are_written_out(music: str, bars: str) -> None:
    chart = read(f"irealbook://A=B=C=D=n={music}")
    assert " ".join(played(chart)) == bars
    assert read_text(write_text(chart), "A") == chart


def test_after_a_jump_the_section_is_named_anew() -> None:
    chart = read("irealbook://A=B=C=D=n=[*AC   |F   <Fine>|*BG   <D.C. al Fine>]")
    assert [beat.section for beat in chart.form if beat.opens] == ["A", "B", "A"]


@given(st.text("abcd|[]{} 123", max_size=300))
def test_letters_that_are_changed_about_twice_are_as_before(music: str) -> None:
    assert changed_about(changed_about(music)) == music


def test_a_link_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(Refused, match="no music"):
        read("irealb://nothing")
    with pytest.raises(Refused, match=r"bar 2: 'D\.C\. al 2nd End\.' is a jump"):
        read("irealbook://A=B=C=D=n=[C   |F   <D.C. al 2nd End.>]")
    with pytest.raises(Refused, match=r"bar 2: there is no coda"):
        read("irealbook://A=B=C=D=n=[C   |F   <D.C. al Coda>]")
    with pytest.raises(Refused, match="bar 1: 5 chords on 4 beats"):
        read("irealbook://A=B=C=D=n=[T44C7D7E7F7G7]")


def test_a_song_file_of_djazz_is_read() -> None:
    song = {
        "metadata": {"tempo": 140, "beats_per_measure": 3},
        "grid_data": {str(beat): label for beat, label in enumerate(["5_7"] * 3 + ["10_min7", "*", "odd one"])},
        "chapters": [1, 2],
    }
    chart = read_bytes(json.dumps(song).encode(), "blues")
    assert [bar.labels for bar in chart.bars] == [("F7",) * 3, ("Bbmin7", "*", "odd one")]
    assert [bar.section for bar in chart.bars] == ["1", "2"]
    assert read_text(write_text(chart), "blues") == chart
    with pytest.raises(Refused, match="no grid_data"):
        read_bytes(b"{}", "x")
    with pytest.raises(Refused, match="no JSON"):
        read_bytes(b"{", "x")
    with pytest.raises(Refused, match="not readable as text"):
        read_bytes(b"\xff\xfe", "x")


FORM = read_text("2/4 C D | E F | G A | B C7 | D7 E7", "form")  # ten beats


def test_a_course_begins_again_at_the_end_of_the_form() -> None:
    course = Course(FORM)
    assert [course.place_at(position) for position in (0, 0.5, 9, 10, 23, -1)] == [0, 0, 9, 0, 3, 9]
    assert course.labels(8.0, 4) == ("D7", "E7", "C", "D")


def test_a_jump_takes_effect_on_the_next_beat_and_leaves_the_beat_under_way_alone() -> None:
    course = Course(FORM).jumped(3.4, 8)
    assert [course.place_at(position) for position in (3.4, 3.9, 4.0, 5.0, 6.0)] == [3, 3, 8, 9, 0]
    assert Course(FORM).jumped(4.0, 8).place_at(4.0) == 8
    twice = course.jumped(3.6, 2)
    assert [twice.place_at(position) for position in (3.6, 4.0, 5.0)] == [3, 2, 3]


def test_a_loop_is_gone_round_once_it_is_reached() -> None:
    course = Course(FORM).looped(0.0, (2, 5))
    assert [course.place_at(position) for position in range(9)] == [0, 1, 2, 3, 4, 2, 3, 4, 2]
    behind = Course(FORM).jumped(0.0, 8).looped(0.0, (2, 4))
    assert [behind.place_at(position) for position in range(8)] == [8, 9, 0, 1, 2, 3, 2, 3]
    off = course.looped(7.0, (0, 0))
    assert [off.place_at(position) for position in (7, 8, 9, 10, 11, 12, 13)] == [4, 5, 6, 7, 8, 9, 0]


places = st.integers(0, 9)
loops = st.tuples(places, places).map(lambda loop: (min(loop), max(loop)))


@given(
    st.lists(st.tuples(st.floats(0, 30), st.one_of(places, loops)), max_size=8), st.floats(-5, 60), st.integers(0, 50)
)
def test_the_labels_to_come_are_those_of_the_beats_to_come(
    steps: list[tuple[float, int | tuple[int, int]]], position: float, count: int
) -> None:
    course, at = Course(FORM), 0.0
    for ahead, change in steps:
        at += ahead
        course = course.jumped(at, change) if isinstance(change, int) else course.looped(at, change)
    beats = [course.beat_at(float(math.floor(position + 1e-6) + ahead)) for ahead in range(count)]
    assert course.labels(position, count) == tuple(beat.label for beat in beats)


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(-1, 9), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_a_course_agrees_with_one_that_counts_beat_by_beat(steps: list[tuple[float, int, int, int]]) -> None:
    course, position = Course(FORM), 0.0
    place, loop, whole = 0, (0, 0), 0
    for ahead, jump, one, other in steps:
        position += ahead
        while whole + 1 <= position:
            whole, place = whole + 1, place + 1
            if loop[0] < loop[1] == place or place == len(FORM.form):
                place = loop[0] if place == loop[1] > loop[0] else 0
            assert course.place_at(float(whole)) == place
        if position != whole:
            continue  # the plain count knows whole beats only
        if jump >= 0:
            course, place = course.jumped(position, jump), jump
        else:
            loop = (min(one, other), max(one, other))
            course = course.looped(position, loop)
            if loop[0] < loop[1] and place >= loop[1]:
                continue
        assert course.place_at(position) == place


@given(st.text("ABCGW^-7b#/*T4N123xrnpSQ,sl|[]{}Z <>()D.alodFine\n", max_size=80))
def test_any_link_is_read_or_refused(music: str) -> None:
    try:
        chart = read(f"irealbook://A=B=C=D=n={quote(music)}")
    except Refused as refusal:
        assert refusal.cure
    else:
        assert read_text(write_text(chart), "A") == chart
