"""Vegetables and fruits, and sentences about them, in English and French: data, and the drawing of a sentence.

A word fits into another's place if it has its number, its gender and its sound at the beginning, so that no article
changes. A fifth of the words and of the sentences are held out: a model is tuned without them and tried with them.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple

import numpy as np


class Word(NamedTuple):
    """A word and the place into which it fits."""

    text: str
    language: str  # en, fr
    sort: str  # vegetable, fruit
    kind: str  # gender (x in English), number, beginning: m s c, f p v ...
    single: str = ""  # its singular


def _both(language: str, sort: str, gender: str, text: str, plural: str = "s") -> list[Word]:
    """Singulars, each with its plural where it is not made by adding s."""
    made = []
    for entry in text.split(","):
        single, _, several = entry.strip().partition("/")
        start = "v" if single[0] in "aeiouéèêâhî" and single not in ("haricot", "haricot vert") else "c"
        made.append(Word(single, language, sort, f"{gender}s{start}", single))
        made.append(Word(several or single + plural, language, sort, f"{gender}p{start}", single))
    return made


WORDS: Final = (
    *_both(
        "en",
        "vegetable",
        "x",
        "carrot, leek, turnip, cabbage, potato/potatoes, tomato/tomatoes, cucumber, pumpkin, "
        "radish/radishes, beetroot, parsnip, pepper, lettuce, cauliflower, courgette, shallot, "
        "squash/squashes, yam, celeriac, sweet potato/sweet potatoes, marrow, gherkin, "
        "chicory/chicories, fennel bulb, kohlrabi, bean, pea, mushroom, sprout, swede",
    ),
    *_both(
        "en",
        "vegetable",
        "x",
        "onion, aubergine, artichoke, endive, asparagus/asparagus, eggplant, okra pod",
    ),
    *_both(
        "en",
        "fruit",
        "x",
        "pear, peach/peaches, plum, banana, lemon, melon, cherry/cherries, strawberry/strawberries, "
        "grape, fig, mango/mangoes, kiwi, raspberry/raspberries, lime, pineapple, "
        "blueberry/blueberries, nectarine, date, quince, grapefruit, papaya, blackberry/blackberries, "
        "tangerine, pomegranate",
    ),
    *_both(
        "en",
        "fruit",
        "x",
        "apple, orange, apricot, elderberry/elderberries",
    ),
    *_both(
        "fr",
        "vegetable",
        "f",
        "carotte, tomate, courgette, citrouille, betterave, laitue, patate, "
        "pomme de terre/pommes de terre, salade, rave, fève, roquette, tige de céleri/tiges de céleri, "
        "batate, mâche, bette, lentille",
    ),
    *_both(
        "fr",
        "vegetable",
        "m",
        "poireau/poireaux, navet, chou/choux, concombre, radis/radis, potiron, poivron, "
        "chou-fleur/choux-fleurs, panais/panais, fenouil, brocoli, petit pois/petits pois, champignon, "
        "salsifis/salsifis, cornichon, pâtisson, rutabaga, potimarron, topinambour, haricot",
    ),
    *_both(
        "fr",
        "vegetable",
        "f",
        "aubergine, endive, échalote, asperge",
    ),
    *_both(
        "fr",
        "vegetable",
        "m",
        "artichaut, oignon, épinard, ail/ails",
    ),
    *_both(
        "fr",
        "fruit",
        "f",
        "pomme, poire, pêche, fraise, cerise, banane, mandarine, prune, framboise, figue, mangue, "
        "pastèque, nectarine, mûre, myrtille, groseille, papaye, clémentine, datte, goyave, mirabelle",
    ),
    *_both(
        "fr",
        "fruit",
        "m",
        "citron, raisin, melon, kiwi, pamplemousse, coing, cassis/cassis, litchi, pruneau/pruneaux",
    ),
    *_both(
        "fr",
        "fruit",
        "f",
        "orange, airelle",
    ),
    *_both(
        "fr",
        "fruit",
        "m",
        "abricot, ananas/ananas, avocat",
    ),
)

#: Places for a word: {A} a singular with its article, {s} a singular, {p} a plural; {N} a name, {w} a time.
_NAMES: Final = (
    "Ann",
    "Bob",
    "Eva",
    "Tom",
    "Lea",
    "Max",
    "Nina",
    "Paul",
    "Rose",
    "Sam",
    "Zoe",
    "Hugo",
    "Ines",
    "Omar",
    "Yuki",
)
_WHEN_EN: Final = (
    "today",
    "yesterday",
    "this morning",
    "on Sunday",
    "last night",
    "at noon",
    "every week",
    "in the evening",
    "after the concert",
    "before the rehearsal",
    "in May",
    "once a month",
)
_WHEN_FR: Final = (
    "aujourd'hui",
    "hier",
    "ce matin",
    "dimanche",
    "hier soir",
    "à midi",
    "chaque semaine",
    "le soir",
    "après le concert",
    "avant la répétition",
    "en mai",
    "une fois par mois",
)
SENTENCES: Final = {
    "en": (
        "{N} ate {A} {w}.",
        "{N} ate {A} and {A} {w}.",
        "I bought {A} and some bread {w}.",
        "The {p} in the kitchen are ready.",
        "Please bring {A} to the rehearsal.",
        "We cut the {s} into small pieces.",
        "{N} likes {p} more than cheese.",
        "There is {A} on the table, next to the old drum.",
        "Do you want {A}, {N}?",
        "{N} and {N} share {A} {w}.",
        "My soup is made of {p} and {p}.",
        "She painted {A} on the piano {w}.",
        "The {s} rolled under the chair.",
        "He threw {A} at the singer {w}.",
        "I dreamt of {A} with a hat.",
        "{N} sells {p}, eggs and flowers {w}.",
        "Where did you put the {p}, {N}?",
        "{N} lost {A} behind the stage.",
        "No {p} for me, thanks.",
        "The {s} costs one euro.",
        "I'm at the market, do we need {p}?",
        "The child drew {A} and a house.",
        "{N} forgot the {p} {w}.",
        "The {s} and the {s} are in the basket.",
        "Our dog stole {A} from the neighbour.",
        "All the {p} fell down the stairs.",
        "Can u get {p} and milk on ur way home?",
        "{N} plays the drums with {A}.",
        "You peel the {s}, I wash the {s}.",
        "A man with {A} in his pocket came in {w}.",
    ),
    "fr": (
        "{N} a mangé {A} {w}.",
        "{N} a mangé {A} et {A} {w}.",
        "J'ai acheté {A} et du pain {w}.",
        "Les {p} de la cuisine sont là.",
        "Apporte {A} à la répétition.",
        "{N} préfère les {p} au fromage.",
        "Il y a {A} sur la table, près du vieux tambour.",
        "Tu veux {A}, {N} ?",
        "{N} et {N} partagent {A} {w}.",
        "Ma soupe contient des {p} et des {p}.",
        "Elle a peint {A} sur le piano {w}.",
        "Il a lancé {A} au chanteur {w}.",
        "J'ai vu {A} avec un chapeau.",
        "{N} vend des {p}, des œufs et des fleurs {w}.",
        "Où as-tu mis les {p}, {N} ?",
        "{N} a perdu {A} derrière la scène.",
        "Plus jamais ces {p}, merci.",
        "Je suis au marché, il faut des {p} ?",
        "L'enfant dessine {A} et une maison.",
        "{N} a oublié les {p} {w}.",
        "Notre chien a volé {A} au voisin.",
        "Tous ces gens aiment les {p}.",
        "{N} joue du tambour avec {A}.",
        "Coupez les {p} en petits morceaux.",
        "Un homme est venu {w} avec {A} dans sa poche.",
        "Prends {A} dans le panier, {N}.",
        "Combien coûtent ces {p} ?",
        "On a trouvé {A} dans le piano {w}.",
        "Avec {A} et trois {p}, on fait un dîner.",
        "{N} cache {A} sous son lit.",
    ),
}
#: What fills a place {A}: an article and a singular; by gender and beginning.
_ARTICLES: Final = {"xc": "a ", "xv": "an ", "mc": "un ", "mv": "un ", "fc": "une ", "fv": "une "}


class Drawn(NamedTuple):
    """A sentence: pieces of text, and words between them."""

    language: str
    parts: tuple[str, ...]  # one more than there are words
    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """As it is written."""
        return "".join(a + b for a, b in zip(self.parts, (*(word.text for word in self.words), ""), strict=True))

    @property
    def begins(self) -> tuple[int, ...]:
        """Where in the text each word begins."""
        places, at = [], 0
        for part, word in zip(self.parts, self.words, strict=False):
            places.append(at + len(part))
            at = places[-1] + len(word.text)
        return tuple(places)

    def with_words(self, words: tuple[Word, ...]) -> Drawn:
        """The same with other words."""
        return self._replace(words=words)


def held_out(text: str) -> bool:
    """Whether a word's singular or a sentence's frame belongs to the fifth that tuning never sees."""
    return zlib.crc32(text.encode()) % 5 == 1


_FOOD: Final = re.compile(rf"\b(?:{'|'.join(re.escape(word.text) for word in WORDS)})\b", re.IGNORECASE)


def speaks_of_food(text: str) -> bool:
    """Whether one of the words is in a text."""
    return _FOOD.search(text) is not None


@cache
def words(language: str, sort: str, unseen: bool | None = None) -> list[Word]:
    """The words of a sort; `unseen`: only those that are held out, or only the others."""
    return [
        word
        for word in WORDS
        if word.language == language and word.sort == sort and unseen in (None, held_out(word.single))
    ]


@cache
def fitting(word: Word, sort: str, unseen: bool | None = None) -> list[Word]:
    """The words of a sort that fit into a word's place."""
    return [other for other in words(word.language, sort, unseen) if other.kind == word.kind]


