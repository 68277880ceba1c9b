"""Virtual time: a Trio clock that owns the event heap.

Trio asks its clock ``deadline_to_sleep_time`` exactly when no task is runnable. That is the moment at which a
simulation may move on, so the whole event loop of the simulator lives in that one method.

Rules:

1. One event, then quiet, then the next. As soon as an event has made a task runnable, Trio gets control back and
   runs until nothing is runnable: order never depends on how Trio batches tasks.
2. An event is a heap entry ``(time_ns, sequence, action, ...)``, run as ``action(entry)``. The sequence number makes
   the order total; nothing behind it is ever compared. Events that wake no task run one after the other, inline.
3. A Trio deadline that is due at the same instant as an event comes first.
4. When nothing can ever happen again, that is a deadlock, and it is told, not slept on.

This file does not know what the events mean.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Callable
from heapq import heappop
from typing import Any, Final

import trio

from chaoslab.errors import DeadlockError, LimitExceeded
from chaoslab.sim.determinism import idle_waiters, run_queue
from chaoslab.sim.trace import Trace
from chaoslab.units import NS_PER_S

__all__ = ["Entry", "SimClock"]

Entry = tuple[Any, ...]
"""``(time_ns, sequence, action, ...)``; the rest is for the action."""

_NEVER_NS: Final = 1 << 62
_BREATH: Final = 4096
"""Inline events between two returns to Trio, which lets Ctrl-C through and the trace be hashed."""


class SimClock(trio.abc.Clock):
    """The clock of one simulation.

    Args:
        trace: Flushed now and then.
        on_failure: Told once when the run cannot go on (a deadlock, a limit, an exception of an event).
            It must make some task runnable.
        events_max: Events in the whole run.
        events_max_at_once: Events, or rounds of Trio, at one instant of virtual time.

    Attributes:
        now_ns: Virtual time since the start, in nanoseconds.
        heap: The events to come. Push entries; never push one that is due before ``now_ns``.
        next_sequence: Return the next sequence number.
        events: Events delivered so far.
        events_max_at_once: Events, or rounds of Trio, that there may be at one instant.
        closing: The main task has ended; waiting for ever is then Trio's own business.
    """

    def __init__(
        self,
        trace: Trace,
        on_failure: Callable[[BaseException], None],
        *,
        events_max: int,
        events_max_at_once: int,
    ) -> None:
        self.now_ns = 0
        self.heap: list[Entry] = []
        self.next_sequence = itertools.count().__next__
        self.events = 0
        self._trace = trace
        self._on_failure = on_failure
        self._events_max = events_max
        self.events_max_at_once = events_max_at_once
        self.closing = False
        self._asked = False
        self._rounds = 0
        self._deadline = math.inf
        self._due_ns = _NEVER_NS
        self._next_look = _BREATH
        self._instant_ns = -1
        self._events_before_instant = 0
        self._ready: deque[Any] = deque()
        self._idle_waiters: Any = ()

    def close(self) -> None:
        """The main task has ended: nothing more happens, and time stands still."""
        self.closing = True
        self.heap.clear()

    def start_clock(self) -> None:
        """Called by Trio when the run begins."""
        self._ready = run_queue()
        self._idle_waiters = idle_waiters()

    def current_time(self) -> float:
        """Return virtual time in seconds. Trio calls this once a round, which is how a busy loop is noticed."""
        self._rounds += 1
        if self._rounds > self.events_max_at_once:
            self._rounds = 0
            self._on_failure(
                LimitExceeded(
                    f"tasks ran {self.events_max_at_once:,} rounds at {self.now_ns / NS_PER_S:.6f} s of virtual time "
                    "without ever waiting for anything: some loop never waits. "
                    "Raise events_max_at_once if that is meant."
                )
            )
        return self.now_ns / NS_PER_S

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Deliver events until one wakes a task or Trio's own next deadline is due; return 0, for "at once"."""
        self._rounds = 0
        if self._idle_waiters:
            return math.inf  # Trio then wakes the tasks in wait_all_tasks_blocked, at this very instant
        if deadline != self._deadline:
            self._deadline, self._due_ns = deadline, _ns_not_before(deadline)
        due_ns, heap, ready, left = self._due_ns, self.heap, self._ready, _BREATH
        try:
            while heap and heap[0][0] < due_ns:
                entry = heappop(heap)
                self.now_ns = entry[0]
                entry[2](entry)
                left -= 1
                if ready or not left:
                    break
            else:
                if due_ns == _NEVER_NS:
                    return self._nothing_to_come(quiet=left == _BREATH)
                if due_ns > self.now_ns:
                    self.now_ns = due_ns
            self._asked = False
            self.events += _BREATH - left
            if self.events >= self._next_look:
                self._look_after()
        except BaseException as error:
            self._on_failure(error)
            if not ready:
                raise  # better a loud end of the whole run than a silent wait for ever
        return 0.0

    def _nothing_to_come(self, *, quiet: bool) -> float:
        """Neither events nor deadlines are left.

        Trio may still have to run what it was handed from outside a task, such as the end of an abandoned async
        generator, so it is asked once before this is called a deadlock.
        """
        if not (quiet and self._asked):
            self._asked = True
            return 0.0
        if self.closing:
            return math.inf  # Trio takes its own leave, and wakes itself for it
        raise DeadlockError("nothing is runnable and nothing is scheduled")

    def _look_after(self) -> None:
        """Hash the trace and hold the run to its limits."""
        self._trace.flush()
        self._next_look = self.events + _BREATH
        if self.now_ns != self._instant_ns:
            self._instant_ns = self.now_ns
            self._events_before_instant = self.events
        elif self.events - self._events_before_instant > self.events_max_at_once:
            self._events_before_instant = self.events
            raise LimitExceeded(
                f"more than {self.events_max_at_once:,} events at {self.now_ns / NS_PER_S:.6f} s of virtual time: "
                "something answers itself without any delay. Raise events_max_at_once if that is meant."
            )
        if self.events > self._events_max:
            raise LimitExceeded(
                f"the run took more than {self._events_max:,} events, by {self.now_ns / NS_PER_S:.6f} s of "
                "virtual time. Raise events_max if that is meant."
            )


def _ns_not_before(deadline: float) -> int:
    """Return the first nanosecond that, as seconds, is not before *deadline* (or Trio would ask for ever)."""
    if deadline == math.inf:
        return _NEVER_NS
    time_ns = math.ceil(deadline * NS_PER_S)
    while time_ns / NS_PER_S < deadline:
        time_ns += 1
    return time_ns
