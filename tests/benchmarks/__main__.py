"""``python -m tests.benchmarks [NAME ...]``: measure, print a row each, and say what misses its target."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from tests.benchmarks.harness import print_rows

__all__ = ["main"]


def main(names: list[str]) -> int:
    """Run the benchmarks called *names*, or all; return 1 if a target was missed."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("bench_*.py"))
    chosen = [name for name in found if not names or name.removeprefix("bench_") in names]
    if not chosen:
        print(f"no such benchmark; there are {', '.join(name.removeprefix('bench_') for name in found)}")
        return 254
    kept = True
    for name in chosen:
        module = importlib.import_module(f"tests.benchmarks.{name}")
        title = (module.__doc__ or name).split("\n")[0]
        kept = print_rows(title, module.rows()) and kept
    print("\nevery target was kept" if kept else "\na row with ! missed its target")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
