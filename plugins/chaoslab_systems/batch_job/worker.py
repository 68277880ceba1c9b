"""A worker: does one task after the other, in steps, and tells the master what it comes to. It keeps nothing."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Become, Context, Effect, Effects, Send, SetTimer
from chaoslab_systems.batch_job.jobs import words_in
from chaoslab_systems.batch_job.messages import Assign, Done, Lost, Ping, Pong
from chaoslab_systems.batch_job.settings import Settings

__all__ = ["WORKER", "Worker"]

WORKER = "worker"


class Worker:
    """One worker.

    Attributes:
        STEPS: In how many steps it does a task.
        running: What it is at work on, or None.
        done: What it did last.
    """

    STEPS = 10

    def __init__(self, context: Context) -> None:
        self.settings: Settings = context.settings or Settings()
        self.master = context.nodes[0]
        self.running: Assign | None = None
        self.steps = 0
        self.done: Done | None = None

    def start(self) -> Effects:
        return [Become(WORKER)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Ping):
            return [Send(self.master, Pong(self.running is not None)), *self.told(message.attempt)]
        if isinstance(message, Assign) and self.running is None and not self.knows(message.attempt):
            self.running, self.steps = message, 0
            return [self.step()]
        return None

    def knows(self, attempt: int) -> bool:
        """Return whether *attempt* is what it is at work on or did last."""
        running, done = self.running, self.done
        return (running is not None and running.attempt == attempt) or (done is not None and done.attempt == attempt)

    def told(self, attempt: int | None) -> list[Effect]:
        """Tell the master what it does not know of the attempt that it asks about."""
        if attempt is None or (self.running is not None and self.running.attempt == attempt):
            return []
        if self.done is not None and self.done.attempt == attempt:
            return [Send(self.master, self.done)]  # it was told, and that was lost
        return [Send(self.master, Lost(attempt))]

    def step(self) -> SetTimer:
        """Return the effect that does the next step."""
        return SetTimer("step", (0.8 * self.settings.step_s, 1.2 * self.settings.step_s))

    def timer(self, name: str) -> Effects:
        assert self.running is not None
        self.steps += 1
        if self.steps < self.STEPS:
            return [self.step()]
        one, self.running = self.running, None
        self.done = Done(one.attempt, one.job, one.task, words_in(one.job, one.task))
        return [Send(self.master, self.done)]
