"""Nobody but a human lets a player play on, whichever way is tried; and a human's hand wins at once."""

from __future__ import annotations

import random
from typing import Final

import pytest

from sideman.addresses import TABLE
from sideman.events import Answer, Note, Planned, Why
from sideman.inputs import Answered
from sideman.journal import encode_output
from sideman.osc import IMMEDIATELY, encode, encode_bundle
from sideman.settings import PerformerSettings, PlayerSettings, SessionSettings, Settings
from sideman.testing import Performer, Stage

PHRASE = [(60, 0.5), (62, 0.5), (64, 0.5), (65, 0.5), (67, 1.0)]
STATE = "/player/sideman/state"
NOTE = "/player/sideman/note"
Said = tuple[str | float, ...]


def leashed(kind: str = "bot") -> tuple[Stage, Performer, Performer]:
    """Ann, who has long been still, a player that is leashed since, and somebody who is no human, a leader too."""
    stage = Stage()
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/undo")
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/param/temperature", 0.9)
    bot = stage.performer("bot", 0, "-", "main", kind)
    quiet(bot, ann, 100)
    assert ann.got(STATE)[-1][0] == "leashed"
    ann.clear()
    bot.clear()
    return stage, ann, bot


def quiet(*performers_and_seconds: Performer | float) -> None:
    """Time passes in which they only keep their seats."""
    *performers, seconds = performers_and_seconds
    assert isinstance(seconds, int | float)
    for _ in range(round(seconds / 5)):
        for performer in performers:
            assert isinstance(performer, Performer)
            performer.send("/ping")
            performer.stage.advance(5 / len(performers))


TRIES: dict[str, list[Said]] = {
    "play": [("/player/sideman/play",), ("/player/sideman/play", 8)],
    "stop and play": [("/player/sideman/stop",), ("/player/sideman/play",)],
    "next": [("/player/sideman/next",)],
    "modes": [("/player/sideman/mode", mode) for mode in ("answer", "free", "manual", "free", "follow", "free")],
    "hear it": [("/player/sideman/hear", "bot", "*"), ("/note", 60, 90, 1, 200), ("/note", 62, 90, 1, 200)],
    "an endless leash": [("/player/sideman/param/leash", 0), ("/player/sideman/play",)],
    "a longer leash": [("/player/sideman/set", "leash", 100_000), ("/player/sideman/play",)],
    "a shorter one taken back": [("/player/sideman/set", "leash", 32), ("/player/sideman/undo",)],
    "stop and start": [("/stop",), ("/start",)],
    "panic and start": [("/panic",), ("/start",)],
    "panic that releases itself": [("/session/set", "panic_release_s", 1), ("/panic",)],
    "the beat": [("/session/set", "tap_starts", 1), ("/stop",), ("/beat",), ("/beat",), ("/beat",), ("/beat",)],
    "tempo and place": [("/tempo", 200), ("/tempo/ramp", 100, 4), ("/position", 8), ("/metre", 3, 4)],
    "a chart": [("/chart/set", "[A] C | F"), ("/start",), ("/chart/jump", 2), ("/chart/loop", 1, 2)],
    "a delayed play": [("/start",), ("/at", "beat", "/player/sideman/play"), ("/at", "beat", "/player/sideman/next")],
    "a delayed start": [("/at", "bar", "/stop"), ("/at", "bar", "/start")],
    "a pattern": [("/player/*/play",), ("/player/s*/next",), ("/player/{sideman,x}/mode", "answer")],
    "mute": [("/player/sideman/mute", 1), ("/player/sideman/mute", 0)],
    "another model": [("/player/sideman/model", "ngram"), ("/player/sideman/viewpoint", "pitch")],
    "a harmony": [("/player/sideman/param/chord_tones", 0.5), ("/chord", "Dm7"), ("/chord", "G7")],
    "a memory": [("/memory/sideman/clear",), ("/player/sideman/undo",), ("/player/sideman/forget", 1)],
    "over the chart": [
        ("/chart/load", "blues"),
        ("/start",),
        ("/player/sideman/mode", "chart"),
        ("/player/sideman/play",),
        ("/chart/jump", 5),
        ("/at", "bar", "/chart/jump", 1),
        ("/position", 0),
    ],
    "takes": [("/start",), ("/player/sideman/record", 1), ("/player/sideman/record", 0), ("/player/sideman/takes", 0)],
    "a player of one's own": [("/player/echo/new", "oracle", "pitch*ioi", "sideman"), ("/player/echo/play",)],
    "a new one of the same name": [
        ("/player/sideman/drop",),
        ("/player/sideman/new", "oracle"),
        ("/player/sideman/play",),
    ],
}


