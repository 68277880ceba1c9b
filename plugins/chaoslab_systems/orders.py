"""Orders: people place orders in shops and look at what a shop has to do. An order must be carried out once.

Placing an order is an append to the shop's list: asking for the same one twice is not the same as asking once. So it
shows what reads and writes hide: a request that is repeated, because its answer was lost, and takes effect again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_systems.promises import Broken, judged

__all__ = ["WORKLOADS", "carried_out_once"]


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


def carried_out_once(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    """Judge whether no shop has the same order twice. Cost: O(n m) for n looks at lists of m orders."""
    found, seen = None, 0
    placed = {str(one.argument).strip(): one for one in history.operations() if one.f == "append"}
    for read in history.operations():
        if read.f != "get" or read.type != "ok":
            continue
        orders = (read.value or "").split()
        seen += len(orders)
        if found is None and len(set(orders)) < len(orders):
            twice = next(order for order in orders if orders.count(order) > 1)
            found = Broken(
                "done twice",
                f"order {twice} was placed once in {read.key}, which has it {orders.count(twice)} times.",
                tuple(one for one in (placed.get(twice), read) if one is not None),
            )
    return judged("carried-out-once", found, seen, "orders were seen once and no more")


WORKLOADS = (
    Workload(
        name="orders",
        summary="people place orders in shops, and look at the orders of a shop",
        model="kv",
        operations=_operations,
        last=_last,
        parameters=Parameters,
        checks=carried_out_once,
    ),
)
