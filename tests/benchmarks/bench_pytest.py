"""The pytest plugin: what it adds to a run of pytest that does not use it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.benchmarks.harness import Row

__all__ = ["rows"]

_PAIRS = 15
_ADDED_MS_MAX = 150


def rows() -> Iterable[Row]:
    """Run the same suite with the plugin and without it, by turns, each in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "test_it.py").write_text("import pytest\n\ndef test_it():\n    assert 1 + 1 == 2\n")
        pairs = [(_took(folder, "-p", "no:chaoslab"), _took(folder)) for _ in range(_PAIRS + 1)][1:]
    added_ms = 1000 * median(with_it - without for without, with_it in pairs)
    yield Row(
        work="pytest, one test that takes no cluster",
        size=f"{_PAIRS} pairs",
        seconds=median(with_it for _, with_it in pairs),
        ratio=added_ms,
        meaning="ms more than without the plugin",
        target=f"< {_ADDED_MS_MAX} ms",
        holds=added_ms < _ADDED_MS_MAX,
    )


def _took(folder: Path, *options: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:trio", "-p", "no:cacheprovider", *options]
    begin = _of_children()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return _of_children() - begin


def _of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system
