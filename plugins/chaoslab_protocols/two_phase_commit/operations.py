"""What transactions can do: list-append transactions, and a bank.

An operation says which keys it needs, and then, given what they hold, what it answers and writes. It knows nothing of
locks, shards and commit protocols: a coordinator carries it out on values that participants have locked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from chaoslab.statemachine import Invocation

__all__ = ["Performed", "is_read_only", "needs", "perform", "refusal"]


@attrs.frozen
class Performed:
    """What came of an operation: what the client sees, and what is to be written."""

    value: Any = None
    result: Any = None
    writes: tuple[tuple[str, Any], ...] = ()


def refusal(operation: Invocation) -> str | None:
    """Return why *operation* can never be carried out, in words, or None if it can."""
    f, value = operation.f, operation.value
    if f == "txn":
        for micro in value:
            if micro[0] not in ("r", "append"):
                return f"a transaction can read (r) and append, not {micro[0]!r}"
        return None
    if f == "transfer":
        return None if len(value) == 3 else f"a transfer is [from, to, amount], not {value!r}"
    if f == "read":
        return None if value else "a read names the accounts that it looks at"
    return f"there are transactions (txn), transfers and reads of accounts, not {f!r}"


def needs(operation: Invocation) -> dict[str, bool]:
    """Return the keys that *operation* is about, each with whether it may be written."""
    if operation.f == "txn":
        found: dict[str, bool] = {}
        for kind, key, _ in operation.value:
            found[key] = found.get(key, False) or kind != "r"
        return found
    if operation.f == "transfer":
        return dict.fromkeys(operation.value[:2], True)
    return dict.fromkeys(operation.value, False)


def is_read_only(operation: Invocation) -> bool:
    """Whether *operation* changes nothing."""
    return not any(needs(operation).values())


def perform(operation: Invocation, values: Mapping[str, Any], balance: int) -> Performed:
    """Carry *operation* out.

    Args:
        operation: What to do.
        values: What each key that it needs holds, None for nothing yet.
        balance: What an account holds that was never written.
    """
    if operation.f == "txn":
        return _lists(operation, values)
    balances = {key: balance if value is None else value for key, value in values.items()}
    if operation.f == "read":
        return Performed(value={key: balances[key] for key in operation.value})
    source, target, amount = operation.value
    if balances[source] < amount:
        return Performed(result=False)
    balances[source] -= amount
    balances[target] += amount
    return Performed(result=True, writes=tuple((key, balances[key]) for key in dict.fromkeys((source, target))))


def _lists(operation: Invocation, values: Mapping[str, Any]) -> Performed:
    lists = dict(values)
    seen: list[list[Any]] = []
    written: dict[str, None] = {}
    for kind, key, element in operation.value:
        if kind == "append":
            lists[key] = (*(lists[key] or ()), element)
            written[key] = None
            seen.append([kind, key, element])
        else:
            seen.append([kind, key, list(lists[key] or ())])
    return Performed(value=seen, writes=tuple((key, lists[key]) for key in written))
