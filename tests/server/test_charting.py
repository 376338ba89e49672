"""A session over a chart: it is set, followed bar by bar, jumped in, looped and changed while it plays."""

from __future__ import annotations

import pytest

from sideman.chart import WILDCARD, read_bytes, read_text, write_text
from sideman.osc import IMMEDIATELY, encode, encode_bundle
from sideman.settings import SessionSettings, Settings
from sideman.shelf import BUNDLED, ChartShelf
from sideman.testing import Performer, Stage

BLUES = "[A] F7 | Bb7 | [B] C7 F7 | 3/4 C7"  # 4 + 4 + 4 + 3 beats; at 120 a beat is half a second


def with_chart(text: str = BLUES) -> tuple[Stage, Performer]:
    """Ann, who has set a chart."""
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/chart/set", text)
    return stage, ann


def clock(performer: Performer) -> list[tuple[object, ...]]:
    """The bars and beats that were said."""
    return [said[:2] for said in performer.got("/clock")]


def test_a_chart_is_answered_and_told_to_all() -> None:
    stage = Stage()
    ann, ben = stage.performer("ann"), stage.performer("ben")
    ann.send("/chart/set", BLUES)
    assert ann.got("/done") == [("/chart/set",)]
    assert ben.got("/chart") == [("untitled", 4)]
    assert ben.got("/section") == [("A",)]
    assert ben.got("/harmony") == []


def test_clock_harmony_section_and_metre_follow_the_chart_while_the_transport_runs() -> None:
    stage, ann = with_chart()
    ann.clear()
    stage.advance(3)
    assert ann.got("/harmony") == []
    ann.send("/start")
    stage.advance(7.9)
    assert clock(ann) == [*[(bar, beat) for bar in (1, 2, 3) for beat in (1, 2, 3, 4)], (4, 1), (4, 2), (4, 3), (1, 1)]
    assert ann.got("/harmony") == [("F7",), ("Bb7",), ("C7",), ("F7",), ("C7",), ("F7",)]
    assert ann.got("/section") == [("A",), ("B",), ("A",)]
    assert ann.got("/metre") == [(3, 4), (4, 4)]
    heard = [heard for heard in ann.heard() if heard.address in ("/clock", "/harmony", "/section", "/metre")]
    second = [heard.address for heard in heard if heard.time_s == pytest.approx(3 + 4.0)]
    assert second == ["/section", "/harmony", "/clock"] or second[-1] == "/clock"


def test_after_the_end_of_the_form_it_begins_again() -> None:
    stage, ann = with_chart("C | F")
    ann.send("/start")
    stage.advance(9.9)
    assert ann.got("/harmony") == [("C",), ("F",)] * 2 + [("C",)]
    assert clock(ann)[::4] == [(1, 1), (2, 1)] * 2 + [(1, 1)]


def test_a_jump_goes_on_from_the_next_beat() -> None:
    stage, ann = with_chart()
    ann.send("/start")
    stage.advance(0.7)
    ann.clear()
    ann.send("/chart/jump", "B")
    stage.advance(1.0)
    assert clock(ann) == [(3, 1), (3, 2)]
    assert ann.got("/section") == [("B",)]
    assert ann.got("/harmony") == [("C7",)]
    ann.send("/chart/jump", 2.0)
    stage.advance(0.5)
    assert clock(ann)[-1] == (2, 1)


def test_a_jump_while_the_transport_stands_is_where_it_starts() -> None:
    stage, ann = with_chart()
    ann.send("/chart/jump", 4)
    assert ann.got("/section") == [("A",), ("B",)]
    assert ann.got("/metre") == [(3, 4)]
    ann.send("/start")
    stage.advance(0.1)
    assert clock(ann) == [(4, 1)]
    assert ann.got("/harmony") == [("C7",)]


