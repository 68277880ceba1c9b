"""Clients of a Dynamo-style store: they get the siblings of a key, reconcile them, and put with the context they got.

DeCandia et al. 2007, sections 4.3 and 4.4. How siblings are reconciled is for the application to say: one that shows
all of them, a shopping cart that joins them (items are never lost; a removed one may come back), and one that takes the
greatest value, as a plain register.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Complete, Context, Effect, Effects, Invocation, Request, Response, Send, SetTimer
from chaoslab_protocols import store
from chaoslab_protocols.dynamo.messages import Get, Got, Put

__all__ = ["CartClient", "Client", "RegisterClient", "SiblingsClient"]

Values = tuple[Any, ...]


class Client:
    """One client: every operation begins with a get; an update goes on with a put.

    Attributes:
        UPDATES: The operations that are updates.
        TIMEOUT_S: Seconds to wait for an answer.
    """

    UPDATES: tuple[str, ...] = ()
    TIMEOUT_S = 1.0

    def __init__(self, context: Context) -> None:
        self.nodes = context.nodes
        self.at = self.nodes.index(context.home)
        self.request = 0
        self.invocation: Invocation | None = None
        self.replaced: Values | None = None
        """The values over which the open operation puts; None while it gets."""

    def shown(self, values: Values) -> Any:
        """Return what a read of siblings with these *values* shows."""
        raise NotImplementedError

    def put_over(self, f: str, argument: Any, values: Values) -> Values:
        """Return the values that the update *f* puts over *values*: one, or none to delete."""
        raise NotImplementedError

    def start(self) -> Effects:
        return None

    def invoke(self, invocation: Invocation) -> Effects:
        if invocation.f not in (*store.READS, *self.UPDATES):
            return [Complete("fail", error=f"a Dynamo-style store does not know {invocation.f!r}")]
        self.invocation = invocation
        self.replaced = None
        return self.ask(Get(invocation.key))

    def ask(self, body: Get | Put) -> list[Effect]:
        self.request += 1
        return [Send(self.nodes[self.at], Request(self.request, body)), SetTimer("timeout", self.TIMEOUT_S)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Response) or message.id != self.request or self.invocation is None:
            return None  # an answer to something given up, or one that came twice
        if message.error is not None:
            return self.end(Complete("fail", node=sender, error=message.error))
        if self.replaced is not None:
            return self.end(Complete("ok", result=self.told(), node=sender))
        got: Got = message.body
        if self.invocation.f in store.READS:
            return self.end(Complete("ok", self.shown(got.values), node=sender))
        return self.ask(self.put(self.invocation, got))

    def put(self, invocation: Invocation, got: Got) -> Put:
        """Return the put that carries *invocation* out on what was *got*."""
        self.replaced = got.values
        values = self.put_over(invocation.f, invocation.value, got.values)
        return Put(invocation.key, values, got.context)

    def told(self) -> Any:
        """Return what the history is told of a put besides its argument."""
        return None

    def timer(self, name: str) -> Effects:
        if self.invocation is None:
            return None
        self.at = (self.at + 1) % len(self.nodes)
        if self.replaced is None:
            return self.end(Complete("fail", error="timed out"))
        return self.end(Complete("info", result=self.told(), error="timed out"))

    def end(self, completion: Complete) -> Effects:
        self.invocation = None
        self.request += 1  # whatever still arrives for this operation is late
        return [completion]


class SiblingsClient(Client):
    """Shows all siblings; what it puts replaces all that it got, and it says what that was."""

    UPDATES = ("replace", "clear")

    def shown(self, values: Values) -> Any:
        return sorted(values)

    def put_over(self, f: str, argument: Any, values: Values) -> Values:
        return (argument,) if f == "replace" else ()

    def told(self) -> Any:
        return sorted(self.replaced or ())


class CartClient(Client):
    """A shopping cart: its siblings are joined, so no added item is ever lost (section 4.4)."""

    UPDATES = ("add", "remove")

    def shown(self, values: Values) -> Any:
        return sorted({item for cart in values for item in cart})

    def put_over(self, f: str, argument: Any, values: Values) -> Values:
        items = {item for cart in values for item in cart}
        items = items | {argument} if f == "add" else items - {argument}
        return (tuple(sorted(items)),)


class RegisterClient(Client):
    """A plain register: of siblings, the greatest value is taken."""

    UPDATES = ("write", "put")

    def shown(self, values: Values) -> Any:
        return max(values, default=None)

    def put_over(self, f: str, argument: Any, values: Values) -> Values:
        return (argument,)
