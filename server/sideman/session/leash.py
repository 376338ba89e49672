"""The leash: limited autonomy. Without a human act for long, a player says that it is about to fall silent, then it is.

Only performers of kind `human` renew it; who calls this has seen to that.
"""

from __future__ import annotations

from typing import Final

from ..params import PLAYER_PARAMS
from ..voice import LEASH_LEAST_NS, LEASHING_BEATS, Change, Voice
from .deadlines import Deadlines

DEFAULT: Final = float(PLAYER_PARAMS["leash"].default)
#: Of so many players that were dropped the leash is kept.
MOST_KEPT: Final = 256


def is_longer(beats: float, than: float) -> bool:
    """Whether a leash lets a player play on for longer than another; 0 is endless."""
    return than > 0 and (beats == 0 or beats > than)


def lifts_leash(voice: Voice, change: Change) -> bool:
    """Whether the player would play on for longer if a change were taken back."""
    before = change.before
    return change.what == "param leash" and isinstance(before, int | float) and is_longer(before, voice.leash)


class Leashed(Deadlines):
    """Players on a leash."""

    def human_act(self, now: int) -> None:
        """A human has played or commanded: every leash is renewed, but who is leashed waits for an onset."""
        self.last_human_ns, self.last_human_beat = now, self.timeline.beat_at(now)
        for voice in self.voices.values():
            if voice.leashing:
                voice.leashing = False
                self.show(voice, now)

    def keep_leash(self, voice: Voice) -> None:
        """A player is dropped: if it is to be leashed sooner than others, so is who comes under its name."""
        self.leashes.pop(voice.name, None)
        if is_longer(DEFAULT, voice.leash):
            self.leashes[voice.name] = voice.leash
            for name in list(self.leashes)[:-MOST_KEPT]:
                del self.leashes[name]

    def kept_leash(self, name: str) -> float:
        """The leash of a player of that name that no human makes, in place of the one that there is or was."""
        there = self.voices.get(name)
        if there is not None:
            return there.leash if is_longer(DEFAULT, there.leash) else DEFAULT
        return self.leashes.get(name, DEFAULT)

    def _go(self, voice: Voice, now: int) -> None:
        """Plan on; but nobody does so on the leash, whatever has asked for it."""
        if voice.leashed:
            voice.playing = voice.resting = False
            return
        super()._go(voice, now)

    def _overdue(self, voice: Voice, now: int) -> bool:
        """Whether the last human act is too long ago for it to play."""
        end_ns = self._leash_end(voice)
        return end_ns is not None and now >= end_ns

    def _leash_end(self, voice: Voice) -> int | None:
        """When it falls silent unless a human acts: after so many beats at whatever tempo, and a minute at least."""
        if voice.leash <= 0:
            return None
        return max(self.last_human_ns + LEASH_LEAST_NS, self.timeline.ns_at(self.last_human_beat + voice.leash))

    def _set_leash(self, voice: Voice, name: str, now: int) -> None:
        """A parameter was set: if it is the leash, that counts from now on as it is."""
        if name == "leash":
            voice.leashing = False
            self._await_leash(voice)
            self.show(voice, now)

    def _await_leash(self, voice: Voice) -> None:
        end_ns = self._leash_end(voice)
        if end_ns is not None and voice.armed and not voice.leashed:
            ahead = 0 if voice.leashing else self.timeline.span_ns(LEASHING_BEATS)
            self.agenda.set(("leash", voice.name), max(self.last_human_ns, end_ns - ahead))
        else:
            self.agenda.clear(("leash", voice.name))

    def _leash(self, name: str, due: int, now: int) -> None:
        """No human for long: first it says that it is about to fall silent, then it does."""
        voice = self.voices.get(name)
        end_ns = self._leash_end(voice) if voice is not None else None
        if voice is None or not voice.armed or end_ns is None:
            return
        if now >= end_ns:
            voice.beats_left = self._beats_left(voice, now)
            self.effects.extend(voice.silence(now))
            self.agenda.clear(("plan", name))
            self.agenda.clear(("end", name))
            voice.waiting = None
            voice.leashed, voice.leashing, voice.tethered = True, False, True
        elif now >= end_ns - self.timeline.span_ns(LEASHING_BEATS):
            voice.leashing = True
        self._await_leash(voice)
        self.show(voice, now)

    def _unleash(self, voice: Voice, now: int) -> None:
        voice.leashed = voice.leashing = voice.tethered = False
        if voice.armed and (voice.goes_on or voice.take):
            self._begin_mode(voice, now, voice.beats_left)
        self._await_leash(voice)
        self.show(voice, now)
