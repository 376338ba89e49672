"""In how many ways one can say what is to be done with a sentence, in English and French: composed, not listed.

A wording is a beginning, a verb with its objects, and an end. A fifth of them all, taken as they are written before any
word is filled in, is held out: a model is tuned without them and tried with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np

from .garden import held_out

NAMES: Final = ("fruits", "vegetables", "word", "mark", "repeat", "sort")

T = TypeVar("T")


_EN_BEGINS: Final = (
    "", "", "please ", "now ", "kindly ", "then ", "could you ", "you must ", "I want you to ", "in this sentence, ",
    "in the sentence, please ", "this time ", "go on and ",
)  # fmt: skip
_EN_ENDS: Final = (".", ".", "!", ", please.", " here.", " in the sentence.", "")
_EN_VERBS: Final = (
    "replace {0} by {1}", "replace {0} with {1}", "put {1} in place of {0}", "put {1} instead of {0}",
    "change {0} into {1}", "turn {0} into {1}", "write {1} instead of {0}", "say {1} where it says {0}",
    "exchange {0} for {1}", "swap {0} for {1}", "use {1} in place of {0}", "let {0} become {1}",
)  # fmt: skip
_EN_VEGETABLES: Final = ("the vegetables", "vegetables", "each vegetable", "every vegetable", "all vegetables")
_EN_FRUITS: Final = ("the fruits", "fruits", "each fruit", "every fruit", "all fruits")
_EN_NEW: Final = {"fruits": ("fruits", "a fruit"), "vegetables": ("vegetables", "a vegetable")}
#: What gives way in an exchange.
_EXCHANGED: Final = {"fruits": "vegetable", "vegetables": "fruit"}

#: Beginnings by the form of the verb behind them.
_FR_BEGINS: Final = {
    0: ("", "", "s'il te plaît, ", "maintenant, ", "dans la phrase, ", "cette fois, "),
    1: ("", "s'il vous plaît, ", "maintenant, ", "dans cette phrase, "),
    2: ("il faut ", "tu dois ", "peux-tu ", "veuillez ", "merci de ", "je veux te voir ", "on va "),
}
_FR_ENDS: Final = (".", ".", " !", " ici.", " dans la phrase.", "")
#: Verbs in three forms, and their objects; {2} is {0} behind `de`.
_FR_VERBS: Final = (
    (("remplace", "remplacez", "remplacer"), "{0} par {1}"),
    (("mets", "mettez", "mettre"), "{1} à la place {2}"),
    (("change", "changez", "changer"), "{0} en {1}"),
    (("transforme", "transformez", "transformer"), "{0} en {1}"),
    (("écris", "écrivez", "écrire"), "{1} au lieu {2}"),
    (("échange", "échangez", "échanger"), "{0} contre {1}"),
    (("prends", "prenez", "prendre"), "{1} au lieu {2}"),
)
#: Verbs that are never tuned.
_EN_FOREIGN: Final = ("substitute {1} for {0}", "trade {0} for {1}", "convert {0} to {1}")
_FR_FOREIGN: Final = (
    (("convertis", "convertissez", "convertir"), "{0} en {1}"),
    (("troque", "troquez", "troquer"), "{0} contre {1}"),
)
_FR_OLD: Final = ("les {}s", "chaque {}", "tous les {}s", "tout {}")
_FR_NEW: Final = ("des {}s", "un {}")
_EN_MARK: Final = ("mark {0}", "put stars around {0}", "put {0} between stars", "show where {0} stand", "star {0}")
_FR_MARK: Final = (
    (("marque", "marquez", "marquer"), "{0}"),
    (("mets", "mettez", "mettre"), "{0} entre étoiles"),
    (("montre", "montrez", "montrer"), "{0}"),
    (("entoure", "entourez", "entourer"), "{0} d'étoiles"),
)
_EN_REPEAT: Final = (
    "repeat the sentence", "say it again", "change nothing", "write the same", "copy the sentence",
    "leave it as it is", "repeat it", "keep every word",
)  # fmt: skip
_FR_REPEAT: Final = (
    (("répète", "répétez", "répéter"), "la phrase"),
    (("redis", "redites", "redire"), "la même chose"),
    (("recopie", "recopiez", "recopier"), "la phrase"),
    (("garde", "gardez", "garder"), "chaque mot"),
    (("laisse", "laissez", "laisser"), "tout comme c'est"),
)
_EN_SORT: Final = (
    "say of what sort each is", "name the sorts", "tell vegetables from fruits", "sort them",
    "say whether it is a vegetable or a fruit",
)  # fmt: skip
_FR_SORT: Final = (
    (("dis", "dites", "dire"), "de quelle sorte chacun est"),
    (("nomme", "nommez", "nommer"), "les sortes"),
    (("trie", "triez", "trier"), "les légumes et les fruits"),
    (("dis", "dites", "dire"), "si c'est un légume ou un fruit"),
)


def wording(chance: np.random.Generator, name: str, language: str, unseen: bool = False, foreign: bool = False) -> str:
    """A wording of an instruction, one that is held out or not; that of `word` has places {0} and {1} for two words,
    that of `mark` a place {0} for what is to be marked (`things`).

    `foreign`: of an exchange, one with a verb that is never tuned.

    Raises `ValueError` where there is no instruction of that name.
    """
    if name not in NAMES:
        raise ValueError(f"no instruction {name!r}; there are {', '.join(NAMES)}")
    compose = _english if language == "en" else _french
    while True:
        made = compose(chance, name, foreign)
        if held_out(made) == unseen:
            return made


def _english(chance: np.random.Generator, name: str, foreign: bool) -> str:
    told = {"repeat": _EN_REPEAT, "sort": _EN_SORT, "mark": _EN_MARK}
    if name in told:
        verb = _one(chance, told[name])
    else:
        verb = _one(chance, _EN_FOREIGN if foreign else _EN_VERBS)
        old = "{0}" if name == "word" else things(chance, "en", _EXCHANGED[name])
        new = "{1}" if name == "word" else _one(chance, _EN_NEW[name])
        verb = verb.format(old, new)
    return _sentence(_one(chance, _EN_BEGINS) + verb + _one(chance, _EN_ENDS))


def _french(chance: np.random.Generator, name: str, foreign: bool) -> str:
    form = int(chance.integers(3))
    told = {"repeat": _FR_REPEAT, "sort": _FR_SORT, "mark": _FR_MARK}
    forms, objects = _one(chance, told.get(name, _FR_FOREIGN if foreign else _FR_VERBS))
    if name in ("fruits", "vegetables", "word"):
        old = "{0}" if name == "word" else things(chance, "fr", _EXCHANGED[name])
        new = "{1}" if name == "word" else _one(chance, _FR_NEW).format("fruit" if name == "fruits" else "légume")
        objects = objects.format(old, new.replace("des ", "") if " en " in objects else new, _of(old))
    begin = _one(chance, _FR_BEGINS[form])
    if begin.endswith(" de ") and forms[form][0] in "éaeiou":
        begin = begin[:-2] + "'"
    return _sentence(f"{begin}{forms[form]} {objects}{_one(chance, _FR_ENDS)}")


def things(chance: np.random.Generator, language: str, sort: str) -> str:
    """All of a sort, as it is said: the vegetables, chaque fruit."""
    if language == "en":
        return _one(chance, _EN_VEGETABLES if sort == "vegetable" else _EN_FRUITS)
    return _one(chance, _FR_OLD).format("légume" if sort == "vegetable" else "fruit")


def _of(thing: str) -> str:
    """What stands behind `de`."""
    return f"des {thing[4:]}" if thing.startswith("les ") else f"de {thing}"


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _one(chance: np.random.Generator, of: Sequence[T]) -> T:
    return of[int(chance.integers(len(of)))]