@pytest.mark.parametrize(
    ("tried", "kind"),
    [*((tried, "bot") for tried in TRIES), ("stop and play", "sensor"), ("hear it", "sensor"), ("modes", "server")],
)
def test_no_machine_brings_a_leashed_player_back(tried: str, kind: str) -> None:
    stage, ann, bot = leashed(kind)
    for said in TRIES[tried]:
        address, *arguments = said
        bot.send(str(address), *arguments)
        stage.advance(0.4)
    faults = {error[0] for error in bot.got("/error")}
    assert faults <= {
        "/player/sideman/next",
        "/player/s*/next",
        "/at",
        "/player/sideman/set",
        "/player/sideman/param/leash",
        "/player/sideman/undo",
    }
    stage.advance(4)
    ann.send("/refresh")
    heard = [heard for heard in ann.heard() if heard.address.startswith("/player/")]
    assert [said for said in heard if said.address.endswith("/note")] == []
    assert "playing" not in {said.arguments[0] for said in heard if said.address.endswith("/state")}


#: Where a machine makes a player of its own: that was never leashed, and may play after a human act.
NEW_ONES: Final = ("a player of one's own", "a new one of the same name")


@pytest.mark.parametrize("tried", [tried for tried in TRIES if tried not in NEW_ONES])
def test_not_even_right_after_a_human_act_that_was_no_onset(tried: str) -> None:
    stage, ann, bot = leashed()
    ann.send("/session/set", "hold_max_s", 9)
    ann.send("/tempo", 121)  # a human act: it renews, but lifts nothing
    for said in TRIES[tried]:
        address, *arguments = said
        bot.send(str(address), *arguments)
        stage.advance(0.4)
    stage.advance(4)
    assert ann.got(NOTE) == []


def test_a_bundle_of_a_bot_does_not_either() -> None:
    stage, ann, bot = leashed()
    messages = [encode("/player/sideman/stop"), encode("/player/sideman/play"), encode("/note", 60.0, 90.0)]
    stage.packet(bot.endpoint, encode_bundle(IMMEDIATELY, messages))
    stage.advance(4)
    assert ann.got(NOTE) == []


@pytest.mark.parametrize("mode", ["free", "answer", "follow", "manual"])
def test_a_player_that_plays_on_brings_no_leashed_one_back(mode: str) -> None:
    _, ann, _ = leashed()
    ann.send("/player/echo/new", "oracle", "pitch*ioi", "sideman")
    ann.send("/player/echo/param/leash", 0)
    ann.send("/player/sideman/hear", "*", "echo")
    ann.send("/player/sideman/mode", mode)
    ann.send("/player/echo/play")
    quiet(ann, 70)
    assert ann.got("/player/echo/note")
    assert ann.got(NOTE) == []
    assert "playing" not in [said[0] for said in ann.got(STATE)]


def test_whose_name_is_spoken_in_decides_whether_it_was_a_human() -> None:
    stage, ann, bot = leashed()
    stage.performer("pedal", 0, "-", "main", "sensor")
    bot.send("/as/pedal/note", 60.0, 90.0, 1, 200.0)
    stage.advance(4)
    assert ann.got(NOTE) == []
    stage.performer("cy")
    bot.send("/as/cy/note", 60.0, 90.0, 1, 200.0)  # a bridge that speaks for a human
    stage.advance(4)
    assert ann.got(NOTE)


def test_whatever_asks_a_leashed_player_to_plan_it_does_not() -> None:
    stage, ann, _ = leashed()
    session = stage.engine._sessions["main"]
    voice = session.voices["sideman"]
    voice.playing = True
    session.replan(voice, stage.clock.now())
    stage.engine._run(session, stage.clock.now())
    stage.advance(4)
    assert not voice.playing
    assert ann.got(NOTE) == []


def test_a_human_still_brings_it_back_by_an_onset_play_or_start() -> None:
    for said in (("/note", 60.0, 90.0, 1, 200.0), ("/player/sideman/play",)):
        stage, ann, bot = leashed()
        bot.send("/player/sideman/stop")
        bot.send("/player/sideman/play")
        ann.send(*said)
        stage.advance(3)
        assert ann.got(NOTE)
    stage, ann, bot = leashed()
    ann.send("/stop")
    ann.send("/start")
    stage.advance(3)
    assert ann.got(NOTE)


