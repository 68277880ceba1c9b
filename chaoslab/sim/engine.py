"""One simulation: clock, choices and trace, and the Trio run around them.

Rules:

1. Everything outside is reached through an engine that is passed along; there is no global current simulation.
2. The first failure ends the run and is what the caller sees, alone: not wrapped in a group, not followed by others.
3. Garbage is collected between runs, not in them.

This file does not know nodes, networks or faults.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from heapq import heappush
from typing import Any, TypeVar

import trio

from chaoslab.choices import Choices, Overrides
from chaoslab.errors import DeadlockError
from chaoslab.garbage import collected_later
from chaoslab.own_code import is_own
from chaoslab.sim import determinism, escapes
from chaoslab.sim.clock import Entry, SimClock
from chaoslab.sim.interrupt import ended_by_ctrl_c
from chaoslab.sim.log import Log
from chaoslab.sim.process import EPOCH_NS, Process
from chaoslab.sim.served import serving
from chaoslab.sim.trace import Trace
from chaoslab.units import NS_PER_S

__all__ = ["Engine"]

T = TypeVar("T")

_MAIN = f"{__name__}.Engine._main"
"""What Trio calls the main task."""


class Engine:
    """The machinery of one run; use it once.

    Args:
        seed: Decides everything that is not decided otherwise.
        overrides: Draws that are not left to the seed.
        trace_kept: Keep the trace's lines, not only their hash.
        trace_detailed: Show the content of messages in the trace.
        recorded: Keep every draw.
        calm: Let everything take the median time, unless overridden.
        events_max: Events in the whole run before ``LimitExceeded``.
        events_max_at_once: Events at one instant before ``LimitExceeded``.

    Attributes:
        clock: Virtual time and the events to come.
        choices: The streams of random decisions.
        trace: One line an event.
        log: What nodes and clients say.
        nursery: Where the tasks of nodes live while the run lasts.
    """

    def __init__(
        self,
        seed: int,
        *,
        overrides: Overrides | None = None,
        trace_kept: bool = False,
        trace_detailed: bool = False,
        recorded: bool = False,
        calm: bool = False,
        events_max: int = 100_000_000,
        events_max_at_once: int = 1_000_000,
    ) -> None:
        self.trace = Trace(kept=trace_kept, detailed=trace_detailed)
        self.choices = Choices(seed, overrides, recorded=recorded, calm=calm)
        self.clock = SimClock(self.trace, self.fail, events_max=events_max, events_max_at_once=events_max_at_once)
        self.log = Log(lambda: self.clock.now_ns)
        self.nursery: trio.Nursery
        self._scope = trio.CancelScope()
        self._failure: BaseException | None = None
        self._at_end: list[Callable[[], None]] = []

    @property
    def now_ns(self) -> int:
        """Virtual time since the start, in nanoseconds."""
        return self.clock.now_ns

    def at(self, time_ns: int, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action(*arguments)`` at *time_ns*, or now if that is past."""
        clock = self.clock
        heappush(
            clock.heap,
            (max(time_ns, clock.now_ns), clock.next_sequence(), _call, action, arguments),
        )

    def after(self, delay_ns: int, action: Callable[..., None], *arguments: Any) -> None:
        """Call ``action(*arguments)`` after *delay_ns* nanoseconds."""
        self.at(self.clock.now_ns + delay_ns, action, *arguments)

    def note(self, what: str) -> None:
        """Add a line to the trace."""
        self.trace.add(f"{self.clock.now_ns} {what}")

    def fail(self, error: BaseException) -> None:
        """End the run; ``run`` raises *error*. Only the first failure counts."""
        if self._failure is None:
            if isinstance(error, DeadlockError):
                error = DeadlockError(f"{error}, at {self.clock.now_ns / NS_PER_S:.6f} s. {_who_waits()}")
            self._failure = error
        self._scope.cancel()
        for task in _tasks():
            determinism.lift_shields(task)  # nobody may stay behind and wait for what will not come

    def at_end(self, action: Callable[[], None]) -> None:
        """Call *action* when the main task has ended, before the tasks of nodes are cancelled."""
        self._at_end.append(action)

    def run(self, main: Callable[[], Awaitable[T]]) -> T:
        """Run *main* as the main task of the simulation and return what it returns.

        Raises:
            ChaosLabError: a node's code raised, the run deadlocked or reached a limit.
            KeyboardInterrupt: somebody pressed Ctrl-C.
            BaseException: whatever *main* raised.
        """
        with (
            collected_later(),
            ended_by_ctrl_c(),
            determinism.scheduled_by(self.choices.stream("tasks")),
            serving(self._outside(), self.after),
        ):
            return trio.run(self._main, main, clock=self.clock)

    def _outside(self) -> Process:
        """Return the process of what is no node's code: it knows true time."""
        return Process(
            name="",
            number=1,
            wall_ns=lambda: EPOCH_NS + self.clock.now_ns,
            monotonic_ns=lambda: self.clock.now_ns,
            stream=self.choices.stream("random"),
        )

    async def _main(self, main: Callable[[], Awaitable[T]]) -> T:
        result: list[T] = []
        raised: BaseException | None = None
        with self._scope:
            async with trio.open_nursery() as self.nursery:
                try:
                    with escapes.guarded(self.fail), self.log.catching():
                        result.append(await main())
                except trio.Cancelled:
                    raise
                except BaseException as error:  # kept out of the nursery, which would wrap it in a group
                    raised = error
                finally:
                    for action in self._at_end:
                        action()
                    self.nursery.cancel_scope.cancel()
        self.clock.close()
        if self._failure is not None:
            raise self._failure
        if raised is not None:
            raise raised
        return result[0]


def _call(entry: Entry) -> None:
    entry[3](*entry[4])


def _tasks() -> Iterator[trio.lowlevel.Task]:
    """Yield every task of the run, in an order that depends on their names alone."""
    root = trio.lowlevel.current_root_task()
    tasks = [] if root is None else [root]
    while tasks:
        task = tasks.pop()
        yield task
        children = [child for nursery in task.child_nurseries for child in nursery.child_tasks]
        tasks.extend(sorted(children, key=lambda child: child.name, reverse=True))


def _who_waits() -> str:
    """Say in words which tasks of the run wait, and where: but for Trio's own, and those that wait for others."""
    waiting = []
    root = trio.lowlevel.current_root_task()
    for task in _tasks():
        frames = [(frame.f_code, line) for frame, line in task.iter_await_frames()]
        if task is root or task.name.startswith("<") or (frames and frames[-1][0].co_name == "_nested_child_finished"):
            continue
        own = [one for one in frames if is_own(one[0].co_filename)]
        known = own or [one for one in frames if "/trio/" not in one[0].co_filename]
        place = ""
        if known:
            code, line = known[-1]
            place = f" at {os.path.basename(code.co_filename)}:{line}, in {code.co_name}"  # noqa: PTH119
        waiting.append(f"{'the main task' if task.name == _MAIN else task.name} waits{place}")
    return f"Waiting: {'; '.join(waiting)}." if waiting else "No task is left."
