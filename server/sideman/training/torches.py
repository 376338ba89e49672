"""PyTorch, if it is there; where it runs, and with how many others (torchrun). Nothing else of the kit asks."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any, Final

from ..errors import SetupError

CURE: Final = f"{sys.executable} -m pip install 'sideman[train]'"


def torch_or_refuse() -> Any:
    """The module `torch`; raises `SetupError` with the cure where it or safetensors is missing."""
    try:
        importlib.import_module("safetensors.torch")
        return importlib.import_module("torch")
    except ImportError as error:
        raise SetupError(f"training needs PyTorch and safetensors: {error}", CURE) from None


@dataclass(frozen=True, slots=True)
class Place:
    """Where this process trains: its device, its number among how many."""

    device: str
    rank: int = 0
    world: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes and speaks."""
        return self.rank == 0


def place(device: str = "auto") -> Place:
    """This process' place; under torchrun it joins the others.

    `device`: cpu, cuda, or auto (a GPU where there is one).
    """
    torch = torch_or_refuse()
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SetupError("no GPU is to be seen", "give --device cpu")
    if device == "cuda" and world > 1:
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
        torch.cuda.set_device(device)
    if world > 1 and not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return Place(device, rank, world)


def settle(at: Place) -> None:
    """Wait until all are here: what the first has written is there for everybody."""
    if at.world > 1:
        torch_or_refuse().distributed.barrier()


def leave(at: Place) -> None:
    """Part from the others."""
    torch = torch_or_refuse()
    if at.world > 1 and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