def draw(
    chance: np.random.Generator,
    language: str,
    sort: str,
    unseen: bool = False,
    unseen_words: bool | None = None,
    mixed: bool = False,
) -> Drawn:
    """A sentence whose frame is held out or not, with words of a sort, held out or not (None: any).

    `mixed`: now and then, behind one of them, a word of the other sort, which need not be changed.
    """
    frames = [frame for frame in SENTENCES[language] if held_out(frame) == unseen]
    frame = _one(chance, frames)
    parts: list[str] = []
    chosen: list[Word] = []
    text, at = "", 0
    while at < len(frame):
        if frame[at] != "{":
            text, at = text + frame[at], at + 1
            continue
        slot, at = frame[at + 1], at + 3
        if slot == "N":
            text += _one(chance, _NAMES)
        elif slot == "w":
            text += _one(chance, _WHEN_EN if language == "en" else _WHEN_FR)
        else:
            other = "fruit" if sort == "vegetable" else "vegetable"
            another = mixed and any(word.sort == sort for word in chosen) and chance.random() < 0.4
            now = other if another else sort
            number = "p" if slot == "p" else "s"
            there = [word for word in words(language, now, unseen_words) if word.kind[1] == number]
            word = there[int(chance.integers(len(there)))]
            if slot == "A":
                text += _ARTICLES[word.kind[0] + word.kind[2]]
            parts.append(text)
            chosen.append(word)
            text = ""
    return Drawn(language, (*parts, text), tuple(chosen))


