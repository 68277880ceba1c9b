"""A client of the chain: asks the front once, and then is told, or waits no longer."""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Complete, Context, Effect, Effects, Invocation, Send
from chaoslab_protocols import store
from chaoslab_protocols.seeking_client import SeekingClient
from chaoslab_systems.call_chain.messages import DONE, Answer

__all__ = ["Client"]


class Client(SeekingClient):
    """One client. It does not ask again: that is what the services do for it."""

    TIMEOUT_S = 1.0

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.nodes = context.nodes[:1]

    def first_members(self) -> tuple[str, ...]:
        return self.nodes[:1]

    def whom(self, invocation: Invocation) -> str:
        return self.members[0]

    def ask(self) -> list[Effect]:
        return [one for one in super().ask() if isinstance(one, Send)]  # and no timer for the next try

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Answer) or message.id != self.sequence or self.invocation is None:
            return None  # an answer to an earlier request
        if message.status == DONE:
            return self.end(self.completion(message.value, sender))
        # Not "fail" for an update: a refusal speaks of one copy of a call, and another may have got through.
        unknown = "fail" if self.invocation.f in store.READS else "info"
        return self.end(Complete(unknown, node=sender, error=message.status))
