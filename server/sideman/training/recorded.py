"""Preferences from recordings: notes that performers liked, each beside one that they did not.

A judgement is of one note, so only that note counts; what the player had played before it is what it goes on from.
Their instruments are not here: what a player had heard is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from ..errors import SetupError
from ..events import Planned
from ..judgement import Judgement
from ..replay import judged
from ..viewpoint.component import time_class
from .phrases import Phrase
from .preferences import Preference


def of_recordings(paths: Sequence[Path]) -> list[Preference]:
    """Each note that was liked with the one that was disliked next to it in time, and the other way round.

    Raises `SetupError` where there is nothing to compare: nothing liked, or nothing disliked.
    """
    found: dict[tuple[Phrase, Phrase], None] = {}
    sizes = [0, 0]
    for path in paths:
        judgements = [one for one in judged(path) if one.planned.notes]
        liked, disliked = ([one for one in judgements if one.value * sign > 0] for sign in (1, -1))
        sizes = [sizes[0] + len(liked), sizes[1] + len(disliked)]
        for one in liked if disliked else ():
            found[_line(one), _line(_nearest(one, disliked))] = None
        for one in disliked if liked else ():
            found[_line(_nearest(one, liked)), _line(one)] = None
    if not found:
        raise SetupError(
            f"{sizes[0]} notes were liked in these recordings and {sizes[1]} disliked: there is nothing to compare",
            "send both /player/NAME/like and /player/NAME/dislike in an evening, and record it with --record",
        )
    return [Preference((), liked, disliked, last_only=True) for liked, disliked in found]


def _nearest(one: Judgement, others: Sequence[Judgement]) -> Judgement:
    return min(others, key=lambda other: abs(other.planned.onset_beats - one.planned.onset_beats))


def _line(judgement: Judgement) -> Phrase:
    """What the player had played, and the note that was judged last."""
    played = [planned for planned in (*judgement.before, judgement.planned) if planned.notes]
    gaps = [later.onset_beats - earlier.onset_beats for earlier, later in pairwise(played)]
    return Phrase(tuple(map(_top, played)), tuple(map(time_class, (*gaps, played[-1].span_beats))))


def _top(planned: Planned) -> int:
    return min(max(round(max(note.pitch for note in planned.notes)), 0), 127)
