"""The hands-on controls of the players: what takes effect when one of their parameters is changed, by whatever door.

A control that lasts is a parameter with an address of its own, so that it is kept, told, taken back and configured as
parameters are.
"""

from __future__ import annotations

from typing import Final

from ..addresses import Value
from ..chain import links
from ..hand import NEARLY
from ..seats import Seat
from ..voice import Voice
from .holding import Holding

#: So many effects that have failed are remembered for the status.
MOST_FAILED: Final = 16


class Handling(Holding):
    """Players under somebody's hands."""

    def put(self, voice: Voice, name: str, value: Value, now: int, but: Seat | None = None) -> None:
        """A parameter has another value: all but one are told, and it takes effect."""
        before = voice.settings[name]
        voice.settings = {**voice.settings, name: value}
        self.say(now, f"/player/{voice.name}/is", name, value, but=but)
        if name == "solo":
            self.shadow(now)
            return
        if name == "learn":  # what is planned stays as it is
            return
        self._set_leash(voice, name, now)
        if name == "hold":
            if value:
                self.hold(voice, now)
            else:
                self.unhold(voice, now)
            return
        if name == "loop":
            self.go_round(voice, float(value), now)
            return
        if name == "speed" and voice.hand.loop is not None:
            self._hasten(voice, float(value) / float(before), now)
        if name == "effects":
            voice.chain = links(str(value), self.treatments)
        if voice.playing or voice.resting:  # what kept it silent may be lifted
            self.replan(voice, now)

    def check(self, name: str, value: Value) -> None:
        """Raise `Refused` for a value that its kind allows and this session does not: effects that are not there."""
        if name == "effects":
            links(str(value), self.treatments)

    def drop_faulty(self, voice: Voice, now: int) -> None:
        """Effects that have failed leave the chain: all are told of the chain, leaders of the reason."""
        faults, voice.faults = voice.faults, []
        said = {fault.said for fault in faults}
        left = " ".join(link.said for link in voice.chain if link.said not in said)
        for fault in {fault.said: fault for fault in faults}.values():
            self.failed_effects.append((voice.name, fault.said, fault.reason))
            del self.failed_effects[:-MOST_FAILED]
            what = f"{fault.said} has left the effects of {voice.name}: {fault.reason}"[:400]
            for seat in self.seats.of(self.name):
                if seat.state == "here" and seat.may("leader"):
                    self.tell(now, seat, "/notice", f"/player/{voice.name}/effects", what)
        voice.settings = {**voice.settings, "effects": left}
        voice.chain = tuple(link for link in voice.chain if link.said not in said)
        self.say(now, f"/player/{voice.name}/is", "effects", left)

    def _hasten(self, voice: Voice, ratio: float, now: int) -> None:
        """What goes round goes so many times as fast from its present place on."""
        loop, beat = voice.hand.loop, self.timeline.beat_at(now)
        assert loop is not None
        voice.hand.loop = loop.at_speed(beat, loop.speed * ratio)
        self.effects.extend(voice.revise(now))
        voice.cursor_beat = beat + 2 * NEARLY  # what has just begun does not begin again

    def shadow(self, now: int) -> None:
        """Who is not solo while others are is silent, and heard again when nobody is."""
        for voice in self.voices.values():
            shadowed = any(other.silences(voice) for other in self.voices.values())
            if shadowed == voice.shadowed:
                continue
            was, voice.shadowed = voice.silent, shadowed
            if voice.silent != was:
                self.quieten(voice, now)

    def set_mute(self, voice: Voice, muted: bool, now: int) -> None:
        """Silence or sound; what it thinks goes on."""
        if muted == voice.muted:
            return
        was, voice.muted = voice.silent, muted
        if voice.silent != was:
            self.quieten(voice, now)

    def quieten(self, voice: Voice, now: int) -> None:
        """It has become silent, or is heard again: what sounds ends, and what was planned is said or not."""
        if voice.silent:
            self._end_sounding(voice, now)
        if voice.playing:
            self.replan(voice, now)
        elif voice.silent:
            self.effects.extend(voice.revise(now))
        self.show(voice, now)

    def _end_sounding(self, voice: Voice, now: int) -> None:
        self.effects.extend(voice.hush(now))
        self.effects.extend(voice.rest(now))
