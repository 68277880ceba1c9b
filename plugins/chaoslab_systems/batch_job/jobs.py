"""The jobs workload: clients ask how many words there are in texts, each of which is a job of several tasks.

Promises: a job comes to the sum of its tasks, each counted once (the check ``counted-once``); and, where a deadline is
set, every job is done by then (``deadline``).

What a task comes to is a function of its number that anybody can compute: so the check knows the right sum.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from chaoslab.checkers import Verdict
from chaoslab.cluster import ClientView, Workload
from chaoslab.history import History, Operation
from chaoslab.models import ILLEGAL, UNKNOWN, Model
from chaoslab.parameters import COUNT, DURATION, parameter
from chaoslab.statemachine import Invocation
from chaoslab.units import format_duration
from chaoslab_systems.promises import Broken, judged

__all__ = ["JOBS", "TOTALS", "total", "words_in"]


@attrs.frozen(kw_only=True)
class Parameters:
    """Parameters of the jobs workload."""

    tasks: int = parameter(COUNT, "How many tasks a job has.", default=12)
    deadline_ns: int | None = parameter(
        DURATION, "How long after it was asked for a job must be done.", default=None, name="deadline"
    )


def words_in(job: int, task: int) -> int:
    """Return what the task comes to."""
    return 1 + zlib.crc32(f"{job} {task}".encode()) % 100


def total(job: int, tasks: int) -> int:
    """Return what the job comes to."""
    return sum(words_in(job, task) for task in range(tasks))


def _step(state: Any, f: str, argument: Any, value: Any, result: Any) -> Any:
    job, tasks = argument
    return state if value is UNKNOWN or value == total(job, tasks) else ILLEGAL


TOTALS = Model(
    name="totals",
    summary="counts of the words of a text, which come to the same whenever they are asked for",
    step=_step,
    reads=frozenset({"count"}),
    fs=frozenset({"count"}),
)


def _operations(view: ClientView) -> Iterator[Invocation]:
    parameters: Parameters = view.parameters or Parameters()
    while True:
        yield Invocation(f="count", value=(view.unique(), max(1, parameters.tasks)))


def _checks(history: History, keys: tuple[str, ...], parameters: Any) -> Sequence[Verdict]:
    deadline_ns = (parameters or Parameters()).deadline_ns
    jobs = history.operations()
    verdicts = _counted_once(jobs)
    return verdicts if deadline_ns is None else (*verdicts, *_in_time(jobs, deadline_ns))


def _counted_once(jobs: Sequence[Operation]) -> tuple[Verdict, ...]:
    done = [one for one in jobs if one.type == "ok"]
    found = None
    for one in done:
        job, tasks = one.argument
        right = total(job, tasks)
        if found is None and one.value != right:
            words = f"job {job} came to {one.value} words, and its {tasks} tasks come to {right}."
            found = Broken("counted twice" if one.value > right else "left out", words, (one,))
    return judged("counted-once", found, len(done), "every task of a job counted once")


def _in_time(jobs: Sequence[Operation], deadline_ns: int) -> tuple[Verdict, ...]:
    late = [one for one in jobs if one.type != "ok" or (one.ret_time_ns or 0) - one.call_time_ns > deadline_ns]
    found = None
    if late:
        words = (
            f"{len(late)} of {len(jobs)} jobs were not done {format_duration(deadline_ns)} after they were asked for"
        )
        found = Broken("deadline missed", f"{words}; the first of them was job {late[0].argument[0]}.", (late[0],))
    return judged("deadline", found, len(jobs), "jobs were done in time")


JOBS = Workload(
    name="jobs",
    summary="clients ask for the words in texts: a job of several tasks each, whose sum must be right and may be due",
    model="totals",
    operations=_operations,
    parameters=Parameters,
    checks=_checks,
)
