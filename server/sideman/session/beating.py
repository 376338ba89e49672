"""The beat that humans give: taps that time follows, metre, and the place in the form.

How a tap becomes a tempo is `beats.py`'s; here the session's time is bent to it, never broken: it only runs a little
faster or slower, so that no event is skipped and none comes twice.
"""

from __future__ import annotations

from typing import Final

from ..beats import BeatFollower
from ..seats import Seat
from ..timeline import MINUTE, SECOND
from .hands import Hands

#: Somebody else's taps are not followed until whoever tapped has been silent for so long.
TAPPER_NS: Final = 4 * SECOND
STARTING_TAPS: Final = 4
#: What is planned stays where it is unless the beat moves by more than this.
TOLERATED_NS: Final = 3_000_000
SLOWEST_BPM: Final = 10.0
FASTEST_BPM: Final = 800.0
TOLD_BPM: Final = 0.05


class Beating(Hands):
    """Time as humans give it."""

    def tap(self, seat: Seat, now: int, played_ns: int, beat_in_bar: int) -> None:
        """Somebody taps the beat at `played_ns`; `beat_in_bar` from 1, or 0 where that is not said."""
        played_ns -= round(seat.latency_ms * 1e6)
        if self.follower is None or (seat.name != self.tapper and played_ns - self.last_tap_ns > TAPPER_NS):
            self.follower, self.tapper, self.taps, self.unheeded = BeatFollower(), seat.name, 0, ""
        if seat.name != self.tapper:
            if self.unheeded != seat.name:
                self.unheeded = seat.name
                wait_s = TAPPER_NS // SECOND
                self.tell(now, seat, "/notice", "/beat", f"{self.tapper} gives the beat, until silent for {wait_s} s")
            return
        self.last_tap_ns = played_ns
        beats = self.follower.tap(played_ns)
        if beats == 0:
            return
        told, self.bpm = self.bpm, self.follower.bpm or self.bpm
        self.taps = self.taps + 1 if beats == 1 else 1
        tapped = self._nearest_beat(self.timeline.beat_at(played_ns))
        due = self.follower.next_ns
        self._reach(now, tapped + 1, due if due is not None else played_ns + round(MINUTE / self.bpm))
        if beat_in_bar:
            self._beat_in_bar(self.transport.position_at(tapped), beat_in_bar)
        if abs(self.bpm - told) > TOLD_BPM:
            self.say(now, "/tempo", self.bpm)
        if self.taps >= STARTING_TAPS and self.settings["tap_starts"] and not self.transport.running:
            self.resume(now, human=seat.kind == "human")

    def _beat_in_bar(self, position: float, beat_in_bar: int) -> None:
        self.transport = self.transport.with_beat_in_bar(position, beat_in_bar)

    def _nearest_beat(self, beat: float) -> float:
        """The timeline's beat nearest to one on which a whole position falls."""
        if not self.transport.running:
            return float(round(beat))
        position = self.transport.position_at(beat)
        return beat + round(position) - position

    def _reach(self, now: int, beat: float, due_ns: int) -> None:
        """Run at such a tempo that `beat` falls on `due_ns`."""
        while due_ns <= now:
            due_ns += round(MINUTE / self.bpm)
            beat += 1
        before = self.timeline
        bpm = (beat - before.beat_at(now)) * MINUTE / (due_ns - now)
        self.timeline = before.with_tempo(now, min(max(bpm, SLOWEST_BPM), FASTEST_BPM))
        self.agenda.set(("beat",), due_ns)
        self.agenda.clear(("ramp",))
        self._await_clock(now)
        if abs(before.ns_at(beat) - self.timeline.ns_at(beat)) <= TOLERATED_NS:
            return
        for voice in self.voices.values():
            if voice.playing:
                self.replan(voice, now)

    def _settle(self, due: int, now: int) -> None:
        """The tapped beat is reached: from here time runs at the tempo itself, unless another tap bends it.

        What is planned beyond it was placed as if the bend went on: where that is felt, it is placed anew.
        """
        before = self.timeline
        self.timeline = before.with_tempo(due, self.bpm)
        self._await_clock(due)
        for voice in self.voices.values():
            beat = voice.cursor_beat
            if voice.playing and abs(before.ns_at(beat) - self.timeline.ns_at(beat)) > TOLERATED_NS:
                self.replan(voice, now)

    def change_metre(self, now: int, beats: int, unit: int, played_ns: int | None = None) -> None:
        """Another metre, from the bar that is under way at `played_ns`: now, if that is not said."""
        at_ns = now if played_ns is None else played_ns
        self.transport = self.transport.with_metre(self.timeline.beat_at(at_ns), beats, unit)
        self.say(now, "/metre", beats, unit)

    def place(self, now: int, position: float, played_ns: int) -> None:
        """Be at a place in the form at `played_ns`; the beats of time itself go on."""
        self.transport = self.transport.placed(self.timeline.beat_at(played_ns), position)
        self._await_clock(now)
