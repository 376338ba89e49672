"""Slow models, and those in other processes: what they are asked has a deadline, and then a stand-in answers instead.

A plan is never taken back for a better one: the stand-in is asked only when the better answer is overdue, while there
is still time to hand its events over. So nobody hears a plan twice, and nothing is ever due that is not there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..effects import StandIn
from ..events import Answer, Event
from ..voice import Parts, Voice
from .playing import Playing

#: What is to sound at once may wait so long for a better answer.
PATIENCE_NS: Final = 50_000_000
#: What is to sound later is decided at least so long before.
LEAD_NS: Final = 125_000_000
MS: Final = 1_000_000


class Deadlines(Playing):
    """Players whose models answer in their own time, or never."""

    def is_slow(self, model: str, parts: Parts) -> bool:
        """Whether a model, or any part of a blend, answers in its own time."""
        return model in self.slow or any(name in self.slow for name, _ in parts)

    def _ask(self, voice: Voice, now: int, count: int, opening: tuple[Event, int] | None = None) -> None:
        super()._ask(voice, now, count, opening)
        if not voice.slow or voice.asked is None:
            return
        follows = not voice.fresh and opening is None
        voice.asked = self.effects[-1] = replace(voice.asked, played=voice.recent() if follows else ())
        if voice.asked.scenario or voice.asked.take:
            self.effects[-1] = StandIn(voice.asked, f"{voice.model} is not asked over charts and of takes")
            return
        if voice.failed:
            self.effects[-1] = StandIn(voice.asked, f"{voice.model} has failed")
            return
        first = self.timeline.ns_at(voice.asked.onset_beats)
        voice.asked_ns = now
        self.agenda.set(("deadline", voice.name), max(now + PATIENCE_NS, first - LEAD_NS))

    def receive(self, answer: Answer, now: int) -> None:
        """An answer: what comes too late, or to what is no longer asked, is counted and goes unheard."""
        voice = self.voices.get(answer.player.rpartition("/")[2])
        if voice is not None and (voice.asked is None or not voice.adopts(answer)):
            self.discarded += 1
            return
        super().receive(answer, now)
        if voice is not None and voice.slow:
            self.agenda.clear(("deadline", voice.name))

    def stood_in(self, answer: Answer, now: int) -> None:
        """The answer of a stand-in."""
        voice = self.voices.get(answer.player.rpartition("/")[2])
        if voice is not None and voice.adopts(answer):
            voice.stood_in += len(answer.events)
            asked = voice.asked
            late = not voice.failed and asked is not None and not (asked.scenario or asked.take)
            if late and voice.goes_on and not answer.events:
                self._rest_a_beat(voice, now)
                return
        self.receive(answer, now)

    def _rest_a_beat(self, voice: Voice, now: int) -> None:
        """Nobody has a word to say in place of a model that may yet have one: it is asked again for the next beat."""
        voice.asked = None
        voice.cursor_beat = max(voice.cursor_beat, self.timeline.beat_at(now)) + 1.0
        ahead = self.timeline.ns_at(voice.cursor_beat) - voice.horizon_ns(self.timeline)
        self.agenda.set(("plan", voice.name), max(ahead, now + 1))

    def _deadline_has_come(self, name: str, now: int) -> None:
        """The deadline has come and the answer has not."""
        voice = self.voices.get(name)
        if voice is None or voice.asked is None or not voice.slow:
            return
        voice.missed += 1
        waited = (now - voice.asked_ns) / MS
        self._instead(voice, f"{voice.model} had not answered within {waited:.0f} ms", now)

    def _instead(self, voice: Voice, reason: str, now: int) -> None:
        """What was asked of its model is asked of the stand-in."""
        assert voice.asked is not None
        self.agenda.clear(("deadline", voice.name))
        self.effects.append(StandIn(voice.again(voice.asked, now, self.timeline), reason))

    def fail(self, name: str, reason: str, now: int) -> None:
        """A player's model has failed: all see it, leaders are told why; it plays on by its stand-in.

        Who is on stage hears no hole; who wants another model sends `/player/<p>/model`.
        """
        voice = self.voices.get(name)
        if voice is None or voice.failed or not voice.slow:
            return
        voice.failed = reason
        self.show(voice, now)
        for seat in self.seats.of(self.name):
            if seat.state == "here" and seat.may("leader"):
                self.tell(now, seat, "/notice", f"/player/{name}", f"{name} has failed: {reason}"[:400])
        if voice.asked is not None:
            self._instead(voice, f"{voice.model} has failed", now)
