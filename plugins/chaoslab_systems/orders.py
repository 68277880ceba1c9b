"""Orders: people place orders in shops, and look at the orders of a shop.

Placing an order is an append to the shop's list: asking for the same one twice is not the same as asking once. So it
shows what reads and writes hide: a request that is repeated, because its answer was lost, and takes effect again.

Promises: an order is carried out once (the check ``carried-out-once``); what was acknowledged is there for everybody
who looks later, and what was refused is not (``orders-kept``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History, Operation
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_systems.promises import Broken, judged

__all__ = ["WORKLOADS"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the orders workload."""

    reads: float = parameter(RATIO, "The share of operations that look at a shop's orders.", default=0.4)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="get", key=key)
        else:
            yield Invocation(f="append", key=key, value=f"{view.unique()} ")


def _last(view: ClientView) -> Iterator[Invocation]:
    return (Invocation(f="get", key=key) for key in view.keys)


def _looks(history: History) -> list[tuple[Operation, list[str]]]:
    """Return the successful looks, each with the orders that it found."""
    return [(one, (one.value or "").split()) for one in history.operations() if one.f == "get" and one.type == "ok"]


def carried_out_once(history: History) -> Sequence[Verdict]:
    """Judge whether no shop has the same order twice. Cost: O(n m) for n looks at lists of m orders."""
    found, seen = None, 0
    placed = {_number(one): one for one in history.operations() if one.f == "append"}
    for look, orders in _looks(history):
        seen += len(orders)
        if found is None and len(set(orders)) < len(orders):
            twice = next(order for order in orders if orders.count(order) > 1)
            found = Broken(
                "done twice",
                f"order {twice} was placed once in {look.key}, which has it {orders.count(twice)} times.",
                tuple(one for one in (placed.get(twice), look) if one is not None),
            )
    return judged("carried-out-once", found, seen, "orders were seen once and no more")


def orders_kept(history: History) -> Sequence[Verdict]:
    """Judge whether what was acknowledged is there, and what was refused is not. Cost: O(n m), as above."""
    found, seen = None, 0
    placed = [one for one in history.operations() if one.f == "append"]
    for look, orders in _looks(history):
        there = set(orders)
        for one in placed:
            if one.key != look.key:
                continue
            is_due = one.type == "ok" and one.ret is not None and one.ret < look.call
            seen += is_due
            if found is None and is_due and _number(one) not in there:
                words = f"order {_number(one)} was acknowledged, and whoever looks at {look.key} later does not see it."
                found = Broken("order lost", words, (one, look))
            if found is None and one.type == "fail" and _number(one) in there:
                words = f"order {_number(one)} was refused, and {look.key} has it all the same."
                found = Broken("refused and done", words, (one, look))
    return judged("orders-kept", found, seen, "acknowledged orders were there")


def _number(order: Operation) -> str:
    return str(order.argument).strip()


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    return (*carried_out_once(history), *orders_kept(history))


WORKLOADS = (
    Workload(
        name="orders",
        summary="people place orders in shops, and look at the orders of a shop",
        model="kv",
        operations=_operations,
        last=_last,
        parameters=Parameters,
        checks=_checks,
    ),
)
