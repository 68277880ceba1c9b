"""A campaign: many seeds of some scenarios, spread over processes, each with its outcome.

Rules:

1. The outcomes depend on scenarios and seeds alone: neither on the executor, nor on how many processes it has, nor on
   which of them is quicker. They come back in the order of the jobs.
2. Any ``concurrent.futures.Executor`` will do. What is sent is text and small values.
3. At most a window of jobs is under way: memory stays flat however long the campaign, and Ctrl-C is answered at once.
4. A worker that dies takes nothing with it: its jobs are done again, alone, and one that kills its worker twice is an
   outcome as well.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import attrs

from chaoslab.explore.outcome import Finding, Outcome, outcome_of
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario, parse_scenario

__all__ = ["Job", "Target", "campaign", "local_executor", "seeds_of"]

RUN_SECONDS = 60.0
"""Seconds of the wall clock after which one run is given up."""

_CHUNK_S = 0.5
_CHUNK_MAX = 32


@attrs.frozen(kw_only=True)
class Target:
    """A scenario of a campaign.

    Attributes:
        name: What people call it: its file, or the name of a shipped one.
        text: The scenario as TOML.
    """

    name: str
    text: str


@attrs.frozen(kw_only=True)
class Job:
    """One seed of one scenario."""

    target: Target
    seed: int


def seeds_of(targets: Iterable[Target], first: int, runs: int | None = None) -> Iterator[Job]:
    """Return the jobs of a campaign: the targets take turns, seeds count up from *first*; without *runs*, no end."""
    targets = list(targets)
    seeds = itertools.count(first)
    jobs = (Job(target=target, seed=seed) for seed in seeds for target in targets)
    return jobs if runs is None else itertools.islice(jobs, runs)


def local_executor(processes: int | None = None) -> ProcessPoolExecutor:
    """Return an executor of *processes* processes of this machine: one a core if not given."""
    return ProcessPoolExecutor(max_workers=processes or os.cpu_count() or 1)


@functools.lru_cache(maxsize=64)
def _scenario(text: str) -> Scenario:
    return parse_scenario(text, registry())


def _run_chunk(jobs: tuple[Job, ...], seconds_max: float) -> list[Outcome]:
    """Run *jobs* one after the other: what a worker does."""
    return [outcome_of(job.target.name, _scenario(job.target.text), job.seed, seconds_max=seconds_max) for job in jobs]


def campaign(
    jobs: Iterable[Job],
    executor: Executor,
    *,
    workers: int,
    renew: Callable[[], Executor] | None = None,
    seconds_max: float = RUN_SECONDS,
    go_on: Callable[[], bool] = lambda: True,
) -> Iterator[Outcome]:
    """Run *jobs* and yield their outcomes, in the order of the jobs.

    Args:
        jobs: What to run; may be without end.
        executor: Who runs it.
        workers: How many jobs it runs at once.
        renew: Makes another executor when the present one is broken by a worker that died; without it that ends the
            campaign.
        seconds_max: Seconds of the wall clock after which one run is given up.
        go_on: Asked before more is begun; once it says no, what is under way is finished and nothing more begun.
    """
    waiting = iter(jobs)
    under_way: deque[tuple[tuple[Job, ...], Future[list[Outcome]]]] = deque()
    size = 1

    def begin(chunk: tuple[Job, ...]) -> None:
        under_way.append((chunk, executor.submit(_run_chunk, chunk, seconds_max)))

    while True:
        while len(under_way) < 2 * workers and go_on():
            chunk = tuple(itertools.islice(waiting, size))
            if not chunk:
                break
            begin(chunk)
        if not under_way:
            return
        chunk, future = under_way.popleft()
        try:
            outcomes = future.result()
        except BrokenProcessPool:
            if renew is None:
                raise
            lost = [chunk, *(jobs for jobs, _ in under_way)]
            under_way.clear()
            executor = renew()
            for one in itertools.chain.from_iterable(lost):
                outcome, executor = _alone(one, executor, renew, seconds_max)
                yield outcome
            continue
        spent_s = sum(outcome.cpu_s for outcome in outcomes) / len(outcomes)
        size = max(1, min(_CHUNK_MAX, int(_CHUNK_S / max(spent_s, 1e-4))))
        yield from outcomes


def _alone(job: Job, executor: Executor, renew: Callable[[], Executor], seconds_max: float) -> tuple[Outcome, Executor]:
    """Run *job* while nothing else runs, so that if a worker dies it is known of what."""
    try:
        return executor.submit(_run_chunk, (job,), seconds_max).result()[0], executor
    except BrokenProcessPool:
        finding = Finding(
            check="limit", verdict="unknown", anomaly=None,
            summary="the process that ran this seed died, twice: killed from outside, or out of memory.",
        )  # fmt: skip
        protocol = _scenario(job.target.text).protocol
        outcome = Outcome(
            scenario=job.target.name, protocol=protocol, seed=job.seed, verdict="unknown", findings=(finding,)
        )
        return outcome, renew()
