"""Judgements of performers on what players played: kept with the event, and handed to who reads a recording."""

from __future__ import annotations

from dataclasses import replace

from ..judgement import CONTEXT_EVENTS, Judgement
from ..voice import Voice
from .handling import Handling


class Judging(Handling):
    """Events that are liked, or not."""

    def judge(self, voice: Voice, number: int, by: str, value: int, now: int) -> int:
        """Keep what somebody thinks of an event that was played (0: nothing any more); what it was before."""
        at = max((at for at, played in enumerate(voice.played) if played.number == number), default=-1)
        if at < 0:
            return 0  # it is so long ago that it is not remembered any more
        played = voice.played[at]
        said = dict(played.judged)
        before = said.pop(by, 0)
        if value:
            said[by] = value
        voice.played[at] = replace(played, judged=tuple(said.items()))
        context = tuple(voice.played[place].planned for place in range(max(0, at - CONTEXT_EVENTS), at))
        self.judgements.append(Judgement(now, self.name, voice.name, by, number, value, played.planned, context))
        return before
