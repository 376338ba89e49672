"""Typed text as what is played: characters, and the words that they end.

Pure functions of strings; who types and who learns is elsewhere.
"""

from __future__ import annotations

from typing import Final

from .streams import Mark

#: A character's place in time: so many beats, whatever follows.
CHARACTER_BEATS: Final = 0.25


def is_letter(character: str) -> bool:
    """Whether a word goes on with it."""
    return character.isalnum() or character in "'\u2019-_"


def typed(written: str, text: str) -> tuple[str, list[Mark]]:
    """The marks of a text after a word that is under way, and the word that is under way then.

    A single character is a keystroke and goes on. A longer text is a line: a space parts it from a word before, and
    one ends its last word.
    """
    if len(text) > 1:
        before = " " if written else ""
        after = " " if is_letter(text[-1]) else ""
        text = f"{before}{text}{after}"
    marks = []
    for character in text:
        if is_letter(character):
            written += character
            marks.append(Mark(character, span_beats=CHARACTER_BEATS))
        else:
            marks.append(Mark(character, written, span_beats=CHARACTER_BEATS))
            written = ""
    return written, marks
