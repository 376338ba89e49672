"""The tokens of text: the bytes of UTF-8, and what marks an instruction, its sentence and its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .vocabulary import Vocabulary

TEXT: Final = Vocabulary("text", {"byte": 256, "control": 16})
#: Of `control`: END closes a text or an answer; INSTRUCT, INPUT and ANSWER come before the bytes of each.
PAD, BEGIN, END, INSTRUCT, INPUT, ANSWER = range(6)


def text_tokens(text: str) -> list[int]:
    """The bytes of a text."""
    return list(text.encode("utf-8"))


def bytes_of(tokens: Sequence[int]) -> bytes:
    """The bytes among tokens."""
    return bytes(token for token in tokens if token < TEXT.ranges["byte"].past)


def text_of(tokens: Sequence[int]) -> str:
    """The text of tokens; bytes that are no UTF-8 become U+FFFD."""
    return bytes_of(tokens).decode("utf-8", errors="replace")


def prompt(instruction: str, sentence: str) -> list[int]:
    """What is given to a tuned model, up to the place where its answer begins."""
    control = TEXT.ranges["control"].first
    return [
        control + BEGIN,
        *(control + INSTRUCT, *text_tokens(instruction)),
        *(control + INPUT, *text_tokens(sentence)),
        control + ANSWER,
    ]


def allowed_bytes(begun: bytes) -> tuple[tuple[int, int], ...]:
    """The bytes, as ranges [first, past), with which a character of UTF-8 goes on that has begun with these.

    Of an empty beginning, how characters begin; of a whole character, nothing. Source: Unicode, table 3-7.
    """
    if not begun:
        return (0x00, 0x80), (0xC2, 0xF5)
    first = begun[0]
    length = 1 if first < 0x80 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if len(begun) >= length:
        return ()
    if len(begun) == 1:
        second = {0xE0: (0xA0, 0xC0), 0xED: (0x80, 0xA0), 0xF0: (0x90, 0xC0), 0xF4: (0x80, 0x90)}
        return (second.get(first, (0x80, 0xC0)),)
    return ((0x80, 0xC0),)