def test_a_humans_next_plays_one_event_of_a_leashed_player() -> None:
    stage, ann, _ = leashed()
    ann.send("/player/sideman/next")
    stage.advance(5)
    assert len(ann.got(NOTE)) == 1
    assert ann.got(STATE) == []


def test_a_sensors_delayed_command_renews_nothing() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    sensor = stage.performer("sensor", 0, "-", "main", "sensor")
    ann.send("/start")
    for _ in range(20):
        sensor.send("/at", "bar", "/player/sideman/mute", 0)
        sensor.send("/at", "beat", "/tempo", 120)
        quiet(ann, sensor, 5)
    assert ann.got(STATE)[-1][0] == "leashed"


def test_a_delayed_command_is_no_human_act_when_it_is_done() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    ann.send("/chart/set", "[A] C" + " | C" * 39 + " | [B] F")  # B comes after 80 s
    ann.send("/start")
    stage.advance(0.1)
    ann.send("/at", "section", "/tempo", 119)
    ann.send("/at", "section", "/player/sideman/play")
    ann.send("/at", "section", "/player/sideman/param/leash", 63)
    quiet(ann, 75)
    assert ann.got(STATE)[-1][0] == "leashed"
    ann.clear()
    quiet(ann, 30)
    assert ann.got("/tempo") == [(119,)]
    assert ann.got(NOTE) == []


def test_a_delayed_play_within_the_leash_is_what_the_human_wants() -> None:
    stage, ann, _ = leashed()
    ann.send("/start")
    stage.advance(0.1)
    ann.send("/at", "bar", "/player/sideman/play")
    stage.advance(4)
    assert ann.got(NOTE)


def test_a_slower_tempo_makes_no_leash_longer_in_beats() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    bot = stage.performer("bot", 0, "-", "main", "bot")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/param/leash", 100)
    quiet(ann, bot, 49)  # 90 beats and more
    bot.send("/tempo", 20)
    quiet(ann, bot, 35)  # ten beats and more, of three seconds
    assert ann.got(STATE)[-1][0] == "leashed"


def test_a_leash_counts_from_when_it_is_set() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/param/leash", 0)
    quiet(ann, 100)
    assert ann.got(STATE)[-1][0] == "playing"
    ann.send("/player/sideman/param/leash", 300)  # 150 s
    quiet(ann, 100)
    assert ann.got(STATE)[-1][0] == "playing"
    ann.send("/player/sideman/param/leash", 64)
    quiet(ann, 70)
    assert ann.got(STATE)[-1][0] == "leashed"


def test_a_bot_may_shorten_a_leash_and_it_counts() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    bot = stage.performer("bot", 0, "-", "main", "bot")
    ann.play(PHRASE)
    ann.send("/player/sideman/param/leash", 1000)
    ann.clear()
    bot.send("/player/sideman/param/leash", 64)
    quiet(ann, bot, 70)
    assert ann.got(STATE)[-1][0] == "leashed"
    bot.send("/player/sideman/param/leash", 2000)
    assert bot.got("/error")[-1][1] == "only a human lets sideman play on for longer"


@pytest.mark.parametrize("ways", [["undo"], ["drop", "new"], ["drop", "new", "undo"]])
def test_no_bot_lengthens_a_leash_that_a_human_has_shortened(ways: list[str]) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    bot = stage.performer("bot", 0, "-", "main", "bot")
    bot.send("/player/sideman/param/temperature", 0.5)
    bot.send("/player/sideman/param/leash", 32)
    stage.advance(3)
    ann.send("/player/sideman/param/leash", 8)
    if "new" in ways:
        ann.clear()  # who makes it anew says so
    for way in ways:
        bot.send(f"/player/sideman/{way}", *(["oracle"] if way == "new" else []))
    assert ("leash", 8.0) in ann.got("/player/sideman/is")
    ann.clear()
    ann.send("/player/sideman/get", "leash")
    assert ann.got("/player/sideman/is") == [("leash", 8.0)]
    stage.packet(
        bot.endpoint, bundle("/player/sideman/drop", "/player/sideman/new oracle", "/player/sideman/set leash 64")
    )
    assert bot.got("/error")[-1][:2] == ("/player/sideman/set", "only a human lets sideman play on for longer")


