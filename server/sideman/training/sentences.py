"""Instructions for text, their examples made by rule, and the rule that says whether an answer obeys.

The seminar's own is to replace the vegetables in a sentence by fruits. Who can do only that has not learned to obey, so
there are others: the other way round, one word by another, repeating, marking the words of a sort, saying of what sort
a word is. Some wordings are held out. A word that is held out is never replaced and replaces none; of what sort it is a
model may be told, and it may have to mark it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple, TypeVar

import numpy as np

from ..tokens import TEXT, prompt, text_tokens
from .garden import Drawn, Word, amidst, draw, fitting, words
from .streams import Row, Source, packed
from .wordings import things, wording

_SHARES: Final = {"fruits": 0.28, "vegetables": 0.2, "word": 0.1, "mark": 0.22, "repeat": 0.1, "sort": 0.1}
#: How often a sentence is one from elsewhere with words put amid it.
AMID: Final = 0.5
#: In an answer, the first letter of a word that is exchanged or might have been counts so many times.
DECIDES: Final = 3.0
#: So many words at most are sorted at once.
_SORTED: Final = 4
_SORTS: Final = {"en": {"vegetable": "vegetable", "fruit": "fruit"}, "fr": {"vegetable": "légume", "fruit": "fruit"}}
#: Sentences from elsewhere are not longer than this.
LONGEST: Final = 60

T = TypeVar("T")


class Task(NamedTuple):
    """One instruction with its sentence, an answer that obeys, and what every answer that obeys matches."""

    name: str
    instruction: str
    sentence: str
    answer: str
    pattern: str
    decided: tuple[int, ...] = ()  # where in the answer words begin that are exchanged or might have been


def obeyed(task: Task, answer: str) -> bool:
    """Whether an answer is the sentence with just what was asked for changed."""
    return re.fullmatch(task.pattern, answer) is not None


def make(
    chance: np.random.Generator,
    name: str,
    unseen: bool = False,
    unseen_words: bool = False,
    plain: Sequence[str] = (),
    amid: float = 0.0,
    foreign: bool = False,
) -> Task:
    """A task; unseen ones have wordings, frames and (if wished) words that tuning never sees.

    `plain`: sentences from elsewhere. They stand in for a made one, or beside it, and in a share `amid` of tasks words
    are put amid one: whoever has to repeat what nobody could foresee learns to look at it. `foreign`: the wording has a
    verb that no tuned one has.
    """
    language = "en" if chance.random() < 0.5 else "fr"
    said = wording(chance, name, language, unseen, foreign)
    if name == "sort":
        return _sorting(chance, language, said)
    if name == "mark":
        return _marking(chance, language, said, unseen, plain, amid)
    if name in ("repeat", "word") and plain and chance.random() < 0.8:
        return _plain(chance, name, said, plain)
    sort, target = ("fruit", "vegetable") if name == "vegetables" else ("vegetable", "fruit")
    if plain and chance.random() < amid:
        drawn = amidst(chance, language, sort, _any(chance, plain), unseen_words)
    else:
        drawn = draw(chance, language, sort, unseen, unseen_words, mixed=True)
        if plain and chance.random() < 0.6:
            drawn = _beside(chance, drawn, _any(chance, plain))
    held = None if unseen_words else False  # what tuning must not see is not in its answers either
    answer = drawn
    if name == "word":
        old = _any(chance, drawn.words)
        there = (*fitting(old, "fruit", held), *fitting(old, "vegetable", held))
        new = _any(chance, [word for word in there if word != old])
        said = said.format(old.text, new.text)
        answer = drawn.with_words(tuple(new if word == old else word for word in drawn.words))
    elif name != "repeat":
        answer = drawn.with_words(tuple(
            _any(chance, fitting(word, target, held)) if word.sort == sort else word for word in drawn.words
        ))  # fmt: skip
    pattern = re.escape(answer.text) if name in ("repeat", "word") else _pattern(drawn, sort, target)
    return Task(name, said, drawn.text, answer.text, pattern, answer.begins)


def _beside(chance: np.random.Generator, drawn: Drawn, other: str) -> Drawn:
    """A sentence with another before or behind it."""
    first, *middle, last = drawn.parts
    if chance.random() < 0.5:
        return drawn._replace(parts=(f"{other} {first}", *middle, last))
    return drawn._replace(parts=(first, *middle, f"{last} {other}"))


def _plain(chance: np.random.Generator, name: str, said: str, plain: Sequence[str]) -> Task:
    """A sentence from elsewhere, or words that are none, to be repeated or to have one word exchanged."""
    sentence = _any(chance, plain) if chance.random() < 0.7 else nonsense(chance)
    found = re.findall(r"[^\W\d_]{2,}", sentence)
    if name == "repeat" or not found:
        return Task(name, said, sentence, sentence, re.escape(sentence))
    old = _any(chance, found)
    new = _any(chance, re.findall(r"[^\W\d_]{2,}", _any(chance, plain)) or ["it"])
    parts = re.split(rf"(?<![^\W\d_]){re.escape(old)}(?![^\W\d_])", sentence)
    drawn = Drawn("", tuple(parts), (Word(new, "", "", ""),) * (len(parts) - 1))
    return Task(name, said.format(old, new), sentence, drawn.text, re.escape(drawn.text), drawn.begins)


def _marking(
    chance: np.random.Generator, language: str, said: str, unseen: bool, plain: Sequence[str], amid: float
) -> Task:
    """A sentence with any words, held out or not, of which those of a sort are to be put between stars."""
    sort = "vegetable" if chance.random() < 0.6 else "fruit"
    if plain and chance.random() < amid:
        drawn = amidst(chance, language, sort, _any(chance, plain))
    else:
        drawn = draw(chance, language, sort, unseen, mixed=True)
    marked = tuple(word._replace(text=f"*{word.text}*") if word.sort == sort else word for word in drawn.words)
    answer = drawn.with_words(marked)
    told = said.format(things(chance, language, sort))
    return Task("mark", told, drawn.text, answer.text, re.escape(answer.text), answer.begins)


def _sorting(chance: np.random.Generator, language: str, said: str) -> Task:
    """Some words, held out or not, each to be named with its sort."""
    there = [word for sort in ("vegetable", "fruit") for word in words(language, sort)]
    drawn = [there[int(chance.integers(len(there)))] for _ in range(int(chance.integers(1, _SORTED + 1)))]
    answer = ", ".join(f"{word.text}: {_SORTS[language][word.sort]}" for word in drawn)
    return Task("sort", said, ", ".join(word.text for word in drawn), answer, re.escape(answer))


def nonsense(chance: np.random.Generator) -> str:
    """Some words of random letters."""
    letters = "abcdefghijklmnopqrstuvwxyzéèà"
    return " ".join(
        "".join(letters[int(chance.integers(len(letters)))] for _ in range(int(chance.integers(2, 8))))
        for _ in range(int(chance.integers(2, 7)))
    )


def _any(chance: np.random.Generator, words: Sequence[T]) -> T:
    return words[int(chance.integers(len(words)))]


def _pattern(drawn: Drawn, sort: str, target: str) -> str:
    """The sentence, with any word of the target sort that fits at each place of one of the sort."""
    slots = [
        f"(?:{'|'.join(re.escape(other.text) for other in fitting(word, target))})"
        if word.sort == sort
        else re.escape(word.text)
        for word in drawn.words
    ]
    parts = [re.escape(part) for part in drawn.parts]
    return "".join(part + slot for part, slot in zip(parts, (*slots, ""), strict=True))


def example(task: Task) -> Row:
    """A task as a row to be tuned on: only its answer is learned, and most of all where a word is to be exchanged."""
    before = prompt(task.instruction, task.sentence)
    answer = [*text_tokens(task.answer), TEXT.ranges["control"].first + 2]
    weights = [1.0] * len(answer)
    for at in task.decided:
        weights[len(text_tokens(task.answer[:at]))] = DECIDES
    return before + answer, [0.0] * len(before) + weights


def tasks_source(others: Source | None = None, share: float = 0.15, plain: Sequence[str] = ()) -> Source:
    """Rows of several tasks one after another; now and then one of plain text, lest it be forgotten."""
    names, shares = list(_SHARES), list(_SHARES.values())

    def one(chance: np.random.Generator, length: int) -> Row:
        return example(make(chance, names[int(chance.choice(len(names), p=shares))], plain=plain, amid=AMID))

    def row(chance: np.random.Generator, length: int) -> Row:
        if others is not None and chance.random() < share:
            return others(chance, length)
        return packed(chance, length, one)

    return row
