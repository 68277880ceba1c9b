"""The network is secure: the believer does whatever arrives; the doubter only what bears a seal made with the key.

A seal is a code over the whole message (HMAC: Krawczyk, Bellare & Canetti, RFC 2104). Requests are numbered, so that
one that somebody else sends a second time is not carried out again. How the key is shared is not shown here.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import attrs

from chaoslab.cluster import RequestClient
from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context, Effects, Probe, Request, Send
from chaoslab_systems.fallacies.single_store import SingleStore

__all__ = ["PROTOCOLS", "DoubterClient", "DoubterServer", "Sealed"]

KEY = b"known to servers and clients only"


@attrs.frozen
class Sealed:
    """A message, from whom it is and to whom, and the seal on all of that."""

    source: str
    target: str
    message: Any
    seal: bytes


def code(source: str, target: str, message: Any) -> bytes:
    """Return the seal that only those who know the key can make."""
    return hmac.digest(KEY, repr((source, target, message)).encode(), hashlib.sha256)


def sealed(source: str, effects: Effects) -> Effects:
    """Return *effects* with a seal on every message that they send."""
    return [
        Send(one.to, Sealed(source, one.to, one.message, code(source, one.to, one.message)))
        if isinstance(one, Send)
        else one
        for one in effects or ()
    ]


def is_genuine(sender: str, receiver: str, message: Any) -> bool:
    """Return whether *message* was sealed by *sender* for *receiver*."""
    if not isinstance(message, Sealed) or (message.source, message.target) != (sender, receiver):
        return False
    seal = code(sender, receiver, message.message)
    return isinstance(message.seal, bytes) and hmac.compare_digest(seal, message.seal)


class DoubterServer(SingleStore):
    """A server that opens nothing without a genuine seal, and no request twice. Probe: ``refused a forged message``.

    Attributes:
        numbers: The number of the last request of each client, which it does not forget while it runs.
    """

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.numbers: dict[str, int] = {}

    def message(self, sender: str, message: Any) -> Effects:
        if not is_genuine(sender, self.context.name, message):
            return [Probe("refused a forged message")]
        request: Request = message.message
        if request.id <= self.numbers.get(sender, 0):
            return [Probe("refused a forged message")]
        self.numbers[sender] = request.id
        return sealed(self.context.name, super().message(sender, request))


class DoubterClient(RequestClient):
    """A client that seals what it sends and believes only what is sealed."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.name = context.name

    def invoke(self, invocation: Any) -> Effects:
        return sealed(self.name, super().invoke(invocation))

    def message(self, sender: str, message: Any) -> Effects:
        if not is_genuine(sender, self.name, message):
            return None
        return sealed(self.name, super().message(sender, message.message))


PROTOCOLS = tuple(
    Protocol(
        name=f"secure-network-{belief}",
        summary=summary,
        replica=server,
        client=client,
        serves=("register", "kv"),
        claims=("linearizable",),
        budget=Budget(down=0, tampering=True),
        nodes=1,
    )
    for belief, summary, server, client in (
        ("believer", "a store that does whatever arrives: somebody else writes into it", SingleStore, RequestClient),
        ("doubter", "a store that does only what is sealed and new", DoubterServer, DoubterClient),
    )
)
