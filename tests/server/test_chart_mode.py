"""Mode `chart`: over each beat that the chart asks for, a beat of memory that fits, as it was played."""

from __future__ import annotations

import pytest

from server.slow import Last
from sideman.harmony import parse
from sideman.journal import encode_output
from sideman.testing import Heard, Performer, Stage

NOTE = "/player/sideman/note"
STATE = "/player/sideman/state"
BEAT_S = 0.5
TWO_FIVE_ONE = "Dm7 | G7 | C^7 | %"
ROOTS = {"Dm7": 62, "G7": 67, "C^7": 60}


def over(text: str = TWO_FIVE_ONE, seed: int = 1) -> Performer:
    """Ann, with a chart and the transport running, and the player `sideman` stopped."""
    stage = Stage(seed)
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.send("/chart/set", text)
    ann.send("/start")
    return ann


def play_chorus(ann: Performer, labels: list[str], offset: float = 0.0, up: int = 0) -> None:
    """Over each beat its chord's root and third, a fifth of a beat each, `offset` late, and `up` so many semitones."""
    for label in labels:
        chord = parse(label)
        assert chord is not None
        third = 3 if chord.family == "minor" else 4
        ann.stage.advance(offset * BEAT_S)
        for pitch in (60 + chord.root, 60 + chord.root + third):
            ann.send("/note", float(pitch + up), 70.0 + chord.root, 1, 100.0)
            ann.stage.advance(0.5 * BEAT_S if pitch == 60 + chord.root else (0.5 - offset) * BEAT_S)


CHORUS = ["Dm7"] * 4 + ["G7"] * 4 + ["C^7"] * 8


@pytest.fixture
def ann() -> Performer:
    """Ann, who has played a chorus over a chart."""
    performer = over()
    play_chorus(performer, CHORUS)
    performer.clear()
    return performer


def beat_of(heard: Heard, since_s: float = 0.0) -> float:
    """On which beat it sounds, counted from the start of the transport."""
    return (heard.time_s - since_s) / BEAT_S


def notes(ann: Performer) -> list[Heard]:
    """What the player played since."""
    return [heard for heard in ann.heard() if heard.address == NOTE]


def asked_on(labels: list[str], beat: float) -> str:
    return labels[int(beat + 0.05) % len(labels)]


def test_it_plays_over_each_beat_what_was_played_over_its_chord(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    assert ann.got(STATE)[-1] == ("playing", "oracle", "chart")
    ann.stage.advance(16 * BEAT_S)
    played = notes(ann)
    assert len(played) >= 30
    for heard in played:
        chord = parse(asked_on(CHORUS, beat_of(heard)))
        assert chord is not None
        assert int(heard.arguments[0]) % 12 in chord.pitch_classes  # type: ignore[call-overload]


def test_micro_timing_and_velocity_are_the_performers_own() -> None:
    ann = over("C | %")
    play_chorus(ann, ["C"] * 8, offset=0.125)
    ann.clear()
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(8 * BEAT_S)
    played = notes(ann)
    assert {round(beat_of(heard) % 1, 3) for heard in played} == {0.125, 0.625}
    assert {heard.arguments[1] for heard in played} == {70}
    assert {round(float(str(heard.arguments[2]))) for heard in played} == {100}


def test_why_says_how_much_of_the_chart_agrees_and_by_how_much_it_is_moved() -> None:
    ann = over("Dm7 | G7 | C^7 | %")
    play_chorus(ann, CHORUS)
    ann.send("/chart/set", "Em7 | A7 | D^7 | %")
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2.2 * BEAT_S)
    ann.clear()
    ann.send("/player/sideman/why")
    _, model, _, source, beat, context, words = ann.got("/player/sideman/why")[0]
    assert (model, source) == ("oracle", "ann")
    assert float(str(beat)) < 16
    assert int(str(context)) >= 1
    assert "for Em7; " in str(words)
    assert "beats agree" in str(words)
    assert "moved by +2" in str(words)


