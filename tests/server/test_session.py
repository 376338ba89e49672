"""An ensemble on simulated time: joining, phrases, answers, modes, stop and panic."""

from __future__ import annotations

import pytest

from sideman.hub import Send
from sideman.testing import Performer, Stage

PHRASE = [(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5), (67, 1.0)]
NOTE = "/player/sideman/note"
STATE = "/player/sideman/state"


@pytest.fixture
def stage() -> Stage:
    return Stage()


def newcomer(stage: Stage, name: str = "ann") -> Performer:
    performer = Performer(stage, name)
    performer.send("/join", name)
    return performer


def test_a_newcomer_is_welcomed_with_the_whole_state(stage: Stage) -> None:
    heard = newcomer(stage).heard()
    addresses = [message.address for message in heard]
    assert addresses[:7] == [
        "/joined", "/transport", "/tempo", "/metre", "/performer/ann/state", STATE, "/player/sideman/hears",
    ]  # fmt: skip
    name, session, lease_s, key = heard[0].arguments
    assert (name, session, lease_s) == ("ann", "main", 30.0)
    assert isinstance(key, str)
    assert heard[1].arguments == (0,)
    assert heard[2].arguments == (120.0,)
    assert heard[3].arguments == (4, 4)
    assert heard[4].arguments == ("here",)
    assert heard[5].arguments == ("armed", "oracle", "answer")
    assert heard[6].arguments == ("*",)
    assert set(addresses[7:-1]) == {"/player/sideman/is"}
    assert addresses[-1] == "/synced"
    assert heard[-1].arguments == (len(heard) - 2,)


