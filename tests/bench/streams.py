"""Streams of symbols to learn from: the same every time."""

from __future__ import annotations

import numpy as np

from sideman.models import Ints

SEED = 7117


def markov(letters: int, length: int) -> Ints:
    """A sparse order-2 Markov source, three followers a context, with 6 % noise; ids from 1."""
    draw = np.random.default_rng(SEED)
    table = draw.integers(1, letters + 1, (letters + 1, letters + 1, 3))
    follower = draw.integers(0, 3, length)
    noise = draw.random(length) < 0.06
    anything = draw.integers(1, letters + 1, length)
    symbols = [1, 1]
    for place in range(2, length):
        known = table[symbols[-2], symbols[-1], follower[place]]
        symbols.append(int(anything[place] if noise[place] else known))
    return np.array(symbols[:length], np.int32)


def stuck(length: int) -> Ints:
    """One symbol over and over, then another: a sensor that hangs."""
    symbols = np.ones(length, np.int32)
    symbols[-1] = 2
    return symbols


def loop(length: int) -> Ints:
    """Seven symbols round and round."""
    return (np.arange(length) % 7 + 1).astype(np.int32)
