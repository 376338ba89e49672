"""The LLM that ships, through its plugin: whole, cheap in int8, and better on a tune that it has heard before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from sideman.errors import PluginFault
from sideman.llm import llm, reader
from sideman.models import Alphabet
from sideman.plugin import Registry, bundled_models, bundled_slow
from sideman_llm import SHIPPED, setup

#: "Ah! vous dirai-je, Maman" (France, before 1761), pitches and their beats.
MAMAN: Final = [
    (pitch + 1, 15 if place == 6 else 13)
    for line in ("60 60 67 67 69 69 67", "65 65 64 64 62 62 60", "67 67 65 65 64 64 62", "67 67 65 65 64 64 62") * 2
    for place, pitch in enumerate(map(int, line.split()))
]


def bits(played: Sequence[tuple[int, int]], memory: bool = False, **running: Any) -> float:
    """Bits an event of a melody, each event learned as it has passed where there is a memory."""
    letters = Alphabet(2)
    letters.names = ("pitch", "ioi")
    model = llm(reader(SHIPPED, **running), letters, memory_share=0.5 if memory else 0.0)
    state = model.start()
    total = 0.0
    for symbol in played:
        total -= math.log2(model.probability(state, symbol))
        position = None
        if memory:
            position = model.learn(np.array([symbol], np.int32))
        model.advance(state, symbol, position)
    return total / len(played)


def test_int8_costs_less_than_a_hundredth_of_a_bit_an_event() -> None:
    assert abs(bits(MAMAN) - bits(MAMAN, weights_as="f32", cache_as="f32")) < 0.01


def test_a_tune_surprises_it_less_than_its_notes_in_disorder() -> None:
    shuffled = [MAMAN[i] for i in np.random.default_rng(1).permutation(len(MAMAN))]
    assert bits(MAMAN) < bits(shuffled) - 0.1


def test_its_memory_knows_a_tune_that_comes_again() -> None:
    assert bits(MAMAN, memory=True) < bits(MAMAN) - 0.3


def test_it_comes_with_sideman_and_is_slow() -> None:
    assert "llm" in bundled_models()
    assert "llm" in bundled_slow()


def test_a_folder_without_a_model_and_an_unknown_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginFault, match=r"holds no model\.safetensors"):
        setup(Registry("llm"), {"folder": str(tmp_path)})
    with pytest.raises(PluginFault, match="no key 'fodler'"):
        setup(Registry("llm"), {"fodler": "."})
