"""Transport cost is zero: the believer asks for each field of a page by itself; the doubter asks once for all of them.

A message costs work at both ends, and money. Each page has so many fields that the first of them is what clients write
and read, and the others stand for the rest of it.
"""

from __future__ import annotations

from typing import Any

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context, Effect, Invocation, Send
from chaoslab_systems.fallacies.frontend import Answer, Ask, Frontend

__all__ = ["FIELDS", "PROTOCOLS", "Believer", "Doubter"]

FIELDS = 20
"""How many fields a page has."""


class Doubter(Frontend):
    """One question a page, whatever it holds: the answer has all its fields."""

    def carry_out(self, invocation: Invocation) -> Any:
        seen = super().carry_out(invocation)
        return (seen, *(None,) * (FIELDS - 1))

    def shown(self, value: Any) -> Any:
        return value[0]


class Believer(Frontend):
    """One question a field, as if they were in the same room; the page is shown when all have been answered.

    Attributes:
        missing: How many fields of each open page have not been answered.
        page: What the first field of each open page holds.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.missing: dict[int, set[int]] = {}
        self.page: dict[int, Any] = {}

    def ask(self, ask: Ask) -> list[Effect]:
        self.number += FIELDS
        self.missing[ask.id] = set(range(FIELDS))
        rest = Invocation(f="read", key=ask.invocation.key)
        return [Send(self.store, Ask(ask.id + field, rest if field else ask.invocation)) for field in range(FIELDS)]

    def on_answer(self, answer: Answer) -> list[Effect]:
        found = next((page for page in self.missing if 0 <= answer.id - page < FIELDS), None)
        if found is None:
            return []
        field = answer.id - found
        self.missing[found].discard(field)
        if field == 0:
            self.page[found] = answer.value
        if self.missing[found]:
            return []
        del self.missing[found]
        return super().on_answer(Answer(found, self.page.pop(found)))


PROTOCOLS = tuple(
    Protocol(
        name=f"zero-transport-cost-{belief}",
        summary=summary,
        replica=replica,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down="all"),
        nodes_min=2,
    )
    for belief, summary, replica in (
        ("believer", "frontends that ask their store for each field of a page: a busy store chokes on it", Believer),
        ("doubter", "frontends that ask their store once a page", Doubter),
    )
)
