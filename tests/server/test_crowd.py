"""A full house on simulated time: 64 performers at 20 events a second, 32 players, nobody late and nobody silent."""

from __future__ import annotations

import os
import random

import pytest

from server.slow import Last
from sideman.osc import Message, decode
from sideman.testing import Stage
from sideman.timeline import SECOND

PERFORMERS, PLAYERS, RATE_HZ = 64, 32, 20
#: `make soak` plays for ten minutes.
SECONDS = float(os.environ.get("SIDEMAN_CROWD_S", "2"))
BEAT_S = 0.5


class House:
    """Everybody plays, one after another at an even pace; of what comes out only the longest silences are kept."""

    def __init__(self) -> None:
        self.draw = random.Random(1)
        self.stage = Stage(slow={"slow": Last})
        self.stage.slow_s = 0.03
        self.people = [self.stage.performer(f"p{number}") for number in range(PERFORMERS)]
        self.lead = self.people[0]
        self.lead.send("/player/sideman/drop")
        for number in range(PLAYERS):
            model = ("oracle", "ngram", "oracle", "slow")[number % 4]
            self.lead.send(f"/player/v{number}/new", model, "pitch*ioi", "all")
            self.lead.send(f"/player/v{number}/mode", "free")
            self.lead.send(f"/player/v{number}/play")
        self.last_s = dict.fromkeys((f"/player/v{number}/note" for number in range(PLAYERS)), 0.0)
        self.gap_s = 0.0
        self.events = 0

    def play(self, seconds: float) -> None:
        until_s = self.stage.now_s + seconds
        while self.stage.now_s < until_s:
            self.people[self.events % PERFORMERS].send("/note", 36.0 + self.draw.randrange(48), 90.0, 1, 40.0)
            self.events += 1
            self.stage.advance(1 / (PERFORMERS * RATE_HZ))
            if self.events % PERFORMERS == 0:
                self.let_go()
        self.let_go()

    def let_go(self) -> None:
        """What has been looked at is dropped, or ten minutes would not fit."""
        for time_ns, packet, _ in self.stage.wire.sent:
            message = decode(packet)
            if isinstance(message, Message) and message.address in self.last_s:
                self.gap_s = max(self.gap_s, time_ns / SECOND - self.last_s[message.address])
                self.last_s[message.address] = time_ns / SECOND
        self.stage.wire.sent.clear()
        self.stage.inputs.clear()
        self.stage.outputs_of.clear()
        self.stage._read = 0

    def status(self) -> dict[str, int]:
        self.lead.send("/status")
        return {str(line[0]): int(line[1]) for line in self.lead.got("/status/is")
                if len(line) == 2 and isinstance(line[1], int)}  # fmt: skip


@pytest.mark.timeout(20_000)
def test_nobody_misses_a_deadline_in_a_full_house() -> None:
    house = House()
    house.play(1.0)  # everybody has begun
    before = house.status()
    house.gap_s = 0.0
    house.play(SECONDS)
    after = house.status()
    counted = ("missed_deadlines", "late", "events_by_stand_ins", "answers_discarded", "refused")
    assert {key: after[key] - before[key] for key in counted} == dict.fromkeys(counted, 0)
    assert max(house.gap_s, *(house.stage.now_s - last_s for last_s in house.last_s.values())) <= BEAT_S
    assert house.events - PERFORMERS <= after["heard"] <= house.events
    assert house.stage.engine.band.memory("main/all").remembered == after["heard"]
