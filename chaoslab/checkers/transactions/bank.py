"""The bank: money moves between accounts, and every look at all accounts shows the same total.

Rules:

1. ``read`` returns ``{account: balance}`` of all accounts; ``transfer`` moves money between them.
2. Balances are integers: count in the smallest coin.
3. A read that lacks an account, or a balance, shows another total and needs no rule of its own.

This file does not know how transfers are made; serializability and snapshot isolation both keep the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from chaoslab.checkers.verdict import Verdict, confirm
from chaoslab.errors import HistoryError, unknown_word
from chaoslab.history import History, Operation

__all__ = ["BalanceRead", "bank"]

_FS = ("read", "transfer")


@attrs.frozen(kw_only=True)
class BalanceRead:
    """Evidence of a wrong read.

    Attributes:
        read: The operation.
        total: The sum of what it read.
        account: The account whose balance is negative or missing, or None where the total is wrong.
    """

    read: Operation
    total: int
    account: Any = None


def bank(history: History, *, total: int, negative_allowed: bool = False) -> Verdict:
    """Decide whether every read of all accounts shows *total*, and no balance below zero.

    Args:
        history: Operations ``read``, with a value ``{account: balance}``, and ``transfer``.
        total: The money there is.
        negative_allowed: Whether a balance may be negative.

    Returns:
        A verdict. Invalid: ``evidence`` is a ``BalanceRead``; ``details`` counts the wrong reads.
        Cost: O(balances read).

    Raises:
        HistoryError: another operation, or a read that is no map from accounts to integers.

    Source:
        Jepsen, ``jepsen.tests.bank``.
    """
    operations = history.operations()
    reads = 0
    wrong: list[tuple[str, BalanceRead]] = []
    for operation in operations:
        if operation.f not in _FS:
            raise HistoryError(f"event {operation.call}: {unknown_word('bank operation', operation.f, _FS)}")
        if operation.f == "read" and operation.type == "ok":
            reads += 1
            found = _wrong(operation, total, negative_allowed)
            if found is not None:
                wrong.append(found)
    details = {"reads": reads, "wrong reads": len(wrong), "total": total}
    if not wrong:
        return Verdict(
            outcome="valid",
            name="bank",
            summary=f"all {reads} reads show a total of {total}.",
            evidence=tuple(_confirmed(operations, total, negative_allowed)),
            details=details,
        )
    anomaly, evidence = wrong[0]
    _confirm_wrong(evidence, operations, total, negative_allowed)
    return Verdict(
        outcome="invalid",
        name="bank",
        summary=_sentence(anomaly, evidence, total),
        anomaly=anomaly,
        operations=(evidence.read,),
        evidence=evidence,
        details=details,
    )


def _wrong(read: Operation, total: int, negative_allowed: bool) -> tuple[str, BalanceRead] | None:
    balances = read.value
    if balances.__class__ is not dict:
        raise HistoryError(f"event {read.ret}: a read of the bank returns a map of balances, not {balances!r}.")
    found = 0
    for account, balance in balances.items():
        if balance is not None and balance.__class__ is not int:
            raise HistoryError(f"event {read.ret}: the balance of {account!r} is {balance!r}; balances are integers.")
        found += balance or 0
    for account, balance in balances.items():
        if balance is None:
            return "missing balance", BalanceRead(read=read, total=found, account=account)
    if found != total:
        return "wrong total", BalanceRead(read=read, total=found)
    for account, balance in balances.items():
        if balance < 0 and not negative_allowed:
            return "negative balance", BalanceRead(read=read, total=found, account=account)
    return None


def _sentence(anomaly: str, evidence: BalanceRead, total: int) -> str:
    reader = f"process {evidence.read.process} (event {evidence.read.call})"
    if anomaly == "wrong total":
        return f"{reader} read balances that add up to {evidence.total} instead of {total}."
    if anomaly == "missing balance":
        return f"{reader} read no balance for account {evidence.account!r}."
    return f"{reader} read a balance of {evidence.read.value[evidence.account]} for account {evidence.account!r}."


def _confirmed(operations: Sequence[Operation], total: int, negative_allowed: bool) -> list[int]:
    """Return the calls of all reads, each looked at again."""
    reads = [one for one in operations if one.type == "ok" and one.f == "read"]
    for read in reads:
        balances = list(read.value.values())
        if None in balances or sum(balances) != total or (not negative_allowed and min(balances, default=0) < 0):
            confirm("bank", f"the read of event {read.call} is wrong")
    return [read.call for read in reads]


def _confirm_wrong(evidence: BalanceRead, operations: Sequence[Operation], total: int, negative_allowed: bool) -> None:
    balances = evidence.read.value
    amounts = [balance for balance in balances.values() if balance is not None]
    is_short = len(amounts) < len(balances) or sum(amounts) != total
    is_negative = not negative_allowed and any(amount < 0 for amount in amounts)
    if evidence.read not in operations or evidence.read.type != "ok" or not (is_short or is_negative):
        confirm("bank", "the read that it found is right")
