"""Events as columns: typed arrays instead of objects, a tenth of the memory, and what a file is made of.

Which columns there are is read from the fields of `Event` and `Note`. Nothing here knows what is learned from them.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import fields
from itertools import accumulate
from operator import attrgetter, is_, itemgetter
from typing import Any, Final

from .events import Control, Event, Note

#: What a field's type is kept as: an array's type code, and for tuples that of their members.
CODES: Final = {"int": "q", "float": "d", "bool": "b", "str": "i"}
NOTES: Final = "tuple[Note, ...]"
NUMBERS: Final = "tuple[float, ...]"
#: Few events have any: these are rows of their own, each with the place of its event, and cost the others nothing.
CONTROLS: Final = "tuple[Control, ...]"


def _columns(kind: type) -> tuple[tuple[str, str], ...]:
    return tuple((field.name, str(field.type)) for field in fields(kind))


EVENT: Final = _columns(Event)
NOTE: Final = _columns(Note)
CONTROL: Final = _columns(Control)
AT: Final = "control at"
#: What may be missing from a file: older ones have no such rows.
ROWS: Final = (AT, *(f"control {name}" for name, _ in CONTROL))
#: Every column that holds numbers of strings.
WORDS: Final = (
    *(name for name, kind in EVENT if kind == "str"),
    *(f"control {name}" for name, kind in CONTROL if kind == "str"),
)
STREAM: Final = "stream"
#: Fields that are kept as they are, those that are strings, and tuples with the column of their numbers (of notes: "").
PLAIN: Final = tuple(name for name, kind in EVENT if kind in ("int", "float", "bool"))
STRINGS: Final = tuple(name for name, kind in EVENT if kind == "str")
TUPLES: Final = tuple((name, f"{name} numbers" if kind == NUMBERS else "") for name, kind in EVENT
                      if kind in (NOTES, NUMBERS))  # fmt: skip
_plain_of = attrgetter(*PLAIN)
_strings_of = attrgetter(*STRINGS)
_note_of = attrgetter(*(name for name, _ in NOTE))
#: Of the plain fields those that are no truths; an event's fields as they are read, and from there in their own order.
MEASURES: Final = tuple(name for name, kind in EVENT if kind in ("int", "float"))
TRUTHS: Final = tuple(name for name, kind in EVENT if kind == "bool")
MEMBERS: Final = tuple((name, kind) for name, kind in EVENT if kind not in CODES)
_READ: Final = (*MEASURES, *STRINGS, *TRUTHS, *(name for name, _ in MEMBERS))
_in_order = itemgetter(*(_READ.index(name) for name, _ in EVENT))
#: The newest events, fewer than so many, are still objects: they become rows of the columns together, which is quicker.
FRESH: Final = 64
#: Columns that older files lack, and what each of their events has there.
LATER: Final = {"form_beats": -1.0}


class _Rows:
    """Events on their way into columns: what is the same whoever keeps them, with strings not yet numbered."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.plain = list(zip(*map(_plain_of, events), strict=True))
        self.strings = [word for event in events for word in _strings_of(event)]
        self.controls = [(at, control) for at, event in enumerate(events) for control in event.controls]
        notes = [_note_of(note) for event in events for note in event.notes]
        self.notes = list(zip(*notes, strict=True))
        self.lengths = [[len(getattr(event, name)) for event in events] for name, _ in TUPLES]
        self.members = [
            [value for event in events for value in getattr(event, name)] if members else []
            for name, members in TUPLES
        ]  # fmt: skip


#: What was on its way last: many memories that hear the same keep the same events one after another.
_LAST: list[_Rows] = []


def _rows_of(events: list[Event]) -> _Rows:
    if _LAST and len(_LAST[0].events) == len(events) and all(map(is_, _LAST[0].events, events)):
        return _LAST[0]
    _LAST[:] = [_Rows(events)]
    return _LAST[0]


def forget_rows() -> None:
    """What was on its way last is not kept."""
    _LAST.clear()