def test_a_newcomers_first_phrase_is_answered_after_the_gap(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.play(PHRASE, legato=1.0)
    ended_s = stage.now_s
    assert ann.heard() == []
    stage.advance(10)
    heard = ann.heard()
    assert tuple(heard[0]) == (ended_s + 1.0, STATE, ("playing", "oracle", "answer"))
    assert heard[-1].address == STATE
    assert heard[-1].arguments == ("armed", "oracle", "answer")
    notes = [message for message in heard if message.address == NOTE]
    assert len(notes) + 2 == len(heard)
    assert notes[0].time_s == ended_s + 1.0
    played_s = heard[-1].time_s - heard[0].time_s
    assert 3.0 <= played_s < 3.0 + 1.5
    for pitch, velocity, duration_ms, channel, event in (note.arguments for note in notes):
        assert isinstance(duration_ms, float)
        assert duration_ms > 0
        assert pitch in {60, 62, 64, 65, 67}
        assert velocity == 90
        assert channel == 1
        assert isinstance(event, int)


def test_an_answer_is_heard_by_every_performer(stage: Stage) -> None:
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.clear()
    ann.play(PHRASE)
    stage.advance(10)
    assert ann.got(NOTE)
    assert ann.heard() == bob.heard()


def test_why_names_the_performer_and_the_model(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(10)
    last = ann.got(NOTE)[-1][-1]
    ann.clear()
    ann.send("/player/sideman/why")
    event, model, probability, source, source_beat, context, _ = ann.got("/player/sideman/why")[0]
    assert (event, model, source) == (last, "oracle", "ann")
    assert isinstance(probability, float)
    assert 0 < probability <= 1
    assert isinstance(source_beat, float)
    assert source_beat >= 0
    assert isinstance(context, int)


def test_a_player_in_free_mode_rests_until_it_has_heard_something(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/echo/new", "oracle")
    ann.send("/player/echo/play")
    stage.advance(5)
    assert ann.got("/player/echo/note") == []
    ann.send("/player/sideman/stop")
    ann.play(PHRASE)
    stage.advance(5)
    assert len(ann.got("/player/echo/note")) > 3


def test_who_rests_on_a_memory_begins_when_somebody_else_teaches_it(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/two/new", "oracle", "pitch*ioi", "sideman")
    ann.send("/player/two/hear")
    ann.send("/player/two/play")
    ann.play(PHRASE)
    assert ann.got("/player/two/state")[-1] == ("playing", "oracle", "free")
    assert ann.got("/player/two/note")


def test_who_has_nothing_to_play_from_says_that_it_is_armed_until_it_has(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/echo/new", "oracle")
    ann.clear()
    ann.send("/player/echo/play")
    stage.advance(1)
    assert ann.got("/player/echo/state") == [("armed", "oracle", "free")]
    ann.send("/note", 60, 90)
    stage.advance(0.5)
    ann.send("/note", 62, 90)
    heard = [message for message in ann.heard() if message.address in ("/player/echo/state", "/player/echo/note")]
    assert heard[1].arguments == ("playing", "oracle", "free")
    stage.advance(2)
    assert ann.got("/player/echo/note")
    assert len(ann.got("/player/echo/state")) == 2


def test_free_for_so_many_beats_ends_disarmed(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(10)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/stop")
    ann.clear()
    ann.send("/player/sideman/play", 4.0)
    stage.advance(10)
    states = ann.got(STATE)
    assert states == [("playing", "oracle", "free"), ("stopped", "oracle", "free")]


def test_manual_plays_one_event_for_each_next(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(10)
    ann.send("/player/sideman/mode", "manual")
    ann.clear()
    stage.advance(5)
    assert ann.heard() == []
    for _ in range(3):
        ann.send("/player/sideman/next")
        stage.advance(1)
    assert len({note[-1] for note in ann.got(NOTE)}) == 3
    assert ann.got("/done") == [("/player/sideman/next",)] * 3


def test_next_without_anything_heard_is_refused_with_a_cure(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/sideman/next")
    assert ann.got("/error") == [
        ("/player/sideman/next", "sideman has heard nothing yet", "play something that it hears")
    ]


def test_stop_ends_what_sounds_and_nothing_follows(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(1.3)
    sounding = ann.got(NOTE)
    ann.clear()
    ann.send("/player/sideman/stop")
    offs = ann.got("/player/sideman/off")
    assert [(off[0], off[2]) for off in offs] == [(sounding[-1][0], sounding[-1][4])]
    assert ann.got(STATE) == [("stopped", "oracle", "answer")]
    stage.advance(10)
    assert ann.got(NOTE) == []


def test_panic_answers_in_the_order_that_is_promised(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/start")
    ann.play(PHRASE)
    stage.advance(2.0)
    ann.clear()
    ann.send("/panic")
    assert [message.address for message in ann.heard()] == [
        "/player/sideman/off", "/panic", STATE, "/transport", "/done",
    ]  # fmt: skip
    assert ann.got(STATE) == [("panicked", "oracle", "answer")]
    stage.advance(10)
    assert ann.got(NOTE) == []
    assert ann.got("/clock") == []


def test_start_brings_back_who_was_halted_even_after_a_second_stop(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/stop")
    ann.send("/panic")
    ann.clear()
    ann.send("/start")
    assert ann.got(STATE) == [("armed", "oracle", "answer")]


def test_a_player_stopped_by_name_is_not_brought_back(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/stop")
    ann.send("/player/sideman/stop")
    ann.send("/start")
    ann.clear()
    ann.play(PHRASE)
    stage.advance(10)
    assert ann.got(NOTE) == []


def test_phrases_that_end_while_stopped_go_unanswered(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/stop")
    ann.play(PHRASE)
    stage.advance(10)
    ann.send("/start")
    stage.advance(10)
    assert ann.got(NOTE) == []


def test_a_phrase_played_before_arming_is_answered_at_once(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.send("/player/echo/new", "oracle")
    ann.send("/player/echo/mode", "answer")
    ann.play(PHRASE)
    stage.advance(10)
    ann.clear()
    ann.send("/player/echo/play", 2.0)
    assert ann.heard()[0].address == "/player/echo/state"
    stage.advance(10)
    heard = ann.heard()
    states = [message for message in heard if message.address == "/player/echo/state"]
    assert [state.arguments[0] for state in states] == ["playing", "armed"]
    assert 1.0 <= states[1].time_s - states[0].time_s < 2.5


def test_the_clock_ticks_each_beat_while_the_transport_runs(stage: Stage) -> None:
    ann = stage.performer("ann")
    stage.advance(0.3)
    ann.send("/start")
    stage.advance(2.6)
    ticks = [message for message in ann.heard() if message.address == "/clock"]
    assert [tick.arguments for tick in ticks] == [
        (1, 1, 120.0), (1, 2, 120.0), (1, 3, 120.0), (1, 4, 120.0), (2, 1, 120.0), (2, 2, 120.0),
    ]  # fmt: skip
    assert [tick.time_s for tick in ticks] == pytest.approx([0.3, 0.8, 1.3, 1.8, 2.3, 2.8])


def test_a_lease_runs_out_and_the_next_message_revives_the_seat(stage: Stage) -> None:
    ann, bob = stage.performer("ann"), stage.performer("bob")
    for _ in range(4):
        stage.advance(10)
        bob.send("/ping")
    assert ann.got("/lapsed") == [("ann",)]
    assert bob.got("/performer/ann/state") == [("lapsed",)]
    ann.clear()
    ann.send("/tempo", 90.0)
    assert ann.got("/tempo") == [(90.0,)]
    assert bob.got("/performer/ann/state") == [("lapsed",), ("here",)]


def test_who_plays_before_joining_gets_an_error(stage: Stage) -> None:
    stranger = Performer(stage, "eve")
    stranger.send("/note", 60.0, 100.0)
    assert stranger.got("/error") == [("/note", "not joined", "send /join NAME [PORT]")]
    assert stage.engine.log == [f"note from 127.0.0.1:{stranger.endpoint[1]}: not joined; send /join NAME [PORT]"]


def test_answers_go_to_the_reply_port(stage: Stage) -> None:
    ann = Performer(stage, "ann")
    ears = Performer(stage, "ears")
    ann.send("/join", "ann", ears.endpoint[1])
    assert ann.heard() == []
    assert ears.got("/joined")
    ann.send("/ping", 7)
    assert ears.got("/pong")[0][0] == 7


def test_human_notes_are_heard_only_by_who_listens_and_never_by_who_plays(stage: Stage) -> None:
    ann, bob, cy = stage.performer("ann"), stage.performer("bob"), stage.performer("cy")
    bob.send("/listen", "/performer/*/note")
    ann.send("/listen", "/performer/*/note")
    ann.send("/note", 60.0, 100.0)
    assert bob.got("/performer/ann/note") == [(60, 100, 1)]
    assert ann.got("/performer/ann/note") == []
    assert cy.got("/performer/ann/note") == []


def test_ignore_takes_from_what_is_heard(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/ignore", "/player/sideman/note")
    ann.play(PHRASE)
    stage.advance(10)
    assert ann.got(NOTE) == []
    assert ann.got(STATE)


def test_new_again_as_it_was_made_is_answered_with_its_state(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/echo/new", "oracle", "pitch")
    ann.clear()
    ann.send("/player/echo/new", "oracle", "pitch")
    assert ann.got("/player/echo/state") == [("stopped", "oracle", "free")]
    ann.send("/player/echo/new", "oracle", "interval")
    assert ann.got("/error")[0][1] == "echo is there already, as oracle pitch echo"


def test_a_button_released_does_nothing(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/panic", 0)
    assert ann.got("/panic") == []
    ann.send("/panic", 1)
    assert ann.got("/panic") == [("ann",)]


def test_a_bundle_is_obeyed_whole_or_not_at_all(stage: Stage) -> None:
    from sideman.osc import IMMEDIATELY, encode, encode_bundle

    ann = stage.performer("ann")
    good = encode("/player/echo/new", "oracle")
    bad = encode("/player/nobody/stop")
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, [good, bad]))
    assert ann.got("/error")[0][0] == "/player/nobody/stop"
    assert ann.got("/player/echo/state") == []
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, [good, encode("/player/echo/play")]))
    assert ann.got("/player/echo/state")[0][0] == "stopped"
    assert ann.got("/done") == [("/player/echo/new",), ("/player/echo/play",)]


def test_a_pattern_reaches_every_player_that_it_matches(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/player/echo/new", "oracle")
    ann.send("/player/echo/play")
    ann.clear()
    ann.send("/player/*/stop")
    assert {message.address for message in ann.heard()} == {"/player/echo/state", STATE, "/done"}


def test_a_tempo_change_moves_what_is_planned(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(10)
    ann.send("/player/sideman/mode", "free")
    stage.advance(3)
    ann.send("/tempo", 240.0)
    ann.clear()
    stage.advance(6)
    times = [message.time_s for message in ann.heard() if message.address == NOTE]
    assert times == sorted(times)
    assert len(times) > 15


def test_a_session_has_a_limit_of_seats_and_a_lapsed_one_makes_room(stage: Stage) -> None:
    everyone = [stage.performer(f"p{number}") for number in range(64)]
    late = Performer(stage, "late")
    late.send("/join", "late")
    assert late.got("/error")[0][1] == "all 64 seats of main are taken"
    for _ in range(4):
        stage.advance(10)
        for performer in everyone[1:]:
            performer.send("/ping")
    late.send("/join", "late")
    assert late.got("/joined")
    assert everyone[1].got("/performer/p0/state") == [("lapsed",), ("gone",)]


def test_a_session_has_a_limit_of_players(stage: Stage) -> None:
    ann = stage.performer("ann")
    for number in range(40):
        ann.send(f"/player/p{number}/new", "oracle")
    assert len({address for address, *_ in ((m.address,) for m in ann.heard()) if address.endswith("/state")}) == 31
    assert ann.got("/error")[0][1] == "there are 32 players already"


def test_who_leaves_in_the_middle_of_a_phrase_ends_it(stage: Stage) -> None:
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.send("/note", 60.0, 90.0)
    stage.advance(0.5)
    ann.send("/leave")
    stage.advance(5)
    assert bob.got(NOTE)
    assert bob.got("/performer/ann/state") == [("gone",)]
    assert stage.engine.next_ns() is not None
    stage.advance(40)


def test_a_bundle_may_join_and_go_on(stage: Stage) -> None:
    from sideman.osc import IMMEDIATELY, encode, encode_bundle

    ann = Performer(stage, "ann")
    packets = [encode("/join", "ann", 0, "-", "upstairs"), encode("/tempo", 90.0), encode("/player/*/stop")]
    stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, packets))
    assert ann.got("/joined")[0][1] == "upstairs"
    assert ann.got("/tempo")[-1] == (90.0,)
    assert ann.got("/done") == [("/tempo",), ("/player/*/stop",)]
    bob = Performer(stage, "bob")
    bad = [encode("/join", "bob"), encode("/player/nobody/stop")]
    stage.packet(bob.endpoint, encode_bundle(IMMEDIATELY, bad))
    assert [message.address for message in bob.heard()] == ["/error"]
    assert ann.got("/performer/bob/state") == []


def test_a_refused_join_is_answered_where_its_reply_port_says(stage: Stage) -> None:
    ann, ears = Performer(stage, "ann"), Performer(stage, "ears")
    ann.send("/join", "no name", ears.endpoint[1])
    assert ann.heard() == []
    assert ears.got("/error")[0][0] == "/join"


def test_who_listens_to_humans_hears_the_end_of_a_note_that_came_with_its_duration(stage: Stage) -> None:
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/listen", "/performer/*/note")
    bob.clear()
    ann.send("/note", 60.0, 90.0, 1, 200.0)
    ann.send("/note", 64.0, 90.0, 1, 500.0)
    stage.advance(0.3)
    ann.send("/note", 64.0, 0.0)
    stage.advance(0.5)
    heard = [(round(m.time_s, 3), *m.arguments) for m in bob.heard() if m.address == "/performer/ann/note"]
    assert heard == [(0.0, 60, 90, 1), (0.0, 64, 90, 1), (0.2, 60, 0, 1), (0.3, 64, 0, 1)]


def test_a_room_without_people_starts_again_by_itself_after_a_panic(stage: Stage) -> None:
    ann = stage.performer("ann")
    ann.send("/session/set", "panic_release_s", 10)
    ann.send("/panic")
    ann.clear()
    stage.advance(9.9)
    assert ann.heard() == []
    stage.advance(0.2)
    assert ann.got(STATE) == [("armed", "oracle", "answer")]
    ann.send("/panic")
    ann.send("/start")
    ann.clear()
    stage.advance(20)
    assert ann.got(STATE) == []


@pytest.mark.parametrize("undone", [("/stop",), ("/session/set", "panic_release_s", 0)])
def test_a_room_that_is_stopped_after_a_panic_or_is_not_to_start_again_does_not(
    stage: Stage, undone: tuple[str | int, ...]
) -> None:
    ann = stage.performer("ann")
    ann.send("/session/set", "panic_release_s", 10)
    ann.send("/panic")
    stage.advance(1)
    ann.send(str(undone[0]), *undone[1:])
    ann.clear()
    stage.advance(20)
    assert ann.heard() == []


@pytest.mark.parametrize("mode", ["free", "answer"])
def test_a_player_says_that_it_plays_before_its_first_note(stage: Stage, mode: str) -> None:
    ann = stage.performer("ann")
    ann.send("/player/sideman/stop")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", mode)
    ann.clear()
    ann.send("/player/sideman/play", 4.0)
    ann.play(PHRASE)
    stage.advance(5)
    heard = [message for message in ann.heard() if message.address in (STATE, NOTE)]
    first = next(place for place, message in enumerate(heard) if message.address == NOTE)
    assert heard[first - 1].arguments == ("playing", "oracle", mode)


@pytest.mark.parametrize("pattern", ["performer", "/performer/{a,b/note", "/a[b"])
def test_a_pattern_that_can_match_nothing_is_refused(stage: Stage, pattern: str) -> None:
    ann = stage.performer("ann")
    ann.send("/listen", pattern)
    assert "matches nothing" in str(ann.got("/error")[0][1])


def test_what_is_never_answered_renews_the_lease_all_the_same(stage: Stage) -> None:
    ann = stage.performer("ann")
    for _ in range(4):
        stage.advance(10)
        ann.send("/done", "/something")
    assert ann.heard() == []


def test_a_player_that_rested_for_want_of_memory_begins_when_it_has_some_and_not_before() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/bass/new", "oracle")
    ann.send("/player/bass/hear", "*")
    ann.send("/player/bass/play")
    ann.clear()
    ann.send("/note", 60, 90)
    stage.advance(0.7)
    ann.send("/note", 62, 90)
    stage.advance(1.0)
    dues = [
        (item.time_ns, output.due_ns)
        for item, outputs in zip(stage.inputs, stage.outputs_of, strict=True)
        for output in outputs
        if isinstance(output, Send) and output.epoch is not None
    ]
    assert dues
    assert all(due >= now for now, due in dues)
