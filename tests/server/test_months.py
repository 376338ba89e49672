"""An installation that nobody restarts for months: what it remembers stays within its bounds, by count of bytes."""

from __future__ import annotations

import os

from sideman.band import Band
from sideman.events import Event, Note
from sideman.models import Oracle

#: How many events are heard; `SIDEMAN_STREAM=155000000` are three months of twenty a second.
STREAM = int(os.environ.get("SIDEMAN_STREAM", "60000"))
#: The bounds are the server's own in proportion: so many segments of so many events.
SEGMENT, SEGMENTS = (100_000, 10) if STREAM > 10_000_000 else (2_000, 10)
#: Of a memory and its model, for each event that it may hold: two models stand side by side while one is built.
BYTES_AN_EVENT = 2 * 400


def test_a_stream_of_months_stays_within_its_bounds() -> None:
    band = Band({"oracle": Oracle})
    band.limit(SEGMENT, SEGMENT * SEGMENTS, 512_000_000)
    band.make("room", "oracle", "pitch", "main/room")
    band.settle()
    most_events = most_bytes = 0
    event = Event("sensor", 0, 0.0, 0.1, (Note(60, 80, 0.0, 0.1),))
    events = [Event("sensor", 0, 0.0, 0.1, (Note(48 + step, 80, 0.0, 0.1),)) for step in range(24)]
    for number in range(STREAM):
        event = events[(number * number // 5 + number // 96) % 24]
        band.hear(["room"], [True], event, 0)
        if band.jobs:
            band.settle()
        if number % SEGMENT == SEGMENT - 1:
            memory = band.memory("main/room")
            most_events = max(most_events, len(memory) - memory.first)
            most_bytes = max(most_bytes, band.held_bytes)
    assert len(band.memory("main/room")) == STREAM
    assert most_events <= SEGMENT * SEGMENTS
    assert most_bytes < SEGMENT * SEGMENTS * BYTES_AN_EVENT
    print(f"{STREAM} events heard; at most {most_events} kept, in {most_bytes} bytes with what was learned of them")