def test_a_label_that_memory_has_not_is_given_up_and_why_says_so(ann: Performer) -> None:
    ann.send("/chart/set", "Ebdim7 | %")
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2 * BEAT_S)
    assert notes(ann)
    ann.send("/player/sideman/why")
    assert "gave up label Ebdim7: no memory beat has it in range" in str(ann.got("/player/sideman/why")[-1][6])


def test_beats_are_moved_only_within_the_range_that_is_set(ann: Performer) -> None:
    ann.send("/player/sideman/param/transpose_range", 1)
    ann.send("/chart/set", "Em7 | %")
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2 * BEAT_S)
    ann.send("/player/sideman/why")
    assert "gave up label Em7" in str(ann.got("/player/sideman/why")[-1][6])
    ann.send("/player/sideman/param/transpose_range", 2)
    ann.stage.advance(2 * BEAT_S)
    ann.send("/player/sideman/why")
    assert "moved by +2" in str(ann.got("/player/sideman/why")[-1][6])


def test_the_same_kind_is_asked_for_where_families_are_not_enough() -> None:
    ann = over("Dm7 | %")
    play_chorus(ann, ["Dm7"] * 8)
    ann.send("/chart/set", "Dm6 | %")
    ann.send("/player/sideman/param/chord_families", 0)
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2 * BEAT_S)
    ann.send("/player/sideman/why")
    assert "gave up label Dm6" in str(ann.got("/player/sideman/why")[-1][6])


def test_the_pitch_range_holds(ann: Performer) -> None:
    ann.send("/player/sideman/param/pitch_low", 40)
    ann.send("/player/sideman/param/pitch_high", 52)
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(16 * BEAT_S)
    played = notes(ann)
    assert len(played) >= 30
    assert all(40 <= int(str(heard.arguments[0])) <= 52 for heard in played)
    for heard in played:
        chord = parse(asked_on(CHORUS, beat_of(heard)))
        assert chord is not None
        assert int(str(heard.arguments[0])) % 12 in chord.pitch_classes


def test_without_a_chart_it_waits_for_one_and_says_what_to_send() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/mode", "chart")
    assert ann.got("/notice") == [
        (
            "/player/sideman/mode",
            "sideman is to play over a chart, but there is no chart: it waits for one, "
            "such as /chart/set Dm7 | G7 | C^7 | %",
        )
    ]
    ann.send("/chart/set", TWO_FIVE_ONE)
    ann.send("/player/sideman/play")
    assert "it waits for /start" in str(ann.got("/notice")[-1][1])
    assert ann.got(STATE)[-1] == ("armed", "oracle", "chart")
    stage.advance(4)
    assert notes(ann) == []
    ann.send("/start")
    play_chorus(ann, CHORUS)
    assert notes(ann)


def test_a_newcomer_plays_and_is_joined_with_nothing_but_a_chart_set() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/chart/set", TWO_FIVE_ONE)
    ann.send("/player/sideman/mode", "chart")
    ann.send("/start")
    play_chorus(ann, CHORUS)
    early = len(notes(ann))
    play_chorus(ann, CHORUS)
    assert early > 8  # it plays along from the moment when it has heard a beat
    assert len(notes(ann)) - early >= 30
    second = [heard for heard in notes(ann) if beat_of(heard) >= 16]
    for heard in second:
        chord = parse(asked_on(CHORUS, beat_of(heard)))
        assert chord is not None
        assert int(str(heard.arguments[0])) % 12 in chord.pitch_classes


def test_stop_cuts_it_at_once_and_start_brings_it_back(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2.1 * BEAT_S)
    assert notes(ann)
    ann.send("/stop")
    ann.clear()
    ann.stage.advance(4)
    assert notes(ann) == []
    ann.send("/start")
    ann.stage.advance(2)
    assert notes(ann)


