"""The LLM's tokens say what viewpoints see, and the grammar lets nothing else through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sideman.errors import Refused
from sideman.events import Event, Note
from sideman.tokens import (
    BEGIN_TOKEN,
    END_TOKEN,
    INSTRUCTIONS,
    MUSIC,
    PARTS,
    SHAPES,
    TEXT,
    Around,
    Carrying,
    Grammar,
    Plan,
    Standing,
    aim,
    allowed_bytes,
    around_tokens,
    chord_token,
    event_symbol,
    instruction,
    place_of,
    plan,
    plan_of,
    planned,
    prompt,
    readable,
    shape_of,
    text_of,
    text_tokens,
    thirds,
    vocabulary_of,
)
from sideman.viewpoint import COMPONENTS, UNISON, Viewpoint

VIEWPOINTS = (
    "pitch",
    "duration",
    "pitch*ioi",
    "pitch*ioi*duration",
    "interval*ioi",
    "scale_degree*duration",
    "contour*pitch_class",
)


def event(pitch: int, span: float, duration: float, chord: str = "") -> Event:
    return Event("ann", 0, 0.0, span, (Note(float(pitch), 80.0, 0.0, duration),), chord=chord)


EVENTS = st.lists(
    st.builds(
        event,
        st.integers(0, 127),
        st.floats(0.001, 100),
        st.floats(0.001, 100),
        st.sampled_from(("", "Dm7", "G7", "F#m7b5", "?")),
    ),
    min_size=1,
    max_size=8,
)


@given(EVENTS, st.sampled_from(VIEWPOINTS))
def test_what_tokens_say_is_what_the_viewpoint_sees(events: list[Event], name: str) -> None:
    grammar, viewpoint = Grammar(name), Viewpoint(name)
    before = None
    for each in events:
        symbol = viewpoint.symbol(each, before)
        assert symbol is not None
        tokens = grammar.tokens(symbol)
        assert grammar.symbol(tokens) == symbol == event_symbol(viewpoint, each, before)
        assert len(tokens) == len(viewpoint.names)
        assert all(
            first <= token < past for token, (first, past) in zip(tokens, map(grammar.span, range(4)), strict=False)
        )
        before = each


def test_every_value_of_every_component_has_a_token_of_its_own() -> None:
    tokens = [MUSIC.token(name, value) for name, size in PARTS.items() for value in range(size)]
    assert len(set(tokens)) == len(tokens)
    assert [MUSIC.read(token) for token in tokens] == [(n, v) for n, size in PARTS.items() for v in range(size)]
    assert set(PARTS) - {"velocity"} <= set(COMPONENTS)


def test_a_component_is_drawn_from_all_its_values_but_the_unknown_one() -> None:
    for name, size in PARTS.items():
        first, past = Grammar(name).span(0)
        assert MUSIC.read(first) == (name, 1)
        assert MUSIC.read(past - 1) == (name, size - 1)


def test_of_a_live_note_the_duration_is_that_it_still_sounds() -> None:
    live = event_symbol(Viewpoint("pitch*ioi*duration"), event(60, 1, 1), None, live=True)
    assert live == (61, 0, 0)
    assert Grammar("pitch*ioi*duration").symbol(Grammar("pitch*ioi*duration").tokens(live)) == live


def test_a_viewpoint_without_tokens_is_refused_by_name() -> None:
    for name in ("pcset", "pitch*label", "gesture"):
        assert not readable(name)
        with pytest.raises(Refused, match="cannot read"):
            Grammar(name)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("event"), st.integers(1, 128), st.integers(0, 25)),
            st.tuples(st.just("end")),
            st.tuples(st.just("who"), st.integers(0, 7)),
            st.tuples(st.just("key"), st.integers(0, 23)),
            st.tuples(st.just("plan"), st.integers(-1, 11), st.lists(st.integers(0, 16), max_size=8)),
        ),
        max_size=12,
    )
)
def test_the_grammar_knows_which_tokens_are_components(things: list[tuple[Any, ...]]) -> None:
    grammar = Grammar("pitch*ioi")
    stream: list[int] = []
    symbols = []
    for thing, *rest in things:
        if thing == "event":
            symbols.append(tuple(rest))
            stream += grammar.tokens(rest)
        elif thing == "end":
            stream.append(END_TOKEN)
        elif thing == "who":
            stream += around_tokens(Around(who=rest[0], chord="G7", next_chord="C", beats_ahead=2.5), None)
        elif thing == "key":
            stream += instruction("tonic", rest[0])
        else:
            stream += plan(Plan(rest[0], "arch", tuple(rest[1])))
    found = list(grammar.components(stream))
    assert [place for _, place in found] == [0, 1] * len(symbols)
    values = [MUSIC.read(stream[index])[1] for index, _ in found]
    assert list(zip(values[::2], values[1::2], strict=True)) == symbols


def test_what_may_not_come_is_refused() -> None:
    grammar = Grammar("pitch*ioi")
    pitch, ioi = grammar.tokens((61, 13))
    for at, token in (
        (Standing(), ioi),
        (Standing(), BEGIN_TOKEN),
        (Standing(1), pitch),
        (Standing(1), END_TOKEN),
        (Standing(0, ("key",)), pitch),
        (Standing(), MUSIC.token("instruct", 15)),
    ):
        with pytest.raises(ValueError, match=r"may not come|no instruction"):
            grammar.step(at, token)
    assert grammar.step(grammar.step(Standing(), pitch), ioi) == Standing()


def test_plans_and_instructions_are_read_as_they_were_said() -> None:
    for wanted in (Plan(-1, "level", ()), Plan(11, "valley", (0, 16, 5)), Plan(7, "arch", (8,) * 8)):
        assert planned(plan(wanted)) == wanted
    assert set(SHAPES) == {planned(plan(Plan(0, shape, ()))).shape for shape in SHAPES}
    for name, needs in INSTRUCTIONS.items():
        assert [MUSIC.read(token)[0] for token in instruction(name, *(3 for _ in needs))] == ["instruct", *needs]
    with pytest.raises(ValueError, match="no instruction 'faster'"):
        instruction("faster")
    for name, values in (("key", ()), ("sparser", (2,)), ("key", (24,))):
        with pytest.raises(ValueError, match="value"):
            instruction(name, *values)
    with pytest.raises(ValueError, match="a plan of 2 bars"):
        planned(plan(Plan(0, "arch", (1, 2)))[:-1])


def test_a_plan_is_said_again_note_by_note_as_it_is_carried_out() -> None:
    carrying = Carrying(Plan(0, "rising", (2, 1)))
    said = []
    for onset, pitch in ((0.0, 60), (1.5, 62), (4.0, 64)):
        carrying = carrying.at(onset)
        assert not carrying.over
        said.append([MUSIC.read(token) for token in carrying.cues()])
        carrying = carrying.played(pitch)
    assert carrying.at(7.0).over  # its last bar has no note left
    assert carrying.at(8.5).over
    rising = ("shape", SHAPES.index("rising"))
    assert said == [
        [("bars", 2), ("density", 2)],
        [rising, ("interval", UNISON + 4), ("density", 1)],
        [rising, ("interval", UNISON + 4), ("bars", 1), ("cadence", 1), ("density", 1)],
    ]


def test_what_is_left_of_a_plan_is_a_plan() -> None:
    carrying = Carrying(Plan(0, "arch", (3, 2, 4)))
    for onset in (0.0, 1.0, 4.0 - 1e-9):
        carrying = carrying.at(onset)
    assert (carrying.bar, carrying.left) == (1, 2)
    assert carrying.rest == Plan(0, "arch", (2, 4))


@pytest.mark.parametrize(
    ("words", "density"), [("ends C, rising, 4, 6, 2", (4, 6, 2)), ("4 6, 2", (4, 6, 2)), ("0 3", (0, 3))]
)
def test_bars_of_a_plan_may_be_written_with_commas(words: str, density: tuple[int, ...]) -> None:
    written = plan_of(words)
    assert written is not None
    assert written.density == density


@pytest.mark.parametrize("words", ["rising, falling, 4 4", "4 0", "0", "4 \N{SUPERSCRIPT TWO}", "1 1 1 1 1 1 1 1 1"])
def test_what_is_no_plan_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"plan|notes has each bar"):
        plan_of(words)


@given(
    st.sampled_from(SHAPES),
    st.integers(5, 26),
    st.lists(st.integers(48, 72), min_size=9, max_size=9),
    st.integers(-1, 1),
)
def test_a_line_that_lies_where_the_cues_aim_has_the_planned_shape(
    shape: str, notes: int, first: list[int], off: int
) -> None:
    """Even where the middle misses its aim by a semitone."""
    second, last = thirds(notes)
    line = first[:second]
    line += [round(aim(shape, line, notes)) + off] * (last - second)
    line += [round(aim(shape, line, notes))] * (notes - last)
    assert shape_of(line) == shape


def test_cues_stand_beside_events() -> None:
    grammar = Grammar("pitch*ioi")
    carrying = Carrying(Plan(7, "arch", (3, 3))).at(0.0)
    tokens = [*plan(carrying.plan)]
    for onset, pitch in ((0.0, 60), (1.0, 62), (2.0, 64), (4.0, 65), (5.0, 67), (6.0, 67)):
        carrying = carrying.at(onset)
        tokens += [*carrying.cues(), *grammar.tokens((pitch + 1, 13))]
        carrying = carrying.played(pitch)
    read = [MUSIC.read(tokens[index])[0] for index, _ in grammar.components(tokens)]
    assert read == ["pitch", "ioi"] * 6


def test_chords_are_told_apart_by_root_and_family() -> None:
    assert chord_token("Dm7") == chord_token("D:min6") != chord_token("Dm7b5")
    assert chord_token("Db7") == chord_token("C#13") != chord_token("D7")
    assert chord_token("N") == chord_token("") == chord_token("gibberish")


def test_what_stands_beside_is_said_where_it_changes_and_the_place_always() -> None:
    here = Around(who=1, chord="G7", next_chord="C", beats_ahead=2.0, beat_of_bar=1.5)
    names = [MUSIC.read(token)[0] for token in around_tokens(here, None)]
    assert names == ["who", "chord", "ahead", "chord", "place"]
    assert around_tokens(here, here) == (place_of(1.5),)
    assert around_tokens(Around(), here) == ()


def test_places_in_the_bar_know_triplets_from_sixteenths() -> None:
    beats = [beat + part for beat in range(8) for part in (0, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 2 / 3, 3 / 4, 5 / 6)]
    assert [MUSIC.read(place_of(at))[1] for at in beats] == list(range(64))
    assert place_of(0.97) == place_of(1.0)
    assert place_of(3.99) == place_of(4.01)


def test_a_model_of_other_tokens_is_refused_by_what_differs() -> None:
    data = json.loads(json.dumps(MUSIC.to_data()))
    assert vocabulary_of(data, {"music": MUSIC, "text": TEXT}) is MUSIC
    for name, other in (("version", 0), ("vocab_size", 16), ("ranges", [["pitch", 0, 3]])):
        with pytest.raises(ValueError, match=name):
            MUSIC.check({**data, name: other})
    for wrong in (None, {}, {"kind": "smell"}):
        with pytest.raises(ValueError, match=r"kind|section"):
            vocabulary_of(wrong, {"music": MUSIC, "text": TEXT})
    with pytest.raises(ValueError, match="section"):
        MUSIC.check(None)


@given(st.text(max_size=20))
def test_text_is_its_bytes_and_a_grammar_lets_each_of_them_through(text: str) -> None:
    text = text.encode("utf-8", errors="ignore").decode()
    assert text_of(text_tokens(text)) == text
    for character in text:
        raw = character.encode()
        for length in range(len(raw)):
            assert any(first <= raw[length] < past for first, past in allowed_bytes(raw[:length]))
        assert allowed_bytes(raw) == ()


@given(st.data())
def test_bytes_that_the_grammar_lets_through_are_text(data: st.DataObject) -> None:
    begun = b""
    while spans := allowed_bytes(begun):
        begun += bytes([data.draw(st.one_of(*(st.integers(first, past - 1) for first, past in spans)))])
    assert len(begun.decode()) == 1


def test_an_instruction_comes_before_its_sentence_and_the_answer_after() -> None:
    tokens = prompt("say é", "a")
    kinds = [TEXT.read(token) for token in tokens if token >= 256]
    assert kinds == [("control", 1), ("control", 3), ("control", 4), ("control", 5)]
    assert text_of(tokens) == "say éa"
