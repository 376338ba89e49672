"""A course of training: steps, checkpoints, and going on after a kill as if nothing had been.

Each step's rows and chance are keyed by seed, step and process, so that a course that was broken off and taken up again
ends with the same weights. Under torchrun each process takes other rows, and the gradients are averaged.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel

from ..errors import SetupError
from .network import Llama
from .streams import Source, batch
from .torches import Place

CHECKPOINT: Final = "checkpoint.pt"
#: A step's rows of tokens [rows, n + 1] and weights [rows, n], from its key.
Batches = Callable[[Sequence[int]], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True, slots=True)
class Course:
    """How a model is trained."""

    steps: int
    rows: int = 16  # of each process, at `length`; shorter rows come in larger numbers
    length: int = 512
    short: float = 0.6  # of the steps, the first, with rows of half the length
    rate: float = 2.5e-3
    warm: int = 100
    decay: float = 0.1
    dropout: float = 0.1
    seed: int = 0
    every: int = 250  # steps from one look at what is held out to the next, and from checkpoint to checkpoint
    bf16: bool = True


@dataclass(slots=True)
class Progress:
    """How far a course has come: (step, loss in bits a token, held out), the last of them new."""

    step: int = 0
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    seconds: float = 0.0


Tell = Callable[[Progress, float], None]


def train(
    model: Llama,
    source: Source,
    held_out: Sequence[tuple[np.ndarray, np.ndarray]],
    course: Course,
    at: Place,
    folder: Path | None,
    tell: Tell = lambda progress, loss: None,
    stop_at: int | None = None,
) -> Progress:
    """Train a model in place; with a folder, go on from the checkpoint there. `stop_at`: leave off before this step."""
    model.to(at.device)
    optimiser = Optimiser(model, course)
    progress = Progress()
    if folder is not None and (folder / CHECKPOINT).exists():
        progress = _take_up(folder / CHECKPOINT, model, optimiser, course)
    others = DistributedDataParallel(model) if at.world > 1 else model
    began = time.monotonic() - progress.seconds
    recent: list[float] = []
    for step in range(progress.step, course.steps if stop_at is None else min(stop_at, course.steps)):
        length = course.length // 2 if step < course.short * course.steps else course.length
        rows = course.rows * (course.length // length)
        tokens, weights = batch(source, (course.seed, step, at.rank), rows, length)
        torch.manual_seed(course.seed * 1_000_003 + step * 1_009 + at.rank)
        others.train()
        value = loss(others, tokens, weights, at.device, course.bf16)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step(course.rate * pace(step, course))
        recent.append(float(value.detach()) / math.log(2))
        progress.step = step + 1
        if progress.step % course.every == 0 or progress.step == course.steps:
            progress.seconds = time.monotonic() - began
            mean = sum(recent) / len(recent)
            progress.curve.append((progress.step, mean, bits(model, held_out, at.device, course.bf16)))
            recent = []
            if folder is not None and at.first:
                _put_down(folder / CHECKPOINT, model, optimiser, course, progress)
        progress.seconds = time.monotonic() - began
        tell(progress, recent[-1] if recent else progress.curve[-1][1])
    model.eval()
    return progress


def pace(step: int, course: Course) -> float:
    """The share of the learning rate: warming up, then down along a cosine to a twentieth."""
    if step < course.warm:
        return (step + 1) / course.warm
    gone = (step - course.warm) / max(course.steps - course.warm, 1)
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(gone, 1.0)))


def loss(model: Any, tokens: np.ndarray, weights: np.ndarray, device: str, bf16: bool) -> Any:
    """The weighted mean of nats a token."""
    said = torch.from_numpy(tokens).to(device)
    heavy = torch.from_numpy(weights).to(device)
    with torch.autocast(torch.device(device).type, torch.bfloat16, enabled=bf16):
        logits = model(said[:, :-1])
    nats = F.cross_entropy(logits.float().flatten(0, 1), said[:, 1:].flatten(), reduction="none")
    return (nats * heavy.flatten()).sum() / heavy.sum().clamp(min=1e-6)


def bits(model: Llama, held_out: Sequence[tuple[np.ndarray, np.ndarray]], device: str, bf16: bool = True) -> float:
    """Bits a token over what is held out."""
    was, _ = model.training, model.eval()
    total, count = 0.0, 0.0
    with torch.no_grad():
        for tokens, weights in held_out:
            heavy = float(weights.sum())
            total += float(loss(model, tokens, weights, device, bf16)) * heavy
            count += heavy
    model.train(was)
    return total / max(count, 1e-9) / math.log(2)


class Optimiser:
    """Muon for the layers' matrices, AdamW for the rest; norms are not decayed.

    Source: Jordan, "Muon: an optimizer for hidden layers in neural networks", 2024.
    """

    def __init__(self, model: Llama, course: Course) -> None:
        inner = [weight for name, weight in model.named_parameters() if ".layers." in name and weight.dim() == 2]
        flat = [weight for weight in model.parameters() if weight.dim() < 2]
        outer = [weight for name, weight in model.named_parameters() if ".layers." not in name and weight.dim() == 2]
        groups = [{"params": outer, "weight_decay": course.decay}, {"params": flat, "weight_decay": 0.0}]
        adjusted: Any = {"adjust_lr_fn": "match_rms_adamw", "weight_decay": course.decay, "momentum": 0.95}
        self.parts: list[Any] = [
            torch.optim.AdamW(groups, lr=course.rate, betas=(0.9, 0.98), fused=True),
            torch.optim.Muon(inner, lr=course.rate, **adjusted),
        ]

    def step(self, rate: float) -> None:
        """One step at a learning rate, and the gradients are gone."""
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)


def _put_down(path: Path, model: Llama, optimiser: Optimiser, course: Course, progress: Progress) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(
        {
            "course": asdict(course),
            "model": model.state_dict(),
            "optimiser": [part.state_dict() for part in optimiser.parts],
            "progress": asdict(progress),
        },
        part,
    )
    os.replace(part, path)


def _take_up(path: Path, model: Llama, optimiser: Optimiser, course: Course) -> Progress:
    """Raises `SetupError` where another course was put down there."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise SetupError(f"cannot read {path}: {error}", "remove it to begin anew") from None
    if saved["course"] != asdict(course):
        raise SetupError(f"{path} is of another course: {saved['course']}", "give another folder, or remove it")
    model.load_state_dict(saved["model"])
    for part, state in zip(optimiser.parts, saved["optimiser"], strict=True):
        part.load_state_dict(state)
    said = saved["progress"]
    return Progress(said["step"], [tuple(point) for point in said["curve"]], said["seconds"])
