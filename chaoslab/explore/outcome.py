"""What came of one seed, small enough to be sent between processes and kept for ever.

Rules:

1. A run that ends in an error of the code under test has an outcome too: it is a finding, not the campaign's failure.
2. An outcome holds words and a recording, never the run itself: a campaign's memory must not grow with its length.

This file does not know how seeds are chosen or spread over processes.
"""

from __future__ import annotations

import ctypes
import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time
from types import FrameType
from typing import IO, Final

import attrs

from chaoslab.checkers import Outcome as VerdictOutcome
from chaoslab.checkers import Verdict
from chaoslab.choices import Overrides, Steer
from chaoslab.errors import (
    ChaosLabError,
    DeadlockError,
    DeterminismError,
    EscapedSimulation,
    LimitExceeded,
    NodeError,
)
from chaoslab.explore.recording import record, record_unended, recording_text
from chaoslab.nemesis import Plan
from chaoslab.own_code import function_of, place_of
from chaoslab.runner import Run, run
from chaoslab.runs import merged_overrides
from chaoslab.scenario import Scenario
from chaoslab.sim import Engine

__all__ = [
    "FINDINGS",
    "GRACE_S",
    "Finding",
    "Outcome",
    "end_process_if_stuck",
    "finding_of_error",
    "given_up_after",
    "is_given_up",
    "one_at_a_time",
    "outcome_of",
    "unended",
]

one_at_a_time = threading.Lock()
"""Held while a worker runs something: an executor may have threads, and a simulation has its process for itself."""


FINDINGS: Final[dict[type[ChaosLabError], tuple[str, VerdictOutcome]]] = {
    NodeError: ("node-error", "invalid"),
    DeadlockError: ("deadlock", "invalid"),
    EscapedSimulation: ("escaped-simulation", "invalid"),
    DeterminismError: ("determinism", "unknown"),
    LimitExceeded: ("limit", "unknown"),
}
"""Errors that say something about the code under test: the check's name and the verdict."""


@attrs.frozen(kw_only=True)
class Finding:
    """One check that did not hold.

    Attributes:
        check: The check's name.
        verdict: ``"invalid"`` or ``"unknown"``.
        anomaly: The anomaly's name in the literature, or None.
        summary: One sentence.
    """

    check: str
    verdict: VerdictOutcome
    anomaly: str | None
    summary: str


@attrs.frozen(kw_only=True)
class Outcome:
    """What came of one seed.

    Attributes:
        scenario: The scenario's name in the campaign.
        protocol: The protocol that was run.
        seed: The seed.
        verdict: The worst of its checks.
        findings: The checks that did not hold.
        trace_hash: The hash of everything that happened; empty if the run did not end.
        events: Events of the simulator.
        cpu_s: CPU seconds of the run and its checks.
        probes: How often each probe was passed.
        warnings: What made the run prove less than it seems to.
        recording: What replays a run that did not hold, as text; empty for the others, and where only its
            process, which died, knew the draws.
        features: What it reached, as numbers, if that was asked for: see ``strategies.coverage``.
        heritage: What replays it whether it held or not, as text, if features were asked for.
    """

    scenario: str
    protocol: str
    seed: int
    verdict: VerdictOutcome
    findings: tuple[Finding, ...] = ()
    trace_hash: str = ""
    events: int = 0
    cpu_s: float = 0.0
    probes: dict[str, int] = attrs.field(factory=dict)
    warnings: tuple[str, ...] = ()
    recording: str = ""
    features: tuple[int, ...] = ()
    heritage: str = ""


def outcome_of(
    name: str,
    scenario: Scenario,
    seed: int,
    *,
    seconds_max: float = 0.0,
    plan: Plan | None = None,
    overrides: Overrides | None = None,
    steering: Callable[[Engine], Steer] | None = None,
    features_of: Callable[[Run], tuple[int, ...]] | None = None,
) -> Outcome:
    """Run *scenario* with *seed* and return what came of it.

    Args:
        name: What the campaign calls the scenario.
        scenario: What to run.
        seed: With which seed.
        seconds_max: Seconds of the wall clock after which the run is given up; 0: never. In the main thread by an
            alarm; in another, such as a Dask worker's, between two instructions of Python.
        plan: A fault plan to use instead of the one drawn from the seed.
        overrides: Draws that are not left to the seed.
        steering: Makes what decides draws while the run goes on.
        features_of: Says what a run has reached.
    """
    began = process_time()
    steered: Overrides = {}

    def watched(engine: Engine) -> Steer:
        """Know what is steered even if the run does not end; not by its engine, which would keep the cluster alive."""
        nonlocal steered
        assert steering is not None
        steered = engine.choices.steered
        return steering(engine)

    try:
        with given_up_after(seconds_max):
            done = run(
                scenario,
                seed,
                plan=plan,
                overrides=overrides,
                steering=None if steering is None else watched,
                trace_kept=features_of is not None,
            )
            findings = tuple(_finding(verdict) for verdict in done.checks if verdict.outcome != "valid")
    except BaseException as error:
        finding = finding_of_error(error, seconds_max)
        if finding is None:
            raise
        draws = merged_overrides(steered, overrides or {})
        return unended(name, scenario, seed, finding, plan=plan, overrides=draws, cpu_s=process_time() - began)
    outcome = _outcome(name, done, findings, process_time() - began)
    if features_of is None:
        return outcome
    heritage = outcome.recording or recording_text(record(done))
    return attrs.evolve(outcome, features=features_of(done), heritage=heritage, cpu_s=process_time() - began)


