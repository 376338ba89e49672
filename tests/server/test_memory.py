"""Memories: events come back as they were kept, positions never change, and what is full lets its oldest go."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sideman.columns import Columns, forget_rows
from sideman.events import Control, Event, Note
from sideman.memory import Forgotten, Memory, spans_of

finite = st.floats(-1e6, 1e6)
notes = st.builds(Note, finite, st.floats(0.01, 127), finite, finite, st.integers(1, 255))
controls = st.builds(
    Control, st.sampled_from(["control", "bend", "pressure"]), st.integers(-1, 127), finite, finite, st.integers(1, 255)
)
events = st.builds(
    Event,
    st.sampled_from(["ann", "bob", "été"]),
    st.integers(0, 2**60),
    finite,
    finite,
    st.lists(notes, max_size=4).map(tuple),
    st.text(max_size=8),
    st.booleans(),
    controls=st.lists(controls, max_size=3).map(tuple),
)


def note(beat: float, performer: str = "ann") -> Event:
    return Event(performer, round(beat * 5e8), beat, 1.0, (Note(60 + beat % 12, 80, 0.0, 1.0),))


def full(count: int, segment: int = 10, most: int = 30) -> Memory:
    memory = Memory(segment, most)
    for number in range(count):
        memory.append(note(number, "ann" if number % 3 else "bob"), number % 2)
    return memory


@given(st.lists(events, min_size=1, max_size=12), st.lists(events, max_size=3))
def test_who_hears_the_same_as_others_keeps_it_as_it_would_alone(heard: list[Event], before: list[Event]) -> None:
    first, second, alone = Columns(), Columns(), Columns()
    for event in before:
        for columns in (second, alone):
            columns.append(event, 1)
            columns.pack()
    for event in heard:
        for columns in (first, second, alone):
            columns.append(event, 2)
    first.pack()
    second.pack()
    forget_rows()
    assert second.pack() == alone.pack()
    assert second.words == alone.words
    assert [event for event, _ in first] == heard


@given(st.lists(events, max_size=40))
def test_events_come_back_as_they_were_kept(kept: list[Event]) -> None:
    memory = Memory(segment=7)
    positions = [memory.append(event, number) for number, event in enumerate(kept)]
    assert [memory.event(position) for position in positions] == kept
    assert [memory.stream(position) for position in positions] == list(range(len(kept)))


def test_a_full_memory_lets_its_oldest_segment_go_and_positions_stay() -> None:
    memory = full(45)
    assert (memory.first, len(memory)) == (20, 45)
    assert memory.event(20) == note(20, "ann")
    assert not memory.has(19)
    assert memory.has(44)
    assert memory.remembered == 25


def test_a_memory_never_holds_more_than_it_may() -> None:
    memory, most = Memory(100, 1000), 0
    for number in range(20_000):
        memory.append(note(number % 64), 0)
        most = max(most, len(memory) - memory.first)
    assert most <= 1000


def test_an_event_takes_less_than_a_hundred_and_fifty_bytes() -> None:
    memory = Memory()
    for number in range(5000):
        memory.append(note(number), 0)
    assert memory.bytes < 150 * 5000


def test_what_a_performer_played_is_erased_and_nothing_else() -> None:
    memory = full(25)
    assert memory.forget_performer("bob") == 9
    assert [position for position in range(25) if memory.has(position)] == [n for n in range(25) if n % 3]
    erased = memory.event(3)
    assert (erased.performer, erased.onset_ns, erased.label) == ("", 0, "")
    assert all(kept.pitch == 0 for kept in erased.notes)
    assert "bob" not in [word for columns in memory.segments for word in columns.words]
    assert memory.event(4) == note(4)


def test_what_was_erased_is_not_remembered_again() -> None:
    memory = full(25)
    memory.forget_performer("bob")
    memory.remember(memory.since(0.0))
    assert not memory.has(3)
    assert memory.has(4)


def test_a_memory_that_was_cleared_can_be_remembered_whole() -> None:
    memory = full(25)
    memory.forget([(3, 5)])
    spans = memory.clear()
    assert memory.remembered == 0
    memory.remember(spans)
    assert [position for position in range(25) if not memory.has(position)] == [3, 4]


def test_a_snapshot_stays_while_the_memory_goes_on() -> None:
    memory = full(15)
    memory.forget([(2, 4)])
    snapshot = memory.snapshot()
    for number in range(15, 60):
        memory.append(note(number), 0)
    seen = [(position, event is None) for position, event, _ in snapshot]
    assert seen == [(position, position in (2, 3)) for position in range(15)]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 60), st.integers(0, 20)), max_size=20))
def test_forgotten_spans_agree_with_a_plain_set(steps: list[tuple[bool, int, int]]) -> None:
    forgotten, plain = Forgotten(), set[int]()
    for forget, first, length in steps:
        if forget:
            forgotten.add([(first, first + length)])
            plain |= set(range(first, first + length))
        else:
            forgotten.remove([(first, first + length)])
            plain -= set(range(first, first + length))
        assert {position for position in range(90) if position in forgotten} == plain
        assert forgotten.count() == len(plain)
        assert forgotten.spans == spans_of(sorted(plain))
        assert forgotten.covers(first, first + length + 1) == (set(range(first, first + length + 1)) <= plain)


def test_controls_cost_only_the_events_that_have_them() -> None:
    plain, moved = Memory(), Memory()
    bends = tuple(Control("bend", 0, step / 10, step / 10) for step in range(3))
    for number in range(100):
        plain.append(note(number), 0)
        moved.append(replace(note(number), controls=bends) if number == 50 else note(number), 0)
    assert 3 * 24 <= moved.bytes - plain.bytes <= 3 * 44 + 110
    assert moved.event(50).controls == bends
    assert moved.event(51).controls == ()


def test_the_controls_of_somebody_forgotten_are_erased() -> None:
    memory = Memory()
    memory.append(replace(note(0), controls=(Control("bend", 0, 0.77, 0.1),)), 0)
    memory.forget_performer("ann")
    assert memory.event(0).controls == (Control("", 0, 0.0, 0.0, 0),)
    assert "bend" not in memory.segments[0].words
