"""What the protocols keep: a map of keys to values, changed by one operation at a time.

The state that a replicated protocol replicates. It knows the operations of the register and key-value workloads and
nothing of replication.
"""

from __future__ import annotations

from typing import Any

from chaoslab.statemachine import Invocation

__all__ = ["READS", "Refused", "apply"]

READS = ("read", "get")


class Refused(Exception):
    """The operation is not one that a store knows."""


def apply(values: dict[str | None, Any], invocation: Invocation) -> tuple[Any, bool]:
    """Carry *invocation* out on *values*, in place.

    Returns:
        What the client is to be told (what was read, or whether a compare-and-set took place), and whether *values*
        changed.
    """
    f, key, argument = invocation.f, invocation.key, invocation.value
    if f in READS:
        return values.get(key), False
    if f in ("write", "put"):
        values[key] = argument
        return None, True
    if f == "append":
        values[key] = (values.get(key) or "") + argument
        return None, True
    if f == "cas":
        expected, new = argument
        if values.get(key) != expected:
            return False, False
        values[key] = new
        return True, True
    raise Refused(f"a store does not know {f!r}")
