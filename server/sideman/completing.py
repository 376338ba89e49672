"""What may follow a typed text: the most probable ends of the word under way, or words, best first.

It asks a model and changes nothing. How far the typing has come is the caller's to say, by a state.
"""

from __future__ import annotations

from typing import Any, Final

from .learned import Learned
from .text import is_letter

#: So many completions, of so many characters at most, are looked for among so many beginnings at a time.
COMPLETIONS: Final = 5
MOST_CHARACTERS: Final = 24
BEAM: Final = 8
#: Of each beginning so many characters are tried.
BRANCHES: Final = 8

Suggestion = tuple[str, float]
Span = tuple[int, int]


def completions(learned: Learned, state: Any, exclude: list[Span]) -> tuple[Suggestion, ...]:
    """Texts with their probabilities from a state of the model; it is not changed. Empty: nothing is known."""
    if learned.viewpoint.names == ("word",):
        return tuple(_following(learned, state, exclude, COMPLETIONS))
    return _ends_of_words(learned, state, exclude)


def _following(learned: Learned, state: Any, exclude: list[Span], most: int) -> list[Suggestion]:
    """The most probable next symbols by their words; equals in the order of their numbers."""
    values, p = learned.model.predict(state, (), exclude)
    ranked = sorted(zip(values.tolist(), p.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    known = [(learned.viewpoint.word((value,)), probability) for value, probability in ranked if value]
    return [pair for pair in known[:most] if pair[1] > 0]


def _ends_of_words(learned: Learned, state: Any, exclude: list[Span]) -> tuple[Suggestion, ...]:
    """A beam search over characters: a word is whole where a character comes that belongs to none."""
    numbers = {character: value for value, character in enumerate(learned.viewpoint.alphabet_of_words(), 1)}
    beam: list[tuple[float, str, Any]] = [(1.0, "", state)]
    whole: dict[str, float] = {}
    for _ in range(MOST_CHARACTERS):
        longer: list[tuple[float, str, Any]] = []
        for probability, text, here in beam:
            for character, share in _following(learned, here, exclude, BRANCHES):
                if is_letter(character):
                    longer.append((probability * share, text + character, here))
                elif text:
                    whole[text] = whole.get(text, 0.0) + probability * share
        best = sorted(longer, key=lambda found: (-found[0], found[1]))[:BEAM]
        enough = sorted(whole.values(), reverse=True)[COMPLETIONS - 1 : COMPLETIONS]
        beam = []
        for probability, text, here in best:
            if not enough or probability > enough[0]:
                further = here.copy()
                learned.model.advance(further, learned.known((numbers[text[-1]],)))
                beam.append((probability, text, further))
        if not beam:
            break
    return tuple(sorted(whole.items(), key=lambda found: (-found[1], found[0]))[:COMPLETIONS])
