"""A memory seen in beats: slices on the form's grid, each with the chord in force, silences kept."""

from __future__ import annotations

import pytest

from sideman.beatmemory import REST_BEATS, Beats
from sideman.events import Event, Note
from sideman.memory import Memory
from sideman.testing import Stage


def note(
    onset: float, chord: str, pitch: float = 60, *, form: float = -1.0, last: bool = False, who: str = "ann"
) -> Event:
    """A note of half a beat."""
    return Event(who, 0, onset, 0.5, (Note(pitch, 80, 0.0, 0.5),), last=last, chord=chord, form_beats=form)


def seen(*events: Event, streams: tuple[int, ...] = ()) -> tuple[Memory, Beats]:
    """A memory of events, and its beats."""
    memory = Memory()
    beats = Beats(memory)
    for number, event in enumerate(events):
        stream = streams[number] if streams else 1
        beats.learn(event, stream, memory.append(event, stream))
    return memory, beats


def onsets(beats: Beats, beat: int) -> list[float]:
    """Where in a beat its events begin."""
    return [round(event.onset_beats - beats.start(beat), 6) for event, _ in beats.events(beat)]


def test_each_beat_has_what_is_played_in_it_where_it_was_played() -> None:
    _, beats = seen(note(0.02, "C"), note(0.5, "C"), note(0.97, "G7"), note(1.6, "G7"), note(2, "C", last=True))
    assert [beats.start(beat) for beat in range(len(beats))] == [0, 1, 2]
    assert [onsets(beats, beat) for beat in range(3)] == [[0.02, 0.5], [-0.03, 0.6], [0]]


def test_the_label_is_the_chord_on_the_beat_even_for_who_comes_a_little_early() -> None:
    _, beats = seen(note(0, "C"), note(0.97, "C"), note(1.5, "G7"), note(2, "G7", last=True))
    asked = beats.asked(["C", "G7", "G7"], exact=True)
    assert beats.scenario.longest(asked) == [(0, 0, 3)]


def test_beats_lie_on_the_grid_of_the_form_where_the_transport_ran() -> None:
    _, beats = seen(note(3.3, "C", form=0.0), note(4.1, "C", form=0.8), note(4.3, "F", form=1.0, last=True))
    assert [beats.start(beat) for beat in range(len(beats))] == pytest.approx([3.3, 4.3])
    assert [len(beats.events(beat)) for beat in range(2)] == [2, 1]


def test_silence_within_a_flow_is_beats_of_its_chord_and_a_long_one_ends_it() -> None:
    _, beats = seen(note(0, "C"), note(3, "F"), note(3 + REST_BEATS + 2, "F", last=True))
    assert [len(beats.events(beat)) for beat in range(5)] == [1, 0, 0, 1, 1]
    assert beats.scenario.longest(beats.asked(["C", "C", "C", "F", "F"], exact=True)) == [(0, 0, 4)]
    assert beats.scenario.next(3) == -1


def test_two_who_play_at_once_are_two_runs_of_beats() -> None:
    events = [note(beat / 2, "C", who="ann" if beat % 2 else "bob") for beat in range(8)]
    _, beats = seen(*events, note(4, "C", last=True), streams=(1, 2) * 4 + (1,))
    follower = beats.scenario.next(0)
    assert [event.performer for event, _ in beats.events(0)] == [event.performer for event, _ in beats.events(follower)]


def test_families_are_alike_unless_the_same_kind_is_asked_for() -> None:
    _, beats = seen(note(0, "Dm9"), note(1, "G7b9"), note(2, "C", last=True))
    labels = ["Dm7", "G13", "C^7"]
    assert beats.scenario.longest(beats.asked(labels, exact=False)) == [(0, 0, 3)]
    assert beats.scenario.longest(beats.asked(labels, exact=True)) == []


def test_no_chord_and_words_are_labels_that_match_only_themselves() -> None:
    _, beats = seen(note(0, "N"), note(1, "scene two"), note(2, "", last=True))
    longest = beats.scenario.longest
    assert longest(beats.asked(["NC"], exact=True)) == [(0, -1, 1)]
    assert longest(beats.asked(["scene two"], exact=False)) == [(1, -1, 1)]
    assert longest(beats.asked(["scene three"], exact=False)) == []
    assert {length for _, _, length in longest(beats.asked(["*", "*", ""], exact=False))} == {3}


def test_what_is_forgotten_agrees_with_nothing_and_is_not_there() -> None:
    memory, beats = seen(note(0, "C"), note(1, "F"), note(2, "C", last=True))
    memory.forget([(1, 2)])
    beats.drop_lost()
    assert beats.scenario.longest(beats.asked(["F"], exact=True), 1) == []
    assert beats.events(1) == []
    assert beats.stale


def test_beats_that_are_built_are_those_that_were_heard() -> None:
    events = [
        note(beat * 0.75, "C" if beat % 8 < 5 else "F7", form=beat * 0.75 + 2, last=beat % 20 == 19)
        for beat in range(100)
    ]
    memory, heard = seen(*events)
    built = Beats(memory)
    built.build(memory.snapshot())
    assert len(built) == len(heard) > 60
    for beat in range(len(heard)):
        assert built.start(beat) == heard.start(beat)
        assert built.events(beat) == heard.events(beat)
        assert built.shape(beat) == heard.shape(beat)
        assert built.scenario.next(beat) == heard.scenario.next(beat)


def test_what_is_played_while_the_transport_runs_knows_its_place_and_its_chord() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    stage.advance(0.3)
    ann.send("/chart/set", "C F | G7 | C | %")
    ann.send("/start")
    ann.play([(60, 0.5)] * 7, legato=0.5)
    stage.advance(2)
    memory = stage.engine.band.memory("main/sideman")
    heard = [memory.event(place) for place in range(len(memory))]
    assert [round(event.form_beats, 6) for event in heard] == [0, 1, 2, 3, 4, 5, 6]
    assert [event.chord for event in heard] == ["C", "C", "F", "F", "G7", "G7", "G7"]
    beats = Beats(memory)
    beats.build(memory.snapshot())
    assert [onsets(beats, beat) for beat in range(len(beats))] == [[0]] * 7
