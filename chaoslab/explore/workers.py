"""Processes of this machine that run what they are given.

Rules:

1. Who gave them work decides when it ends: Ctrl-C is not for them, and however that process ends, they end with it, at
   the latest when the run that they do is over or has reached its limit.
2. Standard output is for the report. What nodes print goes to standard error.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from concurrent.futures import ProcessPoolExecutor

from chaoslab.explore.outcome import end_process_if_stuck

try:
    import resource
except ImportError:  # not on Windows
    resource = None  # type: ignore[assignment]

__all__ = ["let_go", "local_executor"]


def local_executor(processes: int | None = None, *, memory_max: int | None = None) -> ProcessPoolExecutor:
    """Return an executor of *processes* processes of this machine.

    Args:
        processes: How many; one a core if not given.
        memory_max: How many bytes each may take: a run that wants more ends as a finding. None: whatever there is.
    """
    return ProcessPoolExecutor(max_workers=processes or os.cpu_count() or 1, initializer=_begin, initargs=(memory_max,))


def let_go(executor: ProcessPoolExecutor, *, wait: bool) -> None:
    """Let the processes of *executor* end: with *wait* after what they do now, without it at once.

    Without *wait* all processes that this one has started are killed: a run may be in code that never waits.
    """
    executor.shutdown(wait=wait, cancel_futures=True)
    if not wait:
        for process in multiprocessing.active_children():
            process.kill()


def _begin(memory_max: int | None) -> None:
    """What a worker does first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.stderr is not None:
        sys.stdout = sys.stderr
    threading.Thread(target=_end_with_parent, daemon=True).start()
    end_process_if_stuck()
    if memory_max is not None and resource is not None:
        _limit_memory(memory_max)


def _end_with_parent() -> None:
    """Wait until the parent of this process has ended, and end it: one that waits for work would wait for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory(bytes_max: int) -> None:
    """Let this process have no more memory than that, where the system can hold it to it."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    bytes_max = bytes_max if hard == resource.RLIM_INFINITY else min(bytes_max, hard)
    resource.setrlimit(resource.RLIMIT_AS, (bytes_max, hard))