def bundle(*lines: str) -> bytes:
    """Messages, each as its words, in one packet."""
    return encode_bundle(IMMEDIATELY, [encode(*line.split()) for line in lines])


def test_a_bot_takes_back_its_last_change_that_is_no_shorter_leash() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    bot = stage.performer("bot", 0, "-", "main", "bot")
    bot.send("/player/sideman/param/temperature", 0.5)
    bot.send("/player/sideman/param/leash", 32)
    bot.send("/player/sideman/undo")
    assert bot.got("/player/sideman/is")[-1] == ("temperature", 1.0)
    bot.send("/player/sideman/undo")
    assert bot.got("/error")[-1][1] == "you have changed nothing of sideman"
    ann.send("/player/sideman/param/leash", 4)
    ann.send("/player/sideman/undo")
    assert ann.got("/player/sideman/is")[-1] == ("leash", 32.0)


def test_who_is_made_anew_by_a_human_has_the_leash_of_all() -> None:
    ann = Stage().performer("ann")
    ann.send("/player/sideman/param/leash", 8)
    ann.send("/player/sideman/drop")
    ann.send("/player/sideman/new", "oracle")
    ann.send("/player/sideman/get", "leash")
    assert ann.got("/player/sideman/is")[-1] == ("leash", 64.0)


def test_the_configuration_may_set_any_leash_and_says_who_is_a_human() -> None:
    endless = PlayerSettings("echo", mode="free", params={"leash": 0})
    short = PlayerSettings("short", memory="echo", mode="free")
    sensor = PerformerSettings("sensor", kind="sensor", address="127.0.0.1:9000")
    stage = Stage(settings=Settings(players=[endless, short], performers=[sensor], sessions=[SessionSettings("main")]))
    assert stage.engine.complaints == []
    ann = stage.performer("ann")
    ann.play(PHRASE)
    for _ in range(20):
        stage.packet(("127.0.0.1", 9000), encode("/note", 60.0, 90.0, 1, 100.0))
        quiet(ann, 5)
    assert ann.got("/player/echo/state")[-1][0] == "playing"
    assert ann.got("/player/short/state")[-1][0] == "leashed"


def test_over_a_running_chart_it_falls_silent_too_while_the_clock_goes_on() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/chart/load", "blues")
    ann.play(PHRASE)
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/param/chord_tones", 0.8)
    ann.send("/start")
    quiet(ann, 50)
    ann.clear()
    quiet(ann, 30)
    assert [said[0] for said in ann.got(STATE)] == ["leashing", "leashed"]
    ann.clear()
    stage.advance(10)
    assert ann.got(NOTE) == []
    assert len(ann.got("/clock")) == 20


def test_an_answer_that_was_not_asked_for_is_not_played() -> None:
    stage, ann, _ = leashed()
    voice = stage.engine._sessions["main"].voices["sideman"]
    why = Why("plugin", 1.0, 1.0, 0.0, 0, "ann", 0, 0.0, 1)
    planned = Planned(voice.cursor_beat + 1, 1.0, (Note(60.0, 90.0, 0.0, 1.0),), "", why)
    for revision in range(voice.revision + 2):
        answer = Answer("main/sideman", voice.epoch, revision, 5, (planned,) * 4)
        stage.feed(Answered(stage.clock.now(), answer))
    stage.advance(5)
    assert ann.got(NOTE) == []
    assert ann.got(STATE) == []


def test_nobody_joins_under_a_players_name_to_be_heard_as_it() -> None:
    stage = Stage()
    stage.performer("ann")
    other = stage.performer("sideman")
    other.send("/join", "sideman")
    assert other.got("/error")[0][1] == "sideman is a player's name here"


def test_a_player_learns_nothing_from_itself_unless_told_and_shows_whom_it_hears() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(5)
    ben = stage.performer("ben")
    session = stage.engine._sessions["main"]
    length = session.memory_lengths["sideman"]
    ann.send("/player/sideman/mode", "free")
    stage.advance(20)
    assert len(ann.got(NOTE)) > 10
    assert session.memory_lengths["sideman"] == length
    ann.send("/player/sideman/hear", "*", "sideman")
    assert ben.got("/player/sideman/hears") == [("*", "sideman")]
    stage.advance(10)
    assert session.memory_lengths["sideman"] > length
    ann.send("/player/sideman/hear", "*")
    stage.advance(0.5)
    length = session.memory_lengths["sideman"]
    stage.advance(5)
    assert session.memory_lengths["sideman"] == length


