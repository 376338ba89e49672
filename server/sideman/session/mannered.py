"""The ensemble's manners: what all players have played and will play, and whose turn it is, as one player needs it.

What manners ask is `manners.py`'s, and keeping them the player's.
"""

from __future__ import annotations

import math
from typing import Final

from ..manners import ALL, Manners, Onsets, register_of, span_beats, turns
from ..voice import Voice
from .charted import Charted

#: In these modes a player reacts to humans, or is played by them: only who names it has it leave room.
REACTING: Final = ("follow", "manual")


class Mannered(Charted):
    """Players that leave room."""

    def manners(self, voice: Voice, now: int, *, by_hand: bool = False) -> Manners:
        """What manners ask of a player now; what a human asks for by hand (`/next`) waits for no turn."""
        density = float(self.settings["manners_density"])
        words = str(self.settings["manners_registers"])
        low, high = register_of(words, voice.name, list(self.voices)) if words else (0, 127)
        until = self.room_until_beat if not by_hand and self._leaves_room(voice) else -math.inf
        if density <= 0:
            return Manners(low=low, high=high, room_until_beat=until)
        since = self.timeline.beat_at(now) - span_beats(density)
        others = [other for other in self.voices.values() if other is not voice and other.playing and not other.muted]
        return Manners(
            density, self._onsets(voice, since), tuple(self._onsets(other, since) for other in others), low, high, until
        )

    def _onsets(self, voice: Voice, since_beat: float) -> Onsets:
        """What a player has played and planned from a beat on, as far as it is heard."""
        found = []
        for played in reversed(voice.played):
            if played.planned.onset_beats < since_beat:
                break
            if played.planned.notes:
                found.append((played.planned.onset_beats, len(played.planned.notes)))
        return tuple(reversed(found))

    def _leaves_room(self, voice: Voice) -> bool:
        names = turns(str(self.settings["manners_turns"]))
        return voice.name in names or (ALL in names and voice.mode not in REACTING)

    def _human_turn(self, now: int) -> list[Voice]:
        """A human plays: the players that leave room and had not yet, which must plan anew."""
        if not self.settings["manners_turns"]:
            return []
        beat = self.timeline.beat_at(now)
        began = self.room_until_beat <= beat
        self.room_until_beat = beat + float(self.settings["manners_turns_beats"])
        return [voice for voice in self.voices.values() if began and voice.playing and self._leaves_room(voice)]
