"""The manual layer: what humans do to players and to time. It wins at once."""

from __future__ import annotations

import math

from ..addresses import Value
from ..effects import Clear, Exchange, Forget, Unmake
from ..seats import Seat
from ..streams import gap_ns
from ..voice import Change, Parts, Voice, Wanted
from .judging import Judging


class Hands(Judging):
    """Commands that change what is played."""

    def arm(self, voice: Voice, now: int, beats: float, *, human: bool = True) -> None:
        """`play`: arm it, and begin what its mode begins; only a human who was here of late lifts its leash by it."""
        overdue = self._overdue(voice, now)
        voice.tethered = overdue or (voice.tethered and not human)
        voice.leashed = voice.tethered
        voice.armed, voice.panicked, voice.halted, voice.deaf = True, False, False, False
        voice.beats = beats
        self._await_leash(voice)
        if voice.leashed:
            voice.beats_left = beats
        else:
            self._begin_mode(voice, now, beats)
        self.show(voice, now)

    def disarm(self, voice: Voice, now: int) -> None:
        """Fall silent now, and stay so; states are shown by the caller."""
        voice.beats_left = self._beats_left(voice, now)
        self.effects.extend(voice.silence(now))
        voice.armed = voice.leashed = voice.leashing = False
        self.agenda.clear(("leash", voice.name))
        voice.deaf = True
        voice.waiting = None
        self.agenda.clear(("plan", voice.name))
        self.agenda.clear(("end", voice.name))

    def halt(self, now: int, *, panic: bool) -> None:
        """`/stop` and `/panic`: every player is disarmed; those that were armed come back at `/start`.

        A stop after a panic is meant to last: the room then no longer starts again by itself.
        """
        for voice in self.voices.values():
            armed, left = voice.armed, voice.beats_left
            self.disarm(voice, now)
            if armed:
                voice.halted = True
            else:
                voice.beats_left = left
            voice.panicked = voice.panicked or panic
        self.transport = self.transport.run(self.timeline.beat_at(now), False)
        self.agenda.clear(("clock",))
        self.agenda.clear(("release",))
        release_s = float(self.settings["panic_release_s"])
        if panic and release_s > 0:
            self.agenda.set(("release",), now + gap_ns(release_s))

    def resume(self, now: int, *, human: bool) -> None:
        """`/start`: the transport, and the players that were halted, with the beats that they had left."""
        self.agenda.clear(("release",))
        beat = self.timeline.beat_at(now)
        if not self.transport.running:
            if self.follower is not None:  # whole positions fall on the beats that are tapped
                self.transport = self.transport.placed(beat, self.transport.position + beat - round(beat))
            self.transport = self.transport.run(beat, True)
            self._await_clock(now)
        self.say(now, "/transport", 1)
        for voice in self.voices.values():
            voice.panicked = False
            if voice.halted:
                self.arm(voice, now, voice.beats_left, human=human)
            else:
                self.show(voice, now)

    def trigger(self, voice: Voice, now: int) -> None:
        """`next`: one event, now; raises `Refused` where there is nothing to play or it may not play."""
        self.loosen(voice, now)
        if voice.playing:
            self.effects.extend(voice.revise(now))
        voice.cursor_beat = self.timeline.beat_at(now)
        voice.fresh, voice.depth = False, 1
        self._ask(voice, now, count=1)

    def change_tempo(self, now: int, bpm: float, over_beats: float = 0.0) -> None:
        """Another tempo, from now on or after so many beats; what is planned and unsent is planned again."""
        self.follower = None
        self.agenda.clear(("beat",))
        self.agenda.clear(("ramp",))
        if over_beats > 0:
            self.timeline = self.timeline.with_ramp(now, bpm, over_beats)
            self._await_ramp()
        else:
            self.bpm = bpm
            self.timeline = self.timeline.with_tempo(now, bpm)
            self.say(now, "/tempo", bpm)
        self._await_clock(now)
        for voice in self.voices.values():
            self._await_leash(voice)
            if voice.playing:
                self.replan(voice, now)

    def _await_ramp(self) -> None:
        """The tempo is told on each beat of a ramp, and at its end."""
        timeline = self.timeline
        next_beat = timeline.ns_at(math.floor(timeline.anchor_beat + 1e-6) + 1)
        self.agenda.set(("ramp",), min(next_beat, timeline.anchor_ns + timeline.ramp_ns))

    def _ramp(self, due: int) -> None:
        """On with the ramp: what is planned from here on takes its spans from the tempo of here."""
        self.timeline = self.timeline.anchored(due)
        self.bpm = self.timeline.bpm
        self.say(due, "/tempo", self.bpm)
        if self.timeline.ramp_ns:
            self._await_ramp()

    def _await_clock(self, now: int) -> None:
        """The next `/clock`, after time has changed."""
        if self.transport.running:
            beat = self.transport.next_beat(self.timeline.beat_at(now))
            self.agenda.set(("clock",), self.timeline.ns_at(beat))

    def drop(self, voice: Voice, now: int) -> None:
        """A player ends; its memory stays, if anything was learned there."""
        self.disarm(voice, now)
        self.keep_leash(voice)
        del self.voices[voice.name]
        if all(other.memory != voice.memory for other in self.voices.values()) and self._is_empty(voice.memory):
            self.memory_lengths.pop(voice.memory, None)
        self.wanted.pop(voice.name, None)  # another of that name is not to become it
        self.shadow(now)
        self.effects.append(Unmake(voice.key))
        self.say(now, f"/player/{voice.name}/state", "gone", voice.model, voice.mode)

    def _is_empty(self, memory: str) -> bool:
        return not self.memory_lengths.get(memory) and not self.takes.get(memory)

    def change_mode(self, voice: Voice, mode: str, now: int) -> None:
        """Another mode from now on: what sounds ends its time, what was planned is void, arming stays as it is."""
        if mode == voice.mode:
            return
        left = self._beats_left(voice, now) if voice.goes_on else -1.0
        if voice.playing or voice.resting:
            self.effects.extend(voice.revise(now))
            self.agenda.clear(("plan", voice.name))
            self.agenda.clear(("end", voice.name))
        was, voice.mode, voice.take = voice.goes_on, mode, 0
        voice.playing = voice.resting = False
        voice.answering = voice.waiting = None
        if was and voice.goes_on:
            voice.beats = left
        if voice.armed and not voice.leashed and voice.goes_on:
            self._begin_mode(voice, now, left)
        self.keep(voice, now)
        self.show(voice, now)

    def set_param(self, voice: Voice, name: str, value: Value, by: Seat | None, now: int) -> None:
        """A parameter's value; the others are told if it has changed, and what is planned is planned again."""
        if voice.settings[name] != value:
            self.put(voice, name, value, now, by)

    def set_session_param(self, name: str, value: Value, by: Seat, now: int) -> None:
        """A parameter of the session; the others are told if it has changed."""
        if self.settings[name] == value:
            return
        self.settings[name] = value
        if name == "panic_release_s" and value == 0:
            self.agenda.clear(("release",))
        for voice in self.voices.values() if name.startswith("manners") else ():
            if voice.playing:
                self.replan(voice, now)
        self.say(now, "/session/is", name, value, but=by)

    def forget(self, voice: Voice, beats: float, now: int) -> float:
        """Unlearn the last so many beats of its memory; the beat from which on."""
        since = self.timeline.beat_at(now) - beats
        self.effects.append(Forget(voice.key, since, False))
        if voice.playing:
            self.replan(voice, now)
        return since

    def exchange(self, voice: Voice, model: str, viewpoint: str, parts: Parts, by: Seat | None, address: str) -> None:
        """Ask for another model, viewpoint or parts; until it is there all stays as it is. A newer wish wins."""
        self.wanted[voice.name] = Wanted(model, viewpoint, parts, by, address)
        self.effects.append(Exchange(voice.key, model, viewpoint, f"{self.name}/{voice.memory}", parts))

    def undo(self, voice: Voice, change: Change, now: int) -> None:
        """Put back what a change has changed."""
        before = change.before
        what, _, name = change.what.partition(" ")
        if isinstance(before, Wanted):
            self.exchange(voice, before.model, before.viewpoint, before.parts, None, "")
        elif what in ("param", "switch") and not isinstance(before, tuple):
            self.put(voice, name, before, now)
        elif what == "judge" and isinstance(before, int):
            self.judge(voice, int(name), change.by, before, now)
        elif what == "jump" and not isinstance(before, tuple):
            self.cue(voice, float(before), now)
        elif what == "hear" and isinstance(before, tuple):
            voice.hears = before
            self.say(now, f"/player/{voice.name}/hears", *before)
        elif what == "mute":
            self.set_mute(voice, bool(before), now)
        elif what == "clear":
            self.effects.append(Clear("", f"{self.name}/{before}", True))
            if voice.playing:
                self.replan(voice, now)
        elif what == "forget" and not isinstance(before, tuple):
            self.effects.append(Forget(voice.key, float(before), True))
            if voice.playing:
                self.replan(voice, now)
