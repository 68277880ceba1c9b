"""Functions of asyncio that go through sets whose order would depend on addresses in memory, or on earlier runs.

``as_completed`` puts what it is given into a set; ``all_tasks`` copies one that all loops of the process share.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from chaoslab.sim.process import Process

__all__ = ["awaitable_replacements"]


def awaitable_replacements(node: Callable[[], Process | None]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions, for the node that *node* says."""
    real_as_completed, real_all_tasks = asyncio.as_completed, asyncio.all_tasks

    def as_completed(fs: Iterable[Any], *, timeout: float | None = None) -> Any:
        if node() is not None and not asyncio.isfuture(fs) and not asyncio.iscoroutine(fs):
            fs = [asyncio.ensure_future(one) for one in dict.fromkeys(fs)]  # tasks of a simulated loop go by their age
        return real_as_completed(fs, timeout=timeout)

    def all_tasks(loop: Any = None) -> set[asyncio.Task[Any]]:
        loop = loop or asyncio.get_running_loop()
        by_age = getattr(loop, "by_age", None)  # a simulated loop's
        found = real_all_tasks(loop)
        return set(found if by_age is None else by_age(found))

    return [
        (place, function.__name__, function)
        for place in (asyncio, asyncio.tasks)
        for function in (as_completed, all_tasks)
    ]
