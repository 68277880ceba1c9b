"""A client whose operations are programs: each asks a store for several operations, one after the other.

A store knows reads, writes and compare-and-sets; its users withdraw money, pay for a ride, put something in a cart.
What lies between is a program in the client: a generator that yields what it asks the store for, is sent how that
ended, and returns how the user's own operation has ended.

It knows no store: whatever client machine speaks to the store does so as ever, and this one only takes its completions.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from chaoslab.statemachine import Complete, Context, Effect, Effects, Invocation

__all__ = ["Program", "StepsClient"]

Program = Generator[Invocation, Complete, Complete]


class StepsClient:
    """One client. What derives from it says which store it speaks to, and has a program for each operation.

    Attributes:
        STORE_CLIENT: The factory of the client machine that speaks to the store.
        ADMINISTERS: The commands of administrators, which are for the store as they are: no program knows them.
    """

    STORE_CLIENT: Any = None
    ADMINISTERS: tuple[str, ...] = ()

    def __init__(self, context: Context) -> None:
        self.context = context
        self.store = self.STORE_CLIENT(context)
        self.program: Program | None = None

    def steps(self, invocation: Invocation) -> Program:
        """Return the program of *invocation*."""
        raise NotImplementedError

    def start(self) -> Effects:
        started: Effects = self.store.start()
        return started

    def invoke(self, invocation: Invocation) -> Effects:
        self.program = _as_it_is(invocation) if invocation.f in self.ADMINISTERS else self.steps(invocation)
        return self.go_on(None)

    def message(self, sender: str, message: Any) -> Effects:
        return self.taken(self.store.message(sender, message))

    def timer(self, name: str) -> Effects:
        return self.taken(self.store.timer(name))

    def taken(self, effects: Effects) -> list[Effect]:
        """Return *effects* with what the program does next in place of a completion."""
        following: list[Effect] = []
        for effect in effects or ():
            following += self.go_on(effect) if isinstance(effect, Complete) else [effect]
        return following

    def go_on(self, ended: Complete | None) -> list[Effect]:
        """Tell the program how its last step has *ended*, and take the next one, or end the operation."""
        assert self.program is not None
        try:
            step = next(self.program) if ended is None else self.program.send(ended)
        except StopIteration as end:
            self.program = None
            return [end.value]
        return self.taken(self.store.invoke(step))


def _as_it_is(invocation: Invocation) -> Program:
    """Ask the store for *invocation* itself."""
    return (yield invocation)
