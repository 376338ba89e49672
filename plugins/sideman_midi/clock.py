"""MIDI clock from bytes: 24 pulses a quarter note, start, continue, stop and song position. No ports, no clock.

Source: MIDI 1.0 Detailed Specification, "System Real Time Messages" and "Song Position Pointer". Real-time bytes may
stand anywhere, even inside another message.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CLOCK, START, CONTINUE, STOP, POSITION = 0xF8, 0xFA, 0xFB, 0xFC, 0xF2
PULSES: Final = 24  # a quarter note
PULSES_OF_SIXTEENTH: Final = 6  # in which song positions count


@dataclass(frozen=True, slots=True)
class Beat:
    """A quarter note begins; `number` counts from 0 since the song's beginning, None before any start."""

    number: int | None


@dataclass(frozen=True, slots=True)
class Started:
    """The master starts, or goes on, at a quarter note; the beat itself comes with the next pulse."""

    number: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """The master stops; its pulses may go on."""


class MidiClock:
    """Follows one master. Feed it what comes, in any division."""

    def __init__(self) -> None:
        self._pulses = 0  # since the song's beginning; of the next pulse
        self._running = False
        self._placed = False
        self._data: list[int] | None = None  # of a song position, while it comes

    def hear(self, data: bytes) -> Iterator[Beat | Started | Stopped]:
        """What these bytes mean, in order."""
        for byte in data:
            if byte >= CLOCK:
                yield from self._real_time(byte)
            elif byte >= 0x80:
                self._data = [] if byte == POSITION else None
            elif self._data is not None:
                self._data.append(byte)
                if len(self._data) == 2:
                    if not self._running:  # a running sequence may not be moved
                        self._pulses = (self._data[0] | self._data[1] << 7) * PULSES_OF_SIXTEENTH
                    self._data = None

    def _real_time(self, byte: int) -> Iterator[Beat | Started | Stopped]:
        if byte == CLOCK:
            if self._running or not self._placed:
                if self._pulses % PULSES == 0:
                    yield Beat(self._pulses // PULSES if self._placed else None)
                self._pulses += 1
        elif byte in (START, CONTINUE):
            if byte == START:
                self._pulses = 0
            self._running = self._placed = True
            yield Started(self._pulses / PULSES)
        elif byte == STOP:
            self._running = False
            yield Stopped()
