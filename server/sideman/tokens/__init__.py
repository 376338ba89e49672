"""Tokens: what the small LLM reads and writes, and what of it is a component of a viewpoint's symbol (docs/llm.md).

Numbers and rules only: no model, no memory, no chance. One file for each noun.
"""

from __future__ import annotations

from .around import SELF, Around, around_tokens, chord_token, place_of
from .cues import BAR, Carrying, aim, bar_of, shape_of, thirds
from .grammar import Grammar, Standing, event_symbol, readable
from .music import (
    BEGIN_TOKEN,
    DENSITIES,
    END_TOKEN,
    INSTRUCTIONS,
    MOST_BARS,
    MUSIC,
    PARTS,
    SHAPES,
    Plan,
    instruction,
    plan,
    planned,
)
from .text import TEXT, allowed_bytes, bytes_of, prompt, text_of, text_tokens
from .vocabulary import VERSION, Range, Vocabulary, vocabulary_of
from .words import OWN_PLAN, instructions_of, plan_of, plan_words

__all__ = [
    "BAR",
    "BEGIN_TOKEN",
    "DENSITIES",
    "END_TOKEN",
    "INSTRUCTIONS",
    "MOST_BARS",
    "MUSIC",
    "OWN_PLAN",
    "PARTS",
    "SELF",
    "SHAPES",
    "TEXT",
    "VERSION",
    "Around",
    "Carrying",
    "Grammar",
    "Plan",
    "Range",
    "Standing",
    "Vocabulary",
    "aim",
    "allowed_bytes",
    "around_tokens",
    "bar_of",
    "bytes_of",
    "chord_token",
    "event_symbol",
    "instruction",
    "instructions_of",
    "place_of",
    "plan",
    "plan_of",
    "plan_words",
    "planned",
    "prompt",
    "readable",
    "shape_of",
    "text_of",
    "text_tokens",
    "thirds",
    "vocabulary_of",
]
