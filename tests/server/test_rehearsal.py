"""Rehearsals: virtual performers with human failings, hours of them in seconds, held against the error budget."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from sideman.corpora import Piece
from sideman.journal import Recorder
from sideman.osc import Message
from sideman.rehearsal import Act, Human, Ledger, Manners, humans, rehearse, tunes
from sideman.replay import verify
from sideman_client import Client
from system.server import READY

MINUTES = float(os.environ.get("SIDEMAN_MINUTES", "4"))


def acts(human: Human, seed: int = 1, minutes: float = 10, manners: Manners | None = None) -> list[Act]:
    return list(human.acts(seed, manners or Manners(), minutes * 60))


def band(count: int, manners: Manners | None = None) -> list[Human]:
    return humans(tunes(), count, manners or Manners())


def test_the_tunes_are_whole_bars_and_their_chords_cover_them() -> None:
    for piece in tunes():
        beats = sum(4 for _ in range(12)) if piece.name.startswith("Ah") else 32
        assert piece.flows[0].heard[-1].onset_beats + 2 == beats
        onsets = [onset for onset, _ in piece.chords]
        assert onsets[0] == 0
        assert onsets[-1] < beats
        assert all(later > earlier for earlier, later in pairwise(onsets))


def test_the_same_seed_plays_the_same_and_another_does_not() -> None:
    (ann, *_) = band(3)
    assert acts(ann) == acts(ann)
    assert acts(ann) != acts(ann, seed=2)


@pytest.mark.parametrize("number", range(4))
def test_what_somebody_does_is_in_order_and_between_coming_and_going(number: int) -> None:
    human = band(4)[number]
    here = False
    before = 0.0
    for act in acts(human, minutes=60):
        assert act.at_s >= before
        before = act.at_s
        if act.address == "join":
            here = True
        elif act.address == "lapse":
            here = False
        else:
            assert here, act


def test_performers_come_late_drop_out_miss_taps_and_double_them() -> None:
    cast = band(3)
    assert [acts(human)[0].at_s for human in cast] == [0.0, 10.0, 20.0]
    hour = acts(cast[1], minutes=60)
    assert 1 <= sum(act.address == "lapse" for act in hour) <= 20
    taps = [act.at_s for act in hour if act.address == "/beat"]
    gaps = [later - earlier for earlier, later in pairwise(taps)]
    beat_s = 60 / cast[1].piece.bpm
    assert sum(gap < 0.3 * beat_s for gap in gaps) > 20
    assert sum(1.6 * beat_s < gap < 2.4 * beat_s for gap in gaps) > 20
    assert sum(0.7 * beat_s < gap < 1.3 * beat_s for gap in gaps) > 0.7 * len(gaps)


def test_minutes_of_music_keep_the_error_budget() -> None:
    manners = Manners()
    ledger = rehearse(humans(tunes(), 5, manners), manners, MINUTES, 1)
    assert ledger.kept, "\n".join(f"{line.what}: {line.value}" for line in ledger.lines() if line.kept is False)
    assert ledger.played > 100 * MINUTES
    assert ledger.events > 20 * MINUTES
    assert ledger.answers > MINUTES


def test_a_rehearsal_is_recorded_and_replays_byte_for_byte(tmp_path: Path) -> None:
    manners = Manners(commands=120)
    path = tmp_path / "rehearsal.sideman"
    recorder = Recorder(path)
    ledger = rehearse(humans(tunes(), 3, manners), manners, 2, 7, None, recorder)
    recorder.close()
    verdict = verify(path)
    assert verdict.difference == ""
    assert verdict.inputs > 300
    assert ledger.kept


def note(pitch: int, event: int, duration_ms: float = 10_000.0) -> Message:
    return Message("/player/bass/note", (pitch, 90, duration_ms, 1, event))


def test_a_note_without_its_end_is_stuck() -> None:
    ledger = Ledger()
    ledger.arrived(0, note(60, 1))
    ledger.arrived(0, note(64, 1))
    ledger.arrived(10**9, Message("/player/bass/off", (60, 1, 1)))
    ledger.arrived(10**9, Message("/player/bass/state", ("stopped", "oracle", "free")))
    ledger.settle(2 * 10**9)
    assert (ledger.stuck, ledger.notes, ledger.events) == (1, 2, 1)
    assert not ledger.kept


def test_a_note_that_has_ended_by_itself_is_not_stuck() -> None:
    ledger = Ledger()
    ledger.arrived(0, note(60, 1, 400.0))
    ledger.arrived(10**9, Message("/player/bass/state", ("panicked", "oracle", "free")))
    ledger.arrived(2 * 10**9, note(62, 2, 400.0))
    ledger.settle(3 * 10**9, over=True)
    assert ledger.stuck == 0
    assert ledger.kept


def test_a_rehearsal_in_which_no_player_plays_shows_nothing() -> None:
    assert Ledger(played=100).kept
    assert not Ledger(played=101).kept
    assert Ledger(played=101, events=1).kept


def test_what_stand_ins_play_counts_against_the_budget() -> None:
    ledger = Ledger(events=1000)
    ledger.arrived(0, Message("/status/is", ("events_by_stand_ins", 1)))
    assert ledger.kept
    ledger.arrived(0, Message("/status/is", ("events_by_stand_ins", 2)))
    assert not ledger.kept


def test_what_is_late_breaks_the_budget_and_errors_are_told() -> None:
    ledger = Ledger()
    ledger.was_late(4_000_000)
    assert ledger.kept
    ledger.told("/error", ("/note", "not a pitch", "send another"))
    ledger.was_late(6_000_000)
    assert not ledger.kept
    assert any("not a pitch" in line.value for line in ledger.lines())


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sideman", "rehearse", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_command_prints_the_report_and_plays_what_it_is_given(tmp_path: Path) -> None:
    path = tmp_path / "steps.jsonl"
    path.write_text('{"notes": [[0, 1, "open"], [1, 1, "close"], [2, 1, "open"]]}\n', encoding="utf-8")
    lines = '{"notes": [[0, 1, 60], [1, 1, 64], [2, 2, 67]]}\n'
    path.write_text(lines, encoding="utf-8")
    done = run(str(path), "--minutes", "1", "--performers", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 minutes with 2 performers, seed 1, simulated in" in done.stdout
    assert "stuck notes           0  kept" in done.stdout


def test_the_example_with_tokens_is_rehearsed_without_them_by_those_whom_it_expects() -> None:
    trio = Path(__file__).parents[2] / "docs/examples/trio.toml"
    done = run("--config", str(trio), "--minutes", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "errors to performers  0" in done.stdout


def test_what_cannot_be_played_is_refused_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "no.mid").write_bytes(b"no")
    done = run(str(tmp_path / "no.mid"))
    assert done.returncode == 2
    assert "no.mid" in done.stderr
    assert humans([Piece("empty")], 3, Manners()) == []


@pytest.mark.system
def test_a_patch_joins_a_live_rehearsal_hears_it_and_plays_along() -> None:
    import asyncio

    async def play(port: int) -> None:
        async with Client("patch", port=port) as patch:
            patch.send("/listen", "/performer/*/note")
            await patch.wait_for("/performer/human1/note", timeout_s=20)
            for pitch in (60, 62, 64):
                patch.note(pitch, 90, duration_ms=100)
                await asyncio.sleep(0.12)
            await patch.wait_for("/player/sideman/note", timeout_s=20)

    command = [sys.executable, "-m", "sideman", "rehearse", "--live", "--minutes", "0.3", "--performers", "2"]
    with subprocess.Popen([*command, "--late-s", "1"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines: Iterator[str] = iter(process.stdout)
        found = READY.match(next(lines).strip())
        assert found
        asyncio.run(play(int(found[2])))
        report = "".join(lines)
        process.wait(60)
    assert "in real time" in report
    assert "stuck notes           0  kept" in report
    assert "crashes               0  kept" in report
