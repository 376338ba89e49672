"""Who is here: leases that run out, seats that are freed, and the room that there is."""

from __future__ import annotations

from ..errors import Refused
from ..seats import GONE_NS, LEASE_NS, Seat
from .overhearing import Overhearing

MAX_SEATS = 64
MAX_PLAYERS = 32


class Presence(Overhearing):
    """Seats of this session as time passes."""

    def performer(self, name: str, state: str, now: int, but: Seat | None = None) -> None:
        """Tell the others that somebody is here, lapsed or gone."""
        self.say(now, f"/performer/{name}/state", state, but=but)

    def renew(self, seat: Seat, now: int) -> None:
        """Any message renews the lease, and revives a lapsed seat first."""
        seat.heard_ns = now
        if seat.state == "lapsed":
            seat.state = "here"
            self.performer(seat.name, "here", now)
            self.seats.version += 1
            self.heed_leads()
            self.agenda.set(("lease", seat.name), now + LEASE_NS)

    def seated(self, seat: Seat, now: int) -> None:
        """A seat was taken, or taken again."""
        seat.heard_ns = now
        self.seats.version += 1
        self.heed_leads()
        self.agenda.set(("lease", seat.name), now + LEASE_NS)

    def gone(self, seat: Seat, now: int) -> None:
        """A seat is free again; what its performer taught stays."""
        self.release(seat.name, now)
        self.forget_streams(seat.name, now)
        self.agenda.clear(("lease", seat.name))
        self.seats.remove(seat)
        seat.state, self.left_ns = "gone", now
        self.heed_leads()
        self.performer(seat.name, "gone", now)

    def room(self) -> Seat | None:
        """None where another may take a seat; else the lapsed seat that would have to go for it.

        Raises `Refused` when all are taken.
        """
        seats = self.seats.of(self.name)
        if len(seats) < MAX_SEATS:
            return None
        lapsed = [seat for seat in seats if seat.state == "lapsed" and not seat.lasting]
        if not lapsed:
            raise Refused(f"all {MAX_SEATS} seats of {self.name} are taken", "somebody has to /leave first")
        return min(lapsed, key=lambda seat: seat.heard_ns)

    def _lease(self, name: str, due: int, now: int) -> None:
        seat = self.seats.get(self.name, name)
        if seat is None:
            return
        if seat.state == "lapsed":
            self.gone(seat, now)
        elif seat.lasting:
            return
        elif seat.heard_ns + LEASE_NS > now:
            self.agenda.set(("lease", name), seat.heard_ns + LEASE_NS)
        else:
            seat.state = "lapsed"
            self.seats.version += 1
            self.heed_leads()
            self.release(name, now)
            self.tell(now, seat, "/lapsed", name)
            self.performer(name, "lapsed", now, but=seat)
            self.agenda.set(("lease", name), seat.heard_ns + GONE_NS)
