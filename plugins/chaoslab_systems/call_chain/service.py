"""A service in the chain: it is called, calls the next one, and passes the answer back. It keeps nothing."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Become, CancelTimer, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols.seeking_client import ClientRequest
from chaoslab_systems.call_chain.circuit_breaker import CircuitBreaker
from chaoslab_systems.call_chain.messages import DONE, GIVEN_UP, NOT_NOW, Answer, Call
from chaoslab_systems.call_chain.retry_budget import RetryBudget
from chaoslab_systems.call_chain.settings import Settings

__all__ = ["FRONT", "SERVICE", "Service", "Work"]

FRONT = "front"
SERVICE = "service"


@attrs.define
class Work:
    """What a service was called for.

    Attributes:
        caller: Who called.
        call: What for.
        tries: How often the next one was called for it.
    """

    caller: str
    call: Call
    tries: int = 0


class Service:
    """One service. Probes: ``retried``; ``breaker opened``; ``not called``: the breaker let nothing pass.

    Attributes:
        following: The service that this one calls.
        waiting: What each number stands for: a call that is under way, or a pause before the next one.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.settings: Settings = context.settings or Settings()
        place = context.nodes.index(context.name)
        self.role = SERVICE if place else FRONT
        self.following = context.nodes[place + 1]
        self.number = context.random.below(1 << 30) << 20  # an answer to an earlier life fits no call of this one
        self.waiting: dict[int, Work] = {}
        self.breaker = CircuitBreaker()
        self.budget = RetryBudget()

    def start(self) -> Effects:
        return [Become(self.role)]

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, ClientRequest):
            message = Call(message.sequence, sender, message)
        if isinstance(message, Call):
            self.budget.pay_in()
            return self.go_on(Work(sender, message))
        return self.on_answer(message) if isinstance(message, Answer) else None

    def timer(self, name: str) -> Effects:
        what, _, number = name.partition(" ")
        work = self.waiting.pop(int(number))
        return self.go_on(work) if what == "pause" else self.on_failure(work)

    def go_on(self, work: Work) -> list[Effect]:
        """Call the next service, if the breaker lets that pass."""
        if self.settings.circuit_breaker and not self.breaker.passes(self.context.monotonic_time()):
            return [Probe("not called"), self.answered(work, NOT_NOW)]
        work.tries += 1
        number = self.wait_with(work)
        call = Call(number, work.call.client, work.call.request)
        return [Send(self.following, call), SetTimer(f"timeout {number}", self.settings.timeout_s)]

    def wait_with(self, work: Work) -> int:
        """Return a new number that stands for *work*."""
        self.number += 1
        self.waiting[self.number] = work
        return self.number

    def answered(self, work: Work, status: str, value: Any = None) -> Send:
        """Return the answer to whoever called."""
        return Send(work.caller, Answer(work.call.id, status, value))

    def on_answer(self, answer: Answer) -> Effects:
        work = self.waiting.pop(answer.id, None)
        if work is None:
            return None  # it was given up
        cancel = CancelTimer(f"timeout {answer.id}")
        if answer.status == GIVEN_UP:
            return [cancel, *self.on_failure(work)]
        if answer.status == DONE:
            self.breaker.succeeded()
            return [cancel, self.answered(work, DONE, answer.value)]
        self.breaker.said_nothing()  # the next one is well, and knows that it is no use to go on
        return [cancel, self.answered(work, NOT_NOW)]

    def on_failure(self, work: Work) -> list[Effect]:
        """A call was in vain: pause and call again, or give up."""
        opened = self.breaker.failed(self.context.monotonic_time()) and self.settings.circuit_breaker
        probes: list[Effect] = [Probe("breaker opened")] if opened else []
        if work.tries >= self.settings.tries or not self.may_retry():
            return [*probes, self.answered(work, GIVEN_UP)]
        # The pause is drawn from all of its length, so that those who failed together do not come back together
        # (Brooker, "Exponential backoff and jitter", 2015).
        pause_s = self.context.random.between(0.0, self.settings.backoff_s(work.tries))
        return [*probes, Probe("retried"), SetTimer(f"pause {self.wait_with(work)}", pause_s)]

    def may_retry(self) -> bool:
        """Return whether the budget has enough for one retry."""
        return not self.settings.retry_budget or self.budget.pay_out()
