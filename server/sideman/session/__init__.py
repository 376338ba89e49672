"""An ensemble: its performers, its players, its time. Commands and notes in, effects out.

The session knows no socket, no clock and no model: `now` is an argument, and what it wants done it leaves in
`effects`, in order. It is made of layers, each on those before: state, charted, mannered, playing, deadlines, leash,
hands, beating, charting, delaying, exchanging, listening, overhearing, presence.
"""

from __future__ import annotations

from ..effects import Obey
from ..seats import Seats
from .presence import Presence

DEFAULT_PLAYER = "sideman"


class Session(Presence):
    """A session with its default player, and its clock."""

    def __init__(
        self,
        name: str,
        seed: int,
        models: tuple[str, ...],
        seats: Seats,
        now: int,
        *,
        default: bool = True,
    ) -> None:
        super().__init__(name, seed, models, seats, now)
        if not default:
            return
        self.add_voice(DEFAULT_PLAYER, "oracle", "pitch*ioi", DEFAULT_PLAYER, owner="", now=now)
        voice = self.voices[DEFAULT_PLAYER]
        voice.mode, voice.armed = "answer", True
        voice.shown = voice.states()
        self._await_leash(voice)

    def wake(self, now: int) -> bool:
        """Do what has fallen due, in order; whether a command must be obeyed before it can go on."""
        while (item := self.agenda.pop(now)) is not None:
            name, due = item
            match name:
                case ("phrase", int(number)):
                    self._phrase(number, due, now)
                case ("off", str(performer), int(pitch), int(channel)):
                    self._off(performer, pitch, channel, due)
                case ("heard", str(player)):
                    self._sounds(player, due, now)
                case ("react", str(player)):
                    self._react(player, due, now)
                case ("plan", str(player)):
                    self._plan(player, due, now)
                case ("deadline", str(player)):
                    self._deadline_has_come(player, now)
                case ("end", str(player)):
                    self._ended(player, due, now)
                case ("hold", str(player)):
                    self._held(player, now)
                case ("early",):
                    self._early(now)
                case ("clock",):
                    self._clock(due, now)
                case ("ramp",):
                    self._ramp(due)
                case ("beat",):
                    self._settle(due, now)
                case ("release",):
                    self.resume(now, human=False)
                case ("leash", str(player)):
                    self._leash(player, due, now)
                case ("lease", str(performer)):
                    self._lease(performer, due, now)
            if self.effects and isinstance(self.effects[-1], Obey):
                return True
        return False
