"""Instructions for text, their examples made by rule, and the rule that says whether an answer obeys.

The seminar's own is to replace the vegetables in a sentence by fruits. Who can do only that has not learned to obey, so
there are others: the other way round, one word by another, repeating, saying of what sort a word is. Some wordings are
held out. A word that is held out is never replaced and replaces none; of what sort it is, a model may be told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from ..tokens import TEXT, prompt, text_tokens
from .garden import Drawn, Word, draw, fitting, words
from .streams import Row, Source, packed

#: Each instruction in words, by language: those that are tuned, and those that are held out.
WORDINGS: Final[dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]]] = {
    "fruits": {
        "en": (
            (
                "Replace the vegetables by fruits.",
                "Replace the vegetables with fruits.",
                "Put fruits in place of vegetables.",
                "Change every vegetable into a fruit.",
                "Vegetables become fruits.",
            ),
            (
                "Please replace each vegetable by a fruit.",
                "Turn the vegetables into fruits.",
            ),
        ),
        "fr": (
            (
                "Remplace les légumes par des fruits.",
                "Remplacez les légumes par des fruits.",
                "Mets des fruits à la place des légumes.",
                "Change chaque légume en fruit.",
                "Les légumes deviennent des fruits.",
            ),
            (
                "Il faut remplacer chaque légume par un fruit.",
                "Transforme les légumes en fruits.",
            ),
        ),
    },
    "vegetables": {
        "en": (
            (
                "Replace the fruits by vegetables.",
                "Put vegetables in place of fruits.",
                "Fruits become vegetables.",
            ),
            ("Please replace each fruit by a vegetable.",),
        ),
        "fr": (
            (
                "Remplace les fruits par des légumes.",
                "Mets des légumes à la place des fruits.",
                "Les fruits deviennent des légumes.",
            ),
            ("Il faut remplacer chaque fruit par un légume.",),
        ),
    },
    "word": {
        "en": (
            (
                "Replace {0} by {1}.",
                "Put {1} in place of {0}.",
                "{0} becomes {1}.",
            ),
            ("Please replace {0} by {1}.",),
        ),
        "fr": (
            (
                "Remplace {0} par {1}.",
                "Mets {1} à la place de {0}.",
                "{0} devient {1}.",
            ),
            ("Il faut remplacer {0} par {1}.",),
        ),
    },
    "repeat": {
        "en": (
            (
                "Repeat the sentence.",
                "Say it again.",
                "Change nothing.",
            ),
            ("Please repeat it.",),
        ),
        "fr": (
            (
                "Répète la phrase.",
                "Dis-le encore.",
                "Ne change rien.",
            ),
            ("Il faut répéter la phrase.",),
        ),
    },
    "sort": {
        "en": (
            (
                "Vegetable or fruit?",
                "Say of what sort each is.",
                "Name the sorts.",
            ),
            ("Is it a vegetable or a fruit?",),
        ),
        "fr": (
            (
                "Légume ou fruit ?",
                "Dis de quelle sorte chacun est.",
                "Nomme les sortes.",
            ),
            ("Est-ce un légume ou un fruit ?",),
        ),
    },
}
_SHARES: Final = {"fruits": 0.35, "vegetables": 0.12, "word": 0.17, "repeat": 0.2, "sort": 0.16}
#: So many words at most are sorted at once.
_SORTED: Final = 4
_SORTS: Final = {"en": {"vegetable": "vegetable", "fruit": "fruit"}, "fr": {"vegetable": "légume", "fruit": "fruit"}}
#: Sentences from elsewhere are not longer than this.
LONGEST: Final = 60


class Task(NamedTuple):
    """One instruction with its sentence, an answer that obeys, and what every answer that obeys matches."""

    name: str
    instruction: str
    sentence: str
    answer: str
    pattern: str


def obeyed(task: Task, answer: str) -> bool:
    """Whether an answer is the sentence with just what was asked for changed."""
    return re.fullmatch(task.pattern, answer) is not None


def make(
    chance: np.random.Generator, name: str, unseen: bool = False, unseen_words: bool = False, plain: Sequence[str] = ()
) -> Task:
    """A task; unseen ones have wordings, frames and (if wished) words that tuning never sees.

    `plain`: sentences from elsewhere. They stand in for a made one, or beside it: whoever has to repeat what nobody
    could foresee learns to look at it.
    """
    language = "en" if chance.random() < 0.5 else "fr"
    wordings = WORDINGS[name][language][unseen]
    wording = wordings[int(chance.integers(len(wordings)))]
    if name == "sort":
        return _sorting(chance, language, wording)
    if name in ("repeat", "word") and plain and chance.random() < 0.8:
        return _plain(chance, name, wording, plain)
    sort, target = ("fruit", "vegetable") if name == "vegetables" else ("vegetable", "fruit")
    drawn = draw(chance, language, sort, unseen, unseen_words, mixed=True)
    if plain and chance.random() < 0.6:
        drawn = _beside(chance, drawn, plain[int(chance.integers(len(plain)))])
    held = None if unseen_words else False  # what tuning must not see is not in its answers either
    if name == "repeat":
        return Task(name, wording, drawn.text, drawn.text, re.escape(drawn.text))
    if name == "word":
        old = drawn.words[int(chance.integers(len(drawn.words)))]
        there = (*fitting(old, "fruit", held), *fitting(old, "vegetable", held))
        new = _any(chance, [word for word in there if word != old])
        answer = drawn.with_words(tuple(new if word == old else word for word in drawn.words))
        return Task(name, wording.format(old.text, new.text), drawn.text, answer.text, re.escape(answer.text))
    answer = drawn.with_words(tuple(
        _any(chance, fitting(word, target, held)) if word.sort == sort else word for word in drawn.words
    ))  # fmt: skip
    return Task(name, wording, drawn.text, answer.text, _pattern(drawn, sort, target))


def _beside(chance: np.random.Generator, drawn: Drawn, other: str) -> Drawn:
    """A sentence with another before or behind it."""
    first, *middle, last = drawn.parts
    if chance.random() < 0.5:
        return drawn._replace(parts=(f"{other} {first}", *middle, last))
    return drawn._replace(parts=(first, *middle, f"{last} {other}"))


def _plain(chance: np.random.Generator, name: str, wording: str, plain: Sequence[str]) -> Task:
    """A sentence from elsewhere, or words that are none, to be repeated or to have one word exchanged."""
    sentence = plain[int(chance.integers(len(plain)))] if chance.random() < 0.7 else nonsense(chance)
    found = re.findall(r"[^\W\d_]{2,}", sentence)
    if name == "repeat" or not found:
        return Task(name, wording, sentence, sentence, re.escape(sentence))
    old = found[int(chance.integers(len(found)))]
    others = re.findall(r"[^\W\d_]{2,}", plain[int(chance.integers(len(plain)))]) or ["it"]
    new = others[int(chance.integers(len(others)))]
    answer = re.sub(rf"(?<![^\W\d_]){re.escape(old)}(?![^\W\d_])", new, sentence)
    return Task(name, wording.format(old, new), sentence, answer, re.escape(answer))


def _sorting(chance: np.random.Generator, language: str, wording: str) -> Task:
    """Some words, held out or not, each to be named with its sort."""
    there = [word for sort in ("vegetable", "fruit") for word in words(language, sort)]
    drawn = [there[int(chance.integers(len(there)))] for _ in range(int(chance.integers(1, _SORTED + 1)))]
    answer = ", ".join(f"{word.text}: {_SORTS[language][word.sort]}" for word in drawn)
    return Task("sort", wording, ", ".join(word.text for word in drawn), answer, re.escape(answer))


def nonsense(chance: np.random.Generator) -> str:
    """Some words of random letters."""
    letters = "abcdefghijklmnopqrstuvwxyzéèà"
    return " ".join(
        "".join(letters[int(chance.integers(len(letters)))] for _ in range(int(chance.integers(2, 8))))
        for _ in range(int(chance.integers(2, 7)))
    )


def _any(chance: np.random.Generator, words: Sequence[Word]) -> Word:
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
    """A task as a row to be tuned on: only its answer is learned."""
    before = prompt(task.instruction, task.sentence)
    answer = [*text_tokens(task.answer), TEXT.ranges["control"].first + 2]
    return before + answer, [0.0] * len(before) + [1.0] * len(answer)


def tasks_source(others: Source | None = None, share: float = 0.15, plain: Sequence[str] = ()) -> Source:
    """Rows of several tasks one after another; now and then one of plain text, lest it be forgotten."""
    names, shares = list(_SHARES), list(_SHARES.values())

    def one(chance: np.random.Generator, length: int) -> Row:
        return example(make(chance, names[int(chance.choice(len(names), p=shares))], plain=plain))

    def row(chance: np.random.Generator, length: int) -> Row:
        if others is not None and chance.random() < share:
            return others(chance, length)
        return packed(chance, length, one)

    return row
