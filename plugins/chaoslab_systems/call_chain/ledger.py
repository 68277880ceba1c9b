"""The last service: the server of ``client-server``, which works on one call at a time, in the order of arrival.

A call waits its turn even if nobody waits for its answer any more: the ledger cannot know. A call for what is done
already takes as long as any other.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from chaoslab.statemachine import Become, Context, Effect, Effects, Probe, Send, SetTimer
from chaoslab_protocols.seeking_client import OK, ClientReply
from chaoslab_systems.call_chain.messages import DONE, NOT_NOW, Answer, Call
from chaoslab_systems.call_chain.settings import Settings
from chaoslab_systems.client_server import Server
from chaoslab_systems.client_server import Settings as ServerSettings

__all__ = ["LEDGER", "Ledger"]

LEDGER = "ledger"


class Ledger:
    """The ledger. Probe: ``queue full``: a call was lost, as at a listener whose backlog is full.

    Attributes:
        server: What does the work; it knows the numbers of requests.
        queue: Who waits, and for what.
    """

    def __init__(self, context: Context) -> None:
        self.settings: Settings = context.settings or Settings()
        self.server = Server(context, ServerSettings())
        self.queue: deque[tuple[str, Call]] = deque()

    def start(self) -> Effects:
        return [*(self.server.start() or ()), Become(LEDGER)]

    def message(self, sender: str, message: Any) -> Effects:
        if not isinstance(message, Call):
            return None
        if len(self.queue) >= self.settings.queue:
            return [Probe("queue full")]
        self.queue.append((sender, message))
        return [SetTimer("work", self.settings.service_s)] if len(self.queue) == 1 else None

    def timer(self, name: str) -> Effects:
        caller, call = self.queue.popleft()
        effects = [self.passed_on(one, caller, call) for one in self.server.carry_out(call.client, call.request)]
        return [*effects, SetTimer("work", self.settings.service_s)] if self.queue else effects

    def passed_on(self, effect: Effect, caller: str, call: Call) -> Effect:
        """Return *effect*; what is for the client goes to the caller."""
        if not isinstance(effect, Send):
            return effect
        told: ClientReply = effect.message
        return Send(caller, Answer(call.id, DONE if told.status == OK else NOT_NOW, told.answer))
