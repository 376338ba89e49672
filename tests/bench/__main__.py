"""`python tests/bench [name...]`: runs every bench_*.py beside it, or those named, and prints what they give.

Each bench has `run() -> list[Table]` and says with `from bench.report import Table` what a table is.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from bench.report import Table, machine, show  # noqa: E402


def main(wanted: list[str]) -> int:
    """Exit status 0, 1 if a bench failed, 2 if one is unknown."""
    known = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no bench called {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    show(machine())
    failed = 0
    for name in wanted or known:
        try:
            tables: list[Table] = importlib.import_module(f"bench.bench_{name}").run()
        except Exception as error:  # one bench's failure must not cost the figures of the others
            print(f"\n{name}: {type(error).__name__}: {error}", file=sys.stderr)
            failed = 1
            continue
        for table in tables:
            show(table)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
