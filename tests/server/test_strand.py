"""Strands, stand-ins and the thread of slow models."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from server.slow import Broken, Last, Many, State
from sideman.band import Band
from sideman.effects import Unmake
from sideman.elsewhere import Place
from sideman.events import Answer, Event, Note, Query
from sideman.inference import Inference
from sideman.learned import Key
from sideman.memory import Memory
from sideman.models import Floats, Intervals, Ints, ModelFactory
from sideman.params import PLAYER_PARAMS, defaults
from sideman.plugin import bundled
from sideman.standin import REPEATED_BEATS, answer_instead, stand_in
from sideman.strand import Become, Fault, Fill, Handed, Hear, Ready, Report, Strand

LIMITS = (100, 1000, 10_000_000)
FACTORIES: dict[str, ModelFactory] = {"slow": Last, "many": Many, "broken": Broken}


def event(number: int, pitch: int | None = None) -> Event:
    note = Note(60 + number % 5 if pitch is None else pitch, 80, 0.0, 0.5)
    return Event("ann", number * 500_000_000, number * 1.0, 1.0, (note,))


def query(player: str, **more: object) -> Query:
    asked = Query(player, 0, 0, 0, 1, 0, 100.0, 102.0, 8, settings=defaults(PLAYER_PARAMS), played=())
    return replace(asked, **more)  # type: ignore[arg-type]


def memory(events: int) -> Memory:
    made = Memory(100, 1000)
    for number in range(events):
        made.append(event(number), 3)
    return made


def fill(held: Memory) -> Fill:
    return Fill("m", held.snapshot(), (held.velocity_sum, held.velocity_count))


def become(player: str, model: str = "slow", job: int = 0) -> Become:
    return Become(player, Key("m", "pitch*ioi", model), job)


def answers(reports: list[Report]) -> list[Answer]:
    return [report for report in reports if isinstance(report, Answer)]


def test_a_strand_does_all_in_order_but_the_questions_last_and_only_the_newest_of_each_player() -> None:
    strand = Strand(FACTORIES, *LIMITS)
    handed: list[Handed] = [fill(memory(20)), become("p"), become("q"), query("p", revision=1), query("q")]
    handed += [query("p", revision=2), Hear(("m",), ("p", "q"), event(20, 90), 3)]
    p, q = answers(strand.do(handed))
    assert (p.player, p.revision, q.player) == ("p", 2, "q")
    assert p.events
    learned = strand.band._players["p"][0].learned
    assert isinstance(learned.model, Last)
    assert len(learned.model.learned) == 21


def test_a_question_to_who_has_ended_is_dropped_and_one_to_who_was_never_there_is_told() -> None:
    strand = Strand(FACTORIES, *LIMITS)
    strand.do([fill(memory(5)), become("p"), become("q")])
    assert strand.do([query("p"), Unmake("p")]) == []
    assert strand.do([query("p")]) == [Fault("p", "it is not there any more")]
    assert answers(strand.do([query("q")]))


def test_what_one_player_fails_at_is_no_other_players_fault() -> None:
    strand = Strand(FACTORIES, *LIMITS)
    strand.do([fill(memory(20)), become("p", "slow", 7), become("q", "broken", 8)])
    reports = strand.do([query("q"), query("p")])
    assert Fault("q", "RuntimeError: no idea") in reports
    assert [answer.player for answer in answers(reports)] == ["p"]
    assert strand.do([become("r", "slow", 9)]) == [Ready(9)]


def test_a_memory_is_the_same_elsewhere_with_its_places_and_gaps() -> None:
    held = Memory(7, 1000, first=300)
    for number in range(40):
        held.append(event(number), number % 3)
    held.forget([(310, 313), (335, 340)])
    other = held.snapshot().memory(1000)
    for number in range(5):
        held.append(event(90 + number), 1)  # meanwhile
    assert list(other.snapshot()) == list(held.snapshot())[:40]
    other.append(event(90), 1)
    assert other.event(340) == held.event(340)


def test_who_is_told_what_was_played_goes_on_from_there_whoever_chose_it() -> None:
    """One that chose all itself and one that is told the same, event by event, answer alike."""
    strand = Strand(FACTORIES, *LIMITS)
    strand.do([fill(memory(40)), become("p"), become("twin")])
    band = strand.band
    first = band.answer(query("p", count=4, until_beats=200.0))
    told = band.answer(query("twin", count=4, until_beats=200.0))
    assert [planned.notes for planned in first.events] == [planned.notes for planned in told.events]
    more = {"ordinal": 2, "onset_beats": first.events[2].onset_beats, "count": 2, "until_beats": 200.0}
    # Of its four events only two were played: it takes the others back, and chooses them again.
    again = band.answer(query("p", played=first.events[:2], **more))
    assert again.events == first.events[2:]
    # Somebody else's events were played in its place: it stands behind those.
    band.answer(query("twin", count=1, ordinal=60, played=first.events[:1], until_beats=200.0))
    other = band.answer(query("twin", played=first.events[:2], **more))
    assert [planned.notes for planned in other.events] == [planned.notes for planned in first.events[2:]]


def test_models_that_foresee_are_told_of_all_that_wait_before_each_event() -> None:
    strand = Strand(FACTORIES, *LIMITS)
    strand.do([fill(memory(40)), *(become(name, "many") for name in "pqr")])
    strand.do([query("p", count=1), query("q", count=2), query("r", count=2)])
    model = strand.band._players["p"][0].learned.model
    assert isinstance(model, Many)
    assert model.foreseen == [3, 2]


def stand(events: int) -> Band:
    band = bundled()
    band.fill("m", memory(events))
    band.make("s/p", stand_in(band.models), "pitch*ioi", "m")
    band.settle()
    return band


def test_the_ngram_stands_in_then_the_oracle() -> None:
    assert stand_in(("blend", "oracle", "ngram")) == "ngram"
    assert stand_in(("blend", "oracle")) == "oracle"
    answer = answer_instead(stand(40), query("s/p"), "slow was late")
    assert answer.events
    assert all(planned.why.model == "ngram" for planned in answer.events)
    assert all(planned.why.bound_by[0] == "fell back to ngram: slow was late" for planned in answer.events)


def test_where_no_model_has_a_word_to_say_the_last_beats_are_repeated_and_then_there_is_rest() -> None:
    played = answer_instead(stand(40), query("s/p", count=12, until_beats=200.0), "late").events
    band = stand(0)
    more = {"played": played, "onset_beats": 300.0, "until_beats": 320.0, "count": 10}
    repeated = answer_instead(band, query("s/p", **more), "late").events
    kept = [planned.notes for planned in played[-round(REPEATED_BEATS) :]]
    assert [planned.notes for planned in repeated] == (kept * 3)[:10]
    assert repeated[0].onset_beats == 300.0
    assert repeated[0].why.bound_by == ("fell back to a repeat: late",)
    assert repeated[0].why.key == "1/p/0"
    assert answer_instead(band, query("s/p"), "late").events == ()


class Gated(Many):
    """One that answers when the test lets it."""

    gate = threading.Event()
    entered = threading.Event()

    def predict(self, state: State, prefix: Sequence[int] = (), exclude: Intervals = ()) -> tuple[Ints, Floats]:
        Gated.entered.set()
        assert Gated.gate.wait(20)
        return super().predict(state, prefix, exclude)


@pytest.mark.timeout(60)
def test_what_gathers_while_the_thread_is_busy_is_done_together_and_in_order() -> None:
    Gated.gate.clear()
    Gated.entered.clear()
    reports: list[Report] = []
    done = threading.Semaphore(0)

    def report(item: Report) -> None:
        reports.append(item)
        done.release()

    inference = Inference({"gated": Gated}, LIMITS, report)
    place = Place("gated", "gated")
    inference.hand(place, fill(memory(20)))
    for name in "pqr":
        inference.hand(place, become(name, "gated"))
    inference.hand(place, query("p", count=1))
    assert Gated.entered.wait(20)
    inference.hand(place, query("q", count=1, revision=1))
    inference.hand(place, Hear(("m",), ("p",), event(20, 90), 3))
    inference.hand(place, query("r", count=1))
    inference.hand(place, query("q", count=1, revision=2))
    assert not reports
    Gated.gate.set()
    for _ in range(3):
        assert done.acquire(timeout=20)
    inference.close()
    assert [(report.player, report.revision) for report in answers(reports)] == [("p", 0), ("q", 2), ("r", 0)]
    model = inference._strands[place].band._players["p"][0].learned.model
    assert isinstance(model, Gated)
    assert model.foreseen == [1, 2]
    assert len(model.learned) == 21
