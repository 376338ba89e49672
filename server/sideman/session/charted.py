"""What the chart asks for, and when: read by whoever plays or counts; how it changes is `charting.py`'s."""

from __future__ import annotations

from ..chart import WILDCARD, Chart
from .state import SessionState


class Charted(SessionState):
    """A session that may have a chart."""

    @property
    def chart(self) -> Chart | None:
        """The chart in force."""
        return self.course.chart if self.course is not None else None

    @property
    def charts(self) -> bool:
        """Whether there is a form to play over, and it goes on."""
        return self.course is not None and self.transport.running

    @property
    def metre(self) -> tuple[int, int]:
        """Beats in the bar under way, and their unit."""
        return self.transport.beats, self.transport.unit

    def chart_labels(self, beat: float, count: int) -> tuple[str, ...]:
        """The labels of so many beats of the form, from the one that holds the timeline's `beat`; none without chart.

        Loop and jumps are followed, and where the form ends it begins again.
        """
        return self.course.labels(self.transport.position_at(beat), count) if self.course is not None else ()

    def chart_place(self, beat: float) -> int:
        """The number of the form's beat that holds the timeline's `beat`, from 0; -1 without chart."""
        return self.course.place_at(self.transport.position_at(beat)) if self.course is not None else -1

    def chord_at(self, beat: float) -> str:
        """The chord in force at a beat of the timeline: what was said last, until the chart goes on to another."""
        if self.course is None or not self.transport.running:
            return self.harmony
        label = self.course.beat_at(self.transport.position_at(beat)).label
        if label == self.chart_label:
            return self.harmony
        return "" if label == WILDCARD else label

    def bar_and_beat(self, position: float) -> tuple[int, int]:
        """Bar and beat in the bar, both from 1, of a position: the form's where there is a chart."""
        if self.course is None:
            return self.transport.bar_and_beat(position)
        beat = self.course.beat_at(position)
        return beat.bar, beat.beat
