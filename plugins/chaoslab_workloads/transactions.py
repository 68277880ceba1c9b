"""Workloads of transactions: appends to lists and reads of them, and transfers between the accounts of a bank.

A list-append transaction is one operation, ``txn``: a list of ``["append", key, element]`` and ``["r", key, null]``.
Elements are unique in their run, so that a list that was read names the transactions that made it, and their order
(Kingsbury & Alvaro 2020, "Elle", section 3). A bank is looked at as a whole, and no transfer makes or loses money.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.checkers.transactions import bank
from chaoslab.cluster import ClientView, Workload
from chaoslab.errors import UsageError
from chaoslab.history import History
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Invocation

__all__ = ["BANK", "LIST_APPEND", "BankParameters", "ListAppendParameters"]


@attrs.frozen(kw_only=True)
class ListAppendParameters:
    """Parameters of the list-append workload."""

    reads: float = parameter(RATIO, "The share of micro-operations that are reads; the rest append.", default=0.5)
    longest: int = parameter(COUNT, "How many micro-operations a transaction has at most.", default=4)

    def __attrs_post_init__(self) -> None:
        if self.longest < 1:
            raise UsageError("a transaction has at least one micro-operation.", key="longest")


@attrs.frozen(kw_only=True)
class BankParameters:
    """Parameters of the bank workload."""

    reads: float = parameter(RATIO, "The share of operations that read all accounts; the rest transfer.", default=0.4)
    amount: int = parameter(COUNT, "The largest amount of a transfer.", default=5)
    balance: int = parameter(COUNT, "What each account holds at first, as the protocol has it.", default=10)

    def __attrs_post_init__(self) -> None:
        if self.amount < 1:
            raise UsageError("a transfer moves at least 1.", key="amount")


def _list_append(view: ClientView) -> Iterator[Invocation]:
    parameters: ListAppendParameters = view.parameters or ListAppendParameters()
    while True:
        micro: list[list[Any]] = []
        for _ in range(1 + view.random.below(parameters.longest)):
            key = view.random.pick(view.keys)
            if view.random.chance(parameters.reads):
                micro.append(["r", key, None])
            else:
                micro.append(["append", key, view.unique()])
        yield Invocation(f="txn", value=micro)


def _read_lists(view: ClientView) -> Iterator[Invocation]:
    return (Invocation(f="txn", value=[["r", key, None]]) for key in view.keys)


def _bank(view: ClientView) -> Iterator[Invocation]:
    parameters: BankParameters = view.parameters or BankParameters()
    while True:
        if len(view.keys) < 2 or view.random.chance(parameters.reads):
            yield Invocation(f="read", value=view.keys)
        else:
            source, target = view.random.sample(view.keys, 2)
            if view.random.chance(0.5):  # a sample is in the order of the keys: money has to go both ways
                source, target = target, source
            yield Invocation(f="transfer", value=[source, target, 1 + view.random.below(parameters.amount)])


def _read_accounts(view: ClientView) -> Iterator[Invocation]:
    yield Invocation(f="read", value=view.keys)


def _money_is_conserved(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    balance = (parameters or BankParameters()).balance
    return (bank(history, total=balance * len(keys)),)


LIST_APPEND = Workload(
    name="list-append",
    summary="transactions that append unique elements to lists and read lists",
    model="list-append",
    operations=_list_append,
    last=_read_lists,
    parameters=ListAppendParameters,
)

BANK = Workload(
    name="bank",
    summary="transfers between accounts, and reads of all accounts, whose total must stay the same",
    model="bank",
    operations=_bank,
    last=_read_accounts,
    parameters=BankParameters,
    checks=_money_is_conserved,
)
