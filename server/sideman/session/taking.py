"""Takes: what is played within some beats is kept by number, and a player plays it again when it is told to.

Takes live with the memory; here is when one begins and ends, and who plays which.
"""

from __future__ import annotations

from ..effects import Keep
from ..voice import ENDLESS, Change, Voice
from .delaying import Delaying

#: Events may have closed by the time when it is said that they belong to a take.
LOOK_BACK_EVENTS = 32


class Taking(Delaying):
    """A session whose players record and play takes."""

    def record(self, voice: Voice, on: bool, now: int) -> None:
        """A take begins on the beat that is nearest, or ends there and is kept: a beat is the least."""
        beat = self._nearest_beat(self.timeline.beat_at(now))
        if on:
            first = max(0, self.memory_lengths.get(voice.memory, 0) - LOOK_BACK_EVENTS)
            voice.recording, voice.recorded = first, (beat, ENDLESS)
        else:
            assert voice.recording is not None
            first, since = voice.recording, voice.recorded[0]
            until = max(beat, since + 1)
            voice.recording, voice.recorded = None, (since, until)
            self.effects.append(Keep(voice.key, f"{self.name}/{voice.memory}", first, since, until - since))
            self.takes[voice.memory] = self.takes.get(voice.memory, 0) + 1
        self._show_takes(voice.memory, now)
        self.say(now, f"/player/{voice.name}/record", int(on))

    def no_record(self, voice: Voice, now: int) -> None:
        """What is being recorded is no take."""
        if voice.recording is not None:
            voice.recording, voice.recorded = None, (0.0, 0.0)
            self.say(now, f"/player/{voice.name}/record", 0)

    def untake(self, voice: Voice, number: int, now: int) -> None:
        """The last take, of that number, is none; who plays it plays on as before."""
        if self.takes.get(voice.memory, 0) != number:
            return
        for other in self.voices.values():
            if other.memory == voice.memory and other.take == number:
                self.play_take(other, 0, now)
        self.takes[voice.memory] = number - 1
        self.effects.append(Keep(voice.key, f"{self.name}/{voice.memory}", 0, 0.0, 0.0))
        self._show_takes(voice.memory, now)

    def play_take(self, voice: Voice, number: int, now: int) -> None:
        """Play that take round and round from now, or the next beat; 0: play again as its mode says."""
        if number == voice.take:
            return
        if voice.goes_on:
            voice.beats = self._beats_left(voice, now)
        voice.take = number
        self.say(now, f"/player/{voice.name}/takes", number, self.takes.get(voice.memory, 0))
        if voice.playing or voice.resting:
            self.effects.extend(voice.revise(now))
            self.agenda.clear(("plan", voice.name))
            self.agenda.clear(("end", voice.name))
            voice.playing = voice.resting = False
            voice.answering = None
        if voice.armed and not voice.leashed and (number or voice.goes_on):
            self._begin_mode(voice, now, voice.beats if voice.goes_on else -1.0)
        self.show(voice, now)

    def change_mode(self, voice: Voice, mode: str, now: int) -> None:
        """Another mode; the take that it plays ends."""
        take = voice.take
        super().change_mode(voice, mode, now)
        if voice.take != take:
            self.say(now, f"/player/{voice.name}/takes", voice.take, self.takes.get(voice.memory, 0))

    def taken_over(self, memory: str, takes: int, now: int) -> None:
        """A memory was loaded, with so many takes of its own."""
        if takes == self.takes.get(memory, 0):
            return
        self.takes[memory] = takes
        for voice in self.voices.values():
            if voice.memory == memory and voice.take > takes:
                self.play_take(voice, 0, now)
        self._show_takes(memory, now)

    def undo(self, voice: Voice, change: Change, now: int) -> None:
        """Put back what a change has changed."""
        if change.what == "mode" and isinstance(change.before, tuple):
            mode, take = change.before
            self.change_mode(voice, mode, now)
            self.play_take(voice, min(int(take), self.takes.get(voice.memory, 0)), now)
        elif change.what == "takes":
            self.play_take(voice, min(int(str(change.before)), self.takes.get(voice.memory, 0)), now)
        elif change.what == "record" and change.before == "":
            self.no_record(voice, now)
        elif change.what == "record":
            self.untake(voice, int(str(change.before)), now)
        else:
            super().undo(voice, change, now)

    def _show_takes(self, memory: str, now: int) -> None:
        for voice in self.voices.values():
            if voice.memory == memory:
                self.say(now, f"/player/{voice.name}/takes", voice.take, self.takes.get(memory, 0))
