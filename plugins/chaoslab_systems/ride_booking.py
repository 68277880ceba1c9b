"""Rides: booking one must always work, paying for one must happen once, and a receipt comes after its payment.

``ride-booking`` takes bookings at whichever replica is near and loses none. ``ride-payment`` pays by Raft: of all who
pay for a ride at once, one does; the receipt is written when that is certain. ``ride-payment-async`` does the same at
a database with an asynchronous replica, where both sides of a partition take the money.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from chaoslab.cluster import ClientView, RequestClient, Workload
from chaoslab.models import ILLEGAL, Model
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Complete, Invocation
from chaoslab_protocols import crdt, primary_backup, raft
from chaoslab_protocols.raft.client import Client as RaftClient
from chaoslab_systems.additions import additions
from chaoslab_systems.promises import once
from chaoslab_systems.steps_client import Program, StepsClient

__all__ = ["MODELS", "PROTOCOLS", "WORKLOADS"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the payments workload."""

    reads: float = parameter(RATIO, "The share of operations that look at a payment or a receipt.", default=0.5)
    tries: int = parameter(
        COUNT, "How often a ride is paid for: apps try again, and so do impatient people.", default=4
    )


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "pay":
        took_place = state is None
        if result is not None and result != ("bool", repr(took_place)):
            return ILLEGAL
        return argument if took_place else state
    late = f == "receipt" and value is None  # a receipt may come later than its payment, and not the reverse
    return state if late or value == state else ILLEGAL


RIDE = Model(
    name="ride",
    summary="pay (its result: whether it took place), read of the payment, receipt, which shows it or nothing yet",
    step=_step,
    reads=frozenset({"read", "receipt"}),
    fs=frozenset({"pay", "read", "receipt"}),
    refusable=frozenset({"pay"}),
)


class App(StepsClient):
    """A rider's app."""

    STORE_CLIENT: Any = RaftClient
    ADMINISTERS = raft.PROTOCOLS[0].administers

    def steps(self, invocation: Invocation) -> Program:
        payment, receipt = f"{invocation.key} payment", f"{invocation.key} receipt"
        if invocation.f != "pay":
            read = yield Invocation(f="read", key=receipt if invocation.f == "receipt" else payment)
            return read if read.type == "ok" else Complete("fail", error=read.error)
        paid = yield Invocation(f="cas", key=payment, value=(None, invocation.value))
        if paid.type == "ok" and paid.result:
            yield Invocation(f="write", key=receipt, value=invocation.value)
        return paid


class AsyncApp(App):
    """The same at a database with an asynchronous replica."""

    STORE_CLIENT = RequestClient


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    ride = view.keys[0]
    while True:
        if view.random.chance(parameters.reads):
            yield Invocation(f="receipt" if view.random.chance(0.5) else "read", key=ride)
        else:
            payment = view.unique()
            ride = f"{view.random.pick(view.keys)}{payment // (max(1, parameters.tries) * len(view.keys))}"
            yield Invocation(f="pay", key=ride, value=payment)


WORKLOADS = (
    additions("bookings", "people book rides, and look what is booked"),
    Workload(
        name="payments",
        summary="apps pay for rides, more than once, and look at payments and receipts",
        model="ride",
        operations=_operations,
        parameters=Parameters,
        checks=once(
            "pay",
            "paid-once",
            "paid twice",
            lambda key, one, other: f"the ride {key} was paid for by the payment {one}, and again by {other}.",
        ),
    ),
)
MODELS = (RIDE,)

PROTOCOLS = (
    attrs.evolve(
        crdt.PROTOCOLS[1],
        name="ride-booking",
        summary="bookings on gossiping replicas: taken at once, also under a partition, and none is lost",
        serves=("bookings",),
    ),
    attrs.evolve(
        raft.PROTOCOLS[0],
        name="ride-payment",
        summary="payments and receipts in Raft: a ride is paid for once, and its receipt comes after that",
        client=App,
        serves=("payments",),
    ),
    attrs.evolve(
        primary_backup.PROTOCOLS[0],
        name="ride-payment-async",
        summary="the same at a database with an asynchronous replica: cut off, both sides take the money",
        client=AsyncApp,
        serves=("payments",),
    ),
)
