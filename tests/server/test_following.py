"""Following: what somebody plays lights places in a player's memory, and it goes on from the highest."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sideman.engine import Engine
from sideman.inputs import Begin
from sideman.plugin import bundled
from sideman.testing import Performer, Stage

TUNE = (60, 62, 64, 67, 69, 72, 71, 67, 65, 64)
OTHER = (50, 53, 57, 48, 52, 55, 47, 51, 54, 58)


def teach(ann: Performer, pitches: tuple[int, ...], seconds: float = 0.5) -> None:
    ann.play([(pitch, seconds) for pitch in pitches])
    ann.stage.advance(3)


@pytest.fixture
def ann() -> Performer:
    """Ann has taught two tunes to a player that now follows and learns no more."""
    ann = Stage().performer("ann")
    ann.send("/player/sideman/stop")
    teach(ann, OTHER)
    teach(ann, TUNE)
    ann.send("/player/sideman/learn", 0)
    ann.send("/player/sideman/mode", "follow")
    ann.send("/player/sideman/param/temperature", 0)
    ann.send("/player/sideman/play")
    ann.play([(40, 0.5)])  # the first event that it follows is when its memory is traced
    ann.stage.advance(3)
    ann.clear()
    return ann


def pitches(ann: Performer) -> list[object]:
    return [note[0] for note in ann.got("/player/sideman/note")]


def steps(reasons: list[tuple[object, ...]]) -> list[float]:
    """From source to source, in beats."""
    beats = [float(str(reason[4])) for reason in reasons]
    return [later - earlier for earlier, later in pairwise(beats)]


def whys(ann: Performer) -> list[tuple[object, ...]]:
    """Why it played each of its notes."""
    events = [note[4] for note in ann.got("/player/sideman/note")]
    ann.clear()
    for event in events:
        ann.send("/player/sideman/why", int(str(event)))
    return ann.got("/player/sideman/why")


def test_a_known_tune_is_followed_in_step_one_event_ahead(ann: Performer) -> None:
    ann.play([(pitch, 0.5) for pitch in TUNE])
    assert pitches(ann)[2:9] == list(TUNE[3:])
    reasons = whys(ann)
    assert [reason[5] for reason in reasons[2:7]] == [3, 4, 5, 6, 7]
    assert all("melodic lit it" in str(reason[6]) for reason in reasons[1:9])


def test_without_a_lead_it_plays_the_same_in_unison(ann: Performer) -> None:
    ann.send("/player/sideman/param/lead", 0)
    ann.play([(pitch, 0.5) for pitch in TUNE])
    assert pitches(ann)[2:] == list(TUNE[2:])


def test_it_keeps_step_with_whoever_plays_slower_or_faster_than_was_learned(ann: Performer) -> None:
    for seconds in (0.2, 0.8):
        ann.clear()
        ann.play([(pitch, seconds) for pitch in TUNE])
        assert pitches(ann)[3:9] == list(TUNE[4:])
        ann.stage.advance(8)


def test_a_known_tune_in_another_key_is_followed_in_that_key(ann: Performer) -> None:
    ann.play([(pitch + 3, 0.5) for pitch in TUNE])
    assert pitches(ann)[3:9] == [pitch + 3 for pitch in TUNE[4:]]
    assert all("moved by +3" in str(reason[6]) for reason in whys(ann)[3:9])


def test_it_stays_in_the_key_of_its_memory_where_it_may_not_be_moved(ann: Performer) -> None:
    ann.send("/player/sideman/param/transpositions", "0")
    ann.play([(pitch + 3, 0.5) for pitch in TUNE])
    assert not any("moved by" in str(reason[6]) for reason in whys(ann))


def chords(stage: Stage) -> Performer:
    """Ann has taught one figure over D minor and another over E flat."""
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    for label, figure in (("Dm7", (62, 65, 69, 72)), ("Eb", (63, 67, 70, 75)), ("Dm7", (74, 77, 69, 65))):
        ann.send("/chord", label)
        teach(ann, figure)
    ann.send("/player/sideman/learn", 0)
    ann.send("/player/sideman/mode", "follow")
    ann.send("/player/sideman/param/transpositions", "0")
    ann.send("/player/sideman/play")
    ann.play([(40, 0.5)])
    ann.stage.advance(20)
    ann.clear()
    return ann


def test_the_chord_in_force_picks_places_that_were_played_over_it() -> None:
    ann = chords(Stage())
    ann.send("/player/sideman/param/weight_melodic", 0)
    ann.send("/player/sideman/param/weight_self", 0)
    for label, tones in (("Dm7", {2, 5, 9, 0}), ("Eb", {3, 7, 10})):
        ann.send("/chord", label)
        ann.clear()
        ann.play([(30, 0.5)] * 8)
        played = {int(str(pitch)) % 12 for pitch in pitches(ann)}
        assert len(pitches(ann)) == 8
        assert played <= tones
        assert all("harmonic lit it" in str(reason[6]) for reason in whys(ann))
        ann.stage.advance(20)


def test_notes_heard_together_are_a_harmony_without_any_chord_said() -> None:
    ann = chords(Stage())
    ann.send("/chord", "N")
    ann.send("/player/sideman/param/weight_melodic", 0)
    ann.send("/player/sideman/param/weight_self", 0)
    ann.play([(39, 0.3), (43, 0.3), (46, 0.3), (39, 0.3), (43, 0.3)])
    reasons = whys(ann)
    assert all("harmonic lit it" in str(reason[6]) for reason in reasons[2:])
    assert [reason[4] for reason in reasons[2:]]


def test_what_it_played_itself_leads_it_on_when_nothing_else_does(ann: Performer) -> None:
    ann.send("/player/sideman/param/weight_melodic", 0)
    ann.send("/player/sideman/param/weight_harmonic", 0)
    ann.send("/player/sideman/param/continuity", 0)
    ann.play([(30, 0.5)] * 5)
    _, *others = whys(ann)
    assert steps(others) == pytest.approx([1.0] * 3)
    assert all("self lit it" in str(reason[6]) for reason in others)


def test_its_continuity_sends_it_elsewhere_unless_what_it_hears_leads_on(ann: Performer) -> None:
    ann.send("/player/sideman/param/weight_melodic", 0)
    ann.send("/player/sideman/param/weight_harmonic", 0)
    ann.send("/player/sideman/param/continuity", 2)
    ann.play([(30, 0.5)] * 6)
    reasons = whys(ann)
    on = [step == 1.0 for step in steps(reasons)]
    assert any(on)
    for at, pair in enumerate(pairwise(on)):
        assert not all(pair) or "gave up continuity" in str(reasons[at + 2][6])
    for influence in ("melodic", "harmonic"):
        ann.send(f"/player/sideman/param/weight_{influence}", 1)
    ann.stage.advance(20)
    ann.clear()
    ann.play([(pitch, 0.5) for pitch in TUNE])
    assert steps(whys(ann))[2:8] == [1.0] * 6


def test_taboo_places_are_left_out_and_given_up_where_there_is_nothing_else(ann: Performer) -> None:
    ann.send("/player/sideman/param/taboo", 60)
    ann.send("/player/sideman/param/weight_self", 0)
    ann.send("/player/sideman/param/weight_harmonic", 0)
    for _ in range(2):
        ann.clear()
        ann.play([(pitch, 0.5) for pitch in TUNE[:6]])
        ann.stage.advance(20)
    assert any("gave up taboo" in str(reason[6]) for reason in whys(ann))


def test_it_keeps_to_its_pitch_range_whatever_is_lit(ann: Performer) -> None:
    ann.send("/player/sideman/param/pitch_high", 66)
    ann.play([(pitch, 0.5) for pitch in TUNE])
    assert pitches(ann)
    assert all(int(str(pitch)) <= 66 for pitch in pitches(ann))


def test_no_copy_is_longer_than_it_may_be(ann: Performer) -> None:
    ann.send("/player/sideman/param/longest_copy", 3)
    ann.play([(pitch, 0.5) for pitch in TUNE])
    played = [int(str(pitch)) for pitch in pitches(ann)]
    memory = [OTHER, TUNE]
    for start in range(len(played) - 3):
        run = tuple(played[start : start + 4])
        assert not any(tune[at : at + 4] == run for tune in memory for at in range(7))


def test_what_is_forgotten_never_lights_up(ann: Performer) -> None:
    ann.send("/forget-me")
    ann.play([(pitch, 0.5) for pitch in TUNE])
    assert pitches(ann) == []


def test_a_long_memory_is_traced_off_the_loop_and_the_model_goes_on_until_then() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    for _ in range(5):
        teach(ann, TUNE)
    stage.building_s = 3.0
    for name, value in (("learn", 0), ("mode", "follow")):
        ann.send(f"/player/sideman/{name}", value)
    ann.send("/player/sideman/play")
    for said in ("its memory is not traced", "melodic lit it"):
        ann.clear()
        ann.play([(pitch, 0.2) for pitch in TUNE[:4]])
        assert said in str(whys(ann)[-1][6])
        stage.advance(4)


def test_what_is_being_forgotten_is_dark_before_memory_has_been_learned_afresh() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.send("/player/sideman/stop")
    for _ in range(4):
        teach(ann, TUNE)
        teach(bob, OTHER)
    for name, value in (("learn", 0), ("mode", "follow")):
        ann.send(f"/player/sideman/{name}", value)
    ann.send("/player/sideman/play")
    ann.play([(40, 0.5)])
    stage.advance(3)
    stage.building_s = 60.0
    ann.send("/forget-me")
    bob.clear()
    bob.play([(pitch, 0.5) for pitch in TUNE + OTHER])
    sources = {reason[3] for reason in whys(bob)}
    assert sources == {"bob"}


def test_where_nothing_is_lit_the_model_goes_on_and_says_so(ann: Performer) -> None:
    for influence in ("melodic", "harmonic", "self"):
        ann.send(f"/player/sideman/param/weight_{influence}", 0)
    ann.play([(60, 0.5)])
    (reason,) = whys(ann)
    assert "nothing is lit: the model goes on" in str(reason[6])
    assert reason[1] == "oracle"


def test_a_lit_place_fades_with_the_beats(ann: Performer) -> None:
    ann.send("/player/sideman/param/weight_harmonic", 0)
    ann.send("/player/sideman/param/weight_self", 0)
    ann.play([(pitch, 0.5) for pitch in TUNE[:4]])
    ann.clear()
    ann.send("/player/sideman/next")
    assert "melodic lit it" in str(whys(ann)[0][6])
    ann.stage.advance(10)
    ann.clear()
    ann.send("/player/sideman/next")
    ann.stage.advance(0.1)
    assert "nothing is lit" in str(whys(ann)[0][6])


def test_events_at_another_place_in_the_beat_may_be_left_out() -> None:
    ann = Stage().performer("ann")
    ann.send("/player/sideman/stop")
    for offset, figure in ((0.0, (60, 62, 64)), (0.25, (60, 62, 65))):
        ann.stage.advance(round(ann.stage.now_s + 2) + offset - ann.stage.now_s)
        ann.play([(pitch, 0.5) for pitch in figure])
    ann.stage.advance(3)
    for name, value in (("learn", 0), ("mode", "follow")):
        ann.send(f"/player/sideman/{name}", value)
    ann.send("/player/sideman/param/phase", 1)
    ann.send("/player/sideman/play")
    ann.play([(40, 0.5)])
    ann.stage.advance(20)
    for offset, third in ((0.0, 64), (0.25, 65)):
        ann.stage.advance(round(ann.stage.now_s + 10) + offset - ann.stage.now_s)
        ann.clear()
        ann.play([(60, 0.5), (62, 0.5)])
        assert pitches(ann)[-1] == third


def test_labels_light_up_what_was_played_with_them() -> None:
    ann = Stage().performer("ann")
    ann.send("/player/scenes/new", "oracle", "label")
    ann.send("/player/scenes/mode", "follow")
    ann.send("/player/scenes/param/weight_self", 0)
    ann.send("/player/scenes/param/temperature", 0)
    ann.send("/player/scenes/play")
    for label in ("dawn", "noon", "dusk", "night", "dawn", "noon"):
        ann.send("/event", label, 1.0)
        ann.stage.advance(0.5)
    said = [event[0] for event in ann.got("/player/scenes/event")]
    assert said[-2:] == ["noon", "dusk"]


def test_a_player_that_follows_replays_byte_for_byte(ann: Performer) -> None:
    ann.send("/player/sideman/param/temperature", 1)
    ann.send("/player/sideman/learn", 1)
    for _ in range(3):
        ann.play([(pitch, 0.37) for pitch in TUNE])
        ann.send("/chord", "Dm7")
        ann.play([(pitch + 5, 0.21) for pitch in OTHER])
        ann.send("/player/sideman/model", "ngram")
    begin = ann.stage.inputs[0]
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    assert [engine.feed(item) for item in ann.stage.inputs[1:]] == ann.stage.outputs_of[1:]
