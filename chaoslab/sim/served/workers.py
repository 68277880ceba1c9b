"""What Trio hands to a worker thread, done in the simulation's own thread.

Rules:

1. The function runs at once and takes no time, but for the files that it syncs. Its caller goes on when that is over.
2. It cannot ask tasks of the simulation for anything (``trio.from_thread``): nobody would answer before it ends.
3. Whatever is no node and no client has no worker threads: they are refused, also where Trio keeps one from before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import outcome
import trio

from chaoslab.sim import determinism, escapes
from chaoslab.sim.process import PROCESS

__all__ = ["start_worker", "worker_replacements"]


def start_worker(after: Callable[..., None], function: Callable[[], Any], deliver: Any) -> None:
    """Run *function*, and let *deliver* tell its outcome once the time is over that it has taken.

    Args:
        after: Calls something after so many nanoseconds.
        function: The work.
        deliver: Trio's way back from the thread.
    """
    process = PROCESS.get()
    if process is None:
        escapes.refuse("started a thread", "only nodes and clients have worker threads in a simulation")
    report = determinism.report_of_worker(deliver)
    before, process.worker_ns = process.worker_ns, 0
    try:
        result = outcome.capture(function)
        took_ns = process.worker_ns
    finally:
        process.worker_ns = before
    after(took_ns, report, result)


def worker_replacements(is_served: Callable[[], bool]) -> list[tuple[Any, str, Any]]:
    """Return what replaces the functions by which a thread asks tasks, where *is_served* says that it is a node's."""

    def refusing(name: str) -> tuple[Any, str, Any]:
        real = getattr(trio.from_thread, name)

        def served(*arguments: Any, **named: Any) -> Any:
            if is_served():
                escapes.refuse(
                    f"called trio.from_thread.{name}",
                    "in a simulation a worker thread's function runs at once, and no task runs before it has ended",
                )
            return real(*arguments, **named)

        return trio.from_thread, name, served

    return [refusing("run"), refusing("run_sync")]
