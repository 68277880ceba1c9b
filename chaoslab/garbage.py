"""Python's search for garbage, put off while something large is made or looked at that is needed to the end.

A search costs time for every object that is there, and finds nothing while all of them are in use: a fifth of a run's
time, half of a checker's. Worse, what a search finds in use is not looked at again for long, and is far from the
processor's caches then: a cluster, whose parts all know each other, is to be garbage before the first search sees it.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

__all__ = ["collected_later"]


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """Search for no garbage meanwhile; also a decorator, which lets go of the function's variables before a search."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()
