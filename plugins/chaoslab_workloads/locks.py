"""The lock workload: a counter that is changed only under a lock, by reading it and writing one more.

``increment`` is the whole of it: acquire the lock that the key names, read the counter of the same name from the
resource, write one more, release. What guards the counter is the lock and nothing else, so whatever breaks mutual
exclusion *as the resource sees it* shows: two holders at once make the same value, and one increment is lost.

An ok increment carries the value that it wrote, and, as its result, the fencing token it was made under, if the service
gives one. ``read`` reads the counter without the lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.history import Operation
from chaoslab.history.words import in_words
from chaoslab.models import ILLEGAL, UNKNOWN, Model
from chaoslab.models.growing import number_of, went_back
from chaoslab.models.model import Explanation
from chaoslab.models.number import number_in
from chaoslab.parameters import RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_workloads.last_reads import read_all

__all__ = ["LOCK", "LOCKED_COUNTER"]


@attrs.frozen(kw_only=True)
class LockParameters:
    """Parameters of the lock workload."""

    reads: float = parameter(RATIO, "The share of operations that read without the lock.", default=0.2)


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    count, token = state
    if f == "read":
        return state if value is not None and number_in(value, "what a counter shows") == count else ILLEGAL
    if value is not UNKNOWN and value is not None and number_in(value, "what an increment wrote") != count + 1:
        return ILLEGAL
    if result is None:
        return count + 1, token
    new = number_in(result, "a fencing token")
    return (count + 1, new) if token is None or new > token else ILLEGAL


def _explain(operations: Sequence[Operation]) -> Explanation | None:
    """An increment that is gone, a read that does not know of one, or a token that is not larger than one before."""
    increments = [
        one
        for one in sorted(operations, key=lambda one: one.call)
        if one.f == "increment" and one.type == "ok" and number_of(one.value) is not None
    ]
    made: dict[Any, Operation] = {}
    for one in increments:
        first = made.setdefault(one.value, one)
        if first is not one:
            return "lost update", f"{in_words(first)}, and {in_words(one)}, too: one of the two is lost.", (first, one)
    back = went_back(operations, lambda one: number_of(one.value))
    if back is not None:
        first, second = back
        anomaly = "stale read" if second.f == "read" else "lost update"
        return anomaly, f"{in_words(second)}, although before that {in_words(first)}.", back
    before: Operation | None = None
    for one in sorted(increments, key=lambda one: one.value):
        if number_of(one.result) is None:
            continue
        if before is not None and one.result <= before.result:
            return (
                "fencing token out of order",
                f"{in_words(one)} with the token {one.result}, although before that {in_words(before)} with the token "
                f"{before.result}: fencing tokens grow.",
                (before, one),
            )
        before = one
    return None


LOCKED_COUNTER = Model(
    name="locked-counter",
    summary="increments that each write one more than the last, under fencing tokens that grow; read",
    initial=(0, None),
    step=_step,
    reads=frozenset({"read"}),
    fs=frozenset({"increment", "read"}),
    explain=_explain,
)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: LockParameters = view.parameters or LockParameters()
    while True:
        key = view.random.pick(view.keys)
        f = "read" if view.random.chance(parameters.reads) else "increment"
        yield Invocation(f=f, key=key)


LOCK = Workload(
    name="lock",
    summary="acquire a lock, read a counter and write one more, release; and reads without the lock",
    model="locked-counter",
    operations=_operations,
    last=read_all,
    parameters=LockParameters,
)
