"""Who answers in place of a slow model: the cheapest there is, what it played again, or nobody.

Each event says in its `why` that it is a stand-in's, and what the better one lacked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from .band import Band
from .events import Answer, Planned, Query, Why

#: The models that stand in, the better first; they learn what the slow one learns, on the loop.
STAND_INS: Final = ("ngram", "oracle")
#: Where no model has a word to say, what was played in the last so many beats is played again.
REPEATED_BEATS: Final = 4.0


def stand_in(models: tuple[str, ...]) -> str:
    """The model that stands in for a slow one, among those of an installation."""
    return next((name for name in STAND_INS if name in models), models[0])


def answer_instead(band: Band, query: Query, reason: str) -> Answer:
    """The stand-in's answer; where it has none a repeat of what was played, and where nothing was, silence."""
    answer = band.answer(query)
    if answer.events:
        said = f"fell back to {band.key_of(query.player).model}: {reason}"
        return replace(answer, events=tuple(_noted(planned, said) for planned in answer.events))
    return replace(answer, events=_repeated(query, f"fell back to a repeat: {reason}"))


def _noted(planned: Planned, said: str) -> Planned:
    return replace(planned, why=replace(planned.why, bound_by=(said, *planned.why.bound_by)))


def _repeated(query: Query, said: str) -> tuple[Planned, ...]:
    """The last beats again, from their first event on, as long as is asked for."""
    kept: list[Planned] = []
    for planned in reversed(query.played or ()):
        if kept and sum(other.span_beats for other in kept) + planned.span_beats > REPEATED_BEATS:
            break
        kept.insert(0, planned)
    events: list[Planned] = []
    beat = query.onset_beats
    while kept and len(events) < query.count and beat < query.until_beats:
        before = kept[len(events) % len(kept)]
        key = f"{query.seed}/{query.player.rpartition('/')[2]}/{query.ordinal + len(events)}"
        why = Why("repeat", 1.0, 1.0, 0.0, 0, before.why.source, before.why.source_position, before.why.source_beat, 0,
                  (said,), key)  # fmt: skip
        events.append(replace(before, onset_beats=beat, why=why))
        beat += before.span_beats
    return tuple(events)
