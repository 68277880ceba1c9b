"""The network is homogeneous: the believer sends bytes in its machine's own order, the doubter in one for all.

A node's ``version`` is the kind of machine that it runs on: machines are big-endian at first, and an upgrade may bring
little-endian ones (Cohen, "On holy wars and a plea for peace", 1980).
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import attrs

from chaoslab.nemesis import Budget
from chaoslab.plugins import Protocol
from chaoslab.statemachine import Context, Effect, Request
from chaoslab_systems.fallacies.frontend import Frontend

__all__ = ["PROTOCOLS", "Believer", "Doubter"]

Order = Literal["big", "little"]
NUMBER_BYTES = 8


class Believer(Frontend):
    """Every machine is like its own, so a number goes to the store as it lies in memory.

    Attributes:
        order: The order of bytes of its machine.
    """

    def __init__(self, context: Context, order: Order = "big") -> None:
        super().__init__(context)
        self.order: Order = order

    def order_sent(self) -> Order:
        """Return the order of bytes in which numbers are sent."""
        return self.order

    def on_request(self, sender: str, request: Request) -> list[Effect]:
        value = request.body.value
        if value is not None:
            value = value.to_bytes(NUMBER_BYTES, self.order_sent())
        # A new request: the client's own message must not be changed.
        return super().on_request(sender, Request(request.id, attrs.evolve(request.body, value=value)))

    def shown(self, value: Any) -> Any:
        return None if value is None else int.from_bytes(value, self.order_sent())


class Doubter(Believer):
    """Whatever its machine does inside, what is sent is in network order: big-endian (RFC 1700)."""

    def order_sent(self) -> Order:
        return "big"


PROTOCOLS = tuple(
    Protocol(
        name=f"homogeneous-network-{belief}",
        summary=summary,
        replica=replica,
        serves=("register",),
        claims=("linearizable",),
        budget=Budget(down="all", settings=True),
        versions={"little-endian": partial(replica, order="little")},
        nodes_min=2,
    )
    for belief, summary, replica in (
        ("believer", "frontends that send numbers as their machine has them: another kind misreads them", Believer),
        ("doubter", "frontends that send numbers in one order of bytes, whatever their machine's", Doubter),
    )
)