def test_play_with_beats_ends_after_them(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play", 4)
    ann.stage.advance(8 * BEAT_S)
    assert {int(beat_of(heard) + 0.05) for heard in notes(ann)} == {16, 17, 18, 19}
    assert ann.got(STATE)[-1][0] == "stopped"


@pytest.mark.parametrize("hold", [0, 1])
def test_next_plays_at_once_what_the_chart_asks_for(ann: Performer, hold: int) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.send("/player/sideman/hold", hold)
    ann.stage.advance(1.1 * BEAT_S)
    for step in range(12):
        ann.clear()
        ann.send("/player/sideman/next")
        ann.send("/player/sideman/why")
        at = ann.stage.now_s
        label = asked_on(CHORUS, at / BEAT_S)
        assert f"for {label}; " in str(ann.got("/player/sideman/why")[0][6])
        chord = parse(label)
        assert chord is not None
        played = [heard for heard in notes(ann) if heard.time_s == at]
        assert [int(str(heard.arguments[0])) % 12 in chord.pitch_classes for heard in played] == [True]
        ann.stage.advance((0.7 + 0.13 * (step % 4)) * BEAT_S)


def test_next_passes_over_silent_beats() -> None:
    ann = over("C | %")
    for _ in range(4):  # four beats, of which one is played in
        ann.send("/note", 60, 90, 1, 100)
        ann.stage.advance(4 * BEAT_S)
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(1.3 * BEAT_S)
    for _ in range(8):
        ann.clear()
        ann.send("/player/sideman/next")
        assert len(notes(ann)) == 1
        ann.stage.advance(0.3 * BEAT_S)


def test_a_change_of_the_chart_is_heard_on_the_next_onset_and_what_sounds_goes_on(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(1.1 * BEAT_S)
    sounding = notes(ann)[-1]
    assert parse("Dm7").pitch_classes >= {int(str(sounding.arguments[0])) % 12}  # type: ignore[union-attr]
    ann.clear()
    ann.send("/chart/set", "C^7 | %")
    ann.stage.advance(3 * BEAT_S)
    assert [heard for heard in ann.heard() if heard.address.endswith("/off")] == []
    played = notes(ann)
    assert beat_of(played[0]) == pytest.approx(17.5, abs=0.01)
    c_major = parse("C^7")
    assert c_major is not None
    assert all(int(str(heard.arguments[0])) % 12 in c_major.pitch_classes for heard in played)


def test_a_replan_within_a_beat_plays_what_was_left_of_it_once(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(1.2 * BEAT_S)
    ann.clear()
    ann.send("/player/sideman/param/velocity_scale", 0.5)
    ann.stage.advance(0.7 * BEAT_S)
    played = notes(ann)
    assert [round(beat_of(heard), 2) for heard in played] == [17.5]
    assert int(str(played[0].arguments[1])) < 60


def test_taking_the_chart_away_silences_it_until_there_is_another(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(1.1 * BEAT_S)
    ann.send("/chart/set", "-")
    assert ann.got(STATE)[-1][0] == "armed"
    ann.stage.advance(0.5)
    ann.clear()
    ann.stage.advance(3)
    assert notes(ann) == []
    ann.send("/chart/set", TWO_FIVE_ONE)
    ann.stage.advance(3)
    assert notes(ann)


def test_a_jump_and_a_loop_are_followed(ann: Performer) -> None:
    ann.send("/chart/loop", 3, 3)
    ann.send("/chart/jump", 3)
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(12 * BEAT_S)
    tones = parse("C^7")
    assert tones is not None
    assert len(notes(ann)) > 20
    assert all(int(str(heard.arguments[0])) % 12 in tones.pitch_classes for heard in notes(ann))


def test_it_falls_silent_on_its_leash_and_an_onset_brings_it_back(ann: Performer) -> None:
    ann.send("/player/sideman/param/leash", 64)
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    for _ in range(4):
        ann.stage.advance(15.5)
        ann.send("/ping")  # it keeps her seat, but is no act
    assert [state[0] for state in ann.got(STATE)][-2:] == ["leashing", "leashed"]
    ann.clear()
    ann.stage.advance(5)
    assert notes(ann) == []
    ann.send("/note", 60.0, 80.0, 1, 100.0)
    ann.stage.advance(3)
    assert notes(ann)


def test_forgetting_leaves_it_nothing_to_play_from_and_undo_brings_it_back(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2)
    ann.send("/memory/sideman/clear")
    ann.stage.advance(0.5)
    ann.clear()
    ann.stage.advance(3)
    assert notes(ann) == []
    ann.send("/player/sideman/undo")
    ann.stage.advance(3)
    assert notes(ann)


def test_another_mode_goes_on_from_what_it_played(ann: Performer) -> None:
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(2)
    for mode in ("free", "chart"):
        ann.send("/player/sideman/mode", mode)
        ann.clear()
        ann.stage.advance(2)
        assert notes(ann)
        assert ann.got("/error") == []


@pytest.mark.parametrize(
    ("model", "viewpoint"), [("ngram", "pitch*ioi"), ("blend", "interval*ioi"), ("oracle", "beat")]
)
def test_every_model_and_viewpoint_plays_over_a_chart(ann: Performer, model: str, viewpoint: str) -> None:
    ann.send("/player/bot/new", model, viewpoint, "sideman")
    ann.send("/player/bot/mode", "chart")
    ann.send("/player/bot/play")
    ann.stage.advance(8 * BEAT_S)
    assert len(ann.got("/player/bot/note")) >= 14


def test_a_memory_that_is_looked_through_on_another_thread_is_played_from_once_it_is_there(ann: Performer) -> None:
    for _ in range(4):
        play_chorus(ann, CHORUS)
    ann.stage.building_s = 1.0
    ann.clear()
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    ann.stage.advance(0.9)
    assert notes(ann) == []
    ann.stage.advance(2)
    assert notes(ann)


def test_the_same_playing_gives_the_same_notes() -> None:
    def heard(seed: int) -> list[Heard]:
        performer = over(seed=seed)
        for up in (0, 1, 2, 5):
            play_chorus(performer, CHORUS, up=up)
        performer.send("/player/sideman/mode", "chart")
        performer.send("/player/sideman/play")
        performer.stage.advance(5)
        performer.send("/chart/jump", 2)
        performer.stage.advance(5)
        return notes(performer)

    assert heard(1) == heard(1)
    assert heard(1) != heard(2)


def test_what_was_played_over_a_chart_replays_byte_for_byte(ann: Performer) -> None:
    stage = ann.stage
    stage.building_s = 0.2
    ann.send("/player/sideman/mode", "chart")
    ann.send("/player/sideman/play")
    play_chorus(ann, CHORUS, up=3)
    ann.send("/chart/jump", 3)
    ann.send("/player/sideman/param/continuity", 8)
    ann.send("/player/sideman/forget", 4.0)
    play_chorus(ann, CHORUS[:6])
    ann.send("/stop")
    again = Stage().engine
    outputs = [output for item in stage.inputs[1:] for output in again.feed(item)]
    assert len(notes(ann)) > 30
    assert [encode_output(output) for output in outputs] == [encode_output(output) for output in stage.outputs]


def test_a_slow_model_leaves_the_chart_to_its_stand_in() -> None:
    stage = Stage(slow={"slow": Last})
    stage.slow_s = 10.0
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.send("/player/solo/new", "slow")
    ann.send("/chart/set", TWO_FIVE_ONE)
    ann.send("/start")
    play_chorus(ann, CHORUS)
    ann.send("/player/solo/mode", "chart")
    ann.clear()
    ann.send("/player/solo/play")
    for _ in range(16):
        ann.stage.advance(0.35)
        ann.send("/player/solo/param/velocity_scale", 0.5 + 0.01 * len(ann.heard()))  # it plans anew again and again
    onsets = [round(beat_of(heard), 3) for heard in ann.heard() if heard.address == "/player/solo/note"]
    assert onsets == [16 + half / 2 for half in range(len(onsets))]
    assert len(onsets) >= 20
    ann.send("/player/solo/why")
    assert "slow is not asked over charts" in str(ann.got("/player/solo/why")[-1][6])
