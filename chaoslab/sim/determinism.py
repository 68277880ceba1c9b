"""Trio made deterministic. The only file that touches Trio's private names.

Trio runs every task that is ready as one batch and shuffles the batch, on purpose. That is right for programs and
wrong for replay. While a simulation runs, the batch is sorted by the tasks' age (Trio's own switch, made for
Hypothesis) and its order is then drawn from the run's recorded choices.

Rules:

1. The switch is always set, never inherited: importing Hypothesis flips it too, and a run must not depend on imports.
2. What is changed is put back, also when the run raises.
3. A Trio version that this was not tested with is refused: silence here would cost determinism.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterator, MutableSequence
from typing import Any

import trio
from trio import _threads
from trio._core import _run

from chaoslab.choices import Stream
from chaoslab.errors import ChaosLabError, UsageError

__all__ = [
    "TRIO_TESTED", "idle_waiters", "lift_shields", "report_of_worker", "run_queue", "scheduled_by",
    "workers_started_by",
]  # fmt: skip

TRIO_TESTED = ((0, 30), (0, 35))
"""First and last minor version of Trio that the determinism tests passed with."""

_active = False


class _BatchOrder:
    """Stands in for Trio's private random generator: orders a batch by a recorded stream."""

    __slots__ = ("_stream",)

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def shuffle(self, batch: MutableSequence[Any]) -> None:
        if len(batch) > 1:
            self._stream.shuffle(batch)

    def random(self) -> float:
        return self._stream.random()

    def uniform(self, low: float, high: float) -> float:
        return self._stream.between(low, high)


def _refuse_untested_trio() -> None:
    first, last = TRIO_TESTED
    version = tuple(int(part) for part in trio.__version__.split("+")[0].split(".")[:2])
    if not first <= version <= last:
        raise UsageError(
            f"Trio {trio.__version__} is installed, and simulations were made deterministic for "
            f"{first[0]}.{first[1]} to {last[0]}.{last[1]} only: install one of those."
        )


@contextlib.contextmanager
def scheduled_by(stream: Stream) -> Iterator[None]:
    """Make every Trio run inside deterministic, with the order of ready tasks drawn from *stream*.

    Raises:
        UsageError: this version of Trio was not tested.
        ChaosLabError: a simulation is already running in this process.
    """
    global _active
    _refuse_untested_trio()
    if _active:
        raise ChaosLabError("a simulation is already running: one process runs one simulation at a time.")
    private: Any = _run
    before = private._ALLOW_DETERMINISTIC_SCHEDULING, private._r
    _active = True
    private._ALLOW_DETERMINISTIC_SCHEDULING, private._r = True, _BatchOrder(stream)
    try:
        yield
    finally:
        private._ALLOW_DETERMINISTIC_SCHEDULING, private._r = before
        _active = False


def run_queue() -> deque[Any]:
    """Return the current run's queue of ready tasks: empty means quiet."""
    return _run.GLOBAL_RUN_CONTEXT.runner.runq


def lift_shields(task: trio.lowlevel.Task) -> None:
    """Let a cancellation through to *task*, also where its code has shielded itself."""
    status: Any = task._cancel_status
    while status is not None:
        status._scope.shield = False
        status = status._parent


def idle_waiters() -> Any:
    """Return the current run's tasks in ``wait_all_tasks_blocked``, true if there are any."""
    return _run.GLOBAL_RUN_CONTEXT.runner.waiting_for_idle


@contextlib.contextmanager
def workers_started_by(start: Callable[..., Any]) -> Iterator[None]:
    """Let ``start(real, function, deliver, name)`` be called where Trio would hand *function* to a worker thread.

    ``trio.to_thread.run_sync`` is known by several names in Trio alone; this is the one place that all of them reach.
    """
    private: Any = _threads
    real = private.start_thread_soon
    private.start_thread_soon = lambda function, deliver, name=None: start(real, function, deliver, name)
    try:
        yield
    finally:
        private.start_thread_soon = real


def report_of_worker(deliver: Any) -> Callable[[Any], None]:
    """Return what a worker thread's *deliver* lets Trio call in its own thread, with the outcome.

    Trio's way goes through a real socket that wakes its loop: a simulation would go on with other events meanwhile.
    """
    held = dict(zip(deliver.__code__.co_freevars, deliver.__closure__, strict=True))
    report: Callable[[Any], None] = held["report_back_in_trio_thread_fn"].cell_contents
    return report