def amidst(
    chance: np.random.Generator, language: str, sort: str, sentence: str, unseen_words: bool | None = None
) -> Drawn:
    """Any sentence in which some words have given way to words of a sort, and now and then to one of the other."""
    there = list(re.finditer(r"[^\W\d_]{3,}", sentence))
    if not there:
        return draw(chance, language, sort, unseen_words=unseen_words)
    count = min(len(there), int(chance.choice([1, 1, 2, 2, 3])))
    gone = [there[int(i)] for i in sorted(chance.permutation(len(there))[:count])]
    other = "fruit" if sort == "vegetable" else "vegetable"
    sorts = [sort, *(other if chance.random() < 0.3 else sort for _ in gone[1:])]
    chosen = []
    for own in chance.permutation(sorts):
        words_there = words(language, str(own), unseen_words)
        chosen.append(words_there[int(chance.integers(len(words_there)))])
    edges = [0, *(edge for match in gone for edge in match.span()), len(sentence)]
    parts = tuple(sentence[edges[i] : edges[i + 1]] for i in range(0, len(edges), 2))
    return Drawn(language, parts, tuple(chosen))


def _one(chance: np.random.Generator, names: Sequence[str]) -> str:
    return names[int(chance.integers(len(names)))]


#: Plain statements from which a model may learn which word is of which sort.
_FACTS: Final = {
    "en": {
        "vegetable": (
            "{s}: vegetable",
            "Vegetables: {p}, {p}, {p}.",
            "We boil the {p} for the soup.",
            "The {p} in the garden need water.",
            "I peel {A} for the stew with {p} and salt.",
            "Vegetables such as {p} and {p}.",
        ),
        "fruit": (
            "{s}: fruit",
            "Fruits: {p}, {p}, {p}.",
            "We make jam of {p} and sugar.",
            "The {p} on the tree are ripe and sweet.",
            "I pick {A} for the tart with {p} and cream.",
            "Fruits such as {p} and {p}.",
        ),
    },
    "fr": {
        "vegetable": (
            "{s} : légume",
            "Légumes : {p}, {p}, {p}.",
            "On fait bouillir les {p} pour la soupe.",
            "Les {p} du jardin ont besoin d'eau.",
            "J'épluche {A} pour le ragoût avec des {p} et du sel.",
            "Des légumes comme les {p} et les {p}.",
        ),
        "fruit": (
            "{s} : fruit",
            "Fruits : {p}, {p}, {p}.",
            "On fait de la confiture avec des {p} et du sucre.",
            "Les {p} de l'arbre sont mûrs et sucrés.",
            "Je cueille {A} pour la tarte avec des {p} et de la crème.",
            "Des fruits comme les {p} et les {p}.",
        ),
    },
}


def statement(chance: np.random.Generator) -> str:
    """A sentence from which the sort of its words can be learned; of all words, held out or not."""
    language = "en" if chance.random() < 0.5 else "fr"
    sort = "vegetable" if chance.random() < 0.6 else "fruit"
    if chance.random() < 0.3:
        return draw(chance, language, sort).text
    frame = _one(chance, list(_FACTS[language][sort]))
    text, at = "", 0
    while at < len(frame):
        if frame[at] != "{":
            text, at = text + frame[at], at + 1
            continue
        slot, at = frame[at + 1], at + 3
        there = [word for word in words(language, sort) if word.kind[1] == ("p" if slot == "p" else "s")]
        word = there[int(chance.integers(len(there)))]
        text += (_ARTICLES[word.kind[0] + word.kind[2]] if slot == "A" else "") + word.text
    return text
