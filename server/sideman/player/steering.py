"""What a player tells a model that heeds words as it plays: chord, place in the bar, instructions, a plan.

How words become tokens is `tokens/`'s, what the model makes of them its own. What is wanted is said as a phrase begins.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ..events import Query
from ..models import Sampler, chance, least_share
from ..tokens import (
    BAR,
    END_TOKEN,
    MUSIC,
    OWN_PLAN,
    SELF,
    Around,
    Carrying,
    Plan,
    around_tokens,
    instructions_of,
    plan,
    plan_of,
    plan_words,
    planned,
)
from .choosing import Choosing
from .words import Told

#: What is wanted is said again after so many events: what ships hears 256 tokens, and at times remembers but half.
SAID_AGAIN: Final = 24
#: The purposes of the draws of a plan begin here, one a word.
PLAN_PURPOSE: Final = 5000


class Steering(Choosing):
    """A voice that tells its model what is wanted."""

    def _tell(self, query: Query, beat: float, ordinal: int) -> None:
        """Tell what stands before the event that is to be chosen."""
        assert self._walk is not None
        if not self.learned.heeds:
            return
        settings, told = query.settings, self._told
        wanted = f"{settings['instruction']};{settings['plan']}"
        carrying = told.carrying
        if carrying is not None:
            if self._last_pitch is not None:
                carrying = carrying.played(round(self._last_pitch))
            carrying = carrying.at(beat - told.begun_beat)
        again = told.wanted != ";" and told.events >= SAID_AGAIN and (carrying is None or carrying.in_bar == 0)
        over = told.begun_beat < 0 or told.wanted != wanted or (carrying.over if carrying is not None else again)
        if over or again:
            if told.begun_beat >= 0:
                self._walk.steer((END_TOKEN,))
            self._walk.steer(around_tokens(Around(SELF), None))
            self._walk.steer(instructions_of(str(settings["instruction"])))
        if over:
            intended = self._tell_plan(str(settings["plan"]), query.seed, ordinal)
            carrying = Carrying(intended).at(0.0) if intended is not None else None
            told = Told(beat, 0, wanted, Around(SELF))
        elif again and carrying is not None:
            self._walk.steer(plan(carrying.rest))
            told = told._replace(events=0, around=Around(SELF))
        now = Around(SELF, query.chord or None, None, 0.0, (beat - told.begun_beat) % BAR)
        self._walk.steer(around_tokens(now, told.around))
        if carrying is not None:
            self._walk.steer(carrying.cues())
        self._told = told._replace(events=told.events + 1, around=now, carrying=carrying)

    def _tell_plan(self, words: str, seed: int, ordinal: int) -> Plan | None:
        """A plan that was written, or one of the model's own, which is then told."""
        assert self._walk is not None
        if words == OWN_PLAN:
            self._walk.steer(said := self._own_plan(seed, ordinal))
        elif (written := plan_of(words)) is not None:
            self._walk.steer(said := plan(written))
        else:
            return None
        intended = planned(said)
        self._plan = plan_words(intended)
        return intended

    def _own_plan(self, seed: int, ordinal: int) -> tuple[int, ...]:
        """A plan drawn from the model, word by word."""
        assert self._walk is not None
        way = self._walk.copy()
        said: list[int] = []
        sampler = Sampler(min_p=least_share(self.learned.model))

        def draw(name: str, least: int = 0) -> int:
            part = MUSIC.ranges[name]
            p = way.word(part.first + least, part.past)
            bits = chance(seed, self._number, ordinal, PLAN_PURPOSE + len(said))
            value = least + (sampler.pick(np.array(p), bits) if p is not None else 0)
            say(name, value)
            return value

        def say(name: str, value: int) -> None:
            said.append(MUSIC.token(name, value))
            way.steer(said[-1:])

        say("plan", 0)
        draw("cadence", least=1)
        draw("shape")
        for _ in range(draw("bars", least=1)):
            draw("density")
        return tuple(said)

    def _take_plan(self) -> str:
        """What it intends, if it was not taken yet."""
        intended, self._plan = self._plan, ""
        return intended
