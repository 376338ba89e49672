"""Views of text, character by character: strings of several lengths, the word so far with the words before, the shape.

Case is folded in some; what a message or a story repeats is seen by brief views. Data only.
"""

from __future__ import annotations

from typing import Final

from .views import System, absolute, look, symbols

_WORD: Final = look("word", lag=0)  # as far as it is written
_LAST: Final = look("word", lag=1)

TEXT: Final = System(
    (0,),
    (
        absolute(0, symbols(6)),
        absolute(0, symbols(4)),
        absolute(0, symbols(2)),
        absolute(0, symbols(6), brief=True),
        absolute(0, (_WORD, _LAST), brief=True),
        absolute(0, (_WORD, _LAST, look("word", lag=2))),
        absolute(0, (_WORD, look("word", lag=2))),
        absolute(0, [look("folded", lag=lag) for lag in range(1, 7)]),
        absolute(0, [look("shape", lag=lag) for lag in range(1, 9)]),
        absolute(0, [*(look("value", 0, lag) for lag in (1, 2)), *(look("shape", lag=lag) for lag in range(3, 9))]),
    ),
    folds=0,
)
#: Sentences stand beside their variants; met in folds, memory is trusted no more than a new one allows.
SENTENCES: Final = TEXT._replace(folds=8)
