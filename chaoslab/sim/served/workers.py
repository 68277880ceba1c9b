"""What Trio, or AnyIO on asyncio, hands to a worker thread, done in the simulation's own thread.

Rules:

1. The function runs at once and takes no time, but for the files that it syncs. Its caller goes on when that is over.
2. It cannot ask tasks of the simulation for anything (``trio.from_thread``): nobody would answer before it ends.
3. Whatever is no node and no client has no worker threads: they are refused, also where Trio keeps one from before.
"""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import sys
from collections.abc import Callable
from typing import Any

import outcome
import trio

from chaoslab.sim import determinism, escapes
from chaoslab.sim.process import PROCESS

__all__ = ["anyio_workers_served", "start_worker", "worker_replacements"]


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


def anyio_workers_served(is_served: Callable[[], bool]) -> Callable[[], None]:
    """Let AnyIO hand functions to the loop instead of threads of its own; return what ends that.

    On Trio it uses Trio's worker threads; on asyncio it has its own. Starlette and FastAPI run in them every function
    that is not async.
    """
    if "anyio" not in sys.modules:
        return lambda: None
    backend: Any = importlib.import_module("anyio._backends._asyncio").AsyncIOBackend
    real = backend.run_sync_in_worker_thread

    async def run_sync_in_worker_thread(
        cls: Any, func: Callable[..., Any], args: Any, abandon_on_cancel: bool = False, limiter: Any = None
    ) -> Any:
        if not is_served():
            return await real(func, args, abandon_on_cancel, limiter)
        await cls.checkpoint()
        async with limiter or cls.current_default_thread_limiter():
            context = contextvars.copy_context()
            return await asyncio.get_running_loop().run_in_executor(None, context.run, func, *args)

    before = vars(backend)["run_sync_in_worker_thread"]
    backend.run_sync_in_worker_thread = classmethod(run_sync_in_worker_thread)

    def end() -> None:
        backend.run_sync_in_worker_thread = before

    return end
