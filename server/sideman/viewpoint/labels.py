"""Components that look at labels: what an event is called, and the chord in force."""

from __future__ import annotations

from ..events import Event
from ..harmony import NO_CHORD, parse


class Numbers:
    """Words, numbered from 1 in order of appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._words: list[str] = []

    def of(self, word: str) -> int:
        """The number of a word, a new one if it has none."""
        number = self._numbers.get(word)
        if number is None:
            self._words.append(word)
            number = self._numbers[word] = len(self._words)
        return number

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, in the order of their numbers."""
        return tuple(self._words)

    def word(self, number: int) -> str:
        """The word of a number; empty: there is none."""
        return self._words[number - 1] if 1 <= number <= len(self._words) else ""


class Label:
    """The event's label."""

    name = "label"

    def __init__(self) -> None:
        self.numbers = Numbers()

    def value(self, event: Event, before: Event | None) -> int:
        """From 1; 0 for an event without label."""
        return self.numbers.of(event.label) if event.label else 0

    def early(self) -> bool:
        """Known at the onset."""
        return True


class ChordLabel:
    """The chord in force, however it is spelled."""

    name = "chord"

    def __init__(self) -> None:
        self.numbers = Numbers()

    def value(self, event: Event, before: Event | None) -> int:
        """From 1; where no chord is in force, that of `N`."""
        chord = parse(event.chord)
        return self.numbers.of(chord.label if chord is not None else event.chord or NO_CHORD)

    def early(self) -> bool:
        """Known at the onset."""
        return True


class Beat(ChordLabel):
    """A whole beat, by the chord in force: its notes are one event (slices.py)."""

    name = "beat"

    def early(self) -> bool:
        """Known when the beat is over."""
        return False


class Word(Label):
    """A typed word, at the character that ends it."""

    name = "word"

    def value(self, event: Event, before: Event | None) -> int:
        """From 1; 0 within a word and between words."""
        return self.numbers.of(event.word) if event.word else 0


class Char(Label):
    """A typed character: a label of one character."""

    name = "char"

    def value(self, event: Event, before: Event | None) -> int:
        """From 1; 0 for other labels."""
        return self.numbers.of(event.label) if len(event.label) == 1 else 0
