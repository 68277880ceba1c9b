"""``asyncio.as_completed`` in one order: it puts what it is given into a set, which goes by addresses in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from chaoslab.sim.process import Process

__all__ = ["awaitable_replacements"]


def awaitable_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the function, for the node that *node* says."""
    real = asyncio.as_completed

    def as_completed(fs: Iterable[Any], *, timeout: float | None = None) -> Any:
        if node() is not None:  # tasks of a simulated loop go by their age
            fs = [asyncio.ensure_future(one) for one in dict.fromkeys(fs)]
        return real(fs, timeout=timeout)

    return [(place, "as_completed", as_completed) for place in (asyncio, asyncio.tasks)]
