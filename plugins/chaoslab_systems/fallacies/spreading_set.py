"""Sets that every node changes and tells the others of. The later change of an element counts. Knows no fallacy."""

from __future__ import annotations

from typing import Any

import attrs

from chaoslab.statemachine import Context, Effect, Effects, Invocation, Request, Send, reply

__all__ = ["Change", "SpreadingSet"]


@attrs.frozen
class Change:
    """An element was added or removed, at a node's logical time."""

    key: str | None
    element: Any
    present: bool
    time: int
    node: str


class SpreadingSet:
    """A replica of all sets, in memory.

    Attributes:
        changes: The latest change of each element of each set.
        time: The largest logical time that it has heard of.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.changes: dict[tuple[str | None, Any], Change] = {}
        self.time = 0

    def start(self) -> Effects:
        return None

    def timer(self, name: str) -> Effects:
        return None

    def message(self, sender: str, message: Any) -> Effects:
        if isinstance(message, Request):
            return self.on_request(sender, message)
        return self.on_change(message) if isinstance(message, Change) else None

    def on_request(self, sender: str, request: Request) -> Effects:
        invocation: Invocation = request.body
        if invocation.f == "read":
            return [reply(sender, request, self.elements(invocation.key))]
        self.time += 1
        present = invocation.f == "add"
        change = Change(invocation.key, invocation.value, present, self.time, self.context.name)
        self.on_change(change)
        return [reply(sender, request), *self.spread(change)]

    def elements(self, key: str | None) -> list[Any]:
        """Return the elements of the set *key*, in order."""
        return sorted(one.element for (of, _), one in self.changes.items() if of == key and one.present)

    def on_change(self, change: Change) -> Effects:
        """Take a change over if it is the latest of its element."""
        place = (change.key, change.element)
        known = self.changes.get(place)
        if known is None or (known.time, known.node) < (change.time, change.node):
            self.changes[place] = change
        self.time = max(self.time, change.time)
        return None

    def spread(self, change: Change) -> list[Effect]:
        """Return the effects that tell the others of *change*."""
        return [Send(peer, change) for peer in self.context.peers]
