"""The chart as it is changed and followed: set, jumped in, looped, and said beat by beat while the transport runs.

Whatever changes, what sounds goes on and only the unsent plan is made anew.
"""

from __future__ import annotations

import math

from ..chart import WILDCARD, Chart, Course
from ..chart.course import NEARLY
from ..effects import Errand
from ..harmony import NO_CHORD
from ..seats import Seat
from ..voice import Voice
from .beating import Beating


class Charting(Beating):
    """Time with a form."""

    def set_chart(self, chart: Chart | None, now: int) -> None:
        """Another chart, or none. One goes on from where one was in the form; its loop stays where its bars do."""
        before = self.course
        if chart is None:
            self._no_chart(now)
            return
        position = self.transport.position_at(self.timeline.beat_at(now))
        whole = math.floor(position + NEARLY)
        place = whole if before is None else before.place_at(position)
        loop = (0, 0)
        if before is not None and _bars(before.chart) == _bars(chart):
            loop = before.loop
        self.course = Course(chart, whole, place % len(chart.form), loop)
        self.say(now, "/chart", chart.name, chart.length)
        if before is not None and before.loop != loop:
            self.say(now, "/chart/loop", 0, 0)
        self._followed = None
        self._follow(now, position)
        self.chart_changed(now)

    def _no_chart(self, now: int) -> None:
        if self.course is None:
            return
        looped = self.course.loop != (0, 0)
        self.course = None
        self.say(now, "/chart", "", 0)
        if looped:
            self.say(now, "/chart/loop", 0, 0)
        if self.section:
            self.section = ""
            self.say(now, "/section", "")
        if self.chart_label:
            self.chart_label, self.harmony = "", NO_CHORD
            self.say(now, "/harmony", NO_CHORD)
        self.chart_changed(now)

    def load_chart(self, name: str, by: Seat, address: str) -> None:
        """Fetch a chart by name; who asked is told when it is there."""
        self.effects.append(Errand("", "chart", f"{self.name}/", name, by, address))

    def jump(self, now: int, played_ns: int, place: int) -> None:
        """Go on from another beat of the form, from the next whole beat at or after `played_ns` on."""
        assert self.course is not None
        position = self.transport.position_at(self.timeline.beat_at(played_ns))
        self.course = self.course.jumped(position, place)
        if not self.transport.running:
            self._follow(now, float(self.course.since))
        self.chart_changed(now)

    def loop(self, now: int, played_ns: int, loop: tuple[int, int]) -> None:
        """Go round some beats of the form, [first, past), once they are reached; the same twice: none."""
        assert self.course is not None
        if self.course.loop == loop:
            return
        position = self.transport.position_at(self.timeline.beat_at(played_ns))
        self.course = self.course.looped(position, loop)
        self.say(now, "/chart/loop", *self.looped_bars())
        self.chart_changed(now)

    def chart_changed(self, now: int) -> None:
        """What the chart asks for has changed: who plays over it plans anew what is unsent."""
        for voice in self.voices.values():
            if voice.mode == "chart":
                self._over_chart(voice, now)
            elif voice.playing and float(voice.settings["chord_tones"]) > 0:
                self.replan(voice, now)

    def _over_chart(self, voice: Voice, now: int) -> None:
        """Who plays over the chart plans anew, or waits where there is none; who waited begins."""
        if voice.playing or voice.resting:
            if self.charts:
                self.replan(voice, now)
                return
            voice.beats = self._beats_left(voice, now)
            self.effects.extend(voice.revise(now))
            self.agenda.clear(("plan", voice.name))
            self.agenda.clear(("end", voice.name))
            voice.playing = voice.resting = False
            self.show(voice, now)
        elif self.charts and voice.armed and not voice.leashed:
            self._begin_mode(voice, now, voice.beats)

    def place(self, now: int, position: float, played_ns: int) -> None:
        """Go to a place in the form, counted from its beginning."""
        super().place(now, position, played_ns)
        if self.course is not None:
            self.course = Course(self.course.chart, loop=self.course.loop)
            self._followed = None
            self._follow(now, position)
            self.chart_changed(now)

    def resume(self, now: int, *, human: bool) -> None:
        """Start; the chord of the form's beat is in force again, whatever was said meanwhile."""
        self.chart_label, self._followed = "", None
        super().resume(now, human=human)
        for voice in self.voices.values():
            if voice.mode == "chart" and not (voice.playing or voice.resting):
                self._over_chart(voice, now)
        self._follow(now, self.transport.position_at(self.timeline.beat_at(now)))

    def _beat_in_bar(self, position: float, beat_in_bar: int) -> None:
        super()._beat_in_bar(position, beat_in_bar)
        if self.course is None:
            return
        there = self.course.beat_at(float(round(position)))
        shift = beat_in_bar - there.beat
        if abs(shift) > there.beats / 2:
            shift -= there.beats if shift > 0 else -there.beats
        if shift:
            place = self.course.place_at(float(round(position))) + shift
            self.course = self.course.jumped(float(round(position)), place % len(self.course.chart.form))

    def _follow(self, now: int, position: float) -> None:
        """Say what is new on the form's beat that holds a position: metre, section and, while it runs, harmony."""
        if self.course is None:
            return
        beat, whole = self.course.beat_at(position), math.floor(position + NEARLY)
        if (beat.beats, beat.unit) != (self.transport.beats, self.transport.unit):
            self.change_metre(now, beat.beats, beat.unit)
        if beat.section != self.section or (beat.opens and whole != self._followed):
            self.section = beat.section
            self.say(now, "/section", beat.section)
        self._followed = whole
        if self.transport.running and beat.label != self.chart_label:
            self.chart_label = beat.label
            self.harmony = "" if beat.label == WILDCARD else beat.label
            self.say(now, "/harmony", beat.label)

    def _clock(self, due: int, now: int) -> None:
        beat = self.timeline.beat_at(due)
        position = round(self.transport.position_at(beat))
        self._follow(due, float(position))
        self.say(due, "/clock", *self.bar_and_beat(position), self.bpm)
        following = self.transport.since_beat + position + 1 - self.transport.position
        self.agenda.set(("clock",), self.timeline.ns_at(following))


def _bars(chart: Chart) -> list[tuple[int, int]]:
    return [(beat.bar, beat.beat) for beat in chart.form]
