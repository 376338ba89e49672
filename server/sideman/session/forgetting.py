"""Somebody is to be forgotten: what is under way of theirs, what waits, goes round or is held, and what was learned.

What already sounds may end. What others made of it by themselves (a tempo that was tapped, a chord) is not theirs.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from ..effects import ForgetPerformer
from ..events import Control
from ..seats import Seat
from ..voice import Voice
from .exchanging import Exchanging


class Forgetting(Exchanging):
    """Who has played here and wants to be forgotten."""

    def forget_performer(self, seat: Seat, now: int) -> None:
        """What somebody has played is erased, also where a player has played it since."""
        for key in [key for key in self.streams if key[0] == seat.name]:
            self.agenda.clear(("phrase", self.streams[key].number))
            del self.streams[key]
        for stream in self.streams.values():
            stream.forget(seat.name)
        self._forget_unheard(seat.name)
        judged = [
            each for each in self.judgements if not any(p.why.is_from(seat.name) for p in (each.planned, *each.before))
        ]
        self.judgements = deque(judged, self.judgements.maxlen)
        self.effects.append(ForgetPerformer("", self.name, seat.name, seat))
        for voice in self.voices.values():
            if voice.waiting is not None and voice.waiting.phrase.performer == seat.name:
                voice.waiting = None
            self._forget_plan(voice, seat.name, now)
        self._replan_all(now)

    def _forget_unheard(self, performer: str) -> None:
        """What players will play of theirs is not heard by others; nor are the controllers that go with it."""
        for name, waiting in self.unheard.items():
            left = [each for each in waiting if isinstance(each.what, Control) or each.what.origin != performer]
            if len(left) < len(waiting):
                self.unheard[name] = deque(each for each in left if not isinstance(each.what, Control))

    def _forget_plan(self, voice: Voice, performer: str, now: int) -> None:
        """What it has played and plans, what goes round and what is held; what its model was asked is void."""
        hand = voice.hand
        gone = {played.number for played in voice.played if played.planned.why.is_from(performer)}
        again = hand.again is not None and hand.again.why.is_from(performer)
        lets_go = hand.held and (again or not gone.isdisjoint(hand.of))
        voice.forget_source(performer)
        if lets_go:
            self.put(voice, "hold", 0, now)
        if hand.loop is not None:
            left = tuple(item for item in hand.loop.events if not item[1].why.is_from(performer))
            if not left:
                self.put(voice, "loop", 0.0, now)
            else:
                hand.loop = replace(hand.loop, events=left)
        if not voice.playing and (voice.asked is not None or (voice.played and voice.played[-1].due_ns > now)):
            self.effects.extend(voice.revise(now))