def unended(
    name: str,
    scenario: Scenario,
    seed: int,
    finding: Finding,
    *,
    plan: Plan | None,
    overrides: Overrides,
    cpu_s: float = 0.0,
) -> Outcome:
    """Return the outcome of a run that did not end; *finding* says why, the rest is what it was given."""
    recording = record_unended(scenario, seed, plan=plan, overrides=overrides, verdict=finding.verdict)
    return Outcome(
        scenario=name,
        protocol=scenario.protocol,
        seed=seed,
        verdict=finding.verdict,
        findings=(finding,),
        cpu_s=cpu_s,
        recording=recording_text(recording),
    )


def finding_of_error(error: BaseException, seconds_max: float) -> Finding | None:
    """Return what *error*, which ended the run, says about the code under test; None if it says nothing of it."""
    given_up = next((one for one in _all_of(error) if isinstance(one, _GivenUp)), None)
    if given_up is not None:
        summary = (
            f"the run was given up after {seconds_max:g} s of the wall clock{place_of(given_up)}: some code never "
            "waits, or the scenario takes that long. Raise --run-seconds if it is meant."
        )
        return Finding(check="limit", verdict="unknown", anomaly=None, summary=summary)
    if any(isinstance(one, MemoryError) for one in _all_of(error)):
        return Finding(check="limit", verdict="unknown", anomaly=None, summary="the run needed too much memory.")
    if type(error) in FINDINGS:
        check, verdict = FINDINGS[type(error)]  # type: ignore[index]
        anomaly = None
        if isinstance(error, NodeError) and error.__cause__ is not None:
            *_, raised = _all_of(error.__cause__)
            anomaly = f"{type(raised).__name__}{function_of(raised)}"
        return Finding(check=check, verdict=verdict, anomaly=anomaly, summary=str(error))
    return None


def is_given_up(error: BaseException) -> bool:
    """Return whether *error* says that the time of ``given_up_after`` was up."""
    return any(isinstance(one, _GivenUp) for one in _all_of(error))


def _all_of(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, what a node raised if it is about that, and all of what nurseries have put into groups."""
    yield error
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _all_of(one)
    elif isinstance(error, NodeError) and error.__cause__ is not None:
        yield from _all_of(error.__cause__)


class _GivenUp(BaseException):
    """Raised wherever the run happens to be; no ``except Exception`` of the code under test stops it."""


def _outcome(name: str, done: Run, findings: tuple[Finding, ...], cpu_s: float) -> Outcome:
    return Outcome(
        scenario=name,
        protocol=done.scenario.protocol,
        seed=done.seed,
        verdict=done.verdict,
        findings=findings,
        trace_hash=done.trace_hash,
        events=done.events,
        cpu_s=cpu_s,
        probes=dict(done.probes),
        warnings=done.warnings,
        recording=recording_text(record(done)) if findings else "",
    )


def _finding(verdict: Verdict) -> Finding:
    return Finding(check=verdict.name, verdict=verdict.outcome, anomaly=verdict.anomaly, summary=verdict.summary)


@contextmanager
def given_up_after(seconds: float) -> Iterator[None]:
    """Raise ``_GivenUp`` in the block when *seconds* of the wall clock have passed: for code that never waits."""
    if not seconds:
        yield
        return
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        with _given_up_by_a_watch(seconds):
            yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise _GivenUp

    before: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)  # again and again, should something swallow it
    if _nowhere is not None:
        faulthandler.dump_traceback_later(seconds + GRACE_S, exit=True, file=_nowhere)
    try:
        yield
    finally:
        if _nowhere is not None:
            faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


GRACE_S: Final = 3.0
"""Seconds after the limit of a run when its process is ended."""
_nowhere: IO[str] | None = None
"""Where that is not told: who gave the process its work does that. None: this process is not to be ended."""


def end_process_if_stuck() -> None:
    """Let this process end if a run does not end at its limit: Python asks for signals only between two instructions.

    The watch that sees to it needs nothing of Python, so code in C that keeps everybody else waiting is ended, too.
    """
    global _nowhere
    _nowhere = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for as long as the process lives


@contextmanager
def _given_up_by_a_watch(seconds: float) -> Iterator[None]:
    """The same for a thread that gets no signals: another thread watches it, and raises in it again and again."""
    raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
    watched, turn, ended = ctypes.c_ulong(threading.get_ident()), threading.Lock(), threading.Event()

    def watch() -> None:
        pause = seconds
        while not ended.wait(pause):
            with turn:
                if not ended.is_set():
                    raise_in(watched, ctypes.py_object(_GivenUp))
            pause = 1.0

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        with turn:  # nothing is raised from here on, and what was raised and not seen yet is taken back
            ended.set()
            raise_in(watched, None)
