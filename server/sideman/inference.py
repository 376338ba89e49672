"""The thread of slow models: one for all of them, so that they take one core at most, and never the loop's time.

What has gathered while it was busy is done together, so that a model can answer all who wait in one go.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Final

from .background import Line
from .elsewhere import Place
from .events import Query
from .models import ModelFactory
from .strand import Fault, Handed, Report, Strand

log = logging.getLogger("sideman")

#: So much may wait; questions beyond that are dropped, and their stand-ins play.
MAX_WAITING: Final = 20_000


class Inference:
    """A strand for each slow model, and the thread that they share. What they report is called back from there."""

    def __init__(
        self,
        factories: Mapping[str, ModelFactory],
        limits: tuple[int, int, int],
        report: Callable[[Report], None],
    ) -> None:
        self._factories = factories
        self._limits = limits
        self._report = report
        self._line = Line[tuple[Place, Handed]]()
        self._strands: dict[Place, Strand] = {}
        self._thread = threading.Thread(target=self._work, name="inference", daemon=True)
        self._thread.start()

    def hand(self, place: Place, item: Handed) -> None:
        """Something to do, after what was handed before."""
        if not isinstance(item, Query) or len(self._line) < MAX_WAITING:
            self._line.put((place, item))

    def close(self) -> None:
        """Let the thread end when it has done what it does; it is not waited for."""
        self._line.end()

    def _work(self) -> None:
        while (items := self._line.take()) is not None:
            places: dict[Place, list[Handed]] = {}
            for place, item in items:
                places.setdefault(place, []).append(item)
            for place, handed in places.items():
                self._do(place, handed)

    def _do(self, place: Place, handed: list[Handed]) -> None:
        strand = self._strands.get(place)
        if strand is None:
            strand = self._strands[place] = Strand(self._factories, *self._limits)
        for report in strand.do(handed):
            if isinstance(report, Fault):
                log.warning("%s: %s", report.player, report.reason)
            self._report(report)