class Columns:
    """A segment of events in order, each with the number of its stream. Strings are kept once.

    Other threads may read what is there while more is appended.
    """

    def __init__(self) -> None:
        self.words: list[str] = []
        self._numbers: dict[str, int] = {}
        #: How many events are in the columns, and those behind them: exchanged together, for readers on other threads.
        self._fresh: tuple[int, list[tuple[Event, int]]] = (0, [])
        self.arrays: dict[str, array[Any]] = {STREAM: array("q")}
        for name, kind in EVENT:
            if kind == NOTES:
                self.arrays[name] = array("q", [0])  # where each event's notes end, from a leading 0
                for note_name, note_kind in NOTE:
                    self.arrays[f"note {note_name}"] = array(CODES[note_kind])
            elif kind == NUMBERS:
                self.arrays[name] = array("q", [0])
                self.arrays[f"{name} numbers"] = array("d")
            elif kind == CONTROLS:
                self.arrays[AT] = array("q")
                for control_name, control_kind in CONTROL:
                    self.arrays[f"control {control_name}"] = array(CODES[control_kind])
            else:
                self.arrays[name] = array(CODES[kind])
        self._bind()

    def _bind(self) -> None:
        """The columns of an event's plain fields, of its strings and of a note's fields, at hand."""
        arrays = self.arrays
        self._note_columns = [arrays[f"note {name}"] for name, _ in NOTE]
        self._measures = [arrays[name] for name in MEASURES]
        self._named = [arrays[name] for name in STRINGS]
        self._truths = [arrays[name] for name in TRUTHS]

    def __len__(self) -> int:
        packed, fresh = self._fresh
        return packed + len(fresh)

    def append(self, event: Event, stream: int) -> None:
        """Keep an event."""
        fresh = self._fresh[1]
        fresh.append((event, stream))
        if len(fresh) >= FRESH:
            self.pack()

    def pack(self) -> dict[str, array[Any]]:
        """The columns, with all events in them."""
        packed, fresh = self._fresh
        if not fresh:
            return self.arrays
        arrays, rows = self.arrays, _rows_of([event for event, _ in fresh])
        for name, values in zip(PLAIN, rows.plain, strict=True):
            arrays[name].extend(values)
        try:
            numbers = list(map(self._numbers.__getitem__, rows.strings))
        except KeyError:  # words never met are numbered in the order in which they came
            numbers = []
            for event in rows.events:
                numbers += map(self._number, _strings_of(event))
                for control in event.controls:
                    self._row_of(control)
        for at, name in enumerate(STRINGS):
            arrays[name].extend(numbers[at :: len(STRINGS)])
        for at, control in rows.controls:
            self._keep_control(control, packed + at)
        for column, values in zip(self._note_columns, rows.notes, strict=bool(rows.notes)):
            column.extend(values)
        for (name, members), lengths, numbers in zip(TUPLES, rows.lengths, rows.members, strict=True):
            ends = arrays[name]
            ends.extend(list(accumulate(lengths, initial=ends[-1]))[1:])
            if members:
                arrays[members].extend(numbers)
        arrays[STREAM].extend([stream for _, stream in fresh])
        self._fresh = (packed + len(fresh), [])
        return arrays

    def _keep_control(self, control: Control, place: int) -> None:
        """A row for the event at a place."""
        self.arrays[AT].append(place)
        for (name, _), value in zip(CONTROL, self._row_of(control), strict=True):
            self.arrays[f"control {name}"].append(value)

    def _row_of(self, control: Control) -> list[Any]:
        """A controller's values, strings as their numbers."""
        values = [(getattr(control, name), kind) for name, kind in CONTROL]
        return [self._number(value) if kind == "str" else value for value, kind in values]

    def copy(self, count: int) -> Columns:
        """Its first events again, on any thread while more are appended."""
        (packed, fresh), arrays, made = self._fresh, self.arrays, Columns()
        rest, count = fresh[: max(count - packed, 0)], min(count, packed)
        made.arrays[STREAM] = arrays[STREAM][:count]
        for name, kind in EVENT:
            if kind == CONTROLS:
                rows = bisect_left(arrays[AT], count)
                made.arrays.update((row, arrays[row][:rows]) for row in ROWS)
            elif kind in (NOTES, NUMBERS):
                ends = made.arrays[name] = arrays[name][: count + 1]
                members = [f"note {other}" for other, _ in NOTE] if kind == NOTES else [f"{name} numbers"]
                made.arrays.update((member, arrays[member][: ends[-1]]) for member in members)
            else:
                made.arrays[name] = arrays[name][:count]
        made.words = list(self.words)
        made._numbers = {word: number for number, word in enumerate(made.words)}
        made._bind()
        made._fresh = (count, rest)
        return made

    def event(self, place: int) -> Event:
        """The event at a place, as it was."""
        packed, fresh = self._fresh
        if place >= packed:
            return fresh[place - packed][0]
        words = self.words
        read = [column[place] for column in self._measures]
        read += [words[column[place]] for column in self._named]
        read += [bool(column[place]) for column in self._truths]
        read += [self._members(name, kind, place) for name, kind in MEMBERS]
        return Event(*_in_order(read))

    def stream(self, place: int) -> int:
        """The number of its stream."""
        packed, fresh = self._fresh
        return fresh[place - packed][1] if place >= packed else int(self.arrays[STREAM][place])

    def onset_beats(self, place: int) -> float:
        """When it began."""
        packed, fresh = self._fresh
        return fresh[place - packed][0].onset_beats if place >= packed else float(self.arrays["onset_beats"][place])

    def performer(self, place: int) -> str:
        """Who played it."""
        packed, fresh = self._fresh
        return fresh[place - packed][0].performer if place >= packed else self._word("performer", place)

    def is_from(self, place: int, name: str) -> bool:
        """Whether somebody played it, or a player made it from what they had played."""
        packed, fresh = self._fresh
        origin = fresh[place - packed][0].origin if place >= packed else self._word("origin", place)
        return name in (self.performer(place), origin)

    def erase(self, place: int) -> None:
        """Nothing of what was played there is left, but the place."""
        arrays = self.pack()
        for name, kind in EVENT:
            if kind == NOTES:
                for at in range(arrays[name][place], arrays[name][place + 1]):
                    for note_name, _ in NOTE:
                        arrays[f"note {note_name}"][at] = 0
            elif kind == NUMBERS:
                for at in range(arrays[name][place], arrays[name][place + 1]):
                    arrays[f"{name} numbers"][at] = 0.0
            elif kind == CONTROLS:
                for at in self._rows(place):
                    for control_name, control_kind in CONTROL:
                        arrays[f"control {control_name}"][at] = self._number("") if control_kind == "str" else 0
            else:
                arrays[name][place] = self._number("") if kind == "str" else 0

    def forget_words(self) -> None:
        """Strings that no event uses any more are overwritten."""
        arrays = self.pack()
        used = {number for name in WORDS for number in arrays[name]}
        for number, word in enumerate(self.words):
            if number not in used and word:
                del self._numbers[word]
                self.words[number] = ""

    @property
    def bytes(self) -> int:
        """What it takes, strings included."""
        held = sum(column.buffer_info()[1] * column.itemsize for column in self.pack().values())
        return held + sum(len(word) + 100 for word in self.words)

    def __iter__(self) -> Iterator[tuple[Event, int]]:
        return ((self.event(place), self.stream(place)) for place in range(len(self)))

    def _word(self, name: str, place: int) -> str:
        return self.words[int(self.arrays[name][place])]

    def _number(self, word: str) -> int:
        number = self._numbers.get(word)
        if number is None:
            number = self._numbers[word] = len(self.words)
            self.words.append(word)
        return number

    def _rows(self, place: int) -> range:
        """The rows of an event's controls."""
        at = self.arrays[AT]
        return range(bisect_left(at, place), bisect_right(at, place)) if at else range(0)

    def _control(self, row: int) -> Control:
        values = [self.arrays[f"control {name}"][row] for name, _ in CONTROL]
        return Control(*(self.words[value] if kind == "str" else value
                         for value, (_, kind) in zip(values, CONTROL, strict=True)))  # fmt: skip

    def _members(self, name: str, kind: str, place: int) -> tuple[Any, ...]:
        """What an event has any number of: notes, numbers or controls."""
        if kind == CONTROLS:
            return tuple([self._control(row) for row in self._rows(place)]) if self.arrays[AT] else ()
        ends = self.arrays[name]
        first, past = ends[place], ends[place + 1]
        if first == past:
            return ()
        if kind == NUMBERS:
            return tuple(self.arrays[f"{name} numbers"][first:past])
        return tuple([Note(*[column[at] for column in self._note_columns]) for at in range(first, past)])

    @classmethod
    def of(cls, words: list[str], arrays: dict[str, array[Any]]) -> Columns:
        """From what a file holds; raises `ValueError` naming what does not fit together."""
        made = cls()
        arrays = {**{name: made.arrays[name] for name in ROWS}, **arrays}
        if "origin" not in arrays:  # written before players heard players
            words = [*words, *([""] if "" not in words else [])]
            arrays["origin"] = array("i", [words.index("")]) * len(arrays.get(STREAM, ()))
        for name, value in LATER.items():
            held = len(arrays[STREAM]) if STREAM in arrays else 0
            arrays.setdefault(name, array(made.arrays[name].typecode, [value]) * held)
        lacking = [name for name in made.arrays if name not in arrays]
        if lacking:
            raise ValueError(f"the column {lacking[0]!r} is missing")
        made.words = words
        made._numbers = {word: number for number, word in enumerate(words)}
        for name, column in made.arrays.items():
            if arrays[name].typecode != column.typecode:
                raise ValueError(f"the column {name!r} is of type {arrays[name].typecode}")
            made.arrays[name] = arrays[name]
        made._bind()
        made._fresh = (len(made.arrays[STREAM]), [])
        made._check()
        return made

    def _check(self) -> None:
        count = len(self)
        at = list(self.arrays[AT])
        if sorted(at) != at or (at and not 0 <= at[0] <= at[-1] < count):
            raise ValueError(f"the column {AT!r} does not lead to its events")
        for name in ROWS:
            if len(self.arrays[name]) != len(at):
                raise ValueError(f"the column {name!r} has {len(self.arrays[name])} members, not {len(at)}")
        for name in WORDS:
            if self.arrays[name] and not 0 <= min(self.arrays[name]) <= max(self.arrays[name]) < len(self.words):
                raise ValueError(f"the column {name!r} names a string that is not there")
        for name, kind in EVENT:
            if kind == CONTROLS:
                continue
            column = self.arrays[name]
            if kind in (NOTES, NUMBERS):
                members = [f"note {other}" for other, _ in NOTE] if kind == NOTES else [f"{name} numbers"]
                ends = list(column)
                if len(ends) != count + 1 or ends[0] != 0 or sorted(ends) != ends:
                    raise ValueError(f"the column {name!r} does not lead to its members")
                short = [member for member in members if len(self.arrays[member]) != ends[-1]]
                if short:
                    raise ValueError(
                        f"the column {short[0]!r} has {len(self.arrays[short[0]])} members, not {ends[-1]}"
                    )
            elif len(column) != count:
                raise ValueError(f"the column {name!r} has {len(column)} events, not {count}")
