"""Saving, loading and clearing memories while they are played from, and being forgotten."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from sideman.band import WEIGHED_EVERY, Band
from sideman.effects import Cut
from sideman.engine import Engine
from sideman.events import Event, Note, Query
from sideman.inputs import Begin, Datagram, Loaded
from sideman.journal import Recorder, read
from sideman.memory import SEGMENT, Memory
from sideman.models import Oracle
from sideman.osc import IMMEDIATELY, decode, encode, encode_bundle
from sideman.plugin import bundled
from sideman.replay import verify
from sideman.settings import Limits, Settings
from sideman.testing import Performer, Stage, flattened

LOW = [48, 50, 52, 53, 55, 53, 52, 50] * 5
HIGH = [84, 86, 88, 89, 91, 89, 88, 86] * 5


def stage_with(tune: list[int], settings: Settings | None = None) -> tuple[Stage, Performer]:
    stage = Stage(settings=settings)
    ann = stage.performer("ann")
    ann.send("/player/solo/new", "oracle")
    ann.send("/player/solo/set", "leash", 0)
    ann.send("/player/sideman/stop")
    ann.play([(pitch, 0.25) for pitch in tune])
    stage.advance(2)
    ann.clear()
    return stage, ann


def plays(stage: Stage, ann: Performer, seconds: float = 4.0) -> set[object]:
    """The pitches that the player plays when it is let go."""
    ann.clear()
    ann.send("/player/solo/mode", "free")
    ann.send("/player/solo/play")
    stage.advance(seconds)
    ann.send("/player/solo/stop")
    return {arguments[0] for arguments in ann.got("/player/solo/note")}


def test_a_memory_is_saved_and_another_player_loads_it() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/save", "evening")
    assert ann.got("/done") == [("/memory/solo/save",)]
    other, bob = stage_with(HIGH)
    other.files = stage.files
    bob.send("/memory/solo/load", "evening")
    assert bob.got("/done") == [("/memory/solo/load",)]
    assert plays(other, bob) <= set(LOW)


def test_loading_while_it_plays_leaves_no_gap_and_keeps_what_is_heard_meanwhile() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/save", "evening")
    other, bob = stage_with(HIGH)
    other.files, other.building_s = stage.files, 1.5
    bob.send("/player/solo/mode", "free")
    bob.send("/player/solo/play")
    bob.send("/memory/solo/load", "evening")
    bob.clear()
    bob.play([(30, 0.25), (31, 0.25), (32, 0.25)])
    other.advance(3)
    times = [heard.time_s for heard in bob.heard() if heard.address == "/player/solo/note"]
    assert max(later - earlier for earlier, later in pairwise(times)) < 0.6
    memory = other.engine.band.memory("main/solo")
    assert memory.remembered == len(LOW) + 3
    assert len(other.engine.band._players["main/solo"][0].learned.places) == len(LOW) + 3


def test_a_file_that_is_not_there_or_damaged_is_told_and_nothing_changes() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/load", "evening")
    stage.files["broken"] = b"sideman memory\n\x01\x00 and then nonsense"
    ann.send("/memory/solo/load", "broken")
    first, second = ann.got("/error")
    assert str(first[1]).startswith("evening: there is no such file")
    assert "damaged at byte" in str(second[1])
    assert second[2] == "the memory stays as it is"
    assert plays(stage, ann) <= set(LOW)


def test_a_cleared_memory_is_empty_and_learns_on() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/clear")
    assert plays(stage, ann) == set()
    ann.play([(84, 0.25), (86, 0.25), (88, 0.25)])
    assert plays(stage, ann) <= {84, 86, 88}


def test_undo_brings_back_what_was_cleared() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/clear")
    ann.send("/player/solo/undo")
    assert not ann.got("/error")
    assert plays(stage, ann) <= set(LOW)
    assert plays(stage, ann)


def test_an_unknown_memory_is_refused_with_those_that_there_are() -> None:
    _, ann = stage_with(LOW)
    ann.send("/memory/nothing/clear")
    ann.send("/memory/solo/save", "../etc")
    what = [error[1:] for error in ann.got("/error")]
    assert what[0] == ("no memory 'nothing'", "memories here: sideman, solo")
    assert what[1][0] == "'../etc' is not a name"


def test_who_wishes_to_be_forgotten_is_forgotten_everywhere_and_the_others_are_not() -> None:
    stage, ann = stage_with(LOW)
    bob = stage.performer("bob")
    bob.play([(pitch, 0.25) for pitch in HIGH])
    stage.advance(2)
    stage.building_s = 1.0
    ann.send("/forget-me")
    assert ann.got("/forgotten") == [(2 * len(LOW),)]  # in the memories of sideman and of solo
    assert plays(stage, ann, 0.9) <= set(HIGH)  # masked at once
    stage.advance(2)
    assert plays(stage, ann) <= set(HIGH)
    learned = stage.engine.band._players["main/solo"][0].learned
    assert len(learned.places) == len(HIGH)
    assert all(event.performer == "bob" for tail in learned.tails.values() for event, _ in tail)
    ann.send("/memory/solo/save", "after")
    assert b'"ann"' not in stage.files["after"]


def test_who_wishes_to_be_forgotten_is_forgotten_in_a_memory_that_is_being_loaded_too() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/save", "evening")
    stage.building_s = 1.0
    ann.send("/memory/solo/load", "evening")
    ann.send("/forget-me")
    assert ann.got("/forgotten") == [(3 * len(LOW),)]
    stage.advance(3)
    assert plays(stage, ann) == set()
    assert len(stage.engine.band._players["main/solo"][0].learned.places) == 0
    ann.send("/memory/solo/save", "after")
    assert b'"ann"' not in stage.files["after"]


def test_what_is_forgotten_for_good_is_not_brought_back_by_undo() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/clear")
    ann.send("/forget-me")
    ann.send("/player/solo/undo")
    assert plays(stage, ann) == set()


def test_a_replay_loads_what_was_loaded() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/save", "evening")
    ann.send("/memory/solo/clear")
    ann.send("/memory/solo/load", "evening")
    assert plays(stage, ann) <= set(LOW)
    assert any(isinstance(item, Loaded) and item.data for item in stage.inputs)
    begin = stage.inputs[0]
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    assert [engine.feed(item) for item in stage.inputs[1:]] == stage.outputs_of[1:]


def test_where_a_loaded_memory_begins_depends_on_the_inputs_and_not_on_when_its_file_was_read() -> None:
    stage, ann = stage_with(LOW)
    ann.send("/memory/solo/save", "evening")
    band, data = stage.engine.band, stage.files["evening"]
    early = band.decode(data)  # on another thread, before more is heard
    ann.play([(84, 0.25), (86, 0.25)])
    stage.advance(2)
    late = band.decode(data)
    past = len(band.memory("main/solo"))
    band.load("main/solo", early)
    assert early.first == past + SEGMENT
    band.load("main/solo", late)  # before the other is switched in: none of its positions is another's
    assert late.first == len(early) + SEGMENT
    assert [event for _, event, _ in late.snapshot()] == [event for _, event, _ in early.snapshot()]


def test_what_was_forgotten_moves_with_a_memory() -> None:
    memory = Memory(4, 100)
    for number in range(10):
        memory.append(Event("ann", number, number * 1.0, 1.0, (Note(60, 80, 0.0, 1.0),)), 0)
    memory.forget([(2, 5)])
    memory.move(1000)
    assert [memory.has(position) for position in range(1000, 1010)] == [True] * 2 + [False] * 3 + [True] * 5
    assert not memory.has(0)


def test_clearing_while_it_plays_asks_once_and_leaves_the_new_plan_whole() -> None:
    stage, ann = stage_with([60, 62, 64] * 5)
    for name in ("solo", "twin"):
        ann.send(f"/player/{name}/new", "oracle", "pitch*ioi", "solo")
        ann.send(f"/player/{name}/mode", "free")
        ann.send(f"/player/{name}/play")
    stage.advance(1)
    asked: list[Query] = []
    answer = stage.engine.band.answer
    stage.engine.band.answer = lambda query: asked.append(query) or answer(query)  # type: ignore[method-assign, func-returns-value]
    before = len(stage.outputs_of)
    ann.send("/player/solo/forget", 0.5)  # learned afresh in the same breath
    assert sorted(query.player for query in asked) == ["main/solo", "main/twin"]
    # What each player was still to say is void before anything new is planned, and nothing of that is cut.
    outputs = [output for outputs in stage.outputs_of[before:] for output in outputs]
    for player in ("main/solo", "main/twin"):
        cuts = [at for at, output in enumerate(outputs) if isinstance(output, Cut) and output.player == player]
        sends = [at for at, output in enumerate(outputs) if not isinstance(output, Cut) and output.epoch
                 and output.epoch[0] == player]  # fmt: skip
        assert cuts
        assert sends
        assert max(cuts) < min(sends)


def recorded(stage: Stage, path: Path) -> Recorder:
    """What a stage was fed and what came out, as the live server records it."""
    recorder = Recorder(path)
    for number, (item, outputs) in enumerate(zip(stage.inputs, stage.outputs_of, strict=True), 1):
        recorder.input(number, item)
        if isinstance(item, Datagram):
            recorder.spoke(item.source, stage.spoke_of[number - 1])
        for output in outputs:
            recorder.output(output)
    recorder.flush()
    return recorder


def pitches_in(path: Path) -> list[object]:
    """The pitches that are played in a recording."""
    packets = [frame[1].packet for frame in read(path) if isinstance(frame[1], Datagram)]
    messages = [message for packet in packets for message in flattened(decode(packet))]
    return [message.arguments[0] for message in messages if message.address.endswith("/note") and message.arguments[1]]


def test_a_recording_loses_what_was_played_by_who_is_forgotten_and_says_so(tmp_path: Path) -> None:
    stage, ann = stage_with(LOW)
    bob = stage.performer("bob")
    bob.send("/listen", "/performer/*/note")
    ann.play([(77, 0.25)])
    path = tmp_path / "evening.sideman"
    recorder = recorded(stage, path)
    before = verify(path)
    assert (before.difference, before.erased) == ("", 0)
    assert pitches_in(path) == [*LOW, 77]
    size = path.stat().st_size
    recorder.erase("main", "ann")
    recorder.close()
    assert path.stat().st_size == size
    assert b"/performer/ann/note" not in path.read_bytes()
    assert pitches_in(path) == []
    assert verify(path).erased > 0


def test_a_recording_loses_all_that_one_played_from_whatever_port_and_nothing_of_others(tmp_path: Path) -> None:
    stage = Stage()
    ann = Performer(stage, "ann")
    ann.send("/join", "ann")
    ann.play([(60, 0.25)])
    elsewhere = Performer(stage, "ann", "127.0.0.2")  # her network is another one
    elsewhere.send("/join", "ann", 0, str(ann.got("/joined")[0][3]))
    elsewhere.play([(61, 0.25)])
    elsewhere.send("/leave")
    again = stage.performer("ann")
    again.play([(62, 0.25)])
    hub = stage.performer("hub")
    hub.send("/as/ann/note", 63.0, 90.0, 1, 100.0)
    hub.send("/as/a*/note", 64.0, 90.0, 1, 100.0)
    shared = again  # bob plays at her machine
    shared.send("/join", "bob")
    shared.play([(70, 0.25)])
    here = [encode("/note", 71.0, 90.0, 1, 100.0), encode("/join", "ann"), encode("/note", 65.0, 90.0, 1, 100.0)]
    stage.packet(shared.endpoint, encode_bundle(IMMEDIATELY, [*here, encode("/join", "bob")]))
    hub.send("/note", 72.0, 90.0, 1, 100.0)
    other = stage.performer("ann", 0, "-", "elsewhere")
    other.play([(73, 0.25)])
    for address in ("/join", "/forget-me"):
        shared.send(address, *(["ann"] if address == "/join" else []))
    assert stage.engine.erasures == [("main", "ann")]
    path = tmp_path / "evening.sideman"
    recorder = recorded(stage, path)
    assert verify(path).difference == ""
    recorder.erase("main", "ann")
    recorder.close()
    assert pitches_in(path) == [70, 72, 73]


def test_a_memory_that_is_full_goes_on_without_its_oldest() -> None:
    stage, ann = stage_with(LOW, Settings(limits=Limits(memory_events=60)))
    ann.play([(pitch, 0.25) for pitch in HIGH * 2])
    stage.advance(2)
    memory = stage.engine.band.memory("main/solo")
    assert memory.remembered <= 60
    assert plays(stage, ann) <= set(HIGH)
    assert len(stage.engine.band._players["main/solo"][0].learned.places) <= 60


def test_all_memories_together_stay_within_their_bytes() -> None:
    band, most = Band({"oracle": Oracle}), 0
    band.limit(100, 100_000, 300_000)
    band.make("p", "oracle", "pitch", "main/p")
    band.make("q", "oracle", "pitch", "main/q")
    for number in range(20_000):
        event = Event("ann", number, number * 1.0, 1.0, (Note(60 + number % 12, 80, 0.0, 1.0),))
        band.hear(["p", "q"], [True, True], event, 0)
        band.settle()
        most = max(most, band.held_bytes)
    assert most < 300_000 + WEIGHED_EVERY * 2 * 250
    assert band.memory("main/p").first > 0
