"""Runs and verdicts as JSON: what ``--json`` prints and ``results.json`` holds. Keys are stable; new ones may come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaoslab.checkers import Verdict
from chaoslab.cluster import Injection
from chaoslab.history import Operation
from chaoslab.history.words import in_words
from chaoslab.report.causes import failures
from chaoslab.report.failures import failure_documents
from chaoslab.report.service_levels import service_document
from chaoslab.runner import Run
from chaoslab.units import NS_PER_S

__all__ = ["check_document", "operation_document", "run_document"]


def operation_document(operation: Operation) -> dict[str, Any]:
    """Return one operation: who did what, from when to when, and the same in words."""
    return {
        "process": operation.process,
        "f": operation.f,
        "key": operation.key,
        "argument": operation.argument,
        "type": operation.type,
        "value": operation.value,
        "result": operation.result,
        "node": operation.node,
        "invoked": {"index": operation.call, "time_ns": operation.call_time_ns},
        "completed": None if operation.ret is None else {"index": operation.ret, "time_ns": operation.ret_time_ns},
        "words": in_words(operation),
    }


def check_document(verdict: Verdict) -> dict[str, Any]:
    """Return one check: name, level, verdict, summary, and the operations that show it."""
    return {
        "name": verdict.name,
        "level": verdict.level,
        "verdict": verdict.outcome,
        "summary": verdict.summary,
        "anomaly": verdict.anomaly,
        "operations": [operation_document(operation) for operation in verdict.operations],
        "details": dict(verdict.details),
    }


def run_document(
    run: Run,
    *,
    repeat: str,
    runs: Iterable[Mapping[str, Any]] = (),
    strongest: str | None = None,
    own: Sequence[Injection] = (),
) -> dict[str, Any]:
    """Return one run, and the verdicts of the others that were tried with it.

    Args:
        run: The run that is told in full.
        repeat: The command that repeats it.
        runs: For each seed tried: seed, verdict and trace hash.
        strongest: The strongest consistency level that holds, if that is known.
        own: The faults that a test brought about itself.
    """
    injections = (*own, *run.injections)
    found = failures(run.history, injections, run.trace)
    return {
        "verdict": run.verdict,
        "seed": run.seed,
        "trace_hash": run.trace_hash,
        "checks": [check_document(verdict) for verdict in run.checks],
        "strongest": strongest,
        "scenario": {"title": run.scenario.title, "protocol": run.scenario.protocol, "nodes": run.scenario.nodes},
        "faults": [
            {
                "kind": injection.kind,
                "words": injection.describe(),
                "begin_s": injection.began_ns / NS_PER_S,
                "end_s": None if injection.healed_ns is None else injection.healed_ns / NS_PER_S,
                "took_effect": injection.took_effect,
                "figures": dict(injection.figures),
                "failures_under": sum(number in one.under for one in found),
                "led_to": sum(cause.fault == number for one in found for cause in one.causes),
            }
            for number, injection in enumerate(injections)
        ],
        "failures": failure_documents(found, injections),
        "not_done": [{"step": missed.step.name, "why": missed.why} for missed in run.not_done],
        "warnings": list(run.warnings),
        "clients": service_document(run.service_levels),
        "probes": dict(run.probes),
        "events": run.events,
        "virtual_s": run.virtual_ns / NS_PER_S,
        "runs": [dict(one) for one in runs],
        "repeat": repeat,
    }
