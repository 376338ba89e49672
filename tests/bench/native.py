"""What a bench measures with in C++, where no interpreter is in the way: a source beside it, built for the run."""

from __future__ import annotations

import ctypes
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from bench.report import cxx

HERE = Path(__file__).resolve().parent


@cache
def native(source: str) -> ctypes.CDLL:
    """The library made of a source of this folder. While one of its calls runs, Python is free."""
    command = cxx()
    if command is None:
        raise RuntimeError("no C++ compiler, and so no floor")
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder) / f"{source}.so"
        subprocess.run(
            [command, "-std=c++20", "-O2", "-shared", "-fPIC", "-pthread", str(HERE / source), "-o", str(built)],
            check=True,
        )
        return ctypes.CDLL(str(built))