def test_bars_and_sections_are_looped_until_the_loop_is_taken_off() -> None:
    stage, ann = with_chart("[A] 2/4 C | D | [B] E | F")
    ann.send("/chart/loop", 2, 3)
    assert ann.got("/chart/loop") == [(2, 3)]
    ann.send("/start")
    stage.advance(6.9)
    assert [bar for bar, beat in clock(ann) if beat == 1] == [1, 2, 3, 2, 3, 2, 3]
    ann.clear()
    ann.send("/chart/loop", 0, 0)
    ann.send("/chart/loop", "B")
    assert ann.got("/chart/loop") == [(0, 0), (3, 4)]
    stage.advance(5)
    assert [bar for bar, beat in clock(ann) if beat == 1] == [4, 3, 4, 3, 4]


@pytest.mark.parametrize(
    ("address", "arguments", "what"),
    [
        ("/chart/set", ("C | Hm7",), "bar 2: 'Hm7' is no chord"),
        ("/chart/jump", (5,), "there is no bar 5"),
        ("/chart/jump", ("C",), "there is no section 'C'"),
        ("/chart/jump", (1.5,), "there is no bar 1.5"),
        ("/chart/loop", (3, 2), "2 comes before 3"),
        ("/chart/loop", (1, 9), "there is no bar 9"),
        ("/chart/load", ("no such name!",), "'no such name!' is not a name"),
        ("/metre", (3, 4), "the chart says the metre"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(address: str, arguments: tuple[object, ...], what: str) -> None:
    stage, ann = with_chart()
    before = list(stage.engine._sessions["main"].state())
    ann.clear()
    ann.send(address, *arguments)  # type: ignore[arg-type]
    ((where, said, cure),) = ann.got("/error")
    assert (where, said) == (address, what)
    assert cure
    assert list(stage.engine._sessions["main"].state()) == before


def test_without_a_chart_there_is_nothing_to_jump_in() -> None:
    ann = Stage().performer("ann")
    for address in ("/chart/jump", "/chart/loop"):
        ann.send(address, 1)
    assert [error[1] for error in ann.got("/error")] == ["there is no chart"] * 2


def test_a_late_joiner_is_told_that_any_harmony_will_do() -> None:
    stage, ann = with_chart("* | C")
    ann.send("/start")
    stage.advance(1)
    assert ann.got("/harmony") == [(WILDCARD,)]
    late = Performer(stage, "late")
    late.send("/join", "late")
    assert late.got("/harmony") == [(WILDCARD,)]


def test_a_late_joiner_gets_chart_loop_section_and_harmony() -> None:
    stage, ann = with_chart()
    ann.send("/chart/loop", 3, 4)
    ann.send("/start")
    stage.advance(4.6)
    ben = Performer(stage, "ben")
    ben.send("/join", "ben")
    assert ben.got("/chart") == [("untitled", 4)]
    assert ben.got("/chart/loop") == [(3, 4)]
    assert ben.got("/section") == [("B",)]
    assert ben.got("/harmony") == [("C7",)]
    assert ben.got("/synced")[0][0] == len(ben.heard()) - 2  # without /joined and /synced


def test_another_chart_goes_on_where_one_was_in_the_form() -> None:
    stage, ann = with_chart()
    ann.send("/start")
    stage.advance(2.2)
    ann.clear()
    ann.send("/chart/set", "[A] G7 | D7 | [B] A7 | %")
    stage.advance(1)
    assert clock(ann) == [(2, 2), (2, 3)]
    assert ann.got("/harmony") == [("D7",)]


def test_a_chart_is_taken_away_by_an_empty_one() -> None:
    stage, ann = with_chart()
    ann.send("/start")
    stage.advance(0.2)
    ann.clear()
    ann.send("/chart/set", "-")
    assert ann.got("/chart") == [("", 0)]
    assert ann.got("/harmony") == [("N",)]
    ann.send("/metre", 3, 4)
    assert ann.got("/error") == []


def test_a_chord_that_somebody_says_holds_until_the_chart_goes_on() -> None:
    stage, ann = with_chart("C | F")
    ann.send("/start")
    stage.advance(0.2)
    session = stage.engine._sessions["main"]
    ann.send("/chord", "Am7")
    assert session.chord_at(session.timeline.beat_at(stage.clock.now())) == "Am7"
    stage.advance(1)
    assert session.harmony == "Am7"
    stage.advance(1)
    assert session.harmony == "F"


def test_a_position_is_counted_from_the_beginning_of_the_form() -> None:
    stage, ann = with_chart()
    ann.send("/chart/jump", "B")
    ann.send("/position", 4)
    ann.send("/start")
    stage.advance(0.1)
    assert clock(ann) == [(2, 1)]


def test_a_tap_that_says_its_beat_moves_the_form_to_it() -> None:
    stage, ann = with_chart("C | F | G | A")
    ann.send("/start")
    for beat in (1, 2, 3):
        ann.send("/beat", beat)
        stage.advance(0.5)
    stage.advance(0.2)
    ann.clear()
    stage.advance(0.3)
    ann.send("/beat", 1)  # on the third beat of the bar, if nobody had said anything
    stage.advance(0.9)
    bars = clock(ann)
    assert bars[-1][1] == 2


def test_the_session_says_what_the_chart_still_asks_for() -> None:
    stage, ann = with_chart("2/4 C | D | E")
    session = stage.engine._sessions["main"]
    assert session.chart is not None
    assert session.chart_labels(0.0, 7) == ("C", "C", "D", "D", "E", "E", "C")
    ann.send("/start")
    stage.advance(0.6)
    beat = session.timeline.beat_at(stage.clock.now())
    assert session.chart_place(beat) == 1
    assert session.chart_labels(beat, 3) == ("C", "D", "D")
    ann.send("/chart/jump", 3)
    assert session.chart_labels(beat, 4) == ("C", "E", "E", "C")
    ann.send("/chart/set", "-")
    assert session.chart_labels(beat, 4) == ()
    assert session.chart_place(beat) == -1


def test_a_bundle_sets_a_chart_and_jumps_in_it_or_does_neither() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    for name, there in (("B", True), ("Z", False)):
        ann.clear()
        messages = [encode("/chart/set", f"[{name}X] C | [B] D"), encode("/chart/jump", name)]
        stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, messages))
        assert bool(ann.got("/chart")) is there
        assert bool(ann.got("/error")) is not there


def test_a_chart_is_loaded_by_name() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/chart/load", "anatole")
    assert ann.got("/done") == [("/chart/load",)]
    assert ann.got("/chart") == [("anatole", 32)]
    stage.files["mine"] = b"C | Hm"
    for name in ("nothing", "mine"):
        ann.send("/chart/load", name)
    what = [said[1] for said in ann.got("/error")]
    assert "no such chart" in str(what[0])
    assert "bar 2: 'Hm' is no chord" in str(what[1])
    assert len(ann.got("/chart")) == 1


def test_the_configuration_gives_each_session_its_chart() -> None:
    sessions = [SessionSettings("main", chart="blues"), SessionSettings("duo", chart="C | 3/4 F")]
    stage = Stage(settings=Settings(sessions=sessions))
    assert stage.engine.complaints == []
    ann = Performer(stage, "ann")
    ann.send("/join", "ann", 0, "-", "duo")
    assert ann.got("/chart") == [("untitled", 2)]
    ben = Performer(stage, "ben")
    ben.send("/join", "ben")
    assert ben.got("/chart") == [("blues", 12)]


def test_every_bundled_chart_can_be_read_and_is_stable() -> None:
    shelf = ChartShelf(BUNDLED)
    assert {"blues", "anatole"} <= set(shelf.names())
    for name in shelf.names():
        chart = read_bytes(shelf.bring(name), name)
        assert read_text(write_text(chart), name) == chart
        assert WILDCARD not in {beat.label for beat in chart.form}
        assert chart.sections
    assert read_bytes(shelf.bring("anatole"), "anatole").length == 32
    assert read_bytes(shelf.bring("blues"), "blues").length == 12