@pytest.mark.parametrize("way", ["stop", "mute", "pattern", "bundle", "panic", "halt"])
def test_a_humans_hand_wins_at_once(way: str) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play(PHRASE)
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    ann.send("/chart/set", "[A] C | F")
    ann.send("/start")
    stage.advance(6.3)
    ann.clear()
    if way == "bundle":
        stage.packet(ann.endpoint, encode_bundle(IMMEDIATELY, [encode("/tempo", 99.0), encode("/player/sideman/stop")]))
    else:
        says: dict[str, Said] = {
            "stop": ("/player/sideman/stop",),
            "mute": ("/player/sideman/mute", 1),
            "pattern": ("/player/*/stop",),
            "panic": ("/panic",),
            "halt": ("/stop",),
        }
        address, *arguments = says[way]
        ann.send(str(address), *arguments)
    assert ann.got(NOTE) == []
    stage.advance(5)
    assert ann.got(NOTE) == []


def test_what_is_tried_is_the_same_again_from_the_record() -> None:
    stage, ann, bot = leashed()
    for said in (said for tried in ("a delayed play", "a chart", "stop and start") for said in TRIES[tried]):
        address, *arguments = said
        bot.send(str(address), *arguments)
        stage.advance(0.7)
    ann.send("/note", 60.0, 90.0, 1, 200.0)
    stage.advance(5)
    again = Stage()
    for item in stage.inputs[1:]:
        again.feed(item)
    assert [encode_output(output) for output in stage.outputs] == [encode_output(output) for output in again.outputs]


WORDS = {
    "model": ("oracle", "ngram", "blend"),
    "viewpoint": ("pitch", "pitch*ioi", "interval"),
    "memory": ("sideman", "other"),
    "mode": ("free", "answer", "follow", "chart", "manual"),
    "text": ("[A] Dm7 | G7 | [B] C^7", "C", "-"),
    "when": ("beat", "bar", "section"),
    "bar_or_section": ("A", "B", 1, 2),
    "address": ("/player/sideman/play", "/player/sideman/next", "/start", "/player/*/play", "/chart/jump"),
}
NAMES = ("leash", "sideman", "echo", "bot", "*", "temperature", "chord_tones", "blues", "transpose:7", "other")


def any_command(draw: random.Random) -> Said:
    """Some command of sections 3 to 5, whichever the table has, with arguments that are mostly right."""
    row = draw.choice([row for row in TABLE if row.section >= 3 and not row.template.startswith("/as")])
    address = row.template.replace("<p>", draw.choice(("sideman", "sideman", "echo"))).replace("<m>", "sideman")
    said: list[str | float] = [address.replace("<name>", draw.choice(("leash", "temperature", "chord_tones")))]
    for argument in row.arguments:
        if argument.default is not None and draw.random() < 0.3:
            break
        if argument.name in WORDS:
            said.append(draw.choice(WORDS[argument.name]))
        elif argument.type == "s":
            said.append(draw.choice(NAMES))
        else:
            low, high = argument.low or 0, argument.high or 8
            said.append(float(draw.choice((low, 1, 2, 4, min(high, 64)))))
    return tuple(said)


@pytest.mark.parametrize("seed", [0, 1, 2, 14])
def test_whatever_a_machine_says_and_in_whatever_order_nothing_sounds(seed: int) -> None:
    draw = random.Random(seed)
    stage, ann, bot = leashed(("bot", "sensor", "server", "bot")[seed % 4])
    for count in range(400):
        address, *arguments = any_command(draw)
        bot.send(str(address), *arguments)
        stage.advance(draw.choice((0.0, 0.05, 0.3, 0.6)))
        if count % 25 == 0:
            ann.send("/ping")
    stage.advance(5)
    notes = [heard for heard in ann.heard() if heard.address.startswith("/player/") and heard.address.endswith("/note")]
    assert notes == []
    done = bot.got("/done")
    assert len(done) > 60
    assert len(set(done)) > 20
    if "sideman" in stage.engine._sessions["main"].voices:
        ann.send("/player/sideman/drop")
    ann.send("/player/sideman/new", "oracle")
    ann.send("/player/sideman/mode", "free")
    ann.send("/player/sideman/play")
    ann.play(PHRASE)
    stage.advance(5)
    assert ann.got(NOTE)  # a human still can
