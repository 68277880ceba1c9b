"""Accounts of a bank: transfer ``[from, to, amount]``, and read of all balances at once.

The result of an ok transfer, if given, tells whether it took place; one is refused only for want of money. Without
a result an ok transfer took place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chaoslab.errors import HistoryError
from chaoslab.history.values import frozen, thawed
from chaoslab.models.model import ILLEGAL, UNKNOWN, Model
from chaoslab.models.number import number_in

__all__ = ["BANK", "bank_starting_as"]


def bank_starting_as(balances: Mapping[Any, int], *, overdrafts: bool = False) -> Model:
    """Return the model of a bank with these *balances* at the start.

    Args:
        balances: Amounts by account.
        overdrafts: Balances may become negative; then no transfer is refused.
    """

    def step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
        if f == "read":
            return state if value == ("dict", state) else ILLEGAL
        source, target, amount = _transfer(argument)
        now = dict(state)
        for account in (source, target):
            if account not in now:
                known = ", ".join(sorted(map(repr, now)))
                raise HistoryError(f"the bank has no account {account!r}; its accounts: {known}.")
        possible = overdrafts or now[source] >= amount
        told_refused = result == ("bool", "False")
        if value is UNKNOWN:
            if not possible:
                return state
        elif told_refused or not possible:
            return state if told_refused and not possible else ILLEGAL
        now[source] -= amount
        now[target] += amount
        return frozenset(now.items())

    return Model(
        name="bank",
        summary="transfer [from, to, amount] and read of all balances" + ("" if overdrafts else ", never negative"),
        initial=frozenset((frozen(account), balance) for account, balance in balances.items()),
        step=step,
        reads=frozenset({"read"}),
        fs=frozenset({"transfer", "read"}),
        keyed=False,
    )


def _transfer(argument: Any) -> tuple[Any, Any, int | float]:
    """Return from where to where how much goes."""
    if argument.__class__ is not tuple or argument[0] != "list" or len(argument[1]) != 3:
        raise HistoryError(f"a transfer takes [from, to, amount], not {thawed(argument)!r}.")
    source, target, amount = argument[1]
    return source, target, number_in(amount, "a transferred amount")


def _step_from_the_first_read(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    if f == "read":
        if state is not None:
            return state if value == ("dict", state) else ILLEGAL
        return value[1] if value is not None and value[0] == "dict" else ILLEGAL
    source, target, amount = _transfer(argument)
    if state is None or result == ("bool", "False"):
        return state
    now = dict(state)
    now[source] = now.get(source, 0) - amount
    now[target] = now.get(target, 0) + amount
    return frozenset(now.items())


BANK = Model(
    name="bank",
    summary="transfer [from, to, amount] and read of all balances, which start as the first read shows them",
    initial=None,
    step=_step_from_the_first_read,
    reads=frozenset(),  # the first one sets the state
    fs=frozenset({"transfer", "read"}),
    keyed=False,
)
"""A bank of which only the history tells how it started. Nothing is said of overdrafts."""
