"""Cash machines: a withdrawal looks at the balance and takes the money off, if nobody has changed the balance since.

``cash-machine`` keeps balances in Raft: what was not agreed on is not paid out. ``cash-machine-async`` keeps them in a
database with an asynchronous replica: cut off from each other, both of its servers pay out the same money.

Promises (the check ``cash``): no account is ever below zero, no more is paid out than was paid in, and in the end each
account holds what was paid in less what was paid out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, RequestClient, Workload
from chaoslab.history import History, Operation
from chaoslab.models import ILLEGAL, Model
from chaoslab.models.number import number_in
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Complete, Invocation
from chaoslab_protocols import primary_backup, raft
from chaoslab_protocols.raft.client import Client as RaftClient
from chaoslab_systems.additions import read_all
from chaoslab_systems.promises import Broken, judged, last_reads
from chaoslab_systems.steps_client import Program, StepsClient

__all__ = ["MODELS", "PROTOCOLS", "WORKLOADS"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the cash workload."""

    reads: float = parameter(RATIO, "The share of operations that read a balance.", default=0.25)
    deposits: float = parameter(RATIO, "The share of the rest that pay money in.", default=0.4)
    amount: int = parameter(COUNT, "The largest amount of a withdrawal; deposits are of half of that.", default=10)


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "read":
        return state if value is not None and number_in(value, "a balance") == state else ILLEGAL
    amount = number_in(argument, "an amount")
    if f == "deposit":
        return state + amount
    enough = state >= amount
    if result is not None and result != ("bool", repr(enough)):
        return ILLEGAL
    return state - amount if enough else state


CASH = Model(
    name="cash",
    summary="deposit, withdraw (its result: whether there was enough), read of the balance, which starts at 0",
    initial=0,
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"read", "deposit", "withdraw"}),
    refusable=frozenset({"withdraw"}),
)


class Machine(StepsClient):
    """A cash machine. Attributes: TRIES: How often it tries when somebody else was quicker."""

    TRIES = 5
    STORE_CLIENT: Any = RaftClient
    ADMINISTERS = raft.PROTOCOLS[0].administers

    def steps(self, invocation: Invocation) -> Program:
        for _ in range(self.TRIES):
            read = yield Invocation(f="read", key=invocation.key)
            if read.type != "ok":
                return Complete("fail", error=read.error)
            balance = read.value or 0
            if invocation.f == "read":
                return Complete("ok", balance, node=read.node)
            if invocation.f == "withdraw" and balance < invocation.value:
                return Complete("ok", result=False, node=read.node)
            new = balance + invocation.value if invocation.f == "deposit" else balance - invocation.value
            changed = yield Invocation(f="cas", key=invocation.key, value=(read.value, new))
            if changed.type != "ok":
                return Complete(changed.type, node=changed.node, error=changed.error)
            if changed.result:
                return Complete("ok", result=True if invocation.f == "withdraw" else None, node=changed.node)
        return Complete("fail", error="somebody else was quicker each time")


class AsyncMachine(Machine):
    """The same at a database with an asynchronous replica."""

    STORE_CLIENT = RequestClient


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    most = max(1, parameters.amount)
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        elif view.random.chance(parameters.deposits):
            yield Invocation(f="deposit", key=key, value=1 + view.random.below((most + 1) // 2))
        else:
            yield Invocation(f="withdraw", key=key, value=1 + view.random.below(most))


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    operations = history.operations()
    found = next(filter(None, (_account(key, [one for one in operations if one.key == key]) for key in keys)), None)
    paid_out = sum(one.f == "withdraw" and one.type == "ok" and one.result is True for one in operations)
    return judged("cash", found, paid_out, "cash was paid out that the account had")


def _account(key: str, operations: Sequence[Operation]) -> Broken | None:
    """Return what is wrong with the account *key*."""
    for one in operations:
        if one.f == "read" and one.type == "ok" and one.value < 0:
            return Broken("negative balance", f"the account {key} showed {one.value}.", (one,))
    moved = [one for one in operations if one.f != "read" and one.type != "fail" and one.result is not False]

    def total(f: str, *types: str) -> int:
        return sum(int(one.argument) for one in moved if one.f == f and one.type in types)

    paid_in, perhaps_in = total("deposit", "ok"), total("deposit", "ok", "info")
    paid_out, perhaps_out = total("withdraw", "ok"), total("withdraw", "ok", "info")
    if paid_out > perhaps_in:
        summary = f"{paid_out} was paid out of the account {key}, into which no more than {perhaps_in} was paid."
        return Broken("money from nothing", summary, tuple(one for one in moved if one.f == "withdraw"))
    for read in last_reads(operations):
        least, most = paid_in - perhaps_out, perhaps_in - paid_out
        if not least <= read.value <= most:
            due = str(least) if least == most else f"{least} to {most}"
            summary = f"the account {key} holds {read.value} in the end; what was paid in and out comes to {due}."
            return Broken("money from nothing" if read.value > most else "money lost", summary, (read,))
    return None


WORKLOADS = (
    Workload(
        name="cash",
        summary="people pay money in, draw money and look at their balance",
        model="cash",
        operations=_operations,
        last=read_all,
        parameters=Parameters,
        checks=_checks,
    ),
)
MODELS = (CASH,)

PROTOCOLS = (
    attrs.evolve(
        raft.PROTOCOLS[0],
        name="cash-machine",
        summary="cash machines over Raft: what was paid out was there, and no account goes below zero",
        client=Machine,
        serves=("cash",),
    ),
    attrs.evolve(
        primary_backup.PROTOCOLS[0],
        name="cash-machine-async",
        summary="the same over a database with an asynchronous replica: cut off, both sides pay the same money out",
        client=AsyncMachine,
        serves=("cash",),
    ),
)
