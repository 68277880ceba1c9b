"""Checks a witness order on its own: shares no code with the search, and trusts nothing it says.

A witness is right if the model accepts it step by step, if it holds every operation that certainly happened exactly
once, and if no operation stands before one that had ended when it began.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaoslab.history import Operation
from chaoslab.history.values import frozen
from chaoslab.models import ILLEGAL, Model

__all__ = ["complaint_about"]


def complaint_about(order: Sequence[Operation], operations: Sequence[Operation], model: Model) -> str | None:
    """Return what is wrong with the witness *order* for *operations*, or None if it is right. Cost: O(n)."""
    placed = {operation.call for operation in order}
    if len(placed) != len(order):
        return "an operation stands twice in the witness"
    for operation in operations:
        if operation.type == "ok" and operation.call not in placed:
            return f"the operation of event {operation.call} is missing from the witness"
    known = {operation.call: operation for operation in operations}
    latest_call = -1
    states = {}
    for operation in order:
        if known.get(operation.call) is not operation or operation.type == "fail":
            return f"the operation of event {operation.call} is none that happened"
        if operation.ret is not None and operation.ret < latest_call:
            return f"the operation of event {operation.call} had ended before one that stands ahead of it began"
        latest_call = max(latest_call, operation.call)
        key = frozen(operation.key) if model.keyed else None
        state = model.step(
            states.get(key, model.initial),
            operation.f,
            frozen(operation.argument),
            frozen(operation.value),
            None if operation.type == "info" else frozen(operation.result),
        )
        if state is ILLEGAL:
            return f"the model does not accept the operation of event {operation.call} at its place"
        states[key] = state
    return None
