"""A campaign: many seeds of some scenarios, spread over processes, each with its outcome.

Rules:

1. The outcomes depend on scenarios, seeds and the strategy alone: neither on the executor, nor on how many processes
   it has, nor on which of them is quicker. They come back in the order of the jobs.
2. Any ``concurrent.futures.Executor`` will do. What is sent is text and small values.
3. At most a window of jobs is under way: memory stays flat however long the campaign, and Ctrl-C is answered at once.
4. A worker that dies takes nothing with it: its jobs are done again, alone, and one that kills its worker twice is an
   outcome as well.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future

import attrs

from chaoslab.explore.outcome import Finding, Outcome, one_at_a_time, outcome_of, unended
from chaoslab.explore.strategies import Job, Strategy, Target, attempt_of
from chaoslab.plugins import registry
from chaoslab.scenario import Scenario, parse_scenario

__all__ = ["Job", "Target", "campaign", "run_job", "seeds_of"]

RUN_SECONDS = 60.0
"""Seconds of the wall clock after which one run is given up."""

_CHUNK_S = 0.5
_CHUNK_MAX = 32


def seeds_of(targets: Iterable[Target], first: int, runs: int | None = None) -> Iterator[Job]:
    """Return the jobs of a campaign: the targets take turns, seeds count up from *first*; without *runs*, no end."""
    targets = list(targets)
    seeds = itertools.count(first)
    jobs = (Job(target=target, seed=seed, number=seed - first) for seed in seeds for target in targets)
    return jobs if runs is None else itertools.islice(jobs, runs)


@functools.lru_cache(maxsize=64)
def _scenario(text: str) -> Scenario:
    return parse_scenario(text, registry())


def _run_chunk(jobs: tuple[Job, ...], seconds_max: float) -> list[Outcome]:
    """Run *jobs* one after the other: what a worker does."""
    with one_at_a_time:
        return [run_job(job, seconds_max=seconds_max) for job in jobs]


def run_job(job: Job, *, seconds_max: float = RUN_SECONDS) -> Outcome:
    """Make the attempt of *job*, here and now, and return what came of it."""
    attempt = attempt_of(job, _scenario(job.target.text))
    return outcome_of(
        job.target.name,
        attempt.scenario,
        attempt.seed,
        seconds_max=seconds_max,
        plan=attempt.plan,
        overrides=attempt.overrides,
        steering=attempt.steering,
        features_of=attempt.features_of,
    )


class _Given:
    """Jobs that stand already."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = iter(jobs)

    def take(self, count: int) -> Sequence[Job]:
        return tuple(itertools.islice(self._jobs, count))

    def learn(self, job: Job, outcome: Outcome) -> None:
        return


def campaign(
    jobs: Strategy | Iterable[Job],
    executor: Executor,
    *,
    workers: int,
    runs: int | None = None,
    renew: Callable[[], Executor] | None = None,
    broken: tuple[type[BaseException], ...] = (BrokenExecutor,),
    seconds_max: float = RUN_SECONDS,
    go_on: Callable[[], bool] = lambda: True,
) -> Iterator[Outcome]:
    """Run *jobs* and yield their outcomes, in the order of the jobs.

    Args:
        jobs: What to run, or a strategy that says so; may be without end.
        executor: Who runs it.
        workers: How many jobs it runs at once.
        runs: How many in all; None: as many as there are.
        renew: Makes another executor when the present one is broken by a worker that died; without it that ends the
            campaign.
        broken: What the executor raises when a worker died.
        seconds_max: Seconds of the wall clock after which one run is given up.
        go_on: Asked before more is begun; once it says no, what is under way is finished and nothing more begun.
    """
    source = _Given(jobs) if isinstance(jobs, Iterable) else jobs
    under_way: deque[tuple[tuple[Job, ...], Future[list[Outcome]]]] = deque()
    size, left = 1, runs

    def told(job: Job, outcome: Outcome) -> Outcome:
        source.learn(job, outcome)
        return attrs.evolve(outcome, features=(), heritage="") if outcome.heritage else outcome

    while True:
        while len(under_way) < 2 * workers and go_on():
            chunk = tuple(source.take(size if left is None else min(size, left)))
            if not chunk:
                break
            left = None if left is None else left - len(chunk)
            under_way.append((chunk, executor.submit(_run_chunk, chunk, seconds_max)))
        if not under_way:
            return
        chunk, future = under_way.popleft()
        try:
            outcomes = future.result()
        except broken:
            if renew is None:
                raise
            lost = [chunk, *(jobs for jobs, _ in under_way)]
            for _, other in under_way:
                other.cancel()
            under_way.clear()
            executor = renew()
            for one in itertools.chain.from_iterable(lost):
                outcome, executor = _alone(one, executor, renew, broken, seconds_max)
                yield told(one, outcome)
            continue
        spent_s = sum(outcome.cpu_s for outcome in outcomes) / len(outcomes)
        size = max(1, min(_CHUNK_MAX, int(_CHUNK_S / max(spent_s, 1e-4))))
        for job, outcome in zip(chunk, outcomes, strict=True):
            yield told(job, outcome)


def _alone(
    job: Job,
    executor: Executor,
    renew: Callable[[], Executor],
    broken: tuple[type[BaseException], ...],
    seconds_max: float,
) -> tuple[Outcome, Executor]:
    """Run *job* while nothing else runs, so that if a worker dies it is known of what."""
    began = time.monotonic()
    try:
        return executor.submit(_run_chunk, (job,), seconds_max).result()[0], executor
    except broken:
        summary = "the process that ran this seed died, twice: killed from outside, or out of memory."
        if 0 < seconds_max < time.monotonic() - began:
            summary = (
                f"the run did not end {seconds_max:g} s of the wall clock after it began, nor when it was given up: it "
                "waits in code that nothing interrupts, such as a function in C, and its process was ended."
            )
        finding = Finding(check="limit", verdict="unknown", anomaly=None, summary=summary)
        attempt = attempt_of(job, _scenario(job.target.text))
        outcome = unended(
            job.target.name,
            attempt.scenario,
            attempt.seed,
            finding,
            plan=attempt.plan,
            overrides=attempt.overrides or {},
        )
        if attempt.steering is not None:  # with which draws, its process alone knew
            outcome = attrs.evolve(outcome, recording="")
        return outcome, renew()
