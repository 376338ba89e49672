"""The exchange of a player's model, viewpoint or parts while it plays: what happens when the other one is ready.

What it has heard and what sounds stay; only the unsent plan is made anew, when the other model is ready.
"""

from __future__ import annotations

from ..effects import Clear, Errand
from ..seats import Seat
from ..voice import Change, Parts, Wanted
from .taking import Taking


class Exchanging(Taking):
    """Players that become others."""

    def let_go(self, key: str, now: int) -> None:
        """What it plays from is about to change: its unsent plan is void."""
        voice = self.voices.get(key.rpartition("/")[2])
        if voice is not None and voice.playing:
            self.effects.extend(voice.revise(now))

    def taken(self, key: str, model: str, viewpoint: str, parts: Parts, now: int) -> None:
        """It plays from this now, and plans on."""
        voice = self.voices.get(key.rpartition("/")[2])
        if voice is None:
            return
        wanted = self.wanted.get(voice.name)
        if wanted is not None and (wanted.model, wanted.viewpoint, wanted.parts) == (model, viewpoint, parts):
            del self.wanted[voice.name]
            if wanted.by is not None:
                before = Wanted(voice.model, voice.viewpoint, voice.parts, None, "")
                voice.changed(Change(wanted.by.name, "exchange", now, before))
            voice.model, voice.viewpoint, voice.parts = model, viewpoint, parts
            voice.slow, voice.failed = self.is_slow(model, parts), ""
            self.show(voice, now, always=wanted.by is not None)
        if voice.playing or voice.resting:
            self._go(voice, now)

    def not_taken(self, key: str, reason: str, now: int) -> None:
        """It could not become what was wanted, and stays what it was."""
        voice = self.voices.get(key.rpartition("/")[2])
        wanted = self.wanted.pop(voice.name, None) if voice is not None else None
        if voice is not None and wanted is not None and wanted.by is not None:
            cure = f"{voice.name} plays on with {voice.model}"
            self.tell(now, wanted.by, "/error", wanted.address, f"{wanted.model}: {reason}"[:400], cure)

    # Memories

    def run_errand(self, what: str, memory: str, name: str, by: Seat, address: str) -> None:
        """Save or load a memory under a name; who asked is told when it is done."""
        self.effects.append(Errand("", what, f"{self.name}/{memory}", name, by, address))

    def clear(self, memory: str, by: Seat, now: int) -> None:
        """Forget all of a memory; what was planned from it is planned anew."""
        self.effects.append(Clear("", f"{self.name}/{memory}", False))
        for voice in self.voices.values():
            if voice.memory == memory:
                voice.changed(Change(by.name, "clear", now, memory))
        self._replan_all(now)

    def _replan_all(self, now: int) -> None:
        for voice in self.voices.values():
            if voice.playing:
                self.replan(voice, now)
