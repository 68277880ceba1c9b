"""What is told on a terminal while a failure is made small: that takes as long as hundreds of runs do.

Nothing is told where nobody looks: into a file, from a worker of pytest-xdist, or if it is over at once.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from chaoslab.units import counted

__all__ = ["told_of_shrinking"]

_FIRST_S: Final = 1.0
_EVERY_S: Final = 0.5


@contextlib.contextmanager
def told_of_shrinking(config: Any, name: str) -> Iterator[Callable[[], None]]:
    """Let the terminal say how many runs were made so far to make what *name* shows small; the line goes afterwards.

    Yields what is called before each of these runs.
    """
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None or not reporter.isatty:
        yield lambda: None
        return
    capturing = config.pluginmanager.getplugin("capturemanager")
    began = told = time.monotonic()
    runs = 0

    def rewrite(*lines: str) -> None:
        with contextlib.nullcontext() if capturing is None else capturing.global_and_fixture_disabled():
            for line in lines:
                reporter.rewrite(line, erase=bool(line))

    def tell() -> None:
        nonlocal runs, told
        runs += 1
        now = time.monotonic()
        if now - began < _FIRST_S or now - told < _EVERY_S:
            return
        if told == began:
            reporter.ensure_newline()
        told = now
        rewrite(f"{name} failed, and is made small: {counted(runs, 'run')}, {now - began:.0f} s")

    try:
        yield tell
    finally:
        if told != began:
            rewrite(" ", "")  # erased, and back to its beginning
