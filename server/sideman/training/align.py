"""Direct preference optimisation: what was liked becomes more probable than what was not, within bounds.

Source: Rafailov et al., "Direct preference optimization", NeurIPS 2023. The bound is a knob of ours: the tuned model's
weights and the aligned one's are mixed so that, over held-out answers, a component's distribution has moved by at most
so many bits (Kullback-Leibler) on average.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from ..tokens import SELF
from .lessons import GRAMMAR, opening, phrase_tokens
from .network import Llama
from .preferences import Preference
from .streams import Row


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a model is aligned."""

    rounds: int = 3  # through all pairs
    pairs: int = 8  # a step
    rate: float = 3e-4
    beta: float = 0.1
    keep: float = 0.05  # how much the liked answers are learned as such
    bound_bits: float = 0.0002  # so little that answers stay as various as they were, within 5 %
    seed: int = 0


def rows(one: Preference) -> tuple[Row, Row]:
    """A pair as two rows; only the components of the answers count, or of the last note that was judged."""
    before = opening(one.before, (), False)
    made = []
    for phrase in (one.liked, one.disliked):
        tokens, weights = phrase_tokens(phrase, SELF, False, True)
        if one.last_only:
            judged = len(GRAMMAR.names)
            tokens = tokens[:-1]  # that the answer ends there was not judged
            weights = [0.0] * (len(tokens) - judged) + [1.0] * judged
        made.append((before + tokens, [0.0] * len(before) + weights))
    return made[0], made[1]


def padded(some: Sequence[Row], device: str) -> tuple[Any, Any]:
    """Rows as tokens int64[n, longest] and weights float32[n, longest]."""
    longest = max(len(tokens) for tokens, _ in some)
    tokens = np.zeros((len(some), longest), np.int64)
    weights = np.zeros((len(some), longest), np.float32)
    for at, (own, heavy) in enumerate(some):
        tokens[at, : len(own)], weights[at, : len(heavy)] = own, heavy
    return torch.from_numpy(tokens).to(device), torch.from_numpy(weights).to(device)


def nats(model: Any, tokens: Any, weights: Any) -> Any:
    """The log-probability of each row, over what counts: float32[n]."""
    logits = model(tokens[:, :-1]).float()
    found = -F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    return (found.view(len(tokens), -1) * weights[:, 1:]).sum(1)


def margins(model: Llama, tuned: Llama, preferences: Sequence[Preference], device: str, beta: float) -> list[float]:
    """By how much each liked answer has gained on the disliked one."""
    found: list[float] = []
    with torch.no_grad():
        for first in range(0, len(preferences), 8):
            some = [row for one in preferences[first : first + 8] for row in rows(one)]
            tokens, weights = padded(some, device)
            gain = nats(model, tokens, weights) - nats(tuned, tokens, weights)
            found += (beta * (gain[::2] - gain[1::2])).tolist()
    return found


def align(
    tuned: Llama,
    train: Sequence[Preference],
    held_out: Sequence[Preference],
    how: Alignment,
    device: str = "cpu",
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> tuple[Llama, float, float]:
    """The aligned model, the share of the way that it went from the tuned one, and how far that is in bits."""
    tuned.to(device).eval()
    model = copy.deepcopy(tuned)
    optimiser = torch.optim.AdamW(model.parameters(), lr=how.rate, weight_decay=0.0)
    chance = np.random.default_rng([how.seed, 3])
    steps = how.rounds * math.ceil(len(train) / how.pairs)
    step = 0
    for _ in range(how.rounds):
        order = chance.permutation(len(train))
        for first in range(0, len(order), how.pairs):
            some = [row for at in order[first : first + how.pairs] for row in rows(train[at])]
            tokens, weights = padded(some, device)
            with torch.no_grad():
                before = nats(tuned, tokens, weights)
            now = nats(model, tokens, weights)
            gain = now - before
            liked = now[::2] / weights[::2, 1:].sum(1)
            loss = -F.logsigmoid(how.beta * (gain[::2] - gain[1::2])).mean() - how.keep * liked.mean()
            for group in optimiser.param_groups:
                group["lr"] = how.rate * min(1.0, (step + 1) / 10) * (1 - 0.9 * step / steps)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            step += 1
            tell(step, float(loss.detach()))
    return bounded(model, tuned, held_out, how.bound_bits, device)


def bounded(
    model: Llama, tuned: Llama, held_out: Sequence[Preference], bound_bits: float, device: str = "cpu"
) -> tuple[Llama, float, float]:
    """The model nearest to the aligned one, on the straight way from the tuned one, that is within the bound."""
    low, high = 0.0, 1.0
    far = distance(model, tuned, held_out, device)
    if far <= bound_bits:
        return model, 1.0, far
    for _ in range(8):
        middle = (low + high) / 2
        if distance(between(tuned, model, middle), tuned, held_out, device) <= bound_bits:
            low = middle
        else:
            high = middle
    found = between(tuned, model, low)
    return found, low, distance(found, tuned, held_out, device)


def between(tuned: Llama, model: Llama, share: float) -> Llama:
    """A model whose weights lie a share of the way from one to the other."""
    found = copy.deepcopy(tuned)
    there = dict(model.named_parameters())
    with torch.no_grad():
        for name, weight in found.named_parameters():
            weight.lerp_(there[name], share)
    return found


def distance(model: Llama, tuned: Llama, held_out: Sequence[Preference], device: str = "cpu") -> float:
    """Bits by which the model's distributions differ from the tuned one's, a mean over what answers count."""
    total, count = 0.0, 0.0
    with torch.no_grad():
        for first in range(0, len(held_out), 8):
            some = [row for one in held_out[first : first + 8] for row in rows(one)]
            tokens, weights = padded(some, device)
            own = model(tokens[:, :-1]).float().log_softmax(-1)
            was = tuned(tokens[:, :-1]).float().log_softmax(-1)
            bits = (own.exp() * (own - was)).sum(-1) / math.log(2)
            total += float((bits * weights[:, 1:]).sum())
            count += float(weights[:, 1:].sum())
    return total / max(count, 1.0)
