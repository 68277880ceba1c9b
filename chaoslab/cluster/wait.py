"""One task that waits for one thing that the event heap will bring: a message, an answer, a timeout, a sync.

It stands between Trio and the engine: no task, channel or cancel scope is made for a message. The task that waits for
it is woken directly.
"""

from __future__ import annotations

from typing import Any

import trio

from chaoslab.cluster.node_clock import NEVER_NS

__all__ = ["Wait"]


class Wait:
    """A task that waits for something that the event heap will bring, and then what it was.

    Trio sends an ``Outcome`` into a task and the task unwraps it. A wait is its own outcome: making one more object
    for each message would cost a tenth of the engine's speed between async nodes.
    """

    __slots__ = ("_error", "_task", "_value", "done", "due_ns")

    def __init__(self) -> None:
        self._task = trio.lowlevel.current_task()
        self._value: Any = None
        self._error: Exception | None = None
        self.done = False
        self.due_ns = NEVER_NS  # when it times out, on the node's own clock

    def finish(self, value: Any) -> None:
        """Wake the task with *value*, unless it was woken already."""
        if not self.done:
            self.done = True
            self._value = value
            trio.lowlevel.reschedule(self._task, self)  # type: ignore[arg-type]

    def refuse(self, error: Exception) -> None:
        """Wake the task with an exception, unless it was woken already."""
        if not self.done:
            self._error = error
            self.finish(None)

    def abort(self, _: Any) -> trio.lowlevel.Abort:
        """Trio cancels the wait."""
        self.done = True
        return trio.lowlevel.Abort.SUCCEEDED

    def unwrap(self) -> Any:
        """What the task gets, as Trio asks an ``Outcome``."""
        if self._error is not None:
            raise self._error
        return self._value
