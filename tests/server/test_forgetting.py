"""Being forgotten while something is learned in the background: nothing of it is ever used, whenever it comes."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest

from server.slow import Last
from sideman.band import Band
from sideman.columns import FRESH
from sideman.engine import Engine
from sideman.events import Event, Note
from sideman.inputs import Begin, Datagram, Failed
from sideman.journal import encode_output
from sideman.learned import AT_ONCE, Job, Key
from sideman.memory import Memory
from sideman.models import Alphabet, Model, Oracle
from sideman.plugin import bundled
from sideman.settings import Limits, Settings
from sideman.testing import Performer, Stage

LOW = [48, 50, 52, 53, 55, 53, 52, 50] * 5
HIGH = [84, 86, 88, 89, 91, 89, 88, 86] * 5


def both_have_played(settings: Settings | None = None) -> tuple[Stage, Performer]:
    """Ann has played low, then Bob high; a player goes on from both; to learn afresh takes a second."""
    stage = Stage(settings=settings)
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/player/solo/new", "oracle")
    bob.send("/player/solo/set", "leash", 0)
    bob.send("/player/sideman/stop")
    ann.play([(pitch, 0.25) for pitch in LOW])
    bob.play([(pitch, 0.25) for pitch in HIGH])
    stage.advance(2)
    bob.send("/player/solo/play")
    stage.advance(1)
    stage.building_s = 1.0
    return stage, bob


def again(stage: Stage, played_since: int = 0) -> Engine:
    """What another engine makes of the same inputs, that learns as late as it can; all that came out is the same."""
    begin = stage.inputs[0]
    assert isinstance(begin, Begin)
    engine = Engine(begin, bundled())
    before: dict[int, object] = {}
    most = len(HIGH) + played_since
    for number, item in enumerate(stage.inputs[1:], 1):
        outputs = engine.feed(item)
        engine.elsewhere.handed.clear()
        learned = engine.band._learned.values()
        if isinstance(item, Datagram) and b"/forget-me" in item.packet:
            before = {id(one): one for one in learned}
        elif before:  # what is new since has nothing of what is forgotten, not for a moment
            assert all(id(one) in before or len(one.places) <= most for one in learned), f"input {number}"
        assert list(map(encode_output, outputs)) == list(map(encode_output, stage.outputs_of[number])), (
            f"input {number}"
        )
    return engine


def learned_of(engine: Engine, memory: str = "main/solo") -> list[tuple[int, set[str]]]:
    """Of everything that is learned from a memory: how many events, and from whom the latest of them are."""
    return [
        (len(one.places), {event.performer for tail in one.tails.values() for event, _ in tail})
        for key, one in engine.band._learned.items()
        if key.memory == memory
    ]


@pytest.mark.parametrize(
    "job",
    [
        ("/player/solo/model", "ngram"),
        ("/player/solo/viewpoint", "interval"),
        ("/player/late/new", "blend", "pitch", "solo"),
        ("/player/solo/forget", 4),
    ],
)
def test_what_was_built_before_one_is_forgotten_is_built_anew_and_a_replay_that_builds_later_is_the_same(
    job: tuple[str, ...],
) -> None:
    stage, bob = both_have_played()
    bob.send(*job)
    assert stage._built != []  # it is done, and not yet here
    stage.advance(0.9)
    stage.performer("ann").send("/forget-me")
    bob.clear()
    moments = []
    for _ in range(60):
        stage.advance(0.1)
        moments.append(learned_of(stage.engine))
    # Until it is replaced, what was learned before has it, masked; nothing that comes later has it.
    old = [place for place, moment in enumerate(moments) if any("ann" in whose for _, whose in moment)]
    assert old == list(range(len(old)))
    assert len(old) < 25
    assert all(count <= len(HIGH) and whose <= {"bob"} for count, whose in moments[-1])
    assert {arguments[0] for arguments in bob.got("/player/solo/note")} <= set(HIGH)
    assert learned_of(again(stage)) == moments[-1]


def test_what_is_exchanged_for_another_model_never_plays_from_what_was_built_before_one_is_forgotten() -> None:
    stage, bob = both_have_played()
    bob.send("/player/solo/model", "ngram")
    stage.performer("ann").send("/forget-me")
    key = Key("main/solo", "pitch*ioi", "ngram")
    while key not in stage.engine.band._learned:
        stage.advance(0.1)
    assert len(stage.engine.band._learned[key].places) == len(HIGH)
    assert bob.got("/player/solo/state")[-1] == ("playing", "ngram", "free")
    assert not bob.got("/error")


def test_who_is_forgotten_twice_while_it_is_built_is_forgotten() -> None:
    stage, bob = both_have_played()
    ann = stage.performer("ann")
    bob.send("/player/solo/model", "ngram")
    for _ in range(2):
        ann.send("/forget-me")
        ann.play([(40, 0.1), (41, 0.1), (42, 0.1)])
    ann.send("/forget-me")
    stage.advance(6)
    assert learned_of(stage.engine) == [(len(HIGH), {"bob"})]
    assert learned_of(again(stage)) == learned_of(stage.engine)


def test_who_has_nothing_to_be_forgotten_delays_nothing() -> None:
    stage, bob = both_have_played()
    eve = stage.performer("eve")
    bob.send("/player/solo/model", "ngram")
    for _ in range(10):
        eve.send("/forget-me")
        stage.advance(0.1)
    stage.advance(0.1)
    assert bob.got("/player/solo/state")[-1] == ("playing", "ngram", "free")


def test_what_was_played_after_one_was_forgotten_is_kept() -> None:
    stage, bob = both_have_played()
    ann = stage.performer("ann")
    bob.send("/player/solo/model", "ngram")
    ann.send("/forget-me")
    ann.play([(40, 0.1), (41, 0.1), (42, 0.1)])
    stage.advance(4)
    assert learned_of(stage.engine)[0][0] == len(HIGH) + 3
    assert learned_of(again(stage, played_since=3)) == learned_of(stage.engine)


def test_what_lay_in_a_segment_that_has_gone_since_is_not_learned_from_either() -> None:
    stage, bob = both_have_played(Settings(limits=Limits(memory_events=100)))
    bob.send("/player/solo/model", "ngram")
    stage.performer("ann").send("/forget-me")
    bob.play([(pitch, 0.02) for pitch in HIGH * 3])
    stage.advance(6)
    assert all(whose == {"bob"} for _, whose in learned_of(stage.engine))
    assert learned_of(again(stage)) == learned_of(stage.engine)


def test_a_slow_model_takes_over_though_somebody_is_forgotten_meanwhile() -> None:
    stage, bob = both_have_played()
    stage.slow_s = 2.0
    bob.send("/player/solo/model", "llm")
    stage.advance(0.5)
    stage.performer("ann").send("/forget-me")
    stage.advance(8)
    assert bob.got("/player/solo/state")[-1][1] == "llm"
    assert learned_of(stage.engine) == [(len(HIGH), {"bob"})]
    assert learned_of(again(stage)) == learned_of(stage.engine)


def test_a_memory_that_was_loaded_stays_when_a_slow_model_is_ready_that_was_asked_for_before() -> None:
    stage, bob = both_have_played()
    bob.send("/memory/solo/save", "evening")
    bob.play([(pitch, 0.1) for pitch in LOW])
    stage.advance(2)
    stage.slow_s = 4.0
    bob.send("/player/solo/model", "llm")
    bob.send("/memory/solo/load", "evening")
    stage.advance(2)
    assert stage.engine.band.memory("main/solo").remembered == len(LOW + HIGH)
    stage.advance(10)
    assert bob.got("/player/solo/state")[-1][1] == "llm"
    assert stage.engine.band.memory("main/solo").remembered == len(LOW + HIGH)
    assert learned_of(stage.engine)[0][0] == len(LOW + HIGH)


class Told:
    """An oracle, with whose learning something else comes to pass."""

    def __init__(self, alphabet: Alphabet, meanwhile: list[Callable[[], None]]) -> None:
        self._oracle = Oracle(alphabet)
        self._meanwhile = meanwhile

    def learn(self, symbols: npt.NDArray[np.int32], stream: int = 0) -> None:
        """Called once some of a memory has been read."""
        self._oracle.learn(symbols, stream)
        if self._meanwhile:
            self._meanwhile.pop()()

    def __getattr__(self, name: str) -> object:
        return getattr(self._oracle, name)


def filled() -> Memory:
    """Twice as much as is learned in one go, by Ann and Bob in turn."""
    memory = Memory()
    for number in range(2 * AT_ONCE):
        who = "ann" if number % 2 else "bob"
        pitch = 40.0 if number % 2 else 80.0
        note = Note(pitch, 80.0, 0.0, 0.5)
        memory.append(Event(who, number, number * 0.5, 0.5, (note,)), number % 2)
    return memory


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_whenever_one_is_forgotten_the_same_is_learned(moment: str) -> None:
    meanwhile: list[Callable[[], None]] = []
    band = Band({"told": lambda alphabet: cast(Model, Told(alphabet, meanwhile))})
    band.fill("main/solo", filled())
    band.make("main/solo", "told", "pitch", "main/solo")
    (job,) = band.jobs
    band.jobs.clear()  # it is taken to be built

    def forget() -> None:
        assert band.forget_performer("main", "ann") == AT_ONCE

    if moment == "before":
        forget()
    elif moment == "during":
        meanwhile.append(forget)
    job.build()
    assert meanwhile == []
    if moment == "after":
        forget()
    jobs: list[Job] = [job, *band.jobs]
    band.jobs.clear()
    while jobs:
        ready = jobs.pop(0)
        if band.is_void(ready):
            band.renew(ready)
        else:
            ready.build()
            band.switch(ready)
            learned = band._learned[band.key_of("main/solo")]
            assert len(learned.places) == AT_ONCE
            assert learned.masked() == []
        jobs += band.jobs
        band.jobs.clear()
    assert band._players["main/solo"][0].learned is band._learned[band.key_of("main/solo")]
    assert {event.performer for event, _ in band._learned[band.key_of("main/solo")].tails[0]} == {"bob"}


@pytest.mark.parametrize("viewpoint", ["pitch*ioi", "beat*pitch_class"])
def test_of_who_is_forgotten_no_event_is_kept_though_nothing_of_it_was_learned(viewpoint: str) -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.send("/player/sideman/viewpoint", viewpoint)
    ann.send("/player/sideman/learn", 0)
    ann.play([(pitch, 0.3) for pitch in LOW[:10]])
    ann.send("/forget-me")
    assert ann.got("/forgotten") == [(0,)]
    kept = [one for one in gc.get_objects() if isinstance(one, Event) and one.performer == "ann"]
    assert kept == []


def test_of_who_is_forgotten_no_event_is_kept_though_it_was_just_packed() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play([(60 + step % 12, 0.1) for step in range(2 * FRESH)])
    stage.advance(1)
    ann.send("/forget-me")
    kept = [one for one in gc.get_objects() if isinstance(one, Event) and one.performer == "ann"]
    assert kept == []


def test_of_what_was_played_from_somebodys_music_why_no_longer_says_whose_it_was() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.play([(pitch, 0.3) for pitch in LOW[:6]])
    stage.advance(4)
    event = bob.got("/player/sideman/note")[0][4]
    bob.send("/player/sideman/why", int(str(event)))
    assert "ann" in str(bob.got("/player/sideman/why"))
    ann.send("/forget-me")
    bob.clear()
    bob.send("/player/sideman/why", int(str(event)))
    (reason,) = bob.got("/player/sideman/why")
    assert "ann" not in str(reason)
    assert reason[3:5] == ("", -1.0)


def went_round() -> tuple[Stage, Performer, Performer]:
    """Ann has played, then Bob higher; a player has gone on from both, and its last 32 beats go round."""
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    bob.send("/player/sideman/mode", "free")
    for performer, scale in ((ann, LOW), (bob, HIGH)):
        bob.send("/memory/sideman/clear")
        performer.play([(pitch, 0.5) for pitch in scale[:8]])
        stage.advance(4)
    bob.send("/player/sideman/loop", 32)
    bob.clear()
    return stage, ann, bob


def pitches(performer: Performer, player: str = "sideman") -> set[object]:
    """What a player has played since."""
    return {note[0] for note in performer.got(f"/player/{player}/note")}


def test_of_what_goes_round_only_what_others_have_played_goes_on() -> None:
    stage, ann, bob = went_round()
    stage.advance(16)
    assert pitches(bob) & set(LOW)
    assert pitches(bob) & set(HIGH)
    ann.send("/forget-me")
    stage.advance(0.5)  # what sounds may end
    bob.clear()
    stage.advance(16)
    assert pitches(bob)
    assert pitches(bob) <= set(HIGH)
    bob.send("/forget-me")
    assert bob.got("/player/sideman/is") == [("loop", 0.0)]
    stage.advance(0.5)
    ann.clear()
    stage.advance(8)
    bob.send("/player/sideman/loop", 16)
    stage.advance(16)
    assert ann.got("/player/sideman/note") == []


def test_what_is_held_of_who_is_forgotten_is_let_go() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    ann.play([(pitch, 0.5) for pitch in LOW[:8]])
    ann.send("/player/sideman/mode", "free")
    stage.advance(3)
    ann.send("/player/sideman/hold", 1)
    stage.advance(1)
    ann.clear()
    ann.send("/forget-me")
    assert ann.got("/player/sideman/is") == [("hold", 0)]
    assert ann.got("/player/sideman/off")
    stage.advance(30)
    assert ann.got("/player/sideman/note") == []


@pytest.mark.parametrize("fails", [True, False])
def test_who_stands_in_for_a_slow_model_repeats_nothing_of_who_is_forgotten(fails: bool) -> None:
    stage = Stage(slow={"last": Last})
    stage.slow_s = 0.05
    ann = stage.performer("ann")
    ann.send("/player/late/new", "last")
    ann.play([(pitch, 0.5) for pitch in LOW[:4]])
    stage.advance(3)
    ann.send("/player/late/play")
    stage.advance(4)
    if fails:
        stage.feed(Failed(stage.clock.now(), "main/late", "it is gone"))
    else:
        stage.slow_s = 100
    stage.advance(1)
    assert pitches(ann, "late")
    ann.send("/forget-me")
    stage.advance(0.5)
    ann.clear()
    stage.advance(30)
    assert ann.got("/player/late/note") == []


def test_what_is_under_way_of_a_player_that_plays_from_who_is_forgotten_is_not_learned() -> None:
    stage = Stage()
    ann = stage.performer("ann")
    stage.performer("bob")
    ann.send("/player/two/new", "oracle")
    ann.send("/player/two/hear", "sideman")
    ann.play([(pitch, 0.5) for pitch in LOW[:8]])
    stage.advance(5)
    ann.send("/player/sideman/mode", "free")
    stage.advance(4.2)
    memory = stage.engine.band.memory("main/two")
    learned = len(memory)
    assert learned
    ann.send("/forget-me")
    stage.advance(10)
    assert len(memory) == learned
    kept = [one for one in gc.get_objects() if isinstance(one, Event) and "ann" in (one.performer, one.origin)]
    assert kept == []


def test_no_judgement_is_kept_of_what_was_played_from_who_is_forgotten() -> None:
    stage = Stage()
    ann, bob = stage.performer("ann"), stage.performer("bob")
    ann.play([(pitch, 0.3) for pitch in LOW[:6]])
    stage.advance(4)
    bob.send("/player/sideman/like", int(str(bob.got("/player/sideman/note")[0][4])))
    ann.send("/forget-me")
    assert stage.engine.take_judgements() == []
