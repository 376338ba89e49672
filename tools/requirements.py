"""`python tools/requirements.py build|dev|bench` prints what pyproject.toml asks for, a requirement a line, for pip.

`build`: to compile and to run; `dev`: to test and to lint; `bench`: what is measured beside ours. Only the standard
library: nothing else is there yet.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path


def requirements(kind: str) -> list[str]:
    """The requirements of one kind, as pyproject.toml writes them."""
    table = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    project = table["project"]
    kinds = {
        # Where no cmake is installed, an isolated build would bring it; ours is not isolated, so that it can go on
        # from the last one.
        "build": [*table["build-system"]["requires"], "cmake>=3.24", "ninja>=1.11", *project["dependencies"]],
        "dev": project["optional-dependencies"]["dev"],
        "bench": project["optional-dependencies"]["bench"],
    }
    return [str(line) for line in kinds[kind]]


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1])))
