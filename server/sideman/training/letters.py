"""Text to be trained on: folders of text, JSON Lines, and corpora of messages, sentences and prose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from ..errors import SetupError
from ..evaluation.corpora import corpus, lines
from .garden import statement

#: What nobody should find in a model that is given away: long numbers, addresses, links.
_PRIVATE: Final = re.compile(r"\d{4,}|\S+@\S+|https?:|www\.", re.IGNORECASE)


SHIPPED: Final = "sms_en, phrases_fr (French and English), prose_fr, statements made by rule"


def texts_of_corpus(data: Path, name: str, split: str, field: str = "text") -> list[str]:
    """The texts of one split, of prose each paragraph; without what looks like somebody's number or address."""
    read, splits = corpus(data, name)
    texts: list[str] = []
    for own in splits[split]:
        fields = read.get(own, {})
        texts += fields.get("paragraphs", [fields[field]] if field in fields else [])
    return [text for text in texts if text and not _PRIVATE.search(text)]


def texts_of_files(place: Path) -> list[str]:
    """The texts of a folder or file: each line of `.txt`, `text` or `paragraphs` of JSON Lines."""
    paths = sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]
    texts: list[str] = []
    for path in paths:
        if path.name.endswith((".jsonl", ".jsonl.gz")):
            for fields in lines(path):
                texts += fields.get("paragraphs", [fields["text"]] if "text" in fields else [])
        elif path.suffix == ".txt":
            texts += path.read_text(encoding="utf-8", errors="replace").splitlines()
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise SetupError(f"{place} holds no text", "give a folder of .txt files or JSON Lines with text")
    return texts


def statements(count: int, seed: int) -> list[str]:
    """Plain statements about vegetables and fruits, made by rule."""
    chance = np.random.default_rng(seed)
    return [statement(chance) for _ in range(count)]


def shipped_texts(data: Path, split: str) -> list[tuple[float, Sequence[str]]]:
    """What the text model that ships is trained on, in groups with their shares."""
    return [
        (0.27, texts_of_corpus(data, "sms_en", split)),
        (0.22, texts_of_corpus(data, "phrases_fr", split)),
        (0.12, texts_of_corpus(data, "phrases_fr", split, "en")),
        (0.24, texts_of_corpus(data, "prose_fr", split)),
        (0.15, statements(20_000 if split == "train" else 500, 1 if split == "train" else 2)),
    ]
