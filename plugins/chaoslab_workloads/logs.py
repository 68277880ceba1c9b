"""Workloads on queues and logs: enqueue and dequeue; append and read all.

Every element is unique in its run. A run of the queue ends with dequeues, so that what was lost is missed; a run of the
log with a read of each log.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from chaoslab.cluster import ClientView, Workload
from chaoslab.parameters import COUNT, RATIO, parameter
from chaoslab.statemachine import Invocation
from chaoslab_workloads.last_reads import read_all

__all__ = ["LOG", "QUEUE"]


@attrs.frozen(kw_only=True)
class QueueParameters:
    """Parameters of the queue workload."""

    enqueues: float = parameter(RATIO, "The share of operations that enqueue; the rest dequeue.", default=0.5)
    drain: int = parameter(COUNT, "How many dequeues of each queue end the run.", default=20)


@attrs.frozen(kw_only=True)
class LogParameters:
    """Parameters of the log workload."""

    reads: float = parameter(RATIO, "The share of operations that read the whole log; the rest append.", default=0.4)


def _queue(view: ClientView) -> Iterator[Invocation]:
    parameters: QueueParameters = view.parameters or QueueParameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.enqueues):
            yield Invocation(f="enqueue", key=key, value=view.unique())
        else:
            yield Invocation(f="dequeue", key=key)


def _drain(view: ClientView) -> Iterator[Invocation]:
    parameters: QueueParameters = view.parameters or QueueParameters()
    return (Invocation(f="dequeue", key=key) for key in view.keys for _ in range(parameters.drain))


def _log(view: ClientView) -> Iterator[Invocation]:
    parameters: LogParameters = view.parameters or LogParameters()
    while True:
        key = view.random.pick(view.keys)
        if view.random.chance(parameters.reads):
            yield Invocation(f="read", key=key)
        else:
            yield Invocation(f="append", key=key, value=view.unique())


QUEUE = Workload(
    name="queue",
    summary="enqueues of unique values and dequeues; a run ends with dequeues until nothing should be left",
    model="queue",
    operations=_queue,
    last=_drain,
    parameters=QueueParameters,
)

LOG = Workload(
    name="log",
    summary="appends of unique values, and reads of a whole log",
    model="log",
    operations=_log,
    last=read_all,
    parameters=LogParameters,
)
