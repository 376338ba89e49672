"""Preferences from recordings: what was liked on stage beside what was not, note by note."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.test_judging import recorded
from sideman.errors import SetupError
from sideman.testing import Performer, Stage
from sideman.training.preferences import read, write
from sideman.training.recorded import of_recordings

P = "/player/sideman"


def played(ann: Performer) -> list[tuple[int, int]]:
    """The number and pitch of each note that was played."""
    return [(int(str(note[4])), int(str(note[0]))) for note in ann.got(f"{P}/note")]


def answered() -> Performer:
    """Somebody who has played and was answered."""
    ann = Stage().performer("ann")
    for _ in range(4):
        ann.play([(60, 0.5), (72, 0.5), (64, 0.5), (76, 0.5)])
        ann.stage.advance(5)
    return ann


def a_judged_evening(path: Path) -> Path:
    """A recording in which somebody liked what was high and disliked what was low."""
    ann = answered()
    for number, pitch in played(ann):
        ann.send(f"{P}/{'like' if pitch >= 70 else 'dislike'}", number)
    return recorded(ann.stage, path)


def test_what_was_liked_stands_beside_what_was_disliked_next_to_it(tmp_path: Path) -> None:
    evening = a_judged_evening(tmp_path / "evening.sideman")
    pairs = of_recordings([evening])
    assert len(pairs) >= 4
    assert all(one.liked.pitches[-1] >= 70 > one.disliked.pitches[-1] for one in pairs)
    assert all(len(one.liked.pitches) == len(one.liked.iois) <= 17 for one in pairs)
    assert of_recordings([evening, evening]) == pairs  # each pair once
    write(tmp_path / "pairs.jsonl", pairs)
    assert read(tmp_path / "pairs.jsonl") == pairs


def test_where_nothing_was_disliked_there_is_nothing_to_compare(tmp_path: Path) -> None:
    ann = answered()
    ann.send(f"{P}/like", played(ann)[0][0])
    with pytest.raises(SetupError, match="1 notes were liked in these recordings and 0 disliked"):
        of_recordings([recorded(ann.stage, tmp_path / "evening.sideman")])
